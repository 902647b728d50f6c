//! Identity of movies, shows, seasons and episodes, and the fields of entries that hold it.
//!
//! Every list and lookup reads an entry through [`Media::of`], so that all agree. Ids belong to a
//! kind: the `tmdb_id` of an entry with a `series_name` is the number of a show, not of a movie.
//!
//! Two titles of a kind are the same if the surest id that both have is equal: Trakt's number
//! first, because several titles may share an id of another service. Only where they have no
//! namespace in common, the names decide. [`ids::IdSpace`] adds the namespace of another service.
//!
//! ```
//! use flexget_core::prelude::*;
//! use flexget_plugins::titles::media::{Kind, Media};
//!
//! let entry = Entry::new("Solaris (1972)", "mock://solaris").with("imdb_id", "tt0069293");
//! let media = Media::of(&entry, Some(Kind::Movie)).unwrap();
//! assert_eq!((media.name.as_deref(), media.year), (Some("Solaris"), Some(1972)));
//! assert_eq!(media.ids.text("imdb"), Some("tt0069293"));
//! ```

pub mod ids;
pub mod kind;
pub mod names;

use flexget_core::prelude::*;

use self::ids::{FieldKind, MediaIds, field_kind};
pub use self::kind::Kind;
use self::names::{movie_of_title, split_year, without_year};

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

/// A movie, show, season or episode, as the fields of an entry identify it.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// Kind of media.
    pub kind: Kind,
    /// Ids of the movie, or of the show that a season or an episode belongs to.
    pub ids: MediaIds,
    /// Name of the movie or show, without a year at its end.
    pub name: Option<String>,
    /// Year of the movie or show.
    pub year: Option<i64>,
    /// Number of the season; 0 holds the specials.
    pub season: Option<i64>,
    /// Number of the episode within its season.
    pub episode: Option<i64>,
    /// Ids of the season or episode itself.
    pub own_ids: MediaIds,
}

impl Media {
    /// Reads an entry; `None` if neither its fields nor `expected` tell the kind.
    ///
    /// `expected` is the kind that the caller deals with, such as a list of movies. It decides for
    /// an entry with only a title or an id that movies and shows both have.
    pub fn of(entry: &Entry, expected: Option<Kind>) -> Option<Self> {
        let kind = Self::kind_of(entry, expected)?;
        Some(if kind == Kind::Movie { Self::movie(entry) } else { Self::series(entry, kind) })
    }

    /// Returns the kind of an entry, which costs less than [`Media::of`].
    pub fn kind_of(entry: &Entry, expected: Option<Kind>) -> Option<Kind> {
        let (mut is_movie, mut is_series, mut is_likely_series) = (false, false, false);
        for (name, value) in entry.fields() {
            match field_kind(name).filter(|_| !value.is_null()) {
                Some(FieldKind::Movie) => is_movie = true,
                Some(FieldKind::Series) => is_series = true,
                Some(FieldKind::LikelySeries) => is_likely_series = true,
                None => {}
            }
        }
        is_series |= !is_movie && is_likely_series;
        match (is_movie, is_series, expected) {
            (true, true, Some(expected)) => Some(expected),
            (_, true, _) => Some(Self::kind_of_series(entry)),
            (true, false, _) => Some(Kind::Movie),
            (false, false, expected) => expected,
        }
    }

    fn kind_of_series(entry: &Entry) -> Kind {
        let has_own = |kind: Kind| ids::id_fields(kind).any(|field| entry.has(field));
        if entry.int("series_episode").is_some() || has_own(Kind::Episode) || Self::is_numbered_otherwise(entry) {
            Kind::Episode
        } else if entry.int("series_season").is_some() || has_own(Kind::Season) {
            Kind::Season
        } else {
            Kind::Show
        }
    }

    /// Returns whether it is an episode that is known by a date, or numbered through all seasons.
    ///
    /// Its `series_season` may be the year of its date.
    fn is_numbered_otherwise(entry: &Entry) -> bool {
        entry.int("series_episode").is_none()
            && matches!(entry.text("series_id_type"), Some("date" | "sequence" | "special"))
    }

    fn movie(entry: &Entry) -> Self {
        let named = first_text(entry, &["movie_name", "trakt_movie_name"]);
        let (name, year) = named.map_or_else(|| movie_of_title(entry.title()), split_year);
        Self {
            kind: Kind::Movie,
            ids: MediaIds::of(entry, Kind::Movie),
            name: Some(name).filter(|name| !name.is_empty()),
            year: entry.int("movie_year").or_else(|| entry.int("trakt_movie_year")).or(year),
            season: None,
            episode: None,
            own_ids: MediaIds::default(),
        }
    }

    fn series(entry: &Entry, kind: Kind) -> Self {
        let named = first_text(entry, &["series_name", "trakt_series_name"]);
        let (name, year) = split_year(named.unwrap_or_else(|| entry.title()));
        let known_year = entry.int("series_year").or_else(|| entry.int("trakt_series_year"));
        let numbered = !Self::is_numbered_otherwise(entry);
        Self {
            kind,
            ids: MediaIds::of(entry, Kind::Show),
            name: Some(without_year(name, known_year)).filter(|name| !name.is_empty()),
            year: known_year.or(year),
            season: entry.int("series_season").filter(|_| kind != Kind::Show && numbered),
            episode: entry.int("series_episode").filter(|_| kind == Kind::Episode && numbered),
            own_ids: if kind == Kind::Show { MediaIds::default() } else { MediaIds::of(entry, kind) },
        }
    }

    /// Tells whether it is identified.
    ///
    /// It takes an id or a name (of a movie with its year), and the numbers of a season or episode.
    pub fn is_known(&self) -> bool {
        let work = !self.ids.is_empty() || self.name.is_some() && (self.kind != Kind::Movie || self.year.is_some());
        match self.kind {
            Kind::Movie | Kind::Show => work,
            Kind::Season => !self.own_ids.is_empty() || work && self.season.is_some(),
            Kind::Episode => !self.own_ids.is_empty() || work && self.season.is_some() && self.episode.is_some(),
        }
    }

    /// Turns an episode into its season or show, or a season into its show.
    pub fn reduce_to(&mut self, kind: Kind) {
        self.kind = kind;
        self.own_ids = MediaIds::default();
        self.episode = None;
        if kind == Kind::Show {
            self.season = None;
        }
    }

    /// Returns the keys of the item in a list.
    ///
    /// Its own id comes first, then ids from the surest on, then the name.
    ///
    /// A movie's name counts with its year, and without one only for a movie whose year is not
    /// known either, as in FlexGet. A show's name counts without the year, which tells two shows of
    /// one name apart where both are known.
    pub fn keys(&self) -> Keys {
        let mut keys = self.keys_without_name();
        let (Some(name), Some(part)) = (&self.name, self.part()) else { return keys };
        match (self.kind, self.year) {
            (Kind::Movie, Some(year)) => keys.name("movie name", format_args!("{name} ({year})")),
            (Kind::Movie, None) => keys.name("movie name", format_args!("{name} ()")),
            (Kind::Show, _) => keys.name("show name", name),
            (Kind::Season, _) => keys.name("season name", format_args!("{name}{part}")),
            (Kind::Episode, _) => keys.name("episode name", format_args!("{name}{part}")),
        }
        keys
    }

    /// Returns what keys add to the ids and the name of a work: ` s1` or ` s1e2` for parts of it.
    ///
    /// It is `None` if the numbers of a season or episode are unknown.
    fn part(&self) -> Option<String> {
        match (self.kind, self.season, self.episode) {
            (Kind::Season, Some(season), _) => Some(format!(" s{season}")),
            (Kind::Episode, Some(season), Some(episode)) => Some(format!(" s{season}e{episode}")),
            (Kind::Movie | Kind::Show, ..) => Some(String::new()),
            _ => None,
        }
    }

    /// Returns the keys but for the name.
    pub fn keys_without_name(&self) -> Keys {
        let mut keys = Keys::new();
        for (space, id) in self.own_ids.own_keys(self.kind) {
            keys.id(space, id);
        }
        // Without its numbers, a season or episode is identified by its own ids alone.
        let Some(part) = self.part() else { return keys };
        for (space, id) in self.ids.keys(self.kind) {
            keys.id(space, format_args!("{id}{part}"));
        }
        let year = self.year.filter(|_| self.name.is_some());
        match (self.kind, year) {
            (Kind::Show, Some(year)) => keys.distinction("show year", year),
            (Kind::Season, Some(year)) => keys.distinction("season year", year),
            (Kind::Episode, Some(year)) => keys.distinction("episode year", year),
            _ => {}
        }
        keys
    }
}

/// Returns the keys of an entry; an entry that is no media has none.
pub fn keys(entry: &Entry, expected: Option<Kind>) -> Keys {
    Media::of(entry, expected).map(|media| media.keys()).unwrap_or_default()
}

/// Returns the keys of an entry whose kind only an id at IMDb tells: that of a movie and of a show.
pub fn keys_of_any_kind(entry: &Entry) -> Keys {
    let mut keys = Keys::new();
    if let Some(id) = MediaIds::of(entry, Kind::Movie).get("imdb") {
        keys.id("movie imdb", id);
        keys.id("show imdb", id);
    }
    keys
}

/// Returns the keys of an entry of unknown kind if its number at TMDB is a movie's, or a show's.
///
/// It is `None` if it has no such number.
pub fn possible_keys_of_any_kind(entry: &Entry) -> Option<Keys> {
    let ids = MediaIds::of(entry, Kind::Movie);
    let id = ids.get("tmdb")?;
    let mut keys = Keys::new();
    keys.id("movie tmdb", id);
    keys.id("show tmdb", id);
    Some(keys)
}

fn first_text<'a>(entry: &'a Entry, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| entry.text(name)).filter(|text| !text.trim().is_empty())
}
