//! Trakt's responses.
//!
//! Everything but Trakt's own id may be missing or null; unknown fields are ignored.

use flexget_core::prelude::*;
use jiff::civil::Date;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IgnoredAny};
use serde::ser::Serializer;
use serde_json::value::RawValue;

use crate::titles::media::ids::MediaIds;
use crate::trakt::api::lenient;

/// The ids of a movie, show, season, episode, person, list or user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Ids {
    /// Trakt's number.
    #[serde(deserialize_with = "lenient::number")]
    pub trakt: Option<i64>,
    /// Trakt's slug.
    #[serde(deserialize_with = "lenient::id_text")]
    pub slug: Option<String>,
    /// IMDb's id, `tt…` of titles.
    #[serde(deserialize_with = "lenient::id_text")]
    pub imdb: Option<String>,
    /// Number at TMDB.
    #[serde(deserialize_with = "lenient::number")]
    pub tmdb: Option<i64>,
    /// Number at TVDB; movies have none.
    #[serde(deserialize_with = "lenient::number")]
    pub tvdb: Option<i64>,
}

impl From<&Ids> for MediaIds {
    fn from(ids: &Ids) -> Self {
        let mut all = Self::default();
        all.set("trakt", ids.trakt);
        all.set("slug", ids.slug.as_deref());
        all.set("imdb", ids.imdb.as_deref());
        all.set("tmdb", ids.tmdb);
        all.set("tvdb", ids.tvdb);
        all
    }
}

/// A movie or a show; of a list, or in full.
///
/// Its details are kept as Trakt sent them until they are asked for: a list has thousands of
/// titles, and most tasks need no more of them than names and ids.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// The title.
    pub title: Option<String>,
    /// The year of its release or first season.
    pub year: Option<i64>,
    /// The ids.
    pub ids: Ids,
    /// The title in the language of a list; Trakt's own title is in `title`.
    pub translated_title: Option<String>,
    /// Whether it came with details.
    pub has_details: bool,
    /// All that Trakt sent, as JSON.
    sent: Option<Box<RawValue>>,
}

/// The fields of a title that are read at once.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Head {
    #[serde(deserialize_with = "lenient::text")]
    title: Option<String>,
    #[serde(deserialize_with = "lenient::number")]
    year: Option<i64>,
    #[serde(deserialize_with = "lenient::null_is_default")]
    ids: Ids,
    #[serde(skip_serializing)]
    updated_at: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    status: Option<IgnoredAny>,
}

impl<'de> Deserialize<'de> for Work {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sent = Box::<RawValue>::deserialize(deserializer)?;
        let Head { title, year, ids, updated_at, status } =
            serde_json::from_str(sent.get()).map_err(D::Error::custom)?;
        let has_details = updated_at.is_some() || status.is_some();
        Ok(Self { title, year, ids, translated_title: None, has_details, sent: Some(sent) })
    }
}

impl Serialize for Work {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.sent {
            Some(sent) => sent.serialize(serializer),
            None => {
                let (title, year, ids) = (self.title.clone(), self.year, self.ids.clone());
                Head { title, year, ids, ..Head::default() }.serialize(serializer)
            }
        }
    }
}

impl Work {
    /// Creates one without details.
    pub fn new(title: Option<String>, year: Option<i64>, ids: Ids) -> Self {
        Self { title, year, ids, ..Self::default() }
    }

    /// Returns the details that Trakt sent.
    pub fn details(&self) -> Details {
        self.sent_as().unwrap_or_default()
    }

    /// Reads what Trakt sent as another type.
    ///
    /// # Errors
    /// It has another shape.
    pub fn sent_as<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.sent.as_ref().map_or("{}", |sent| sent.get()))
    }
}

/// Details of a movie or a show.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Details {
    /// One line about it.
    #[serde(deserialize_with = "lenient::text")]
    pub tagline: Option<String>,
    /// Overview.
    #[serde(deserialize_with = "lenient::text")]
    pub overview: Option<String>,
    /// When a movie was released.
    #[serde(deserialize_with = "lenient::parsed")]
    pub released: Option<Date>,
    /// When a show was first aired.
    #[serde(deserialize_with = "lenient::parsed")]
    pub first_aired: Option<Timestamp>,
    /// When a show is aired.
    #[serde(deserialize_with = "lenient::object")]
    pub airs: Option<Airs>,
    /// Its length in minutes.
    #[serde(deserialize_with = "lenient::number")]
    pub runtime: Option<i64>,
    /// The two letters of a country.
    #[serde(deserialize_with = "lenient::text")]
    pub country: Option<String>,
    /// `returning series`, `ended`, `released` and so on.
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// Between 0 and 10.
    #[serde(deserialize_with = "lenient::float")]
    pub rating: Option<f64>,
    /// Number of ratings.
    #[serde(deserialize_with = "lenient::number")]
    pub votes: Option<i64>,
    /// The address of a trailer.
    #[serde(deserialize_with = "lenient::text")]
    pub trailer: Option<String>,
    /// The address of its page.
    #[serde(deserialize_with = "lenient::text")]
    pub homepage: Option<String>,
    /// When Trakt changed what it says about it.
    #[serde(deserialize_with = "lenient::parsed")]
    pub updated_at: Option<Timestamp>,
    /// The two letters of a language.
    #[serde(deserialize_with = "lenient::text")]
    pub language: Option<String>,
    /// The languages that there are translations in.
    #[serde(deserialize_with = "lenient::texts")]
    pub available_translations: Option<Vec<String>>,
    /// Genres.
    #[serde(deserialize_with = "lenient::texts")]
    pub genres: Option<Vec<String>>,
    /// For whom it is fit.
    #[serde(deserialize_with = "lenient::text")]
    pub certification: Option<String>,
    /// Network of a show.
    #[serde(deserialize_with = "lenient::text")]
    pub network: Option<String>,
    /// Number of aired episodes of a show.
    #[serde(deserialize_with = "lenient::number")]
    pub aired_episodes: Option<i64>,
}

impl Details {
    /// Tells whether a show has ended.
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_deref(), Some("ended" | "canceled"))
    }
}

/// When a show is aired.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Airs {
    /// The day of the week.
    #[serde(deserialize_with = "lenient::text")]
    pub day: Option<String>,
    /// The time, `21:00`.
    #[serde(deserialize_with = "lenient::text")]
    pub time: Option<String>,
    /// The time zone, `America/New_York`.
    #[serde(deserialize_with = "lenient::text")]
    pub timezone: Option<String>,
}

/// A season.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Season {
    /// Its number; 0 are the specials.
    #[serde(deserialize_with = "lenient::required_number")]
    pub number: i64,
    /// The ids.
    #[serde(deserialize_with = "lenient::null_is_default")]
    pub ids: Ids,
    /// The title.
    #[serde(deserialize_with = "lenient::text")]
    pub title: Option<String>,
    /// Overview.
    #[serde(deserialize_with = "lenient::text")]
    pub overview: Option<String>,
    /// When its first episode was aired.
    #[serde(deserialize_with = "lenient::parsed")]
    pub first_aired: Option<Timestamp>,
    /// Between 0 and 10.
    #[serde(deserialize_with = "lenient::float")]
    pub rating: Option<f64>,
    /// Number of ratings.
    #[serde(deserialize_with = "lenient::number")]
    pub votes: Option<i64>,
    /// Number of episodes.
    #[serde(deserialize_with = "lenient::number")]
    pub episode_count: Option<i64>,
    /// Number of aired episodes.
    #[serde(deserialize_with = "lenient::number")]
    pub aired_episodes: Option<i64>,
    /// Its episodes, where they were asked for.
    #[serde(deserialize_with = "lenient::null_is_default")]
    pub episodes: Vec<Episode>,
}

/// An episode.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Episode {
    /// The number of its season.
    #[serde(deserialize_with = "lenient::required_number")]
    pub season: i64,
    /// Its number within the season.
    #[serde(deserialize_with = "lenient::required_number")]
    pub number: i64,
    /// Its number counted over all seasons.
    #[serde(deserialize_with = "lenient::number")]
    pub number_abs: Option<i64>,
    /// The title; often there is none before it is aired.
    #[serde(deserialize_with = "lenient::text")]
    pub title: Option<String>,
    /// The ids.
    #[serde(deserialize_with = "lenient::null_is_default")]
    pub ids: Ids,
    /// Overview.
    #[serde(deserialize_with = "lenient::text")]
    pub overview: Option<String>,
    /// Between 0 and 10.
    #[serde(deserialize_with = "lenient::float")]
    pub rating: Option<f64>,
    /// Number of ratings.
    #[serde(deserialize_with = "lenient::number")]
    pub votes: Option<i64>,
    /// When it was, or will be, aired.
    #[serde(deserialize_with = "lenient::parsed")]
    pub first_aired: Option<Timestamp>,
    /// When Trakt changed what it says about it.
    #[serde(deserialize_with = "lenient::parsed")]
    pub updated_at: Option<Timestamp>,
    /// Its length in minutes.
    #[serde(deserialize_with = "lenient::number")]
    pub runtime: Option<i64>,
    /// The languages that there are translations in.
    #[serde(deserialize_with = "lenient::texts")]
    pub available_translations: Option<Vec<String>>,
}

/// A row of a list: a movie, a show, a season or episode with its show, or something else.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Row {
    /// The row's own number, by which one that comes twice is known.
    #[serde(deserialize_with = "lenient::number", skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// The place on a list, from 1.
    #[serde(deserialize_with = "lenient::number", skip_serializing_if = "Option::is_none")]
    pub rank: Option<i64>,
    /// Type, which rows of charts lack.
    #[serde(rename = "type", deserialize_with = "lenient::text", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A movie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub movie: Option<Rc<Work>>,
    /// A show, also that of a season or episode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show: Option<Rc<Work>>,
    /// A season.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<Box<Season>>,
    /// An episode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode: Option<Box<Episode>>,
    /// When it was put on the list.
    #[serde(deserialize_with = "lenient::parsed", skip_serializing_if = "Option::is_none")]
    pub listed_at: Option<Timestamp>,
    /// When it was collected.
    #[serde(
        deserialize_with = "lenient::parsed",
        alias = "last_collected_at",
        skip_serializing_if = "Option::is_none"
    )]
    pub collected_at: Option<Timestamp>,
    /// When it was last watched.
    #[serde(deserialize_with = "lenient::parsed", alias = "last_watched_at", skip_serializing_if = "Option::is_none")]
    pub watched_at: Option<Timestamp>,
    /// When it was rated.
    #[serde(deserialize_with = "lenient::parsed", skip_serializing_if = "Option::is_none")]
    pub rated_at: Option<Timestamp>,
    /// Rating, 1 to 10.
    #[serde(deserialize_with = "lenient::number", skip_serializing_if = "Option::is_none")]
    pub rating: Option<i64>,
    /// Number of plays.
    #[serde(deserialize_with = "lenient::number", skip_serializing_if = "Option::is_none")]
    pub plays: Option<i64>,
    /// The medium, resolution and sound of what was collected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Value>,
    /// Note of the user.
    #[serde(deserialize_with = "lenient::text", skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// A list of a user, or an official one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ListSummary {
    /// The name.
    #[serde(deserialize_with = "lenient::text_or_empty")]
    pub name: String,
    /// The ids: a number, and a slug made of the name that the list had first.
    #[serde(deserialize_with = "lenient::null_is_default")]
    pub ids: Ids,
    /// Number of items.
    #[serde(deserialize_with = "lenient::number")]
    pub item_count: Option<i64>,
    /// When it, or an item of it, was changed.
    #[serde(deserialize_with = "lenient::parsed")]
    pub updated_at: Option<Timestamp>,
    /// Owner.
    #[serde(deserialize_with = "lenient::object")]
    pub user: Option<User>,
}

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct User {
    /// The name.
    #[serde(deserialize_with = "lenient::text")]
    pub username: Option<String>,
    /// Whether it pays.
    #[serde(deserialize_with = "lenient::flag")]
    pub vip: Option<bool>,
    /// The ids: the slug is the name as it stands in addresses; official lists have a user without.
    #[serde(deserialize_with = "lenient::null_is_default")]
    pub ids: Ids,
}

/// The settings of a user, as far as they matter here.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// User of the account.
    pub user: User,
    /// Limits of the account.
    pub limits: Option<Limits>,
}

/// Limits of an account.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Lists.
    pub list: ItemLimit,
    /// The watchlist.
    pub watchlist: ItemLimit,
    /// The favorites.
    pub favorites: ItemLimit,
}

/// Limit of one kind of thing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ItemLimit {
    /// Number of lists.
    #[serde(deserialize_with = "lenient::number")]
    pub count: Option<i64>,
    /// Number of items on each list.
    #[serde(deserialize_with = "lenient::number")]
    pub item_count: Option<i64>,
}
