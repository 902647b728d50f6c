mod episodes;
mod people;
mod translations;
mod user_activity;
mod works;

use flexget_core::prelude::*;
use jiff::civil::Date;

use crate::titles::media::{Kind, Media};
use crate::titles::parsing::{series, today};
use crate::trakt::api::client::Client;
use crate::trakt::fields::{FieldGroup, work_fields};
use crate::trakt::titles;
use crate::trakt::user_data::Who;

/// Looks up movies, shows, seasons and episodes on Trakt, and a user's activity with them.
///
/// Nothing is requested until a field is read, by a condition, a template or another plugin; then
/// it is requested for all entries at once. A title is found by any id that the entry has, or by
/// its name and year; a year or country may stand at the end of the name (`Doctor Who 2005`, `The
/// Office US`). If no title is surely meant, the fields stay unknown and a warning names the titles
/// that could be. (FlexGet takes the first hit.)
///
/// With `account`, or `username` for a public profile, there are also `trakt_watched`,
/// `trakt_collected` and the user's ratings. A season or show is watched (collected) when all of
/// its aired episodes are, and a release of several episodes when all of them are. If Trakt is
/// unavailable, data of an earlier run is used with a warning; without such data the fields stay
/// unknown, and a condition that reads them decides nothing. (In FlexGet nothing is watched then.)
///
/// An entry that is not marked as a show, season or episode is taken for a movie, unless its title
/// is that of an episode.
///
/// Fields of movies: `movie_name`, `movie_year`, `trakt_movie_name`, `trakt_movie_year`,
/// `trakt_movie_id`, `trakt_movie_slug`, `imdb_id`, `imdb_url`, `tmdb_id`, `trakt_tagline`,
/// `trakt_overview`, `trakt_released`, `trakt_runtime` (minutes), `trakt_rating` (0 to 10),
/// `trakt_votes`, `trakt_homepage`, `trakt_trailer`, `trakt_language`, `trakt_genres`,
/// `trakt_languages`, `trakt_movie_user_rating`.
///
/// Fields of shows: `trakt_series_name`, `trakt_series_year`, `trakt_show_id`, `trakt_show_slug`,
/// `imdb_id`, `imdb_url`, `tvdb_id`, `tmdb_id`, `trakt_series_url`, `trakt_series_status`,
/// `trakt_series_network`, `trakt_series_overview`, `trakt_series_rating`, `trakt_rating`,
/// `trakt_series_votes`, `trakt_series_language`, `trakt_languages`, `trakt_series_country`,
/// `trakt_series_runtime`, `trakt_series_content_rating`, `trakt_series_first_aired`,
/// `trakt_series_air_day`, `trakt_series_air_time`, `trakt_series_air_timezone`,
/// `trakt_series_aired_episodes`, `trakt_series_updated_at`, `trakt_genres`, `trakt_homepage`,
/// `trakt_trailer`, `trakt_series_episodes` (names of all episodes), `trakt_series_user_rating`.
///
/// Fields of seasons, besides those of the show: `trakt_season`, `trakt_season_id`,
/// `trakt_season_name`, `trakt_season_tvdb_id`, `trakt_season_tmdb_id`, `trakt_season_first_aired`,
/// `trakt_season_overview`, `trakt_season_episode_count`, `trakt_season_aired_episodes`,
/// `trakt_season_user_rating`.
///
/// Fields of episodes, besides those of the show: `trakt_season`, `trakt_episode`, `trakt_ep_id`
/// (such as S01E02), `trakt_episode_id`, `trakt_ep_name`, `trakt_ep_imdb_id`, `trakt_ep_tvdb_id`,
/// `trakt_ep_tmdb_id`, `trakt_ep_first_aired`, `trakt_ep_overview`, `trakt_ep_abs_number`,
/// `trakt_ep_runtime`, `trakt_ep_rating`, `trakt_ep_votes`, `trakt_ep_languages`,
/// `trakt_ep_updated_at`, `trakt_ep_user_rating`.
///
/// Fields of all: `trakt_actors`, `trakt_translations`, `trakt_watched`, `trakt_collected`.
///
/// ```yaml
/// trakt_list: { account: me, list: watchlist, type: movies }
/// trakt_lookup:
///   account: me
/// if:
///   - trakt_watched: reject
///   - trakt_rating > 7 and 'drama' in trakt_genres: accept
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-renamed" = {
    "password": "`username` and `password` are gone: run `flexget-rs trakt auth NAME` once and set `account: NAME`",
}))]
pub struct TraktLookup {
    /// Name stored by `flexget-rs trakt auth NAME`.
    ///
    /// Its user is the one whose activity is looked up.
    #[schemars(length(min = 1), extend("x-account" = "trakt"))]
    account: Option<String>,
    /// Trakt user whose activity is meant, if not the account's own.
    #[schemars(length(min = 1))]
    username: Option<String>,
}

submit! { plugin::<TraktLookup>() }

impl Plugin for TraktLookup {
    const NAME: &'static str = "trakt_lookup";

    fn gives() -> Vec<KnownField> {
        FieldGroup::all().flat_map(FieldGroup::fields).collect()
    }

    fn steps(&self) -> Vec<Step<Self>> {
        vec![
            Step::at(Phase::Start, Self::check_account),
            Step::at(Phase::Metainfo, Self::offer).priority(110).gives(Self::names),
        ]
    }
}

impl TraktLookup {
    async fn check_account(&self, task: &mut Task) -> Result<()> {
        let user = User::of(self, &task.cx)?;
        if let Some(reason) = &user.failure {
            task.warn(Self::NAME, reason.clone());
        }
        Ok(())
    }

    /// Returns the groups of fields that it offers; those of a user need one.
    fn groups(&self) -> impl Iterator<Item = FieldGroup> {
        let has_user = self.account.is_some() || self.username.is_some();
        FieldGroup::all().filter(move |group| has_user || !group.is_of_user())
    }

    fn names(&self) -> Vec<Name> {
        self.groups().flat_map(FieldGroup::names).map(Name::Borrowed).collect()
    }

    async fn offer(&self, task: &mut Task) -> Result<()> {
        let user = Rc::new(User::of(self, &task.cx)?);
        let today = today(&task.cx);
        for group in self.groups() {
            task.offer(Rc::new(Lookup { user: Rc::clone(&user), today, group, names: group.names() }));
        }
        Ok(())
    }
}

/// The user of a lookup.
struct User {
    account: Option<String>,
    username: Option<String>,
    /// Reason why the account cannot be used.
    failure: Option<String>,
}

impl User {
    /// Checks the account; without one that can be used, only public fields are looked up.
    ///
    /// # Errors
    /// Trakt cannot be asked at all.
    fn of(options: &TraktLookup, cx: &Context) -> Result<Self> {
        let username = options.username.clone();
        match Client::new(cx, options.account.as_deref()) {
            Ok(_) => Ok(Self { account: options.account.clone(), username, failure: None }),
            // The account may have been the only one that tells the application.
            Err(error) if options.account.is_none() || Client::new(cx, None).is_err() => Err(error),
            Err(error) => {
                let hint = error.hint_text().map(|hint| format!(": {hint}")).unwrap_or_default();
                let failure = format!("{error}, so only public fields are looked up{hint}");
                Ok(Self { account: None, username, failure: Some(failure) })
            }
        }
    }
}

/// An offer of one group of fields.
struct Lookup {
    user: Rc<User>,
    today: Date,
    group: FieldGroup,
    names: Vec<&'static str>,
}

impl Offer for Lookup {
    fn plugin(&self) -> &'static str {
        TraktLookup::NAME
    }

    fn fields(&self) -> &[&'static str] {
        &self.names
    }

    fn applies(&self, entry: &Entry) -> bool {
        let kind = Media::kind_of(entry, None).or_else(|| self.guess(entry));
        kind.is_some_and(|kind| self.group.applies_to(kind))
    }

    fn fetch<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Vec<FetchedFields>> {
        Box::pin(async move {
            match Client::new(cx, self.user.account.as_deref()) {
                Ok(client) => self.look_up(&client, entries).await,
                Err(error) => vec![Err(error.to_string()); entries.len()],
            }
        })
    }
}

impl Lookup {
    /// Takes an entry of unknown kind for a movie, as FlexGet does.
    ///
    /// An entry with the title of an episode is none.
    fn guess(&self, entry: &Entry) -> Option<Kind> {
        let has_id = entry.has("imdb_id") || entry.has("tmdb_id");
        (has_id || !series::is_of_series(entry.title(), self.today)).then_some(Kind::Movie)
    }

    /// Reads an entry.
    ///
    /// The year of a movie may be in the field `year`.
    fn media(&self, entry: &Entry) -> Option<Media> {
        let mut media = Media::of(entry, None).or_else(|| Media::of(entry, self.guess(entry)))?;
        if media.kind == Kind::Movie {
            media.year = media.year.or_else(|| entry.int("year"));
        }
        Some(media)
    }

    async fn look_up(&self, client: &Client, entries: &[&Entry]) -> Vec<FetchedFields> {
        let is_unknown = self.group.is_of_user() && self.user.username.is_none();
        if let Some(reason) = self.user.failure.as_ref().filter(|_| is_unknown) {
            return vec![Err(reason.clone()); entries.len()];
        }
        // `applies` selects entries of a known kind only.
        let media: Vec<Media> = entries.iter().filter_map(|entry| self.media(entry)).collect();
        if media.len() != entries.len() {
            return vec![Err("the entry is no movie, show, season or episode".to_owned()); entries.len()];
        }
        let who = Who { client, username: self.user.username.as_deref() };
        match self.group {
            FieldGroup::Movie | FieldGroup::Show => details(client, &media).await,
            FieldGroup::Season | FieldGroup::Episode => episodes::details(client, entries, &media).await,
            FieldGroup::EpisodeNames => episodes::names(client, &media).await,
            FieldGroup::Actors => people::actors(client, &media).await,
            FieldGroup::Translations => translations::translations(client, &media).await,
            FieldGroup::Watched => user_activity::watched(who, entries, &media).await,
            FieldGroup::Collected => user_activity::collected(who, entries, &media).await,
            FieldGroup::Ratings => user_activity::ratings(who, &media).await,
            FieldGroup::PartRatings => user_activity::ratings_of_parts(who, entries, &media).await,
        }
    }
}

/// Looks up the details of the movies and shows that media are or belong to.
async fn details(client: &Client, media: &[Media]) -> Vec<FetchedFields> {
    let works = titles::find(client, media).await.into_iter().zip(media);
    works.map(|(work, media)| work.map(|work| work_fields(media.kind, &work))).collect()
}

#[cfg(test)]
mod tests;
