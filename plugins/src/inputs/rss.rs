use std::cell::RefCell;

use base64::Engine as _;
use flexget_core::prelude::*;
use jiff::fmt::rfc2822::DateTimeParser;
use secrecy::{ExposeSecret, SecretString};

use crate::shared::config_change;
use crate::shared::feed::{self, Enclosure, FeedItem, field_name};
use crate::shared::source::{self, SourceLocation};
use crate::shared::yes;

/// Produces entries from a feed (RSS or Atom) at a URL or in a file.
///
/// The fields are `title`, `url`, `guid`, `author`, `description` and `rss_pubdate`, and for an
/// attached file `size`, `type` and `filename`. The URL is that of the attached file, or else
/// `link`, or else `guid`. An item with several attached files gives an entry for each. Items
/// without a title or a URL are left out. `rss_pubdate` of an Atom entry is when it was published,
/// or else when it was updated (in FlexGet, nothing then).
///
/// `other_fields` takes over other fields of the feed. As in FlexGet, `nyaa:seeders` becomes the
/// field `nyaa:seeders`; here it becomes `nyaa_seeders` as well, which conditions and templates can
/// read.
///
/// FlexGet also takes `content_size` from a `Size: 700 MB` in the description; here,
/// `description | parse_size` is that size. A web page in the place of a feed, such as one that
/// asks for a login, is an error.
///
/// With `all_entries: no`, only the items that are new since the last run are read, except after a
/// change of the task's config, when all are.
///
/// ```yaml
/// rss:
///   url: https://example.com/feed.xml
///   other_fields: [ nyaa:seeders ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Rss(WithShorthand<RssOptions>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RssOptions {
    /// The URL, or the path of a file.
    url: SourceLocation,
    /// The user name for the feed.
    username: Option<String>,
    /// The password for the feed.
    #[schemars(with = "Option<String>")]
    password: Option<SecretString>,
    /// The field of the feed that holds the title.
    title: Option<String>,
    /// The fields of the feed that hold the URL; all of them go into the field `urls`.
    link: Option<OneOrMany<String>>,
    /// Suppresses warnings about items that are left out.
    #[serde(default)]
    silent: bool,
    /// Removes all characters that are not ASCII.
    #[serde(default)]
    ascii: bool,
    /// For feeds with bare `&`, which are read in any case.
    #[serde(default)]
    #[allow(dead_code, reason = "configs of FlexGet have it")]
    escape: bool,
    /// Whether the field `filename` is set from the URL of the attached file.
    #[serde(default = "yes")]
    filename: bool,
    /// Puts the URLs of all attached files into the field `urls` of one entry.
    #[serde(default)]
    group_links: bool,
    /// Whether all items are read in each run, rather than those that are new since the last run.
    #[serde(default = "yes")]
    all_entries: bool,
    /// Other fields of the feed, also renamed: `[ category, { 'nyaa:seeders': seeders } ]`.
    #[serde(default)]
    other_fields: Vec<OtherField>,
}

impl Shorthand for RssOptions {
    type Short = SourceLocation;
    const SHORT: &'static str = "The URL, or the path of a file.";

    fn from_short(url: SourceLocation) -> Self {
        Self {
            url,
            username: None,
            password: None,
            title: None,
            link: None,
            silent: false,
            ascii: false,
            escape: false,
            filename: true,
            group_links: false,
            all_entries: true,
            other_fields: Vec::new(),
        }
    }
}

/// A field of the feed, and its name in entries.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OtherField {
    /// Under its own name.
    Same(String),
    /// Under another name.
    Renamed(IndexMap<String, String>),
}

submit! { plugin::<Rss>() }

impl Plugin for Rss {
    const NAME: &'static str = "rss";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        let produce = async |rss: &Self, task: &mut Task| rss.0.produce(task).await;
        let mut steps = vec![Step::at(Phase::Input, produce).gives(Self::names)];
        if !self.0.all_entries {
            steps.push(Step::at(Phase::Learn, Self::remember));
        }
        steps
    }
}

/// The position in each feed, by its URL, to store once the task has acted on its entries.
#[derive(Default)]
struct NextPositions(RefCell<HashMap<String, FeedPosition>>);

/// The position in a feed after a run.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct FeedPosition {
    etag: Option<String>,
    modified: Option<String>,
    /// The identity of the newest item.
    last: Option<String>,
}

impl FeedPosition {
    fn of(response: &Response) -> Self {
        let header = |name: &str| response.header(name).map(str::to_owned);
        Self { etag: header("etag"), modified: header("last-modified"), last: None }
    }
}

impl Rss {
    fn names(&self) -> Vec<Name> {
        let usual =
            ["guid", "author", "description", "torrent_info_hash", "rss_pubdate", "size", "type", "filename", "urls"];
        let others = self.0.other_fields.iter().flat_map(|field| match field {
            OtherField::Same(name) => vec![name.to_lowercase(), field_name(name)],
            OtherField::Renamed(names) => names.values().map(|renamed| renamed.to_lowercase()).collect(),
        });
        usual.into_iter().map(Name::Borrowed).chain(others.map(Name::Owned)).collect()
    }

    async fn remember(&self, task: &mut Task) -> Result<()> {
        let options = &self.0;
        let position = task.state::<NextPositions>().0.borrow_mut().remove(options.url.secret_text());
        if let Some(position) = position {
            task.cx.store.set_setting(&options.position_key(task), &serde_json::json!(position))?;
        }
        config_change::remember(task)
    }
}

impl RssOptions {
    /// Returns the key of the setting that holds the position.
    fn position_key(&self, task: &Task) -> String {
        format!("rss {} {}", task.name, self.url.secret_text())
    }

    async fn produce(&self, task: &mut Task) -> Result<()> {
        task.read_from(&self.url);
        let remembers = !self.all_entries && !task.cx.no_cache && !config_change::has_changed(task)?;
        let stored = if remembers { task.cx.store.get_setting(&self.position_key(task))? } else { None };
        let last: FeedPosition = stored.and_then(|stored| serde_json::from_value(stored).ok()).unwrap_or_default();
        let Some((text, mut position)) = self.read(&last, task).await? else {
            task.may_be_empty = true;
            return Ok(());
        };
        let invalid = |reason| {
            Error::new(format!("{} is not a feed: {reason}", self.url))
                .hint("open the URL in a browser: it may require a login")
        };
        let feed = feed::parse(&text).map_err(invalid)?;
        if let Some(reason) = feed.broken.filter(|_| !self.silent) {
            if feed.items.is_empty() {
                return Err(invalid(reason));
            }
            task.warn(Rss::NAME, format!("{} is broken after {} items: {reason}", self.url, feed.items.len()));
        }
        let mut items = feed.items;
        if !self.all_entries && published(items.first()) < published(items.last()) {
            items.reverse();
        }
        position.last = items.first().map(|first| self.identity(first)).or_else(|| last.last.clone());
        let mut incomplete = 0;
        for item in &items {
            if task.wanted.is_some_and(|wanted| task.entries.len() >= wanted) {
                break;
            }
            if last.last.as_ref().is_some_and(|last| *last == self.identity(item)) {
                task.may_be_empty = true;
                break;
            }
            let entries = self.entries(item);
            incomplete = usize::saturating_add(incomplete, usize::from(entries.is_empty()));
            task.produce(entries);
        }
        if incomplete > 0 && !self.silent {
            task.warn(Rss::NAME, format!("{} has {incomplete} items without a title or a URL", self.url));
        }
        if !self.all_entries {
            let url = self.url.secret_text().to_owned();
            task.state::<NextPositions>().0.borrow_mut().insert(url, position);
        }
        Ok(())
    }

    /// Returns the feed's text and the position to store, or `None` if it is unchanged.
    async fn read(&self, last: &FeedPosition, task: &Task) -> Result<Option<(String, FeedPosition)>> {
        let (bytes, charset, position) = if self.url.is_remote() {
            let mut headers = Vec::new();
            headers.extend(last.etag.iter().map(|etag| ("If-None-Match", etag.clone())));
            headers.extend(last.modified.iter().map(|modified| ("If-Modified-Since", modified.clone())));
            if let (Some(name), Some(password)) = (&self.username, &self.password) {
                let pair = format!("{name}:{}", password.expose_secret());
                let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
                headers.push(("Authorization", format!("Basic {encoded}")));
            }
            let response = self.url.get(headers, task).await?;
            if response.status == 304 {
                return Ok(None);
            }
            let response = self.url.check_status(response)?;
            let charset = response.header("content-type").and_then(source::charset).map(str::to_owned);
            let position = FeedPosition::of(&response);
            (response.body, charset, position)
        } else {
            (self.url.read_file(&task.cx)?, None, FeedPosition::default())
        };
        let mut text = source::decode(&bytes, declared_encoding(&bytes).or(charset).as_deref());
        if self.ascii {
            text.retain(|character| character.is_ascii());
        }
        Ok(Some((text, position)))
    }

    /// Returns the text that identifies an item in the next run.
    fn identity(&self, item: &FeedItem) -> String {
        format!("{}{}", self.title_of(item).unwrap_or_default(), item.get("guid").unwrap_or_default())
    }

    fn title_of(&self, item: &FeedItem) -> Option<String> {
        let name = self.title.as_deref().map(field_name);
        let title = item.get(name.as_deref().unwrap_or("title"))?.replace('\u{200b}', "");
        Some(title.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Returns the entries of an item; none if it lacks a title or a URL.
    fn entries(&self, item: &FeedItem) -> Vec<Entry> {
        let Some(title) = self.title_of(item).filter(|title| !title.is_empty()) else { return Vec::new() };
        if item.enclosures.len() > 1 && !self.group_links {
            let each = |enclosure: &Enclosure| {
                let entry = Entry::new(title.as_str(), enclosure.url.as_str());
                self.with_fields(self.with_enclosure(entry, enclosure, true), item)
            };
            return item.enclosures.iter().map(each).collect();
        }
        let links = self.link.as_ref().filter(|link| link.first().is_none_or(|name| name != "auto"));
        let mut urls: Vec<&str> = Vec::new();
        let mut attached = None;
        match links {
            Some(names) => urls.extend(names.iter().filter_map(|name| item.get(&field_name(name)))),
            None => match item.enclosures.as_slice() {
                [only] => {
                    attached = Some(only);
                    urls.push(&only.url);
                }
                _ => urls.extend(["link", "guid"].iter().find_map(|name| item.get(name))),
            },
        }
        if self.group_links {
            urls.extend(item.enclosures.iter().map(|enclosure| enclosure.url.as_str()));
        }
        let Some(&url) = urls.first() else { return Vec::new() };
        let mut entry = Entry::new(title, url);
        if self.group_links || links.is_some() {
            let mut distinct = BTreeSet::new();
            urls.retain(|url| distinct.insert(*url));
            entry.set("urls", urls.into_iter().collect::<Value>());
        }
        if let Some(enclosure) = attached {
            entry = self.with_enclosure(entry, enclosure, false);
        }
        vec![self.with_fields(entry, item)]
    }

    fn with_enclosure(&self, entry: Entry, enclosure: &Enclosure, is_one_of_several: bool) -> Entry {
        let size = enclosure.length.as_ref().map(|length| length.trim().parse::<i64>().unwrap_or(0));
        let path = enclosure.url.split(['?', '#']).next().unwrap_or_default();
        let name = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let name = name.rsplit('/').next().filter(|name| !name.is_empty());
        let has_name = self.filename && (size.is_some_and(|size| size > 0) || is_one_of_several);
        entry
            .with("size", size)
            .with("type", enclosure.media_type.clone())
            .with("filename", name.filter(|_| has_name).map(str::to_owned))
    }

    fn with_fields(&self, mut entry: Entry, item: &FeedItem) -> Entry {
        let usual =
            [("guid", "guid"), ("author", "author"), ("description", "description"), ("infohash", "torrent_info_hash")];
        let usual = usual.map(|(from, to)| (from.to_owned(), to.to_owned()));
        let others = self.other_fields.iter().flat_map(|field| match field {
            OtherField::Same(name) => {
                vec![(field_name(name), name.to_lowercase()), (field_name(name), field_name(name))]
            }
            OtherField::Renamed(names) => {
                names.iter().map(|(name, renamed)| (field_name(name), renamed.to_lowercase())).collect()
            }
        });
        for (from, to) in usual.into_iter().chain(others) {
            if let Some(text) = item.get(&from) {
                entry.set(to, text);
            }
        }
        entry.with("rss_pubdate", published(Some(item)))
    }
}

/// Returns the encoding that the XML declaration names.
fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    let declaration = start.trim_start_matches('\u{feff}').strip_prefix("<?xml")?.split_once("?>")?.0;
    let value = declaration.split_once("encoding=")?.1;
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split_once(quote).map(|(name, _)| name.to_owned())
}

fn published(item: Option<&FeedItem>) -> Option<Timestamp> {
    let text = item?.get("published").or_else(|| item?.get("updated"))?;
    let parser = DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(text).ok().or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests;
