//! Movies, shows, seasons and episodes as entries know them: which fields hold their ids, and when two are the same.
//!
//! Every list and lookup reads an entry through [`Media::of`], so that all agree. Ids are looked at within their own kind:
//! `tmdb_id` of an entry with a `series_name` is the number of a show, and says nothing of the movie with that number.

use std::fmt;

use flexget_core::prelude::*;

use crate::titles::parsing::movie::movie;

#[cfg(test)]
mod laws;

/// The kinds of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A movie.
    Movie,
    /// A show.
    Show,
    /// A season of a show; season 0 holds the specials.
    Season,
    /// An episode of a show.
    Episode,
}

impl Kind {
    /// The word for it: `movie`, `show`, `season`, `episode`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Movie => "movie",
            Self::Show => "show",
            Self::Season => "season",
            Self::Episode => "episode",
        }
    }
}

/// The namespaces of the keys of one kind; written out, because keys are made for each entry of each list.
struct Spaces {
    own: &'static str,
    trakt: &'static str,
    slug: &'static str,
    imdb: &'static str,
    tmdb: &'static str,
    tvdb: &'static str,
    name: &'static str,
    year: &'static str,
}

const MOVIE: Spaces = Spaces {
    own: "movie own trakt",
    trakt: "movie trakt",
    slug: "movie slug",
    imdb: "movie imdb",
    tmdb: "movie tmdb",
    tvdb: "movie tvdb",
    name: "movie name",
    year: "movie year",
};

const SHOW: Spaces = Spaces {
    own: "show own trakt",
    trakt: "show trakt",
    slug: "show slug",
    imdb: "show imdb",
    tmdb: "show tmdb",
    tvdb: "show tvdb",
    name: "show name",
    year: "show year",
};

const SEASON: Spaces = Spaces {
    own: "season own trakt",
    trakt: "season trakt",
    slug: "season slug",
    imdb: "season imdb",
    tmdb: "season tmdb",
    tvdb: "season tvdb",
    name: "season name",
    year: "season year",
};

const EPISODE: Spaces = Spaces {
    own: "episode own trakt",
    trakt: "episode trakt",
    slug: "episode slug",
    imdb: "episode imdb",
    tmdb: "episode tmdb",
    tvdb: "episode tvdb",
    name: "episode name",
    year: "episode year",
};

impl Kind {
    fn spaces(self) -> &'static Spaces {
        match self {
            Self::Movie => &MOVIE,
            Self::Show => &SHOW,
            Self::Season => &SEASON,
            Self::Episode => &EPISODE,
        }
    }
}

/// Ids, each in the namespace of its kind. Text is as the services write it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Ids {
    /// Trakt's number.
    pub trakt: Option<i64>,
    /// Trakt's slug.
    pub slug: Option<String>,
    /// IMDb's `tt…`.
    pub imdb: Option<String>,
    /// The number at TMDB.
    pub tmdb: Option<i64>,
    /// The number at TVDB; movies have none.
    pub tvdb: Option<i64>,
}

impl Ids {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What an entry is, as far as its fields tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// What kind of thing it is.
    pub kind: Kind,
    /// The ids of the movie, or of the show that a season or episode belongs to.
    pub ids: Ids,
    /// The name of the movie or show, without a year at its end.
    pub name: Option<String>,
    /// The year of the movie or show.
    pub year: Option<i64>,
    /// The number of the season; 0 are the specials.
    pub season: Option<i64>,
    /// The number of the episode within its season.
    pub episode: Option<i64>,
    /// The ids of the season or episode itself.
    pub own_ids: Ids,
}

impl Media {
    /// What the entry is; `None` if its fields do not tell, unless `expected` does.
    ///
    /// `expected` is what the caller is about (a list of movies): it decides for an entry that is only a title or
    /// an id that movies and shows both have.
    pub fn of(entry: &Entry, expected: Option<Kind>) -> Option<Self> {
        let kind = Self::kind_of(entry, expected)?;
        Some(if kind == Kind::Movie { Self::movie(entry) } else { Self::series(entry, kind) })
    }

    /// What kind of thing the entry is, which costs less than [`Media::of`].
    pub fn kind_of(entry: &Entry, expected: Option<Kind>) -> Option<Kind> {
        let (mut is_movie, mut is_series, mut is_at_tvdb) = (false, false, false);
        for (name, value) in entry.fields() {
            // Every list asks this of every entry: what most names are not is told at once.
            let tells = match name.strip_prefix("trakt_") {
                Some("movie_id" | "movie_slug" | "movie_name") => &mut is_movie,
                Some("show_id" | "show_slug" | "series_name" | "episode_id" | "season_id") => &mut is_series,
                Some(_) => continue,
                None if name == "movie_name" => &mut is_movie,
                None if name == "series_name" => &mut is_series,
                None if name == "tvdb_id" => &mut is_at_tvdb,
                None => continue,
            };
            *tells |= !value.is_null();
        }
        // TVDB has movies too, though nobody knows them here by its numbers.
        is_series |= !is_movie && is_at_tvdb;
        match (is_movie, is_series, expected) {
            (true, true, Some(expected)) => Some(expected),
            (_, true, _) => Some(Self::kind_of_series(entry)),
            (true, false, _) => Some(Kind::Movie),
            (false, false, expected) => expected,
        }
    }

    fn kind_of_series(entry: &Entry) -> Kind {
        if entry.int("series_episode").is_some() || entry.has("trakt_episode_id") || Self::is_numbered_otherwise(entry)
        {
            Kind::Episode
        } else if entry.int("series_season").is_some() || entry.has("trakt_season_id") {
            Kind::Season
        } else {
            Kind::Show
        }
    }

    /// Whether it is an episode that is not numbered within a season: its `series_season`, if any, is the year of a day.
    fn is_numbered_otherwise(entry: &Entry) -> bool {
        entry.int("series_episode").is_none()
            && matches!(entry.text("series_id_type"), Some("date" | "sequence" | "special"))
    }

    fn movie(entry: &Entry) -> Self {
        let named = first_text(entry, &["movie_name", "trakt_movie_name"]);
        let (name, year) = named.map_or_else(|| movie_of_title(entry.title()), split_year);
        Self {
            kind: Kind::Movie,
            ids: Ids {
                trakt: entry.int("trakt_movie_id"),
                slug: entry.text("trakt_movie_slug").map(str::to_owned),
                ..shared_ids(entry)
            },
            name: Some(name).filter(|name| !name.is_empty()),
            year: entry.int("movie_year").or_else(|| entry.int("trakt_movie_year")).or(year),
            season: None,
            episode: None,
            own_ids: Ids::default(),
        }
    }

    fn series(entry: &Entry, kind: Kind) -> Self {
        let named = first_text(entry, &["series_name", "trakt_series_name"]);
        let (name, year) = split_year(named.unwrap_or_else(|| entry.title()));
        let known_year = entry.int("series_year").or_else(|| entry.int("trakt_series_year"));
        let numbered = !Self::is_numbered_otherwise(entry);
        let own = match kind {
            Kind::Season => "trakt_season_id",
            _ => "trakt_episode_id",
        };
        Self {
            kind,
            ids: Ids {
                trakt: entry.int("trakt_show_id"),
                slug: entry.text("trakt_show_slug").map(str::to_owned),
                tvdb: entry.int("tvdb_id"),
                ..shared_ids(entry)
            },
            name: Some(without_year(name, known_year)).filter(|name| !name.is_empty()),
            year: known_year.or(year),
            season: entry.int("series_season").filter(|_| kind != Kind::Show && numbered),
            episode: entry.int("series_episode").filter(|_| kind == Kind::Episode && numbered),
            own_ids: Ids { trakt: entry.int(own).filter(|_| kind != Kind::Show), ..Ids::default() },
        }
    }

    /// Whether anything tells which one it is: an id, or a name (of a movie with its year), and the numbers of a season or episode.
    pub fn is_known(&self) -> bool {
        let work = !self.ids.is_empty() || self.name.is_some() && (self.kind != Kind::Movie || self.year.is_some());
        match self.kind {
            Kind::Movie | Kind::Show => work,
            Kind::Season => !self.own_ids.is_empty() || work && self.season.is_some(),
            Kind::Episode => !self.own_ids.is_empty() || work && self.season.is_some() && self.episode.is_some(),
        }
    }

    /// Makes of an episode its season or show, and of a season its show.
    pub fn reduce_to(&mut self, kind: Kind) {
        self.kind = kind;
        self.own_ids = Ids::default();
        self.episode = None;
        if kind == Kind::Show {
            self.season = None;
        }
    }

    /// By what it is known (see [`Key`](flexget_core::list::identity::Key)): its own id first, then ids, then the name.
    ///
    /// A movie's name counts with its year, and without one only for a movie whose year is not known either, as in
    /// FlexGet. A show's name counts without the year, which tells two shows of one name apart where both are known.
    pub fn keys(&self) -> Keys {
        let mut keys = self.keys_without_name();
        let (Some(name), Some(part)) = (&self.name, self.part()) else { return keys };
        let space = self.kind.spaces().name;
        match (self.kind, self.year) {
            (Kind::Movie, Some(year)) => keys.name(space, format_args!("{name} ({year})")),
            (Kind::Movie, None) => keys.name(space, format_args!("{name} ()")),
            _ => keys.name(space, format_args!("{name}{part}")),
        }
        keys
    }

    /// What keys have of the numbers of a season or episode; `None` if they are not known.
    fn part(&self) -> Option<Part> {
        match (self.kind, self.season, self.episode) {
            (Kind::Season, Some(season), _) => Some(Part::Season(season)),
            (Kind::Episode, Some(season), Some(episode)) => Some(Part::Episode(season, episode)),
            (Kind::Movie | Kind::Show, ..) => Some(Part::Whole),
            _ => None,
        }
    }

    /// As [`Media::keys`], but for the name.
    pub fn keys_without_name(&self) -> Keys {
        let spaces = self.kind.spaces();
        let mut keys = Keys::new();
        if let Some(id) = self.own_ids.trakt {
            keys.id(spaces.own, id);
        }
        // Without its numbers, a season or episode is known by its own id alone.
        let Some(part) = self.part() else { return keys };
        let mut id = |space: &str, value: Option<&dyn fmt::Display>| match (value, part) {
            (Some(value), Part::Whole) => keys.id(space, value),
            (Some(value), part) => keys.id(space, format_args!("{value}{part}")),
            (None, _) => {}
        };
        fn shown<T: fmt::Display>(value: &Option<T>) -> Option<&dyn fmt::Display> {
            value.as_ref().map(|value| value as &dyn fmt::Display)
        }
        id(spaces.trakt, shown(&self.ids.trakt));
        id(spaces.slug, shown(&self.ids.slug));
        id(spaces.imdb, shown(&self.ids.imdb));
        id(spaces.tmdb, shown(&self.ids.tmdb));
        id(spaces.tvdb, shown(&self.ids.tvdb));
        if let Some(year) = self.year.filter(|_| self.kind != Kind::Movie && self.name.is_some()) {
            keys.distinction(spaces.year, year);
        }
        keys
    }
}

/// Which part of a work it is, as keys have it.
#[derive(Debug, Clone, Copy)]
enum Part {
    Whole,
    Season(i64),
    Episode(i64, i64),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Season(season) => write!(f, " s{season}"),
            Self::Episode(season, episode) => write!(f, " s{season}e{episode}"),
        }
    }
}

/// The keys of an entry; an entry that is no media has none.
pub fn keys(entry: &Entry, expected: Option<Kind>) -> Keys {
    Media::of(entry, expected).map(|media| media.keys()).unwrap_or_default()
}

/// The ids that movies and shows both have, in fields of the same name.
fn shared_ids(entry: &Entry) -> Ids {
    Ids {
        imdb: entry.text("imdb_id").map(str::trim).filter(|id| !id.is_empty()).map(str::to_lowercase),
        tmdb: entry.int("tmdb_id"),
        ..Ids::default()
    }
}

fn first_text<'a>(entry: &'a Entry, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| entry.text(name)).filter(|text| !text.trim().is_empty())
}

/// The name and the year of a movie whose title may be that of a release: `Solaris.1972.1080p.BluRay`.
fn movie_of_title(title: &str) -> (String, Option<i64>) {
    let (name, year) = split_year(title);
    // A title that is a name already keeps its punctuation.
    if year.is_some() {
        return (name, year);
    }
    let told = movie(title);
    if told.year.is_some() || !told.quality.is_unknown() { (told.name, told.year) } else { (name, year) }
}

/// The name without its year, if that stands at its end without brackets, as in names that were read from titles.
fn without_year(name: String, year: Option<i64>) -> String {
    let year = year.map(|year| format!(" {year}"));
    match year.and_then(|year| name.strip_suffix(year.as_str()).map(str::to_owned)) {
        Some(rest) => rest,
        None => name,
    }
}

/// A name and the year at its end: `Solaris (1972)`.
pub fn split_year(title: &str) -> (String, Option<i64>) {
    let title = title.trim();
    let split = title.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')).and_then(|(name, year)| {
        let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
        let year = year.parse::<i64>().ok().filter(|_| is_year)?;
        (!name.trim().is_empty()).then(|| (name.trim().to_owned(), Some(year)))
    });
    split.unwrap_or_else(|| (title.to_owned(), None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::list::index::Index;

    fn entry(fields: &[(&'static str, &str)]) -> Entry {
        fields.iter().fold(Entry::new("T", "mock://t"), |entry, (name, value)| match value.parse::<i64>() {
            Ok(number) => entry.with(*name, number),
            Err(_) => entry.with(*name, *value),
        })
    }

    fn same(a: &Entry, b: &Entry) -> bool {
        Index::same(&keys(a, None), &keys(b, None))
    }

    #[test]
    fn a_movie_is_never_the_show_with_its_number() {
        let movie = entry(&[("movie_name", "The Matrix"), ("movie_year", "1999"), ("tmdb_id", "603")]);
        let show = entry(&[("series_name", "Some Show"), ("tmdb_id", "603")]);
        assert!(!same(&movie, &show));
    }

    #[test]
    fn ids_that_are_text_equal_ids_that_are_numbers() {
        let number = Entry::new("A", "mock://a").with("trakt_movie_id", 481i64);
        let text = Entry::new("B", "mock://b").with("trakt_movie_id", "481");
        assert!(same(&number, &text));
    }

    #[test]
    fn an_episode_is_known_by_its_own_id_alone() {
        let item = entry(&[
            ("series_name", "Show"),
            ("trakt_show_id", "7"),
            ("series_season", "1"),
            ("series_episode", "2"),
            ("trakt_episode_id", "9"),
        ]);
        assert!(same(&item, &entry(&[("trakt_episode_id", "9")])));
        assert!(!same(&item, &entry(&[("trakt_episode_id", "7")])), "it is not the number of a show");
    }

    #[test]
    fn a_movie_with_a_number_at_tvdb_is_a_movie() {
        let movie = entry(&[("movie_name", "Solaris"), ("movie_year", "1972"), ("tvdb_id", "5")]);
        assert!(same(&movie, &entry(&[("movie_name", "Solaris"), ("movie_year", "1972")])));
        assert_eq!(Media::of(&entry(&[("tvdb_id", "5")]), None).unwrap().kind, Kind::Show);
    }

    #[test]
    fn a_special_is_an_episode_of_season_0() {
        let special = entry(&[("series_name", "Show"), ("series_season", "0"), ("series_episode", "1")]);
        let media = Media::of(&special, None).unwrap();
        assert_eq!((media.kind, media.season, media.episode), (Kind::Episode, Some(0), Some(1)));
        assert!(!same(&special, &entry(&[("series_name", "Show")])), "and not the show");
    }

    #[test]
    fn a_day_or_an_absolute_number_is_no_season() {
        let daily = entry(&[("series_name", "Show"), ("series_season", "2024"), ("series_id_type", "date")]);
        let media = Media::of(&daily, None).unwrap();
        assert_eq!((media.kind, media.season, media.is_known()), (Kind::Episode, None, false));
    }

    #[test]
    fn titles_of_releases_are_names_and_years() {
        let movie = |title: &str| keys(&Entry::new(title, "mock://t"), Some(Kind::Movie));
        assert_eq!(movie("Mr. Nobody (2009)"), movie("mr. nobody (2009)"));
        assert_eq!(movie("Solaris.1972.1080p.BluRay.x264-CREW"), movie("Solaris (1972)"));
        assert_ne!(movie("Mr. Nobody"), movie("Mr Nobody"), "names keep their punctuation");
        let read = entry(&[("series_name", "Castle 2009"), ("series_year", "2009")]);
        assert!(same(&read, &entry(&[("series_name", "Castle (2009)")])));
    }

    #[test]
    fn a_year_tells_shows_apart_only_where_it_is_known() {
        assert!(same(&entry(&[("series_name", "Kung Fu")]), &entry(&[("series_name", "Kung Fu (2021)")])));
        assert!(!same(&entry(&[("series_name", "Kung Fu (1972)")]), &entry(&[("series_name", "Kung Fu (2021)")])));
    }

    #[test]
    fn a_movie_without_a_year_is_not_one_with_a_year() {
        assert!(!same(
            &entry(&[("movie_name", "Inception")]),
            &entry(&[("movie_name", "Inception"), ("movie_year", "2010")])
        ));
    }
}
