//! The whole state, and the switches for what is not known about Trakt.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::catalogue::{Catalogue, Media};
use crate::limits::{Limits, Used};
use crate::lists::List;
use crate::oauth::Oauth;
use crate::paging::{OddPages, PageOddity, Pages};
use crate::time::{DAY, MINUTE};
use crate::users::User;

/// An application that was registered with Trakt.
#[derive(Clone, Debug)]
pub struct App {
    /// The `trakt-api-key`.
    pub client_id: String,
    /// Newer applications have none.
    pub client_secret: Option<String>,
    /// Must be the same when tokens are renewed.
    pub redirect_uri: String,
}

/// What can be either way, because it is not known, has changed, or differs between accounts.
#[derive(Clone, Debug)]
pub struct Switches {
    /// A list read after a write shows the old state for five minutes.
    pub stale_lists: bool,
    /// `GET /search?id_type=…` and `/search?query=…&type=…` are answered instead of 404.
    pub legacy_search: bool,
    /// OAuth is also served on the API host instead of 404.
    pub oauth_on_api: bool,
    /// `collection/shows` has seasons without being asked.
    pub collection_seasons: bool,
    /// `watched/shows` has seasons without being asked, as before July 2026.
    pub watched_seasons: bool,
    /// `seasons` of watched and collected shows are there, and empty.
    pub empty_seasons: bool,
    /// What is watched leaves the watchlist.
    pub tidy_watchlist: bool,
    /// A batch over the limit is stored as far as it fits, instead of not at all. 420 in both cases.
    pub partial_420: bool,
    /// The status of `POST /sync/history`: 200 by contract, 201 by habit.
    pub history_status: u16,
    /// `translations/fr` is served.
    pub translations_path: bool,
    /// `translations?language=fr` is respected.
    pub translations_query: bool,
    /// Calendars of more than 33 days are refused with 400 instead of cut.
    pub long_calendar_refused: bool,
    /// IMDb ids of episodes are found.
    pub imdb_episodes: bool,
    /// Answers have an `ETag`, and `If-None-Match` is respected.
    pub etags: bool,
    /// Lists whose own sort is not `rank` come in another order on each page unless the request says how to sort.
    pub shaky_sort: bool,
    /// A bulk body with more objects than this gets 413.
    pub max_batch: Option<usize>,
    /// `lists/{id}/items/{type}` knows `movies` as well as `movie`.
    pub plural_item_types: bool,
    /// A list that is not there is answered with 200 and an object without ids instead of 404.
    pub vague_missing_list: bool,
    /// `limit=all` and `page`-less reads of list items give everything, as before 2026.
    pub unpaged_items: bool,
    /// Counts of `watchlist/{type}` are those of all types.
    pub watchlist_counts_all: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Switches {
            stale_lists: false,
            legacy_search: false,
            oauth_on_api: false,
            collection_seasons: false,
            watched_seasons: false,
            empty_seasons: false,
            tidy_watchlist: true,
            partial_420: false,
            history_status: 200,
            translations_path: true,
            translations_query: true,
            long_calendar_refused: false,
            imdb_episodes: false,
            etags: false,
            shaky_sort: false,
            max_batch: None,
            plural_item_types: false,
            vague_missing_list: false,
            unpaged_items: false,
            watchlist_counts_all: true,
        }
    }
}

/// Everything that the simulator knows. Users and lists are found by slug and id; the methods keep `updated_at` and
/// the activities right, changes made directly in the fields do not.
pub struct World {
    /// The applications that are known.
    pub apps: Vec<App>,
    /// What there is to watch.
    pub catalogue: Catalogue,
    /// The users by slug.
    pub users: BTreeMap<String, User>,
    /// The lists by Trakt id.
    pub lists: BTreeMap<u64, List>,
    /// Devices and tokens.
    pub oauth: Oauth,
    /// How answers are cut into pages.
    pub pages: Pages,
    /// Which rate limits hold.
    pub limits: Limits,
    /// What can be either way.
    pub switches: Switches,
    /// Charts that are not to be made from the catalogue, by path (`movies/trending`).
    pub charts: BTreeMap<String, Vec<Media>>,
    pub(crate) used: Used,
    clock: Option<Arc<AtomicI64>>,
    last_stamp: i64,
    last_id: u64,
    /// While the seed is planted: how many items it has listed.
    planted: Option<i64>,
}

impl World {
    pub(crate) fn new(clock: Option<Arc<AtomicI64>>, limits: Limits) -> Self {
        World {
            apps: Vec::new(),
            catalogue: Catalogue::default(),
            users: BTreeMap::new(),
            lists: BTreeMap::new(),
            oauth: Oauth::default(),
            pages: Pages::default(),
            limits,
            switches: Switches::default(),
            charts: BTreeMap::new(),
            used: Used::default(),
            clock,
            last_stamp: 0,
            last_id: 9_000_000_000,
            planted: Some(0),
        }
    }

    /// The moment, milliseconds since 1970.
    pub fn now(&self) -> i64 {
        match &self.clock {
            Some(clock) => clock.load(Ordering::SeqCst),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        }
    }

    /// Moves a shared clock on.
    pub(crate) fn pass(&self, time: Duration) {
        if let Some(clock) = &self.clock {
            clock.fetch_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// A moment for `updated_at` and the activities: now, but later than every stamp before, so that a change is seen
    /// even when the clock stands still.
    pub(crate) fn stamp(&mut self) -> i64 {
        // What is planted has changed the day before, so that its many stamps do not reach into the future.
        let now = if self.planted.is_some() { self.now() - DAY } else { self.now() };
        self.last_stamp = now.max(self.last_stamp + 1);
        self.last_stamp
    }

    /// When an item is listed: now, or each ten minutes after the one before while the seed is planted.
    pub(crate) fn listed_at(&mut self) -> i64 {
        let now = self.now();
        match &mut self.planted {
            None => now,
            Some(planted) => {
                *planted += 1;
                now - 200 * DAY + *planted * 10 * MINUTE
            }
        }
    }

    /// The seed is in the ground: from now on the clock rules.
    pub(crate) fn open(&mut self) {
        self.planted = None;
    }

    /// An id that nothing has yet; does not fit into 32 bits.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Gives a title the IMDb, TMDB and TVDB ids of another one of its kind, as some titles really share.
    ///
    /// # Panics
    /// When one of them is neither a movie nor a show of the catalogue.
    pub fn share_ids(&mut self, from: Media, to: Media) {
        let Some(shared) = self.catalogue.ids(from).cloned() else { panic!("{from:?} is not in the catalogue") };
        let ids = match to {
            Media::Movie(id) => self.catalogue.movies.get_mut(&id).map(|movie| &mut movie.ids),
            Media::Show(id) => self.catalogue.shows.get_mut(&id).map(|show| &mut show.work.ids),
            _ => None,
        };
        let Some(ids) = ids else { panic!("{to:?} is no movie or show of the catalogue") };
        (ids.imdb, ids.tmdb, ids.tvdb) = (shared.imdb, shared.tmdb, shared.tvdb);
    }

    /// Makes all endpoints odd whose paths begin so, for all walks through their pages.
    pub fn odd_pages(&mut self, path: &str, oddity: PageOddity) {
        self.pages.odd.push(OddPages::on(path, oddity));
    }

    /// The slug of a user given by slug or name.
    pub fn slug_of(&self, user: &str) -> Option<String> {
        if self.users.contains_key(user) {
            return Some(user.to_owned());
        }
        self.users.values().find(|it| it.username == user).map(|it| it.slug.clone())
    }

    /// The same for those who must exist.
    pub(crate) fn known(&self, user: &str) -> String {
        self.slug_of(user).unwrap_or_else(|| panic!("the simulator has no user `{user}`"))
    }

    /// A user by slug or name.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn user(&self, user: &str) -> &User {
        &self.users[&self.known(user)]
    }

    /// A user by slug or name, to be changed.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn user_mut(&mut self, user: &str) -> &mut User {
        let slug = self.known(user);
        self.users.entry(slug).or_default()
    }

    /// Marks one activity of a user (`movies.hidden_at`, …) as of now; for changes made directly in the fields.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn mark(&mut self, user: &str, activity: &str) {
        let user = self.known(user);
        self.bump(&user, &[activity.to_owned()]);
    }

    /// Marks activities of a user (`movies.watched_at`, …) as of now and gives the moment.
    pub(crate) fn bump(&mut self, user: &str, names: &[String]) -> i64 {
        let stamp = self.stamp();
        if let Some(user) = self.users.get_mut(user) {
            user.activities.extend(names.iter().map(|name| (name.clone(), stamp)));
        }
        stamp
    }
}
