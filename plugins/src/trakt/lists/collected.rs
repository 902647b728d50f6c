//! The collected episodes of shows, with their dates and media.

use flexget_core::list::index::Index;
use flexget_core::prelude::*;
use serde_json::Value as Json;

use crate::titles::media::{self, Kind, Media};
use crate::trakt::api::client::Client;
use crate::trakt::api::model::{Row, Work};
use crate::trakt::lists::entries::{self, Style};
use crate::trakt::lists::item::Part;
use crate::trakt::paging;
use crate::trakt::rows::ShowRow;

/// The collected episodes of shows.
#[derive(Default)]
pub struct Collected {
    shows: Index,
    episodes: Vec<Vec<Part>>,
}

impl Collected {
    /// Reads the collected episodes of all shows.
    pub async fn read(client: &Client) -> Result<Self> {
        let query = [("extended", "progress,metadata".to_owned()), ("specials", "true".to_owned())];
        let rows: Vec<ShowRow> = paging::read_proved(client, "sync/collection/shows", &query).await?;
        let mut collected = Self::default();
        if rows.iter().all(|row| row.seasons.is_some()) {
            for ShowRow { show, seasons, .. } in rows {
                let episodes = seasons.into_iter().flatten().flat_map(|season| {
                    season.episodes.into_iter().map(move |episode| Part {
                        at: episode.collected_at,
                        season: Some(season.number),
                        episode: Some(episode.number),
                        collected_as: episode.metadata.filter(Json::is_object),
                        ..Part::default()
                    })
                });
                collected.push(&show, episodes.collect());
            }
            return Ok(collected);
        }
        // It is not known whether Trakt gives the episodes here.
        let query = [("extended", "metadata".to_owned())];
        let rows: Vec<Row> = paging::read_proved(client, "sync/collection/episodes", &query).await?;
        let mut by_show: BTreeMap<i64, (&Work, Vec<Part>)> = BTreeMap::new();
        for row in &rows {
            let (Some(show), Some(episode)) = (&row.show, &row.episode) else { continue };
            let Some(id) = show.ids.trakt else { continue };
            by_show.entry(id).or_insert((show, Vec::new())).1.push(Part {
                at: row.collected_at,
                season: Some(episode.season),
                episode: Some(episode.number),
                collected_as: row.metadata.clone().filter(Json::is_object),
                ..Part::default()
            });
        }
        by_show.into_values().for_each(|(show, episodes)| collected.push(show, episodes));
        Ok(collected)
    }

    fn push(&mut self, show: &Work, episodes: Vec<Part>) {
        self.shows.push(&media::keys(&entries::show(show, Style::default()), None));
        self.episodes.push(episodes);
    }

    /// Returns the collected episodes of a show or a season.
    pub fn of(&self, media: &Media) -> Vec<Part> {
        let mut show = media.clone();
        show.reduce_to(Kind::Show);
        let Some(at) = self.shows.find(&show.keys()) else { return Vec::new() };
        let is_of_it = |part: &&Part| media.kind != Kind::Season || part.season == media.season;
        self.episodes[at].iter().filter(is_of_it).cloned().collect()
    }
}
