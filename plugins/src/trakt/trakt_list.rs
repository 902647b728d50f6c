mod changing;
mod finding;

use flexget_core::context::journal::Action;
use flexget_core::list::Unseen;
use flexget_core::prelude::*;

use crate::titles::media::ids;
use crate::titles::media::{self, Kind, Media};
use crate::trakt::SERVICE;
use crate::trakt::api::client::{Client, stored_account};
use crate::trakt::api::model::Row;
use crate::trakt::lists::catalogue::warn_of_namesake;
use crate::trakt::lists::entries::{self, Style};
use crate::trakt::lists::item::PARTS_FIELD;
use crate::trakt::lists::read::ListReader;
use crate::trakt::lists::resolve;
use crate::trakt::lists::source::{ListName, Personal, Source, user_slug};
use crate::trakt::paging::Extent;
use crate::trakt::translation;

/// A list of Trakt: to read, to match with, and to change.
///
/// `list` is `watchlist`, `favorites`, `collection`, `watched`, `history`, `ratings`,
/// `recommendations`, a chart (`trending`, `popular`, `anticipated`, `boxoffice`, `hot`,
/// `streaming`, `played`, `collected`, `favorited`), or a list that somebody has made: its name,
/// slug, number or address.
///
/// `account` is a name stored by `flexget-rs trakt auth NAME`; it is needed for what is private,
/// and to change a list. `username` is a Trakt user whose public lists are read, or, beside
/// `account`, somebody whose lists that account may see. With `account` alone, the lists are those
/// of the account's own user. The address of a public list or a chart needs neither.
///
/// An own list that bears the name of one of Trakt's is meant by `list: "list:NAME"`, such as
/// `list: "list:favorites"`. Where FlexGet would take a name for that of an own list, and the
/// account has a list of it, a warning says so.
///
/// Entries have the fields that FlexGet gives them, and what Trakt says of the item on the list:
/// `trakt_listed_at`, `trakt_collected_at`, `trakt_collected_as` (medium, resolution, sound),
/// `trakt_watched_at`, `trakt_rated_at`, `trakt_user_rating`, `trakt_notes`. What has such a date
/// is put on `collection`, `watched` or `history` with it. `flexget-rs undo` puts back what was
/// taken off, with all plays, collected episodes and notes, and at its place on the list; a list
/// dates it to the undo, because Trakt takes no other time for it. What Trakt removes without
/// having shown it before is told at once, and the undo says what it could not put back. Of several
/// shows that are put on `collection` at once Trakt counts the episodes alone, so that all of them
/// count as added.
///
/// `list_remove` of a show or a season takes all its plays off `history` and `watched`, and all its
/// episodes off `collection`. What stands on a list and is no title, such as a person, is left
/// there by `list_clear`, with a warning.
///
/// Other than in FlexGet, a list with seasons, people or anything unknown on it is no problem (what
/// is not of the wanted `type` is left out), `watched` gives each item once however often it was
/// watched, `type: auto` works for every list, and charts are read only as far as `limit` says.
///
/// ```yaml
/// trakt_list:
///   account: me
///   list: watchlist
///   type: movies
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "help_type" = "write its options below it: `account:` and `list:`; to read several lists, use `inputs`"
))]
#[schemars(extend("x-renamed" = {
    "password": "`username` and `password` are gone: run `flexget-rs trakt auth NAME` once and set `account: NAME`",
    "api_key": "`api_key` is gone: run `flexget-rs trakt auth NAME` once and set `account: NAME`",
}))]
#[schemars(extend(
    "anyOf" = [
        { "required": ["account"] },
        { "required": ["username"] },
        { "properties": { "list": { "enum": [
            "trending", "popular", "anticipated", "boxoffice", "hot", "streaming", "played", "collected", "favorited"
        ] } } },
        { "properties": { "list": { "type": "string", "pattern": "trakt\\.tv/" } } },
    ],
    "error_anyOf" = "at least one of `username` or `account` options are needed",
    "help_anyOf" = "`account` is a name stored by `flexget-rs trakt auth NAME`; `username` is a public Trakt profile",
))]
pub struct TraktList {
    /// A name stored by `flexget-rs trakt auth NAME`: for private lists, and to change lists.
    #[schemars(length(min = 1), extend("x-account" = "trakt"))]
    account: Option<String>,
    /// A Trakt user whose lists are meant, if it is not the account's own.
    #[schemars(length(min = 1))]
    username: Option<String>,
    /// List to use.
    #[schemars(length(min = 1))]
    list: ListName,
    /// The items to read and write; `auto` means all.
    #[serde(default, rename = "type")]
    kind: Type,
    /// Whether titles go without the year at their end.
    #[serde(default)]
    strip_dates: bool,
    /// Two letters of a language to take titles in, where Trakt has a translation.
    #[schemars(
        regex(pattern = "^[a-z]{2}$"),
        extend("error_pattern" = "a language is written as two lower case letters, such as `fr`")
    )]
    language: Option<String>,
    /// Number of items to read; by default 100 of a chart or recommendations, else all.
    #[schemars(range(min = 1))]
    limit: Option<usize>,
    /// Period of a chart (`played`, `collected`, `favorited`, `streaming`).
    period: Option<Period>,
    /// Whether adding to `watched` or `history` adds a play for what was watched before.
    ///
    /// FlexGet does at every run.
    #[serde(default)]
    plays: Plays,
}

/// Kinds of items.
#[derive(Deserialize, JsonSchema, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Type {
    /// Shows.
    Shows,
    /// Seasons.
    Seasons,
    /// Episodes.
    Episodes,
    /// Movies.
    Movies,
    /// All of them.
    #[default]
    Auto,
}

/// The time that a chart is of.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Period {
    /// The last day.
    Daily,
    /// The last week.
    Weekly,
    /// The last month.
    Monthly,
    /// All time.
    All,
}

/// Whether what was watched before gets another play.
#[derive(Deserialize, JsonSchema, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Plays {
    /// Only what was not watched before is added.
    #[default]
    Once,
    /// Everything is added.
    Every,
}

submit! { list::<TraktList>() }

/// Default number of items to read of a chart.
const CHART: usize = 100;

impl TraktList {
    fn source(&self) -> &Source {
        &self.list.source
    }

    fn kind(&self) -> Option<Kind> {
        match self.kind {
            Type::Shows => Some(Kind::Show),
            Type::Seasons => Some(Kind::Season),
            Type::Episodes => Some(Kind::Episode),
            Type::Movies => Some(Kind::Movie),
            Type::Auto => None,
        }
    }

    /// Returns the medium of an entry on this list: on a list of shows, an episode's show.
    fn media(&self, entry: &Entry) -> Option<Media> {
        let mut media = Media::of(entry, self.kind())?;
        match (self.kind(), media.kind) {
            (Some(Kind::Show), Kind::Season | Kind::Episode) => media.reduce_to(Kind::Show),
            (Some(Kind::Season), Kind::Episode) => media.reduce_to(Kind::Season),
            _ => {}
        }
        Some(media)
    }

    /// Returns the entries of rows, each item once.
    fn entries(&self, rows: &[Row]) -> Vec<Entry> {
        let mut once = HashSet::new();
        let is_wanted = |kind: Kind| self.kind().is_none_or(|wanted| wanted == kind);
        let new = rows.iter().filter(|row| once.insert(row.item_key()));
        let style = Style { strip_dates: self.strip_dates };
        let entries = new.filter_map(|row| entries::of_row(row, style));
        entries.filter(|(kind, _)| is_wanted(*kind)).map(|(_, entry)| entry).collect()
    }

    /// Returns the user whose list it is, if that is not the account's own.
    fn other_user(&self, client: &Client) -> Option<&str> {
        let name = self.username.as_deref()?;
        let is_own = client.current_account().is_some_and(|account| {
            name == "me"
                || account.user_slug.is_some_and(|slug| slug == user_slug(name))
                || account.user.is_some_and(|user| user_slug(&user) == user_slug(name))
        });
        (!is_own).then_some(name)
    }

    /// Reads the items.
    async fn read(&self, extent: Extent, cx: &Context) -> Result<Vec<Entry>> {
        let client = Client::new(cx, self.account.as_deref())?;
        let period = self.period.map(|period| match period {
            Period::Daily => "daily",
            Period::Weekly => "weekly",
            Period::Monthly => "monthly",
            Period::All => "all",
        });
        let username = self.other_user(&client);
        let reader = ListReader { source: self.source(), username, kind: self.kind(), extent, period };
        let mut rows = reader.rows(&client).await?;
        if username.is_none() {
            warn_of_namesake(&client, &self.list.to_string()).await;
        }
        if let Some(language) = &self.language {
            translation::translate(&client, &mut rows, language).await?;
        }
        let mut items = self.entries(&rows);
        if let Extent::AtLeast(limit) = extent {
            items.truncate(limit);
        }
        if items.is_empty() {
            tracing::info!(target: "trakt_list", "there is nothing on the list {}", self.list);
        }
        Ok(items)
    }
}

impl List for TraktList {
    const NAME: &'static str = "trakt_list";

    fn gives() -> Vec<KnownField> {
        entries::known_fields()
    }

    fn id(&self) -> ListId {
        ListId::remote(self.list.to_string()).account(self.account.clone()).owner(self.username.clone())
    }

    fn check(&self) -> Vec<Problem> {
        let at_type = Path::root().key("type");
        match self.kind() {
            Some(kind) if !self.source().holds(kind) => {
                vec![Problem::at(at_type, format!("the {} list of Trakt has no {}s", self.list, kind.word()))]
            }
            _ if self.username.as_deref().is_some_and(|name| user_slug(name).is_empty()) => {
                vec![Problem::at(Path::root().key("username"), "no Trakt user has a name without letters and digits")]
            }
            _ if *self.source() == Source::Chart("streaming") && matches!(self.period, Some(Period::All)) => {
                vec![Problem::at(Path::root().key("period"), "the streaming list of Trakt has no period `all`")]
            }
            _ if *self.source() == Source::Recommendations && self.account.is_none() => {
                vec![Problem::at(Path::root(), "recommendations are made for an `account`")]
            }
            _ => Vec::new(),
        }
    }

    fn writable(&self) -> Result<(), Problem> {
        let source = self.source();
        let is_official = matches!(source, Source::Personal(Personal::Url { owner: None, .. }));
        let another = "name a list that can be changed, such as a watchlist or one of your own lists";
        let (reason, help) = match source {
            source if !source.is_changeable() => (format!("{} list is not modifiable", self.list), another),
            _ if self.limit.is_some() => {
                ("a list that is read only in part cannot be changed".to_owned(), "leave out `limit`")
            }
            _ if is_official => ("an official list of Trakt is not modifiable".to_owned(), another),
            _ if self.account.is_none() => (
                "a Trakt list can be changed only with an `account`".to_owned(),
                "set `account` to a name stored by `flexget-rs trakt auth NAME`",
            ),
            _ => return Ok(()),
        };
        Err(Problem::at(Path::root(), reason).help(help))
    }

    fn ready(&self, cx: &Context) -> Result<()> {
        match &self.account {
            Some(account) => stored_account(cx, account).map(drop),
            None => Client::new(cx, None).map(drop),
        }
    }

    fn keys(&self, entry: &Entry) -> Keys {
        match self.media(entry) {
            Some(media) => media.keys(),
            None => media::keys_of_any_kind(entry),
        }
    }

    fn accepts(&self, entry: &Entry) -> Result<(), String> {
        let Some(media) = self.media(entry) else {
            if resolve::has_shared_id(entry) {
                return Ok(());
            }
            return Err(
                "it has no id and no name of a movie or a show: add `metainfo_movie: yes` or `metainfo_series: yes`"
                    .to_owned(),
            );
        };
        if let Some(kind) = self.kind().filter(|kind| *kind != media.kind) {
            return Err(format!("it is a {}, and the list is of {}s", media.kind.word(), kind.word()));
        }
        // What an undo puts back comes back as its plays or episodes.
        if !self.source().holds(media.kind) && !entry.has(PARTS_FIELD) {
            return Err(format!("the {} list of Trakt takes no {}s", self.list, media.kind.word()));
        }
        if *self.source() == Source::Ratings
            && !entry.int("trakt_user_rating").is_some_and(|rating| (1..=10).contains(&rating))
        {
            return Err("it has no `trakt_user_rating` from 1 to 10".to_owned());
        }
        if media.is_known() || resolve::has_name(&media) {
            Ok(())
        } else {
            Err("it has no id, and no name with a year: add `metainfo_movie: yes`, `metainfo_series: yes` or a lookup"
                .to_owned())
        }
    }

    fn has_row(&self, entry: &Entry) -> bool {
        // A show or a season is on a list of plays or episodes by these.
        self.media(entry).is_none_or(|media| self.source().holds(media.kind))
    }

    fn user(&self, cx: &Context) -> Result<Option<String>> {
        let Some(account) = &self.account else { return Ok(None) };
        let account = cx.auth.account(SERVICE, account)?;
        Ok(account.and_then(|account| account.user_slug.or(account.user)))
    }

    fn fields(&self, entry: &Entry, _adding: bool) -> Vec<Name> {
        ids::missing_ids(entry)
    }

    fn adding(&self) -> Adding {
        match self.source() {
            Source::Watched | Source::History if self.plays == Plays::Once => Adding::Again,
            Source::Ratings => Adding::Replaces,
            _ => Adding::Once,
        }
    }

    fn unseen(&self, entry: &Entry) -> Unseen {
        self.treatment_of_unseen(entry)
    }

    fn listed_at(&self, item: &Entry) -> Option<Timestamp> {
        let dates = ["trakt_listed_at", "trakt_collected_at"];
        dates.iter().filter_map(|field| item.peek(field).and_then(Value::moment)).min()
    }

    fn restores_dates(&self) -> bool {
        // Trakt dates what comes back to a ranked list itself.
        !self.source().is_ranked()
    }

    fn partial(&self) -> Option<String> {
        let default = || self.default_limit().map(|most| format!("only its first {most} items are read"));
        self.limit.map(|limit| format!("`limit` is {limit}")).or_else(default)
    }

    fn default_limit(&self) -> Option<usize> {
        (self.limit.is_none() && self.source().is_chart()).then_some(CHART)
    }

    fn is_up_to_date(&self, item: &Entry, entry: &Entry) -> bool {
        let rating = |entry: &Entry| entry.int("trakt_user_rating");
        *self.source() != Source::Ratings || rating(entry).is_none() || rating(item) == rating(entry)
    }

    async fn find(&self, entries: &[&Entry], cx: &Context) -> Result<Option<Vec<Option<Entry>>>> {
        self.find_by_kind(entries, false, cx).await
    }

    async fn find_proved(&self, entries: &[&Entry], cx: &Context) -> Result<Option<Vec<Option<Entry>>>> {
        self.find_by_kind(entries, true, cx).await
    }

    fn possible_keys(&self, entry: &Entry) -> Option<Keys> {
        if self.media(entry).is_some() { None } else { media::possible_keys_of_any_kind(entry) }
    }

    async fn identify(&self, entries: &[&Entry], cx: &Context) -> Result<Vec<Option<Entry>>> {
        let client = Client::new(cx, self.account.as_deref())?;
        resolve::identify(&client, entries).await
    }

    async fn items(&self, limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        let limits = [self.limit, limit];
        let limit = limits.into_iter().flatten().min().or_else(|| self.default_limit());
        self.read(limit.map_or(Extent::Whole, Extent::AtLeast), cx).await
    }

    fn whole(&self, entry: &Entry) -> Option<Entry> {
        // Of what was watched, collected or rated a show stands for itself.
        let lists_titles = matches!(
            self.source(),
            Source::Watchlist | Source::Favorites | Source::Personal(_) | Source::Chart(_) | Source::Recommendations
        );
        let kind = Media::kind_of(entry, None).filter(|_| lists_titles && self.kind().is_none())?;
        if !matches!(kind, Kind::Season | Kind::Episode) {
            return None;
        }
        let of_part = ["series_season", "series_episode", "series_id_type", "trakt_season_id", "trakt_episode_id"];
        let mut show = Entry::new(entry.title(), entry.url());
        for (name, value) in entry.fields().filter(|(name, _)| !of_part.contains(name)) {
            show.fill(name, value.clone());
        }
        Some(show)
    }

    async fn all_items(&self, cx: &Context) -> Result<Vec<Entry>> {
        match self.partial() {
            None => self.read(Extent::Proved, cx).await,
            Some(_) => self.items(None, cx).await,
        }
    }

    async fn was_made(&self, action: Action, entries: &[&Entry], cx: &Context) -> Result<Vec<Option<bool>>> {
        self.were_made(action, entries, cx).await
    }

    async fn restore_order(&self, entries: &[&Entry], cx: &Context) -> Result<()> {
        self.restore_places(entries, cx).await
    }

    async fn snapshot(&self, action: Action, entries: &[&Entry], cx: &Context) -> Result<Option<Vec<Entry>>> {
        self.recorded(action, entries, cx).await
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.write(entries, false, cx).await
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.write(entries, true, cx).await
    }
}
