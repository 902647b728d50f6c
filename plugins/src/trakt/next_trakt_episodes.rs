use flexget_core::prelude::*;

use crate::titles::media::Kind;
use crate::trakt::api::client::{Client, stored_account};
use crate::trakt::api::model::{Episode, Season, Work};
use crate::trakt::lists::entries::{self, Style};
use crate::trakt::lists::read::ListReader;
use crate::trakt::lists::source::{ListName, Source, user_slug};
use crate::trakt::paging::Extent;
use crate::trakt::progress::{self, Next, ShowProgress};
use crate::trakt::seasons;
use crate::trakt::user_data::{ActivityKind, Who};

/// Produces the next (or last) episode to watch or collect of each show of a Trakt list.
///
/// `list` is the same as in `trakt_list`: `watched`, `collection`, `watchlist`, or a list that
/// somebody has made; `account` and `username` say whose list it is, and whose progress. With
/// `account` alone both are the account's own user's. (FlexGet takes the list of `username`, but
/// the progress of `account`, and asks once for every show.) A season or an episode on the list
/// stands for its show; FlexGet reads shows alone.
///
/// `context` says what counts: what was `watched`, what was `collected`, or what was `aired`,
/// whoever has seen it. `position: next` is the episode after the furthest one that counts, aired
/// or not; of a show of which nothing counts yet it is the first. Where Trakt does not know yet how
/// a show goes on, it is the first of the season after; a show that has ended gives nothing then.
/// `position: last` is the furthest one that counts. Specials do not count. A show that the
/// account's user has hidden or dropped is left out where what was watched counts.
///
/// The entries have the fields of episodes on a `trakt_list`, such as `series_name`,
/// `series_season`, `series_episode`, `series_id`, `tvdb_id` and `trakt_show_id`, and `trakt_list`;
/// the title is the name of the show with the number of the episode.
///
/// ```yaml
/// next_trakt_episodes:
///   account: me
///   list: watched
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "anyOf" = [{ "required": ["account"] }, { "required": ["username"] }],
    "error_anyOf" = "at least one of `username` or `account` options are needed",
    "help_anyOf" = "`account` is a name stored by `flexget-rs trakt auth NAME`; `username` is a public Trakt profile",
))]
pub struct NextTraktEpisodes {
    /// A name stored by `flexget-rs trakt auth NAME`.
    #[schemars(length(min = 1), extend("x-account" = "trakt"))]
    account: Option<String>,
    /// A Trakt user whose list and progress are meant, if they are not the account's own.
    #[schemars(length(min = 1))]
    username: Option<String>,
    /// The list of the shows.
    #[schemars(length(min = 1))]
    #[schemars(with = "String")]
    list: ListName,
    /// Episode to produce.
    #[serde(default)]
    position: Position,
    /// State of episodes that counts.
    #[serde(default)]
    context: Counts,
    /// Whether names go without the year at their end.
    #[serde(default)]
    strip_dates: bool,
}

/// Episode to produce.
#[derive(Deserialize, JsonSchema, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Position {
    /// The episode after the latest one that counts.
    #[default]
    Next,
    /// The latest episode that counts.
    Last,
}

/// State of episodes that counts.
#[derive(Deserialize, JsonSchema, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Counts {
    /// Watched episodes.
    #[default]
    Watched,
    /// Collected episodes.
    Collected,
    /// Aired episodes.
    Aired,
}

submit! { plugin::<NextTraktEpisodes>() }

/// Number of shows to take of a chart.
const CHART: usize = 100;

impl Plugin for NextTraktEpisodes {
    const NAME: &'static str = "next_trakt_episodes";
    const INPUT: bool = true;

    fn gives() -> Vec<KnownField> {
        let own = ["series_id_type", "trakt_list", "trakt_id", "trakt", "imdb", "tmdb", "tvdb"];
        entries::known_fields().into_iter().chain(KnownField::all(&own)).collect()
    }

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce)]
    }

    fn check(&self) -> Vec<Problem> {
        let problem = |message: String| vec![Problem::at(Path::root().key("list"), message)];
        match self.list.source {
            Source::Chart("boxoffice") => problem("the boxoffice list of Trakt has no shows".to_owned()),
            Source::Recommendations if self.account.is_none() => {
                problem("recommendations are made for an `account`".to_owned())
            }
            _ => Vec::new(),
        }
    }
}

/// Shows in order with the user's progress; a show without progress has not been started.
struct ListedShows {
    shows: Vec<Rc<Work>>,
    progress: HashMap<i64, ShowProgress>,
}

impl NextTraktEpisodes {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        let client = Client::new(&task.cx, self.account.as_deref())?;
        task.read_from(format!("the shows of list `{}`", self.list));
        let username = self.somebody_else(&task.cx)?;
        let ListedShows { shows, progress } = self.listed_shows(&client, username).await?;
        if shows.is_empty() {
            task.warn(Self::NAME, format!("there are no shows on the list {}", self.list));
        }
        let unsure: Vec<Rc<Work>> = shows
            .iter()
            .filter(|show| self.needs_seasons(show, id(show).and_then(|id| progress.get(&id))))
            .cloned()
            .collect();
        let seasons = seasons::of(&client, &unsure).await;
        let mut entries = Vec::new();
        for show in &shows {
            let known = match seasons.get(show) {
                // Without one of them it would be a part that looks like the whole.
                Some(Err(reason)) => {
                    return Err(Error::new(format!("the episodes of {} are not known: {reason}", name(show))));
                }
                Some(Ok(seasons)) => Some(seasons.as_slice()),
                None => None,
            };
            let progress = id(show).and_then(|id| progress.get(&id));
            if let Some(episode) = self.episode(show, progress, known, &task.cx) {
                entries.push(self.entry(show, &episode));
            }
        }
        task.produce(entries);
        Ok(())
    }

    /// Returns the user that is meant, if that is not the account's own.
    fn somebody_else(&self, cx: &Context) -> Result<Option<&str>> {
        let Some(username) = self.username.as_deref() else { return Ok(None) };
        let own = match &self.account {
            Some(account) => stored_account(cx, account)?.user_slug,
            None => None,
        };
        Ok((username != "me" && own != Some(user_slug(username))).then_some(username))
    }

    async fn listed_shows(&self, client: &Client, username: Option<&str>) -> Result<ListedShows> {
        let (is_own, source) = (username.is_none(), &self.list.source);
        let own = if self.context == Counts::Watched && is_own { progress::of_account(client).await? } else { None };
        if let (Some(own), Source::Watched) = (&own, source) {
            // What was watched, with the progress: the list need not be read.
            let shows = own.iter().filter_map(|(_, progress)| progress.show.clone()).collect();
            return Ok(ListedShows { shows, progress: own.iter().cloned().collect() });
        }
        let mut shows = self.shows(client, username, source).await?;
        let who = Who { client, username };
        let progress = match (self.context, own) {
            (Counts::Aired, _) => HashMap::new(),
            (Counts::Collected, _) => progress::of_user(who, ActivityKind::CollectedShows).await?,
            (Counts::Watched, None) => progress::of_user(who, ActivityKind::WatchedShows).await?,
            (Counts::Watched, Some(own)) => {
                let own: HashMap<i64, ShowProgress> = own.into_iter().collect();
                let is_known = |show: &Rc<Work>| id(show).is_some_and(|id| own.contains_key(&id));
                if self.position == Position::Next && !shows.iter().all(is_known) {
                    // What Trakt is silent about was never begun, or is hidden; only the former has
                    // a next episode.
                    let begun = progress::of_user(who, ActivityKind::WatchedShows).await?;
                    let is_hidden =
                        |show: &Rc<Work>| !is_known(show) && id(show).is_some_and(|id| begun.contains_key(&id));
                    shows.retain(|show| !is_hidden(show));
                }
                own
            }
        };
        Ok(ListedShows { shows, progress })
    }

    /// Returns the shows of the list, each once; a season or an episode stands for its show.
    async fn shows(&self, client: &Client, username: Option<&str>, source: &Source) -> Result<Vec<Rc<Work>>> {
        let kind = match source {
            Source::Personal(_) => None,
            Source::History => Some(Kind::Episode),
            _ => Some(Kind::Show),
        };
        let extent = if source.is_chart() { Extent::AtLeast(CHART) } else { Extent::Whole };
        let list = ListReader { source, username, kind, extent, period: None };
        let mut met = BTreeSet::new();
        let shows = list.rows(client).await?.into_iter().filter_map(|row| row.show);
        Ok(shows.filter(|show| id(show).is_some_and(|id| met.insert(id))).collect())
    }

    /// Returns whether only its seasons tell which episode it is.
    ///
    /// They are asked for show by show, and kept.
    fn needs_seasons(&self, show: &Work, progress: Option<&ShowProgress>) -> bool {
        // Of a show of which nothing counts yet it is the first episode.
        let begun = progress.filter(|progress| progress.last.is_some());
        match (self.context, self.position, begun.map(|progress| &progress.next)) {
            (Counts::Aired, Position::Next, _) => !show.details().is_over(),
            (Counts::Aired, Position::Last, _) => true,
            (_, Position::Last, _) | (_, _, None | Some(Next::Aired(_))) => false,
            (_, _, Some(Next::NotAired)) => !show.details().is_over(),
            (_, _, Some(Next::Unknown)) => true,
        }
    }

    fn episode(
        &self,
        show: &Work,
        progress: Option<&ShowProgress>,
        seasons: Option<&[Season]>,
        cx: &Context,
    ) -> Option<Episode> {
        if self.context == Counts::Aired {
            return progress::on_air(seasons?, cx.clock.now(), self.position == Position::Next).cloned();
        }
        if self.position == Position::Last {
            return progress?.last.clone();
        }
        let at = |season, number| Episode { season, number, ..Episode::default() };
        let Some(progress) = progress else { return Some(at(1, 1)) };
        if let Next::Aired(episode) = &progress.next {
            return Some(Episode::clone(episode));
        }
        match (seasons.and_then(|seasons| progress::after(seasons, progress.last.as_ref())), &progress.last) {
            (Some(episode), _) => Some(episode.clone()),
            (None, Some(last)) => (!show.details().is_over()).then(|| at(last.season.saturating_add(1), 1)),
            (None, None) => Some(at(1, 1)),
        }
    }

    fn entry(&self, show: &Work, episode: &Episode) -> Entry {
        entries::numbered(show, episode, Style { strip_dates: self.strip_dates })
            .with("series_id_type", "ep")
            .with("trakt_list", self.list.to_string())
            .with("trakt_id", show.ids.trakt)
            .with("trakt", show.ids.trakt)
            .with("trakt_slug", show.ids.slug.clone())
            .with("imdb", show.ids.imdb.clone())
            .with("tmdb", show.ids.tmdb)
            .with("tvdb", show.ids.tvdb)
    }
}

fn id(show: &Work) -> Option<i64> {
    show.ids.trakt
}

fn name(show: &Work) -> String {
    show.title.as_ref().map_or_else(|| "a show without a name".to_owned(), |title| format!("`{title}`"))
}

#[cfg(test)]
mod tests;
