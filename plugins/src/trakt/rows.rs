//! Rows of Trakt's lists: what tells them apart, and rows of charts.

use flexget_core::prelude::*;
use serde::de::{Deserializer, Error as _};

use crate::titles::media::Kind;
use crate::trakt::api::lenient;
use crate::trakt::api::model::{Ids, ListSummary, Row, Work};
use crate::trakt::paging::{PageRow, RowKey};

/// Returns the key of a title or a part of one.
fn item(kind: Kind, ids: Option<&Ids>) -> RowKey {
    match ids.and_then(|ids| ids.trakt) {
        Some(number) => RowKey::Item(kind.word(), number, None),
        None => RowKey::Unreadable,
    }
}

/// Returns the key of a season or an episode: its own number, or its show's with its numbers.
fn part(kind: Kind, own: Option<&Ids>, show: Option<&Work>, numbers: Option<(i64, i64)>) -> RowKey {
    let of_show = || Some(RowKey::Item(kind.word(), show?.ids.trakt?, Some(numbers?)));
    match own.and_then(|ids| ids.trakt) {
        Some(number) if show.is_some() => RowKey::Item(kind.word(), number, None),
        None => of_show().unwrap_or(RowKey::Unreadable),
        // Without its show nobody can tell which season or episode it is.
        Some(_) => RowKey::Unreadable,
    }
}

impl PageRow for Row {
    fn key(&self) -> RowKey {
        let is_of_list = self.rank.is_some() || self.listed_at.is_some();
        match (self.item_key(), self.id) {
            // Each play is a row of its own, unless nobody can tell of what.
            (RowKey::Item(..), Some(id)) if self.plays.is_none() && !is_of_list => RowKey::Item("play", id, None),
            (item, _) => item,
        }
    }
}

impl Row {
    /// Returns the key of the item, which all of its plays share.
    pub fn item_key(&self) -> RowKey {
        let (show, season, episode) = (self.show.as_deref(), self.season.as_ref(), self.episode.as_ref());
        let kind = match self.kind.as_deref() {
            Some(kind) => kind,
            None if self.movie.is_some() => "movie",
            None if episode.is_some() => "episode",
            None if season.is_some() => "season",
            None => "show",
        };
        match kind {
            "movie" => item(Kind::Movie, self.movie.as_ref().map(|it| &it.ids)),
            "show" => item(Kind::Show, show.map(|it| &it.ids)),
            "season" => part(Kind::Season, season.map(|it| &it.ids), show, season.map(|it| (it.number, 0))),
            "episode" => part(Kind::Episode, episode.map(|it| &it.ids), show, episode.map(|it| (it.season, it.number))),
            _ if self.movie.is_some() || show.is_some() => RowKey::Unknown(self.id),
            _ => RowKey::Other(self.id),
        }
    }
}

impl PageRow for ListSummary {
    fn key(&self) -> RowKey {
        self.ids.trakt.map_or(RowKey::Unreadable, |number| RowKey::Item("list", number, None))
    }
}

/// A show with the episodes of it that a user has watched or collected.
#[derive(Deserialize)]
pub struct ShowRow {
    /// Show.
    pub show: Work,
    /// When the user started it again.
    #[serde(default, deserialize_with = "lenient::parsed")]
    pub reset_at: Option<Timestamp>,
    /// Its seasons; without them, nothing is said about episodes.
    pub seasons: Option<Vec<SeasonRow>>,
}

/// A season of such a show.
#[derive(Deserialize)]
pub struct SeasonRow {
    /// Its number.
    #[serde(deserialize_with = "lenient::required_number")]
    pub number: i64,
    /// The watched or collected episodes.
    #[serde(default, deserialize_with = "lenient::null_is_default")]
    pub episodes: Vec<EpisodeRow>,
}

/// An episode of such a season.
#[derive(Deserialize)]
pub struct EpisodeRow {
    /// Its number within the season.
    #[serde(deserialize_with = "lenient::required_number")]
    pub number: i64,
    /// Number of plays, if it was watched.
    #[serde(default, deserialize_with = "lenient::number")]
    pub plays: Option<i64>,
    /// When it was last watched.
    #[serde(default, deserialize_with = "lenient::parsed")]
    pub last_watched_at: Option<Timestamp>,
    /// When it was collected.
    #[serde(default, deserialize_with = "lenient::parsed")]
    pub collected_at: Option<Timestamp>,
    /// The medium, resolution and sound of what was collected.
    pub metadata: Option<serde_json::Value>,
}

impl PageRow for ShowRow {
    fn key(&self) -> RowKey {
        item(Kind::Show, Some(&self.show.ids))
    }
}

/// A row of a chart: a movie or show beside its place, or the movie or show itself.
pub struct ChartRow {
    movie: Option<Work>,
    show: Option<Work>,
    bare: Work,
}

impl<'de> Deserialize<'de> for ChartRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Beside {
            movie: Option<Work>,
            show: Option<Work>,
        }
        let bare = Work::deserialize(deserializer)?;
        let Beside { movie, show } = bare.sent_as().map_err(D::Error::custom)?;
        Ok(Self { movie, show, bare })
    }
}

impl ChartRow {
    /// Returns the row as a list has it; the kind of a bare one is that of the chart.
    pub fn into_row(self, kind: Kind) -> Row {
        let Self { movie, show, bare } = self;
        match kind {
            Kind::Movie => Row { movie: Some(Rc::new(movie.unwrap_or(bare))), ..Row::default() },
            _ => Row { show: Some(Rc::new(show.unwrap_or(bare))), ..Row::default() },
        }
    }
}

impl PageRow for ChartRow {
    fn key(&self) -> RowKey {
        match (&self.movie, &self.show) {
            (Some(movie), _) => item(Kind::Movie, Some(&movie.ids)),
            (None, Some(show)) => item(Kind::Show, Some(&show.ids)),
            (None, None) => item(Kind::Movie, Some(&self.bare.ids)),
        }
    }
}
