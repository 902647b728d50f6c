//! Feeds: RSS of all versions and Atom, read as they are found in the wild.
//!
//! An item is kept as the fields that it has, whatever they are, because users name any of them in options. Names are
//! those of FlexGet: lower case, with `_` between prefix and name, and `guid`, `link`, `description`, `published` and `author`
//! in both kinds of feed.

use quick_xml::escape::{resolve_html5_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// An item of a feed.
#[derive(Debug, Default, PartialEq)]
pub struct Item {
    /// The fields, by name.
    pub fields: Vec<(String, String)>,
    /// What is attached to it.
    pub enclosures: Vec<Enclosure>,
}

/// Something that is attached to an item.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Enclosure {
    /// Where it is.
    pub url: String,
    /// How many bytes it has, as the feed says it.
    pub length: Option<String>,
    /// What it is: `application/x-bittorrent`.
    pub kind: Option<String>,
}

/// What a text has of a feed.
#[derive(Debug, Default)]
pub struct Feed {
    /// The items, in the order of the feed.
    pub items: Vec<Item>,
    /// Why the rest could not be read, if it could not.
    pub broken: Option<String>,
}

impl Item {
    /// A field that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// Sets a field, unless it is empty or known.
    fn add(&mut self, name: &str, text: &str) {
        let text = text.trim();
        if !text.is_empty() && self.get(name).is_none() {
            self.fields.push((name.to_owned(), text.to_owned()));
        }
    }
}

/// An element that is being read.
struct Open {
    name: String,
    text: String,
    /// Whether its text is the name of a person alone.
    named: bool,
}

/// Reads a feed.
///
/// # Errors
/// Why the text is no feed at all.
pub fn parse(text: &str) -> Result<Feed, String> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    config.expand_empty_elements = true;
    let mut feed = Feed::default();
    let mut root = None;
    let mut item: Option<Item> = None;
    let mut open: Vec<Open> = Vec::new();
    loop {
        match reader.read_event() {
            Err(error) => {
                feed.broken = Some(error.to_string());
                break;
            }
            Ok(Event::Eof) => break,
            Ok(Event::Start(element)) => {
                let name = name_of(&element);
                let kind = root.get_or_insert_with(|| name.clone()).clone();
                if !matches!(kind.as_str(), "rss" | "rdf_rdf" | "feed" | "channel") {
                    return Err(match kind.as_str() {
                        "html" => "it is a web page".to_owned(),
                        _ => format!("it begins with `<{}>`", element.name().0),
                    });
                }
                match &mut item {
                    None if matches!(name.as_str(), "item" | "entry") => item = Some(Item::default()),
                    None => {}
                    Some(item) => {
                        if open.is_empty() {
                            attached(item, &name, &element);
                        }
                        open.push(Open { name, text: String::new(), named: false });
                    }
                }
            }
            Ok(Event::Text(text)) => append(&mut open, &text.xml10_content()),
            Ok(Event::CData(text)) => append(&mut open, &text.xml10_content()),
            Ok(Event::GeneralRef(name)) => {
                let content = name.xml10_content();
                let resolved = match name.resolve_char_ref() {
                    Ok(Some(character)) => character.to_string(),
                    _ => resolve_html5_entity(&content).map_or_else(|| format!("&{content};"), str::to_owned),
                };
                append(&mut open, &resolved);
            }
            Ok(Event::End(_)) => match (open.pop(), &mut item) {
                (Some(done), Some(item)) => close(done, &mut open, item),
                (None, Some(_)) => feed.items.extend(item.take()),
                (_, None) => {}
            },
            Ok(_) => {}
        }
    }
    match (&root, &feed.broken) {
        (None, Some(error)) => Err(format!("it is not XML: {error}")),
        (None, None) => Err("it is empty".to_owned()),
        _ => Ok(feed),
    }
}

/// Text within an element belongs to that element; what is within `name` of a person, to the person.
fn append(open: &mut [Open], text: &str) {
    if let Some(last) = open.last_mut() {
        last.text.push_str(text);
    }
}

/// An element has ended: it is a field of the item, or part of the element around it.
fn close(done: Open, open: &mut [Open], item: &mut Item) {
    let Some(parent) = open.last_mut() else {
        return add_field(item, &done.name, &done.text);
    };
    if parent.named {
        return;
    }
    if done.name == "name" {
        // `<author><name>…</name><email>…</email></author>`
        parent.named = true;
        parent.text.clear();
    }
    parent.text.push_str(&done.text);
}

fn add_field(item: &mut Item, name: &str, text: &str) {
    let text = plain(text, name);
    item.add(name, &text);
    let also = match name {
        "pubdate" | "dc_date" | "issued" => "published",
        "id" => "guid",
        "guid" => "id",
        "summary" | "content" | "content_encoded" => "description",
        "description" => "summary",
        "dc_creator" | "itunes_author" => "author",
        _ => name.split_once('_').map_or("", |(_, local)| local),
    };
    if !also.is_empty() {
        item.add(also, &text);
    }
}

/// Text for people comes with entities of HTML in it, on top of those of XML. An `&` that begins none is just that.
fn plain(text: &str, name: &str) -> String {
    if matches!(name, "link" | "guid" | "id") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').map(|end| end + 1).filter(|end| *end <= LONGEST_ENTITY);
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

/// What is in the attributes of an element: addresses of what is attached, and the links of Atom.
fn attached(item: &mut Item, name: &str, element: &BytesStart<'_>) {
    let attribute = |wanted: &str| {
        let found = element.attributes().with_checks(false).flatten().find(|attribute| attribute.key.0 == wanted)?;
        let value = found.normalized_value_with(XmlVersion::Implicit1_0, 8, resolve_html5_entity);
        Some(value.map_or_else(|_| found.value.to_string(), |value| value.into_owned()).trim().to_owned())
    };
    let enclosure = |url: String| Enclosure { url, length: attribute("length"), kind: attribute("type") };
    match name {
        "enclosure" => item.enclosures.extend(attribute("url").filter(|url| !url.is_empty()).map(enclosure)),
        "link" => match (attribute("rel").as_deref(), attribute("href")) {
            (Some("enclosure"), Some(url)) => item.enclosures.push(enclosure(url)),
            (None | Some("alternate"), Some(url)) => item.add("link", &url),
            _ => {}
        },
        _ => {}
    }
}

/// The name of an element: lower case, `_` between prefix and name. Atom's own prefix is as good as none.
fn name_of(element: &BytesStart<'_>) -> String {
    let name = element.name().0.to_lowercase();
    name.strip_prefix("atom:").unwrap_or(&name).replace([':', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rss_with_all_its_oddities() {
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
    fn atom() {
        let feed = parse(
            "<feed xmlns='http://www.w3.org/2005/Atom'><author><name>Feed</name></author>
             <entry><title type='html'>T</title><link rel='self' href='http://x/self'/><link href='http://x/1'/>
               <link rel='enclosure' href='http://x/1.mp3' length='3' type='audio/mpeg'/><id>urn:1</id>
               <published>2026-11-24T00:00:00Z</published><author><name>Ann</name><email>a@x</email></author>
               <content type='xhtml'><div>Some <b>bold</b> text</div></content></entry></feed>",
        )
        .unwrap();
        let item = &feed.items[0];
        assert_eq!((item.get("link"), item.get("guid")), (Some("http://x/1"), Some("urn:1")));
        assert_eq!(item.get("author"), Some("Ann"));
        assert_eq!(item.get("description"), Some("Some bold text"));
        assert_eq!(item.enclosures.len(), 1);
    }

    #[test]
    fn what_is_no_feed_says_what_it_is() {
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
}
