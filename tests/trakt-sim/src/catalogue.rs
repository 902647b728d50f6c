//! What there is to watch: movies, shows with seasons and episodes, people; and how they are found.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::slug::slug;

/// The kinds of things that have pages of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A movie.
    Movie,
    /// A show.
    Show,
    /// A season.
    Season,
    /// An episode.
    Episode,
    /// A person.
    Person,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 5] = [Kind::Movie, Kind::Show, Kind::Season, Kind::Episode, Kind::Person];

    /// `movie`, `show`, …
    pub fn word(self) -> &'static str {
        match self {
            Kind::Movie => "movie",
            Kind::Show => "show",
            Kind::Season => "season",
            Kind::Episode => "episode",
            Kind::Person => "person",
        }
    }

    /// `movies`, …, `people`.
    pub fn plural(self) -> &'static str {
        match self {
            Kind::Movie => "movies",
            Kind::Show => "shows",
            Kind::Season => "seasons",
            Kind::Episode => "episodes",
            Kind::Person => "people",
        }
    }

    /// Reads either form.
    pub fn read(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word || kind.plural() == word)
    }
}

/// One thing in the catalogue, by Trakt ids and numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Media {
    /// A movie's Trakt id.
    Movie(u64),
    /// A show's Trakt id.
    Show(u64),
    /// A show's Trakt id and the season's number.
    Season(u64, u32),
    /// A show's Trakt id, the season's number, the episode's number.
    Episode(u64, u32, u32),
    /// A person's Trakt id.
    Person(u64),
    /// Something of a type that clients do not know; lists show it under this word.
    Odd(&'static str),
}

impl Media {
    /// Its kind; none for odd things.
    pub fn kind(self) -> Option<Kind> {
        Some(match self {
            Media::Movie(_) => Kind::Movie,
            Media::Show(_) => Kind::Show,
            Media::Season(..) => Kind::Season,
            Media::Episode(..) => Kind::Episode,
            Media::Person(_) => Kind::Person,
            Media::Odd(_) => return None,
        })
    }

    /// `movie`, …, or the odd word.
    pub fn word(self) -> &'static str {
        match self {
            Media::Odd(word) => word,
            other => other.kind().map_or("", Kind::word),
        }
    }

    /// The show that it is or belongs to.
    pub fn show(self) -> Option<u64> {
        match self {
            Media::Show(show) | Media::Season(show, _) | Media::Episode(show, ..) => Some(show),
            _ => None,
        }
    }
}

/// Ids in all namespaces. The numbers of `tmdb` overlap between movies and shows, as they really do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// Trakt's own number, within its kind.
    pub trakt: u64,
    /// The slug; seasons and episodes have none.
    pub slug: Option<String>,
    /// `tt…` or `nm…`.
    pub imdb: Option<String>,
    /// TMDB's number within its kind.
    pub tmdb: Option<u64>,
    /// TVDB's number within its kind; movies have none.
    pub tvdb: Option<u64>,
}

/// A title in another language.
#[derive(Clone, Debug, Default)]
pub struct Translation {
    /// Two letters, lower case.
    pub language: String,
    /// Two letters, lower case.
    pub country: Option<String>,
    /// The title there.
    pub title: Option<String>,
    /// The overview there.
    pub overview: Option<String>,
    /// The tagline there.
    pub tagline: Option<String>,
}

/// Another title of the same work.
#[derive(Clone, Debug)]
pub struct Alias {
    /// The title.
    pub title: String,
    /// Two letters, lower case.
    pub country: String,
}

/// Who did what.
#[derive(Clone, Debug)]
pub struct Credit {
    /// The person's Trakt id.
    pub person: u64,
    /// A department of the crew (`directing`, …), or none for the cast.
    pub department: Option<String>,
    /// The character, or the job.
    pub part: String,
}

/// A movie, or what a show has in common with one.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// Its ids.
    pub ids: Ids,
    /// Its title, which can be unknown.
    pub title: Option<String>,
    /// Its year, which can be unknown.
    pub year: Option<u32>,
    /// The properties that come with `extended=full`, nulls included.
    pub full: Map<String, Value>,
    /// Titles in other languages.
    pub translations: Vec<Translation>,
    /// Other titles.
    pub aliases: Vec<Alias>,
    /// Cast and crew.
    pub credits: Vec<Credit>,
}

/// A show.
#[derive(Clone, Debug, Default)]
pub struct Show {
    /// What it has in common with a movie.
    pub work: Work,
    /// Its seasons by number; 0 = specials.
    pub seasons: Vec<Season>,
}

/// A season.
#[derive(Clone, Debug, Default)]
pub struct Season {
    /// Its ids.
    pub ids: Ids,
    /// Its number; 0 = specials.
    pub number: u32,
    /// Its title.
    pub title: Option<String>,
    /// Its episodes by number.
    pub episodes: Vec<Episode>,
}

/// An episode.
#[derive(Clone, Debug, Default)]
pub struct Episode {
    /// Its ids.
    pub ids: Ids,
    /// Its number within the season.
    pub number: u32,
    /// Its number counted through all seasons.
    pub number_abs: Option<u32>,
    /// Its title, often unknown before it airs.
    pub title: Option<String>,
    /// When it first airs, milliseconds since 1970.
    pub first_aired: Option<i64>,
    /// The properties that come with `extended=full`.
    pub full: Map<String, Value>,
    /// Titles in other languages.
    pub translations: Vec<Translation>,
}

impl Episode {
    /// Whether it has aired by `now`.
    pub fn aired(&self, now: i64) -> bool {
        self.first_aired.is_some_and(|at| at <= now)
    }
}

/// A person.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// The person's ids.
    pub ids: Ids,
    /// The person's name.
    pub name: String,
    /// The properties that come with `extended=full`.
    pub full: Map<String, Value>,
}

/// Everything that can be watched, by Trakt id.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The movies.
    pub movies: BTreeMap<u64, Work>,
    /// The shows.
    pub shows: BTreeMap<u64, Show>,
    /// The people.
    pub people: BTreeMap<u64, Person>,
}

impl Show {
    /// A season by number.
    pub fn season(&self, number: u32) -> Option<&Season> {
        self.seasons.iter().find(|season| season.number == number)
    }

    /// An episode by numbers.
    pub fn episode(&self, season: u32, number: u32) -> Option<&Episode> {
        self.season(season)?.episodes.iter().find(|episode| episode.number == number)
    }

    /// All episodes with their season's number, specials first if they are wanted.
    pub fn episodes(&self, specials: bool) -> impl Iterator<Item = (u32, &Episode)> {
        self.seasons
            .iter()
            .filter(move |season| specials || season.number > 0)
            .flat_map(|season| season.episodes.iter().map(|episode| (season.number, episode)))
    }

    /// How many episodes have aired, specials left out.
    pub fn aired_episodes(&self, now: i64) -> usize {
        self.episodes(false).filter(|(_, episode)| episode.aired(now)).count()
    }
}

impl Catalogue {
    /// A movie or what a show has in common with one.
    pub fn work(&self, media: Media) -> Option<&Work> {
        match media {
            Media::Movie(id) => self.movies.get(&id),
            other => self.shows.get(&other.show()?).map(|show| &show.work),
        }
    }

    /// A season.
    pub fn season(&self, show: u64, number: u32) -> Option<&Season> {
        self.shows.get(&show)?.season(number)
    }

    /// An episode.
    pub fn episode(&self, show: u64, season: u32, number: u32) -> Option<&Episode> {
        self.shows.get(&show)?.episode(season, number)
    }

    /// An episode, to be changed.
    pub fn episode_mut(&mut self, show: u64, season: u32, number: u32) -> Option<&mut Episode> {
        let season = self.shows.get_mut(&show)?.seasons.iter_mut().find(|it| it.number == season)?;
        season.episodes.iter_mut().find(|episode| episode.number == number)
    }

    /// The ids of something.
    pub fn ids(&self, media: Media) -> Option<&Ids> {
        match media {
            Media::Movie(_) | Media::Show(_) => self.work(media).map(|work| &work.ids),
            Media::Season(show, number) => self.season(show, number).map(|season| &season.ids),
            Media::Episode(show, season, number) => self.episode(show, season, number).map(|episode| &episode.ids),
            Media::Person(id) => self.people.get(&id).map(|person| &person.ids),
            Media::Odd(_) => None,
        }
    }

    /// Everything of a kind with its ids.
    pub fn all(&self, kind: Kind) -> Box<dyn Iterator<Item = (Media, &Ids)> + '_> {
        match kind {
            Kind::Movie => Box::new(self.movies.iter().map(|(id, work)| (Media::Movie(*id), &work.ids))),
            Kind::Show => Box::new(self.shows.iter().map(|(id, show)| (Media::Show(*id), &show.work.ids))),
            Kind::Season => Box::new(self.shows.iter().flat_map(|(id, show)| {
                show.seasons.iter().map(|season| (Media::Season(*id, season.number), &season.ids))
            })),
            Kind::Episode => Box::new(self.shows.iter().flat_map(|(id, show)| {
                show.episodes(true).map(|(season, episode)| (Media::Episode(*id, season, episode.number), &episode.ids))
            })),
            Kind::Person => Box::new(self.people.iter().map(|(id, person)| (Media::Person(*id), &person.ids))),
        }
    }

    /// What has this id in this namespace, within a kind. Ids of namespaces that the kind does not have find nothing.
    pub fn by_id(&self, kind: Kind, namespace: &str, id: &Value) -> Option<Media> {
        let number = id.as_u64();
        let text = id.as_str();
        // The common case needs no search.
        if let ("trakt", Some(id)) = (namespace, number) {
            match kind {
                Kind::Movie => return self.movies.get_key_value(&id).map(|(id, _)| Media::Movie(*id)),
                Kind::Show => return self.shows.get_key_value(&id).map(|(id, _)| Media::Show(*id)),
                Kind::Person => return self.people.get_key_value(&id).map(|(id, _)| Media::Person(*id)),
                Kind::Season | Kind::Episode => {}
            }
        }
        let matches = |ids: &Ids| match namespace {
            "trakt" => number == Some(ids.trakt),
            "slug" => ids.slug.is_some() && ids.slug.as_deref() == text,
            "imdb" => ids.imdb.is_some() && ids.imdb.as_deref() == text,
            "tmdb" => ids.tmdb.is_some() && ids.tmdb == number,
            "tvdb" => kind != Kind::Movie && ids.tvdb.is_some() && ids.tvdb == number,
            _ => false,
        };
        self.all(kind).find(|(_, ids)| matches(ids)).map(|(media, _)| media)
    }

    /// What a path segment means: a Trakt number first, then a slug, then an IMDb id.
    pub fn by_path(&self, kind: Kind, id: &str) -> Option<Media> {
        let number = id.parse::<u64>().ok().and_then(|number| self.by_id(kind, "trakt", &number.into()));
        number.or_else(|| self.by_id(kind, "slug", &id.into())).or_else(|| self.by_id(kind, "imdb", &id.into()))
    }

    /// A movie or show with that title, whatever its case and punctuation, and that year if one is given.
    pub fn by_title(&self, kind: Kind, title: &str, year: Option<u64>) -> Option<Media> {
        let wanted = slug(title);
        self.all(kind).map(|(media, _)| media).find(|media| {
            self.work(*media).is_some_and(|work| {
                work.title.as_ref().is_some_and(|title| slug(title) == wanted)
                    && year.is_none_or(|year| work.year.map(u64::from) == Some(year))
            })
        })
    }
}
