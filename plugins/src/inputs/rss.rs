use std::cell::RefCell;

use base64::Engine as _;
use flexget_core::prelude::*;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use secrecy::{ExposeSecret, SecretString};

use crate::inputs::feed::{self, Enclosure, Item};
use crate::inputs::source;

/// Produces entries from a feed (RSS or Atom), at an address or in a file.
///
/// An entry has the fields `title`, `url`, `guid`, `author`, `description` and `rss_pubdate`, and with something attached `size`,
/// `type` and `filename`. The address is that of what is attached, or else `link`, or else `guid`. An item with several
/// things attached gives an entry for each. An item without a title or an address is left out.
///
/// ```yaml
/// rss:
///   url: https://example.com/feed.xml
///   other_fields: [ nyaa:seeders ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Rss {
    /// The address, or the path of a file.
    Url(#[schemars(length(min = 1))] String),
    /// The address with options.
    Options(Box<Options>),
}

/// The options.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Options {
    /// The address, or the path of a file.
    #[schemars(length(min = 1))]
    url: String,
    /// The user name that the feed asks for.
    username: Option<String>,
    /// The password that the feed asks for.
    #[schemars(with = "Option<String>")]
    password: Option<SecretString>,
    /// The field of the feed that holds the title.
    title: Option<String>,
    /// The fields of the feed that hold the address; with several, all go into the field `urls`.
    link: Option<OneOrMany<String>>,
    /// Does not warn of items that are left out.
    #[serde(default)]
    silent: bool,
    /// Leaves out all characters that are not ASCII.
    #[serde(default)]
    ascii: bool,
    /// For feeds with bare `&` in them, which are read in any case.
    #[serde(default)]
    #[allow(dead_code, reason = "configs of FlexGet have it")]
    escape: bool,
    /// Whether the field `filename` is set from the address of what is attached.
    #[serde(default = "yes")]
    filename: bool,
    /// Puts the addresses of all that is attached into the field `urls` of one entry.
    #[serde(default)]
    group_links: bool,
    /// Whether all items are read again each time; otherwise only those that are new since the last run.
    #[serde(default = "yes")]
    all_entries: bool,
    /// Other fields of the feed to take over, also under other names: `[ category, { 'nyaa:seeders': seeders } ]`.
    #[serde(default)]
    other_fields: Vec<OtherField>,
}

/// A field of the feed, and its name here.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum OtherField {
    /// Under its own name.
    Same(String),
    /// Under another name.
    Renamed(Pairs<String>),
}

fn yes() -> bool {
    true
}

submit! { plugin::<Rss>() }

/// What is to be remembered of a feed when the task has acted on its entries.
#[derive(Default)]
struct Place(RefCell<Option<serde_json::Value>>);

impl Plugin for Rss {
    const NAME: &'static str = "rss";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        let mut steps = vec![Step::at(Phase::Input, Self::produce)];
        if self.options().is_some_and(|options| !options.all_entries) {
            steps.push(Step::at(Phase::Learn, Self::remember));
        }
        steps
    }
}

/// What a feed is when nothing is said of it but its address.
static PLAIN: std::sync::LazyLock<Options> =
    std::sync::LazyLock::new(|| Options { filename: true, all_entries: true, ..Options::default() });

impl Rss {
    fn url(&self) -> &str {
        match self {
            Self::Url(url) => url,
            Self::Options(options) => &options.url,
        }
    }

    fn options(&self) -> Option<&Options> {
        match self {
            Self::Url(_) => None,
            Self::Options(options) => Some(options),
        }
    }

    /// Under what the place in the feed is remembered.
    fn key(&self, task: &Task) -> String {
        format!("rss {} {}", task.name, self.url())
    }

    async fn produce(&self, task: &mut Task) -> Result<()> {
        let options = self.options().unwrap_or(&PLAIN);
        let is_incremental = !options.all_entries && !task.cx.no_cache;
        let before = match is_incremental {
            true => task.cx.store.get_setting(&self.key(task))?.unwrap_or_default(),
            false => serde_json::Value::Null,
        };
        let Some((text, mut place)) = self.read(options, &before, &task.cx).await? else {
            task.may_be_empty = true;
            return Ok(());
        };
        let unreadable = |reason| {
            Error::new(format!("what {} gave is not a feed: {reason}", self.shown()))
                .hint("look at the address in a browser: it may want a login")
        };
        let feed = feed::parse(&text).map_err(unreadable)?;
        if let Some(reason) = feed.broken.filter(|_| !options.silent) {
            if feed.items.is_empty() {
                return Err(unreadable(reason));
            }
            task.warn(Self::NAME, format!("{} is broken after {} items: {reason}", self.shown(), feed.items.len()));
        }
        let mut items = feed.items;
        if is_incremental && published(items.first()) < published(items.last()) {
            items.reverse();
        }
        if let (Some(first), Some(place)) = (items.first(), place.as_object_mut()) {
            place.insert("last".into(), mark(first, options).into());
        }
        let last = before.get("last").and_then(serde_json::Value::as_str);
        let mut left_out = 0;
        for item in &items {
            if task.wanted.is_some_and(|wanted| task.entries.len() >= wanted) {
                break;
            }
            if last.is_some_and(|last| last == mark(item, options)) {
                task.may_be_empty = true;
                break;
            }
            let entries = options.entries(item);
            left_out += usize::from(entries.is_empty());
            task.produce(entries);
        }
        if left_out > 0 && !options.silent {
            task.warn(
                Self::NAME,
                format!("{left_out} items of {} without a title or an address were left out", self.shown()),
            );
        }
        if !options.all_entries {
            task.cx.run_cache.of::<Place>(&self.key(task)).0.replace(Some(place));
        }
        Ok(())
    }

    /// The feed is not named with its address in messages, because that may hold a key.
    fn shown(&self) -> String {
        match self.url().split_once("://") {
            Some((_, rest)) => {
                let host = rest.split(['/', '?']).next().unwrap_or_default();
                format!("the feed of {}", host.rsplit('@').next().unwrap_or(host))
            }
            None => format!("`{}`", self.url()),
        }
    }

    /// The text of the feed and what to remember of it, or nothing if it has not changed since `before`.
    async fn read(
        &self,
        options: &Options,
        before: &serde_json::Value,
        cx: &Context,
    ) -> Result<Option<(String, serde_json::Value)>> {
        let url = self.url();
        let (bytes, charset, place) = if source::is_remote(url) {
            let known = |name: &str| before.get(name)?.as_str().map(str::to_owned);
            let mut headers = Vec::new();
            headers.extend(known("etag").map(|etag| ("If-None-Match", etag)));
            headers.extend(known("modified").map(|modified| ("If-Modified-Since", modified)));
            if let (Some(name), Some(password)) = (&options.username, &options.password) {
                let pair = format!("{name}:{}", password.expose_secret());
                let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
                headers.push(("Authorization", format!("Basic {encoded}")));
            }
            let response = source::get(url, headers, cx).await?;
            if response.status == 304 {
                return Ok(None);
            }
            let response = source::good(response, url)?;
            let header = |name: &str| response.header(name).map(str::to_owned);
            let place = serde_json::json!({ "etag": header("etag"), "modified": header("last-modified") });
            let charset = header("content-type").as_deref().and_then(source::charset_of).map(str::to_owned);
            (response.body, charset, place)
        } else {
            (source::read_file(url, cx)?, None, serde_json::json!({}))
        };
        let charset = declared(&bytes).or(charset);
        let mut text = source::decoded(&bytes, charset.as_deref());
        if options.ascii {
            text.retain(|character| character.is_ascii());
        }
        Ok(Some((text, place)))
    }

    async fn remember(&self, task: &mut Task) -> Result<()> {
        match task.cx.run_cache.of::<Place>(&self.key(task)).0.take() {
            Some(place) => task.cx.store.set_setting(&self.key(task), &place),
            None => Ok(()),
        }
    }
}

/// The encoding that the text itself says it is in.
fn declared(bytes: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(bytes.get(..bytes.len().min(200))?).into_owned();
    let (_, rest) =
        start.strip_prefix("<?xml")?.split_once("?>")?.0.split_once("encoding=").map(|(a, b)| (a, b.to_owned()))?;
    let quote = rest.chars().next()?;
    rest[1..].split(quote).next().map(str::to_owned)
}

fn published(item: Option<&Item>) -> Option<Timestamp> {
    let text = item?.get("published").or_else(|| item?.get("updated"))?;
    let parser = DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(text).ok().or_else(|| text.parse().ok())
}

/// By what an item is known in the next run.
fn mark(item: &Item, options: &Options) -> String {
    format!("{}{}", options.title_of(item).unwrap_or_default(), item.get("guid").unwrap_or_default())
}

/// A field of a feed as it is named here: `nyaa:seeders` is `nyaa_seeders`.
fn field_name(name: &str) -> String {
    name.to_lowercase().replace([':', '-'], "_")
}

impl Options {
    fn title_of(&self, item: &Item) -> Option<String> {
        let name = self.title.as_deref().map(field_name);
        let title = item.get(name.as_deref().unwrap_or("title"))?.replace('\u{200b}', "");
        Some(title.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The entries of an item; none if it lacks a title or an address.
    fn entries(&self, item: &Item) -> Vec<Entry> {
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
        let mut of_enclosure = None;
        match links {
            Some(names) => urls.extend(names.iter().filter_map(|name| item.get(&field_name(name)))),
            None => match item.enclosures.as_slice() {
                [only] => {
                    of_enclosure = Some(only);
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
        if self.group_links || links.is_some_and(|names| names.len() > 1) {
            let mut known = BTreeSet::new();
            urls.retain(|url| known.insert(*url));
            entry.set("urls", urls.into_iter().collect::<Value>());
        }
        if let Some(enclosure) = of_enclosure {
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
            .with("type", enclosure.kind.clone())
            .with("filename", name.filter(|_| has_name).map(str::to_owned))
    }

    fn with_fields(&self, mut entry: Entry, item: &Item) -> Entry {
        let usual =
            [("guid", "guid"), ("author", "author"), ("description", "description"), ("infohash", "torrent_info_hash")];
        let usual = usual.map(|(from, to)| (from.to_owned(), to.to_owned()));
        let others = self.other_fields.iter().flat_map(|field| match field {
            OtherField::Same(name) => vec![(field_name(name), field_name(name))],
            OtherField::Renamed(pairs) => {
                pairs.iter().map(|(name, here)| (field_name(name), here.to_lowercase())).collect()
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

#[cfg(test)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    const FEED: &str = "<rss><channel>
        <item><title>New</title><link>http://x/new</link><guid>http://x/g2</guid><nyaa:seeders>7</nyaa:seeders>
          <pubDate>Tue, 24 Nov 2026 01:02:03 +0100</pubDate><description>About &lt;b&gt;it</description></item>
        <item><title>Two</title><enclosure url='http://x/a.torrent' length='5' type='t'/><enclosure url='http://x/b.torrent'/></item>
        <item><title>One</title><link>http://x/one</link><enclosure url='http://x/one.torrent?k' length='5'/></item>
        <item><title>No address</title></item>
        <item><guid>http://x/no-title</guid></item>
      </channel></rss>";

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    fn run(feed: &tempfile::NamedTempFile, options: &str, cx: &Context) -> flexget_core::task::report::TaskReport {
        let task = format!("rss: {{ url: {}, {options} }}\naccept_all: yes\nseen: no", feed.path().display());
        testing::run(&task, cx)
    }

    #[test]
    fn items_are_entries_with_the_fields_of_flexget() {
        let report = run(&file(FEED), "other_fields: [ 'nyaa:seeders', { guid: Id } ]", &testing::context());
        let got: Vec<_> = report.entries.iter().map(|entry| (entry.title(), entry.url())).collect();
        assert_eq!(
            got,
            [
                ("New", "http://x/new"),
                ("Two", "http://x/a.torrent"),
                ("Two", "http://x/b.torrent"),
                ("One", "http://x/one.torrent?k")
            ]
        );
        let new = &report.entries[0].fields();
        assert_eq!(
            (&new["nyaa_seeders"], &new["id"], &new["description"]),
            (&"7".into(), &"http://x/g2".into(), &"About <b>it".into())
        );
        assert_eq!(new["rss_pubdate"], "2026-11-24T00:02:03Z");
        assert_eq!(
            (&report.entries[3].fields()["size"], &report.entries[3].fields()["filename"]),
            (&5.into(), &"one.torrent".into())
        );
        assert_eq!(report.warnings.len(), 1);
        assert!(report.warnings[0].starts_with("rss: 2 items of"), "{:?}", report.warnings);
    }

    #[test]
    fn links_can_be_chosen_and_grouped() {
        let cx = testing::context();
        let urls = |options: &str| {
            let report = run(&file(FEED), &format!("silent: yes, {options}"), &cx);
            assert!(report.warnings.is_empty(), "{:?}", report.warnings);
            report
                .entries
                .iter()
                .map(|entry| format!("{} {}", entry.url(), entry.fields().get("urls").cloned().unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        assert_eq!(urls("link: guid")[0], "http://x/g2 null");
        assert_eq!(urls("link: [guid, link]")[0], "http://x/g2 [\"http://x/g2\",\"http://x/new\"]");
        assert_eq!(urls("group_links: yes")[1], "http://x/a.torrent [\"http://x/a.torrent\",\"http://x/b.torrent\"]");
    }

    #[test]
    fn with_all_entries_off_only_new_items_are_read() {
        let cx = testing::context();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feed.xml");
        let item = |title: &str| format!("<item><title>{title}</title><link>http://x/{title}</link></item>");
        let read = |items: &[&str]| {
            std::fs::write(
                &path,
                format!("<rss><channel>{}</channel></rss>", items.iter().map(|t| item(t)).collect::<String>()),
            )
            .unwrap();
            let task = format!("rss: {{ url: {}, all_entries: no }}\naccept_all: yes\nseen: no", path.display());
            let report = testing::run(&task, &testing::next_run(&cx));
            assert!(report.warnings.is_empty(), "{:?}", report.warnings);
            testing::titles(&report, State::Accepted).join(" ")
        };
        assert_eq!(read(&["B", "A"]), "B A");
        assert_eq!(read(&["D", "C", "B", "A"]), "D C");
        assert_eq!(read(&["D", "C"]), "");
    }

    #[test]
    fn what_is_no_feed_stops_the_task() {
        let report = run(&file("<html>Log in</html>"), "", &testing::context());
        assert!(report.error.unwrap().message.ends_with("is not a feed: it is a web page"));
        assert_eq!(testing::mistakes("rss: { link: guid }\naccept_all: yes").len(), 1);
    }

    /// A server that answers so many requests with what `answer` makes of each, and gives back its address.
    fn serve(requests: usize, answer: impl Fn(&str) -> String + Send + 'static) -> String {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/feed", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().take(requests) {
                let mut stream = stream.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                stream.write_all(answer(&String::from_utf8_lossy(&request).to_lowercase()).as_bytes()).unwrap();
            }
        });
        address
    }

    #[test]
    fn a_feed_that_has_not_changed_is_not_sent_again() {
        let cx = testing::context();
        let url = serve(2, |request| match request.contains("if-none-match: \"v1\"") {
            true => "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".into(),
            false => format!(
                "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{FEED}",
                FEED.len()
            ),
        });
        let task = format!("rss: {{ url: '{url}', all_entries: no, silent: yes }}\naccept_all: yes\nseen: no");
        assert_eq!(testing::titles(&testing::run(&task, &cx), State::Accepted).len(), 4);
        let again = testing::run(&task, &testing::next_run(&cx));
        assert!(again.entries.is_empty() && again.warnings.is_empty(), "{:?}", again.warnings);
    }

    #[test]
    fn who_may_read_is_told_and_who_may_not_is_told_so_without_the_key() {
        let url = serve(2, |request| match request.contains("authorization: basic bwu6c2vjcmv0") {
            true => {
                let feed = "<rss><item><title>A</title><link>l</link></item></rss>";
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{feed}", feed.len())
            }
            false => "HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".into(),
        });
        let run = |options: &str| {
            testing::run(&format!("rss: {{ url: '{url}?key=k3y'{options} }}\naccept_all: yes"), &testing::context())
        };
        let allowed = run(", username: me, password: secret");
        assert_eq!(testing::titles(&allowed, State::Accepted), ["A"], "{:?}", allowed.error);
        let refused = run("").error.unwrap();
        assert!(refused.message.ends_with("does not let us in: status 401") && !refused.message.contains("k3y"));
    }

    #[test]
    fn old_encodings_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feed.xml");
        let text =
            "<?xml version='1.0' encoding='ISO-8859-1'?><rss><item><title>Caf\u{e9}</title><link>l</link></item></rss>";
        std::fs::write(&path, text.chars().map(|c| c as u8).collect::<Vec<_>>()).unwrap();
        let task = |options: &str| format!("rss: {{ url: {}, {options} }}\naccept_all: yes\nseen: no", path.display());
        let titles = |options: &str| {
            testing::titles(&testing::run(&task(options), &testing::context()), State::Accepted).join("")
        };
        assert_eq!(titles(""), "Caf\u{e9}");
        assert_eq!(titles("ascii: yes"), "Caf");
    }
}
