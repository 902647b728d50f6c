use flexget_core::prelude::*;
use flexget_core::testing;

use crate::shared::test_server::TestServer;

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
fn items_become_entries_with_the_fields_of_flexget() {
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
    assert!(report.warnings[0].ends_with("has 2 items without a title or a URL"), "{:?}", report.warnings);
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
    assert_eq!(urls("link: guid")[0], "http://x/g2 [\"http://x/g2\"]");
    assert_eq!(urls("link: [guid, link]")[0], "http://x/g2 [\"http://x/g2\",\"http://x/new\"]");
    assert_eq!(urls("group_links: yes")[1], "http://x/a.torrent [\"http://x/a.torrent\",\"http://x/b.torrent\"]");
}

#[test]
fn without_all_entries_only_new_items_are_read_until_the_config_changes() {
    let cx = testing::context();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.xml");
    let item = |title: &str| format!("<item><title>{title}</title><link>http://x/{title}</link></item>");
    let read = |items: &[&str], other: &str| {
        std::fs::write(
            &path,
            format!("<rss><channel>{}</channel></rss>", items.iter().map(|t| item(t)).collect::<String>()),
        )
        .unwrap();
        let task = format!("rss: {{ url: {}, all_entries: no }}\naccept_all: yes\nseen: no\n{other}", path.display());
        let report = testing::run(&task, &testing::next_run(&cx));
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        testing::titles(&report, State::Accepted).join(" ")
    };
    assert_eq!(read(&["B", "A"], ""), "B A");
    assert_eq!(read(&["D", "C", "B", "A"], ""), "D C");
    assert_eq!(read(&["D", "C"], ""), "");
    assert_eq!(read(&["D", "C"], "priority: 7"), "D C", "as FlexGet does after any change");
    assert_eq!(read(&["D", "C"], "priority: 7"), "");
}

/// FlexGet 3.22.7 gives these entries these fields.
#[test]
fn other_fields_are_named_as_in_flexget() {
    let rss = "<rss><channel><item><title>A</title><link>l</link><description>short</description>
            <content:encoded><![CDATA[<p>long</p>]]></content:encoded><Other:field>val</Other:field>
            <category>one</category><category>two</category></item></channel></rss>";
    let report =
        run(&file(rss), "other_fields: [content, 'Other:field', { category: Cat }, summary]", &testing::context());
    let fields = &report.entries[0].fields();
    for (name, expected) in [
        ("content", "<p>long</p>"),
        ("other:field", "val"),
        ("other_field", "val"),
        ("cat", "one"),
        ("summary", "short"),
        ("description", "short"),
    ] {
        assert_eq!(fields[name], expected, "{name}");
    }
}

#[test]
fn a_malformed_xml_declaration_is_ignored() {
    for declaration in ["encoding=\u{201c}utf-8\u{201d}", "encoding=", "encoding='", "encoding=\"", "encoding=utf-8"] {
        let feed = format!("<?xml version='1.0' {declaration}?><rss><item><title>A</title><link>l</link></item></rss>");
        let report = run(&file(&feed), "", &testing::context());
        assert_eq!(testing::titles(&report, State::Accepted), ["A"], "{declaration}: {:?}", report.error);
    }
}

#[test]
fn a_web_page_is_not_a_feed() {
    let report = run(&file("<html>Log in</html>"), "", &testing::context());
    assert!(report.error.unwrap().message.ends_with("is not a feed: it is a web page"));
    assert_eq!(testing::config_errors("rss: { link: guid }\naccept_all: yes").len(), 1);
}

#[test]
fn headers_of_the_task_are_sent() {
    let feed = "<rss><item><title>A</title><link>l</link></item></rss>";
    let url = TestServer::start(2, move |request| {
        if request.contains("\r\ncookie: uid=7\r\n") {
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{feed}", feed.len())
        } else {
            "HTTP/1.1 403 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".into()
        }
    })
    .url;
    let task = format!("rss: '{url}'\naccept_all: yes");
    let cx = testing::context();
    assert!(testing::run(&task, &cx).error.unwrap().message.ends_with("denied access: status 403"));
    let report = testing::run(&format!("{task}\nheaders: {{ Cookie: uid=7 }}"), &testing::next_run(&cx));
    assert_eq!(testing::titles(&report, State::Accepted), ["A"], "{:?}", report.error);
}

#[test]
fn an_unchanged_feed_is_not_sent_again() {
    let cx = testing::context();
    let url = TestServer::start(2, |request| {
        if request.contains("if-none-match: \"v1\"") {
            "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".into()
        } else {
            format!(
                "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{FEED}",
                FEED.len()
            )
        }
    })
    .url;
    let task = format!("rss: {{ url: '{url}', all_entries: no, silent: yes }}\naccept_all: yes\nseen: no");
    assert_eq!(testing::titles(&testing::run(&task, &cx), State::Accepted).len(), 4);
    let again = testing::run(&task, &testing::next_run(&cx));
    assert!(again.entries.is_empty() && again.warnings.is_empty(), "{:?}", again.warnings);
}

#[test]
fn sends_credentials_and_reports_denied_access_without_the_key() {
    let url = TestServer::start(2, |request| {
        if request.contains("authorization: basic bwu6c2vjcmv0") {
            let feed = "<rss><item><title>A</title><link>l</link></item></rss>";
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{feed}", feed.len())
        } else {
            "HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".into()
        }
    })
    .url;
    let run = |options: &str| {
        testing::run(&format!("rss: {{ url: '{url}?key=k3y'{options} }}\naccept_all: yes"), &testing::context())
    };
    let allowed = run(", username: me, password: secret");
    assert_eq!(testing::titles(&allowed, State::Accepted), ["A"], "{:?}", allowed.error);
    let refused = run("").error.unwrap();
    assert!(refused.message.ends_with("denied access: status 401") && !refused.message.contains("k3y"));
}

#[test]
fn old_encodings_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.xml");
    let text =
        "<?xml version='1.0' encoding='ISO-8859-1'?><rss><item><title>Caf\u{e9}</title><link>l</link></item></rss>";
    std::fs::write(&path, text.chars().map(|c| c as u8).collect::<Vec<_>>()).unwrap();
    let task = |options: &str| format!("rss: {{ url: {}, {options} }}\naccept_all: yes\nseen: no", path.display());
    let titles =
        |options: &str| testing::titles(&testing::run(&task(options), &testing::context()), State::Accepted).join("");
    assert_eq!(titles(""), "Caf\u{e9}");
    assert_eq!(titles("ascii: yes"), "Caf");
}
