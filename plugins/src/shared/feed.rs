//! A lenient reader of feeds: RSS of all versions and Atom.
//!
//! An item keeps all its fields, because options may name any of them. Names are FlexGet's: lower
//! case, `_` between prefix and name, and `guid`, `link`, `description`, `published` and `author`
//! in both kinds of feed.

use std::collections::HashMap;

use quick_xml::escape::{resolve_html5_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// The readable part of a feed.
#[derive(Debug, Default)]
pub struct Feed {
    /// The items, in the order of the feed.
    pub items: Vec<FeedItem>,
    /// Why the rest is unreadable, if it is.
    pub broken: Option<String>,
}

/// An item of a feed.
#[derive(Debug, Default, PartialEq)]
pub struct FeedItem {
    fields: HashMap<String, String>,
    /// The same texts under the names of similar fields, for items that lack those.
    aliases: HashMap<String, String>,
    /// The attached files.
    pub enclosures: Vec<Enclosure>,
}

/// A file attached to an item.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Enclosure {
    /// Its URL.
    pub url: String,
    /// Its size in bytes, as the feed has it.
    pub length: Option<String>,
    /// Its media type, such as `application/x-bittorrent`.
    pub media_type: Option<String>,
}

/// Reads a feed.
///
/// # Errors
/// Explains why the text is not a feed.
pub fn parse(text: &str) -> Result<Feed, String> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    config.expand_empty_elements = true;
    let mut feed = Feed::default();
    let mut has_root = false;
    let mut item: Option<FeedItem> = None;
    let mut field: Option<OpenField> = None;
    loop {
        match reader.read_event() {
            Err(error) => {
                feed.broken = Some(error.to_string());
                break;
            }
            Ok(Event::Eof) => break,
            Ok(Event::Start(element)) => {
                let name = field_name(element.name().0);
                if !has_root {
                    check_root(&name, element.name().0)?;
                    has_root = true;
                }
                match (&mut item, &mut field) {
                    (None, _) if matches!(name.as_str(), "item" | "entry") => item = Some(FeedItem::default()),
                    (None, _) => {}
                    (Some(_), Some(field)) => field.open(&name),
                    (Some(item), None) => {
                        item.read_attributes(&name, &element);
                        field = Some(OpenField { name, ..OpenField::default() });
                    }
                }
            }
            Ok(Event::Text(text)) => append(&mut field, &text.xml10_content()),
            Ok(Event::CData(text)) => append(&mut field, &text.xml10_content()),
            Ok(Event::GeneralRef(name)) => {
                let content = name.xml10_content();
                let resolved = match name.resolve_char_ref() {
                    Ok(Some(character)) => character.to_string(),
                    _ => resolve_html5_entity(&content).map_or_else(|| format!("&{content};"), str::to_owned),
                };
                append(&mut field, &resolved);
            }
            Ok(Event::End(_)) => match (field.take(), &mut item) {
                (Some(mut open), Some(_)) if open.depth > 0 => {
                    open.close();
                    field = Some(open);
                }
                (Some(closed), Some(item)) => item.add_with_aliases(&closed.name, &closed.text),
                (None, Some(_)) => feed.items.extend(item.take()),
                (_, None) => {}
            },
            Ok(_) => {}
        }
    }
    match (has_root, &feed.broken) {
        (false, Some(error)) => Err(format!("it is not XML: {error}")),
        (false, None) => Err("it is empty".to_owned()),
        _ => Ok(feed),
    }
}

/// Returns the name of a field: lower case, `_` between prefix and name, without Atom's own prefix.
pub fn field_name(name: &str) -> String {
    let name = name.to_lowercase();
    name.strip_prefix("atom:").unwrap_or(&name).replace([':', '-'], "_")
}

fn check_root(name: &str, written: &str) -> Result<(), String> {
    match name {
        "rss" | "rdf_rdf" | "feed" | "channel" => Ok(()),
        "html" => Err("it is a web page".to_owned()),
        _ => Err(format!("it begins with `<{written}>`")),
    }
}

/// An element of an item that is being read.
///
/// The text of all elements within it is its text.
#[derive(Default)]
struct OpenField {
    name: String,
    text: String,
    /// The number of open elements within it.
    depth: usize,
    /// The depth of the `name` of a person, once it was met.
    person_name: Option<usize>,
    /// Whether that `name` has ended, so that its text is complete.
    is_complete: bool,
}

impl OpenField {
    fn open(&mut self, name: &str) {
        self.depth = self.depth.saturating_add(1);
        let is_person = matches!(self.name.as_str(), "author" | "contributor" | "managingeditor");
        // `<author><name>…</name><email>…</email></author>` is the name alone.
        if is_person && name == "name" && self.person_name.is_none() {
            self.person_name = Some(self.depth);
            self.text.clear();
        }
    }

    fn close(&mut self) {
        self.is_complete |= self.person_name == Some(self.depth);
        self.depth = self.depth.saturating_sub(1);
    }
}

fn append(field: &mut Option<OpenField>, text: &str) {
    if let Some(field) = field.as_mut().filter(|field| !field.is_complete) {
        field.text.push_str(text);
    }
}

impl FeedItem {
    /// Returns a field that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).or_else(|| self.aliases.get(name)).map(String::as_str)
    }

    fn add_with_aliases(&mut self, name: &str, text: &str) {
        let text = decode_html(text, name);
        add(&mut self.fields, name, &text);
        let local = name.split_once('_').map(|(_, local)| local);
        let aliases: &[&str] = match name {
            "pubdate" | "dc_date" | "issued" => &["published"],
            "id" => &["guid"],
            "guid" => &["id"],
            "content_encoded" => &["content", "description"],
            "summary" | "content" => &["description"],
            "description" => &["summary"],
            "dc_creator" | "itunes_author" => &["author"],
            _ => local.as_slice(),
        };
        aliases.iter().for_each(|alias| add(&mut self.aliases, alias, &text));
    }

    /// Reads the attributes of an element: enclosures, and the links and categories of Atom.
    fn read_attributes(&mut self, name: &str, element: &BytesStart<'_>) {
        let attribute = |wanted: &str| {
            let found =
                element.attributes().with_checks(false).flatten().find(|attribute| attribute.key.0 == wanted)?;
            let value = found.normalized_value_with(XmlVersion::Implicit1_0, 8, resolve_html5_entity);
            Some(value.map_or_else(|_| found.value.to_string(), |value| value.into_owned()).trim().to_owned())
        };
        let enclosure = |url: String| Enclosure { url, length: attribute("length"), media_type: attribute("type") };
        match name {
            "enclosure" => self.enclosures.extend(attribute("url").filter(|url| !url.is_empty()).map(enclosure)),
            "link" => match (attribute("rel").as_deref(), attribute("href")) {
                (Some("enclosure"), Some(url)) => self.enclosures.push(enclosure(url)),
                (None | Some("alternate"), Some(url)) => add(&mut self.fields, "link", &url),
                _ => {}
            },
            "category" => add(&mut self.fields, "category", &attribute("term").unwrap_or_default()),
            _ => {}
        }
    }
}

/// Sets a field, unless the text is empty or the field is set.
fn add(fields: &mut HashMap<String, String>, name: &str, text: &str) {
    let text = text.trim();
    if !text.is_empty() && !fields.contains_key(name) {
        fields.insert(name.to_owned(), text.to_owned());
    }
}

/// Decodes the HTML entities that text has on top of those of XML.
///
/// An `&` that begins none stays.
fn decode_html(text: &str, name: &str) -> String {
    if matches!(name, "link" | "guid" | "id") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';').map(|end| end.saturating_add(1));
        let resolved = end.and_then(|end| Some((end, unescape_with(&rest[..end], resolve_html5_entity).ok()?)));
        match resolved {
            Some((end, text)) => {
                out.push_str(&text);
                rest = &rest[end..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

/// The length of `&CounterClockwiseContourIntegral;`.
const LONGEST_ENTITY: usize = 33;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::string::string_regex;

    #[test]
    fn reads_rss_with_its_oddities() {
        let feed = parse(
            "<?xml version=\"1.0\"?><rss xmlns:torrent='x'><channel><title>Channel</title>
             <item><title>A &amp;amp; B &nbsp;&#33; R&D</title><link>http://x/?a=1&amp;b=2</link><guid isPermaLink='false'>g1</guid>
               <pubDate>Tue, 24 Nov 2026 01:02:03 GMT</pubDate><description><![CDATA[<p>5 &lt; 6</p>]]></description>
               <dc:creator>Me</dc:creator><torrent:infoHash>ABC</torrent:infoHash>
               <enclosure url='http://x/a.torrent?k=1&amp;l=2' length='12' type='application/x-bittorrent'/></item>
             <item><title/></item><br></channel></rss>",
        )
        .unwrap();
        let item = &feed.items[0];
        assert_eq!(item.get("title"), Some("A & B \u{a0}! R&D"));
        assert_eq!(item.get("link"), Some("http://x/?a=1&b=2"));
        assert_eq!(item.get("guid"), Some("g1"));
        assert_eq!(item.get("published"), Some("Tue, 24 Nov 2026 01:02:03 GMT"));
        assert_eq!(item.get("description"), Some("<p>5 < 6</p>"));
        assert_eq!(item.get("author"), Some("Me"));
        assert_eq!((item.get("torrent_infohash"), item.get("infohash")), (Some("ABC"), Some("ABC")));
        assert_eq!(item.enclosures[0].url, "http://x/a.torrent?k=1&l=2");
        assert_eq!(feed.items[1].get("title"), None);
    }

    #[test]
    fn reads_atom() {
        let feed = parse(
            "<feed xmlns='http://www.w3.org/2005/Atom'><author><name>Feed</name></author>
             <entry><title type='html'>T</title><link rel='self' href='http://x/self'/><link href='http://x/1'/>
               <link rel='enclosure' href='http://x/1.mp3' length='3' type='audio/mpeg'/><id>urn:1</id>
               <published>2026-11-24T00:00:00Z</published>
               <author><email>a@x</email><name>Ann</name><uri>http://ann</uri></author>
               <category term='films' label='Films'/><category term='other'/>
               <content type='xhtml'><div>Some <b>bold</b> <name>text</name>, all of it</div></content></entry></feed>",
        )
        .unwrap();
        let item = &feed.items[0];
        assert_eq!((item.get("link"), item.get("guid")), (Some("http://x/1"), Some("urn:1")));
        assert_eq!((item.get("author"), item.get("category")), (Some("Ann"), Some("films")));
        assert_eq!(item.get("description"), Some("Some bold text, all of it"));
        assert_eq!(item.enclosures.len(), 1);
    }

    #[test]
    fn a_field_of_its_own_goes_before_a_similar_one() {
        let item = |body: &str| parse(&format!("<rss><item>{body}</item></rss>")).unwrap().items.remove(0);
        let both = item("<content:encoded>long</content:encoded><description>short</description>");
        assert_eq!((both.get("description"), both.get("content")), (Some("short"), Some("long")));
        assert_eq!(item("<content:encoded>long</content:encoded>").get("description"), Some("long"));
    }

    #[test]
    fn explains_why_a_text_is_not_a_feed() {
        for (text, expected) in [
            ("<html><body>login</body></html>", "it is a web page"),
            ("<!DOCTYPE html><html></html>", "it is a web page"),
            ("<opml/>", "it begins with `<opml>`"),
            ("", "it is empty"),
            ("{\"a\": 1}", "it is empty"),
        ] {
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        }
        let cut = parse("<rss><channel><item><title>A</title></item><item><title>B</ti").unwrap();
        assert_eq!((cut.items.len(), cut.broken.is_some()), (1, true));
    }

    /// The shapes that once took quadratic time: with a megabyte of them they would not end within
    /// minutes.
    #[test]
    fn large_feeds_take_linear_time() {
        const MANY: usize = 50_000;
        let in_item = |body: String| format!("<rss><channel><item><title>A</title>{body}</item></channel></rss>");
        let many = |piece: &str| piece.repeat(MANY);
        let fields: String = (0..MANY).map(|n| format!("<x:f{n}>1</x:f{n}>")).collect();
        for (feed, items) in [
            (in_item(format!("<description>{}</description>", many("&amp;x "))), 1),
            (in_item(format!("<description>{}</description>", many("R&amp;D &lt;br&gt; "))), 1),
            (in_item(format!("<d>{}text{}</d>", many("<b>"), many("</b>"))), 1),
            (in_item(fields), 1),
            (in_item(format!("<link {}/>", many("a='1' "))), 1),
            (in_item(many("<category>a</category>")), 1),
            (format!("<rss>{}</rss>", many("<item><title>A</title></item>")), MANY),
            (format!("<rss>{}", many("<x>")), 0),
            (format!("<!DOCTYPE rss [{}]><rss><item/></rss>", many("<!ENTITY a 'b'>")), 1),
        ] {
            assert_eq!(parse(&feed).unwrap().items.len(), items);
        }
    }

    /// Pieces of feeds, so that random texts are more than one error.
    fn pieces() -> impl Strategy<Value = String> {
        let tags = "</?(rss|feed|item|entry|title|link|author|name|category|content:encoded|dc:date|enclosure)";
        prop_oneof![
            3 => string_regex(&format!("{tags}( (url|href|rel|term|length|type)=['\"][^'\"<]{{0,6}}['\"]){{0,2}} ?/?>")).unwrap(),
            1 => "<!(DOCTYPE|\\[CDATA\\[|--)[^>]{0,9}(\\]\\]|--)?>?",
            1 => "<\\?xml [^>]{0,20}\\?>",
            2 => "&(#x?[0-9a-fA-F]{0,8}|[a-zA-Z]{0,9});?",
            2 => "\\PC{0,9}",
            1 => "[<>&'\"=/!?;\\]-]{1,4}",
        ]
    }

    proptest! {
        #[test]
        fn no_text_panics(pieces in prop::collection::vec(pieces(), 0..40), root in prop::bool::ANY) {
            let text = pieces.concat();
            let text = if root { format!("<rss><item>{text}") } else { text };
            if let Ok(feed) = parse(&text) {
                prop_assert!(feed.items.iter().all(|item| item.fields.values().all(|text| !text.is_empty())));
            }
        }
    }
}
