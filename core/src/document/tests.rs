use proptest::prelude::*;
use serde_yaml::Value;

use super::*;

fn value(text: &str) -> Value {
    match Document::parse("config.yml", text) {
        Ok(document) => document.value(),
        Err(bad) => panic!("{text:?}: {:?}", bad.diagnostics),
    }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::to_value(value(text)).unwrap()
}

/// Each mistake as `line:column message | help …`.
fn mistakes(text: &str) -> Vec<String> {
    let bad = Document::parse("config.yml", text).expect_err(text);
    let say = |mistake: &Diagnostic| {
        let At::Span(span) = &mistake.at else { panic!("{mistake:?}") };
        let place = bad.sources.location(span);
        let mut said = format!("{}:{} {}", place.line, place.column, mistake.message);
        for help in &mistake.help {
            said += &format!(" | {help}");
        }
        for (at, label) in &mistake.related {
            let At::Span(span) = at else { panic!("{mistake:?}") };
            said += &format!(" | {}: {label}", bad.sources.location(span).line);
        }
        said
    };
    bad.diagnostics.iter().map(say).collect()
}

/// A day or a moment as a value.
fn date(text: &str) -> Value {
    Value::Tagged(Box::new(serde_yaml::value::TaggedValue {
        tag: serde_yaml::value::Tag::new(crate::document::node::TIMESTAMP),
        value: text.into(),
    }))
}

#[test]
fn plain_scalars_are_what_pyyaml_makes_of_them() {
    // Text, and what it is; `None` is text.
    let table: &[(&str, Option<Value>)] = &[
        ("yes", Some(true.into())),
        ("No", Some(false.into())),
        ("on", Some(true.into())),
        ("OFF", Some(false.into())),
        ("YES", Some(true.into())),
        ("true", Some(true.into())),
        ("y", None),
        ("n", None),
        ("yEs", None),
        ("\"yes\"", Some("yes".into())),
        ("'5'", Some("5".into())),
        ("010", Some(8.into())),
        ("0777", Some(511.into())),
        ("0o17", None),
        ("09", None),
        ("08", None),
        ("0x1f", Some(31.into())),
        ("-0x1f", Some((-31).into())),
        ("0b11", Some(3.into())),
        ("1_000", Some(1000.into())),
        ("+12", Some(12.into())),
        ("0_", Some(0.into())),
        ("0x_", None),
        ("1e3", None),
        ("1e5", None),
        ("1.0e+3", Some(1000.0.into())),
        ("1.5e+5", Some(150_000.0.into())),
        ("1.5e5", None),
        ("1:30", Some(90.into())),
        ("190:20:30", Some(685_230.into())),
        ("1:60", None),
        ("0:30", None),
        ("12:30:45.5", Some(45_045.5.into())),
        (".5", Some(0.5.into())),
        ("+.5", None),
        ("1.", Some(1.0.into())),
        ("1_000.5", Some(1000.5.into())),
        (".inf", Some(f64::INFINITY.into())),
        ("-.INF", Some(f64::NEG_INFINITY.into())),
        ("2020-01-01", Some(date("2020-01-01"))),
        ("2020-1-1", None),
        ("2020-13-01", None),
        ("2020-01-01 10:00:00", Some(date("2020-01-01T10:00:00Z"))),
        ("2020-1-1 1:00:00.5 +1:30", Some(date("2019-12-31T23:30:00.5Z"))),
        ("2020-01-01T10:00:00Z", Some(date("2020-01-01T10:00:00Z"))),
        ("'2020-01-01'", Some("2020-01-01".into())),
        ("!!timestamp 2020-01-01", Some(date("2020-01-01"))),
        ("~", Some(Value::Null)),
        ("null", Some(Value::Null)),
        ("Null", Some(Value::Null)),
        ("", Some(Value::Null)),
        ("!!str 5", Some("5".into())),
        ("!!str yes", Some("yes".into())),
        ("!!int '5'", Some(5.into())),
        ("!!float 5", Some(5.0.into())),
        ("!!bool yes", Some(true.into())),
        ("18446744073709551615", Some(u64::MAX.into())),
        ("-9223372036854775808", Some(i64::MIN.into())),
        ("18446744073709551616", None),
        ("1.2.3", None),
    ];
    for (text, expected) in table {
        let expected = expected.clone().unwrap_or_else(|| (*text).into());
        let found = value(&format!("a: {text}\n"));
        assert_eq!(found["a"], expected, "{text}");
    }
    assert!(value("a: .nan")["a"].as_f64().unwrap().is_nan());
}

#[test]
fn keys_keep_their_text() {
    assert_eq!(
        json("on: 1\n1080: 2\n~: 3\n'yes': 4\n=: 5\n? x\n: 6\n"),
        serde_json::json!({ "on": 1, "1080": 2, "~": 3, "yes": 4, "=": 5, "x": 6 })
    );
}

#[test]
fn merge_keys_give_way_to_keys_that_are_written_out() {
    for (text, expected) in [
        ("a: &a {x: 1, y: 1}\nb: {<<: *a, y: 2}\n", r#"{"x":1,"y":2}"#),
        ("a: &a {x: 1, y: 1}\nb: {y: 2, <<: *a}\n", r#"{"x":1,"y":2}"#),
        ("a: &a {x: 1}\nc: &c {x: 2, z: 3}\nb: {<<: [*a, *c]}\n", r#"{"x":1,"z":3}"#),
        ("a: &a {x: {p: 1}}\nb: {<<: *a, x: {q: 2}}\n", r#"{"x":{"q":2}}"#),
        ("a: &a {x: 1}\nc: &c {<<: *a, y: 2}\nb: {<<: *c}\n", r#"{"x":1,"y":2}"#),
        ("b:\n  <<: {x: 1}\n  <<: {x: 2, y: 1}\n", r#"{"x":2,"y":1}"#),
        ("b: {'<<': 1}\n", r#"{"<<":1}"#),
    ] {
        assert_eq!(json(text)["b"], serde_json::from_str::<serde_json::Value>(expected).unwrap(), "{text}");
    }
}

#[test]
fn every_duplicate_key_is_named_with_the_first_place() {
    assert_eq!(
        mistakes("a: 1\nb:\n  c: 1\n  'c': 2\na: 2\na: 3\n"),
        [
            "4:3 duplicate key: `c` | keep one of them, or join what stands below them | 3: first defined here",
            "5:1 duplicate key: `a` | keep one of them, or join what stands below them | 1: first defined here",
            "6:1 duplicate key: `a` | keep one of them, or join what stands below them | 1: first defined here",
        ]
    );
}

#[test]
fn every_mistake_says_what_to_write_instead() {
    let table: &[(&str, &[&str])] = &[
        (
            "tasks:\n  a:\n    x: 1\n   y: 2\n",
            &[
                "4:4 wrong indentation | this line begins with 3 spaces, and the lines above that it could belong to with 4, 2 or 0",
            ],
        ),
        (
            "tasks:\n  a:\n    x: 1\n      y: 2\n",
            &[
                "4:7 wrong indentation | `x` above has a value already, so nothing can stand below it: indent this line like `x` | 3: this has a value",
            ],
        ),
        ("tasks\n  a: 1\n", &["1:1 `:` is missing at the end of this line | write `tasks:`"]),
        ("tasks:\n  a\n    x: 1\n", &["2:3 `:` is missing at the end of this line | write `a:`"]),
        ("tasks:\n  a:\n    x\n    y: 1\n", &["3:5 `:` is missing at the end of this line | write `x:`"]),
        ("a: b: c\n", &["1:4 text that holds `: ` must be quoted | write `'b: c'`"]),
        ("a: {{ x }}\n", &["1:4 text that begins with `{` must be quoted: `{{ x }}` | write `'{{ x }}'`"]),
        ("a: {? x ?}\n", &["1:4 text that begins with `{` must be quoted: `{? x ?}` | write `'{? x ?}'`"]),
        ("a: {% if x %}\n", &["1:4 text that begins with `{` must be quoted: `{% if x %}` | write `'{% if x %}'`"]),
        ("a:\n\tb: 1\n", &["2:1 a tab in the indentation | indent with spaces: two for each level"]),
        ("\ta: 1\n", &["1:1 a tab in the indentation | indent with spaces: two for each level"]),
        ("\ta: 1\n\tb: 2\n", &["1:1 a tab in the indentation | indent with spaces: two for each level"]),
        ("a:\n  b: 1\n\tc: 2\n", &["3:1 a tab in the indentation | indent with spaces: two for each level"]),
        ("a:\n  \tb: 1\n", &["2:3 a tab in the indentation | indent with spaces: two for each level"]),
        ("a: @foo\n", &["1:4 text that begins with `@` must be quoted | write `'@foo'`"]),
        ("a: `foo`\n", &["1:4 text that begins with ``` must be quoted | write `'`foo`'`"]),
        ("a: %foo\n", &["1:4 text that begins with `%` must be quoted | write `'%foo'`"]),
        (
            "a: *foo\n",
            &["1:4 no anchor `&foo` stands above this | write `'*foo'` if you mean text that begins with `*`"],
        ),
        (
            "a: *.mkv\n",
            &["1:4 no anchor `&.mkv` stands above this | write `'*.mkv'` if you mean text that begins with `*`"],
        ),
        ("a: !foo bar\n", &["1:4 unknown tag: `!foo` | text that begins with `!` must be quoted: `'!…'`"]),
        ("a: [x] foo\n", &["1:8 text after the end of a value | write `'[x] foo'`"]),
        (
            "a: \"x\" foo\n",
            &[
                "1:8 text after the closing quote | quote the whole value; inside of `\"…\"` write `\\\"` for `\"`, or use `'…'` around it",
            ],
        ),
        ("- 'x' in y: reject\n", &["1:7 text after the closing quote | quote the whole key: `\"'x' in y\"`"]),
        (
            "a: 'it's'\n",
            &["1:8 text after the closing quote | quote the whole value; inside of `'…'` write `'` twice: `'it''s'`"],
        ),
        (
            "a: \"x\\d\"\n",
            &[
                "1:6 `\\d` means nothing in double quotes | use `'…'` instead of `\"…\"`: there `\\` is an ordinary character",
            ],
        ),
        (
            "a: [1, 2\nb: 3\n",
            &[
                "2:2 `,` or `]` is missing before this | close the bracket with `]`, or quote text that holds `: `, `,` or brackets | 1: the list begins here",
            ],
        ),
        (
            "a: {b: 1\nc: 2\n",
            &[
                "2:2 `,` or `}` is missing before this | close the bracket with `}`, or quote text that holds `: `, `,` or brackets | 1: the mapping begins here",
            ],
        ),
        (
            "a: [1, 2",
            &[
                "1:4 `,` or `]` is missing before this | close the bracket with `]`, or quote text that holds `: `, `,` or brackets | 1: the list begins here",
            ],
        ),
        (
            "a: 'foo\nb: 1\n",
            &[
                "1:4 the quote `'` is never closed | close it with `'`; inside of such quotes `'` is written twice: `''`",
            ],
        ),
        (
            "a: \"foo\nb: 1\n",
            &["1:4 the quote `\"` is never closed | close it with `\"`; inside of such quotes `\"` is written `\\\"`"],
        ),
        (
            "a: 1\n---\nb: 2\n",
            &[
                "2:1 a second document begins here, and a config is a single one | delete the line `---` (or `...`) between them, or keep the second part in a file of its own",
            ],
        ),
        (
            "- a\nb: 1\n",
            &[
                "2:1 a key among list items | begin it with `- `, or indent it like the key above the list | 1: the list begins here",
            ],
        ),
        (
            "a:\n  - b\n  c: 1\n",
            &[
                "3:3 a key among list items | begin it with `- `, or indent it like the key above the list | 2: the list begins here",
            ],
        ),
        (
            "a:\n  - b: 1\n   c: 2\n",
            &[
                "3:4 wrong indentation | this line begins with 3 spaces, and the lines above that it could belong to with 4, 2 or 0",
            ],
        ),
        (
            "a: |\n  x\n y\nb: 1",
            &[
                "3:2 wrong indentation | this line begins with 1 space, and the lines above that it could belong to with 2 or 0",
            ],
        ),
        ("a:1\nb: 2\n", &["1:1 a space is missing behind `:` | write `a: 1`"]),
        ("a: 1\nb:2\n", &["2:2 a space is missing behind `:` | write `b: 2`"]),
        (
            "a: 1\nb\n",
            &["2:1 `:` is missing | write `b:` if it is a key; indent it more if it continues the text above"],
        ),
        (
            "a: - b\n",
            &[
                "1:4 a list cannot begin here | put each `- …` on a line of its own, below the key and indented | text that begins with `- ` must be quoted",
            ],
        ),
        ("? [a]\n: b\n", &["1:3 a list or mapping cannot be a key | text that begins with `[` or `{` must be quoted"]),
        (
            "a: &x\n  b: *x\n",
            &[
                "2:6 this anchor is repeated inside of itself | an alias repeats a finished value; move the anchored part out of the value that uses it | 2: the anchored value begins here and is not finished yet",
            ],
        ),
        (
            "a: x\0y\n",
            &[
                "1:5 a control character that text cannot hold: U+0000 | delete it; an editor that shows invisible characters finds it",
            ],
        ),
        (
            "a: b\u{7}c",
            &[
                "1:4 a control character that text cannot hold: U+0007 | delete it; an editor that shows invisible characters finds it",
            ],
        ),
        ("a: [a, b]]\n", &["1:10 this bracket closes nothing | delete it, or quote the text that it belongs to"]),
        (
            "a: [a, b}\n",
            &["1:4 `[` is closed by `}` | brackets are closed in pairs: `[…]`, `{…}` | 1: the list begins here"],
        ),
        ("a: >\n\tfoo\n", &["2:1 a tab in the indentation | indent with spaces: two for each level"]),
        ("a: [{? x ?}, b]\n", &["1:5 text that begins with `{` must be quoted: `{? x ?}` | write `'{? x ?}'`"]),
        ("a: =\n", &["1:4 a lone `=` has a meaning of its own in YAML | write `'='` if you mean the text"]),
        ("a: <<\n", &["1:4 a lone `<<` has a meaning of its own in YAML | write `'<<'` if you mean the text"]),
        (
            "<<: 1\n",
            &[
                "1:5 `<<` needs a mapping or a list of mappings | write `<<: *name`, where `&name` stands before a mapping",
            ],
        ),
        (
            "a:\n  b: 1\n  - c\n",
            &[
                "3:3 wrong indentation | this line begins with 2 spaces, and the lines above that it could belong to with 2 or 0",
            ],
        ),
        (
            "a: !!int x\n",
            &["1:4 `x` is not what its tag says: a whole number | leave the tag out, or change the value"],
        ),
        (
            "a: 1\n\u{feff}b: 1",
            &[
                "2:1 a byte order mark (an invisible character) in the middle of the text | delete it: it comes from joining files",
            ],
        ),
        (
            "a: {b, {c: d}: e}\n",
            &["1:8 a list or mapping cannot be a key | text that begins with `[` or `{` must be quoted"],
        ),
        ("a: 1 \tb: 2\n", &["1:4 text that holds `: ` must be quoted | write `'1 \tb: 2'`"]),
        ("a: title: 'x'\n", &["1:4 text that holds `: ` must be quoted | write `'title: ''x'''`"]),
        (
            "a: b\n  c: d\n",
            &[
                "2:3 wrong indentation | `a` above has a value already, so nothing can stand below it: indent this line like `a` | 1: this has a value",
            ],
        ),
        (
            "a: 'x' # c\nb: {{ y }} # d",
            &["2:4 text that begins with `{` must be quoted: `{{ y }}` | write `'{{ y }}'`"],
        ),
        (
            "a: \"C:\\dir\"",
            &[
                "1:7 `\\d` means nothing in double quotes | use `'…'` instead of `\"…\"`: there `\\` is an ordinary character",
            ],
        ),
        (
            "set:\n  path: {{ a }}/{{ b|c('d') }}\n  x: 1\n",
            &[
                "2:9 text that begins with `{` must be quoted: `{{ a }}/{{ b|c('d') }}` | write `\"{{ a }}/{{ b|c('d') }}\"`",
            ],
        ),
        ("&", &["1:1 text that begins with `*` or `&` must be quoted | write `'&'`"]),
        ("a: ]", &["1:4 this bracket closes nothing | delete it, or quote the text that it belongs to"]),
        ("a: 'b\n---\nc'", &["1:4 `---` or `...` inside of quotes | close the quotes above it"]),
    ];
    for (text, expected) in table {
        assert_eq!(&mistakes(text), expected, "{text}");
    }
}

#[test]
fn every_place_leads_to_its_line() {
    let text = "a: &x\n  b: [1, {c: d}]\n  empty:\ne: *x\nf:\n  <<: *x\n  g: 'ü' # ß\n  h: é\n";
    let document = Document::parse("config.yml", text).unwrap();
    let key = |path: &[&str]| path.iter().fold(crate::document::diagnostic::Path::root(), |path, key| path.key(*key));
    let table = [
        (At::Key(key(&["a"])), (1, 1, "a")),
        (At::Value(key(&["a"])), (2, 3, "b: [1, {c: d}]")),
        (At::Key(key(&["a", "b"])), (2, 3, "b")),
        (At::Value(key(&["a", "b"])), (2, 6, "[1, {c: d}]")),
        (At::Value(key(&["a", "b"]).index(1)), (2, 10, "{c: d}")),
        (At::Key(key(&["a", "b"]).index(1).key("c")), (2, 11, "c")),
        (At::Value(key(&["a", "empty"])), (3, 3, "empty")),
        (At::Key(key(&["e"])), (4, 1, "e")),
        (At::Value(key(&["e", "b"])), (2, 6, "[1, {c: d}]")),
        (At::Key(key(&["f", "b"])), (2, 3, "b")),
        (At::Value(key(&["f", "g"])), (7, 6, "'ü'")),
        (At::Value(key(&["f", "h"])), (8, 6, "é")),
        (At::Value(key(&["f", "nope", "deeper"])), (5, 1, "f")),
        (At::Value(key(&["nope"])), (1, 1, "a: &x")),
    ];
    for (at, expected) in table {
        let place = document.locate(&at);
        let shown = &document.sources().text(0)[place.span.bytes.clone()];
        assert_eq!((place.line, place.column, shown), expected, "{at:?}");
    }
}

#[test]
fn line_ends_and_byte_order_marks_make_no_difference() {
    let text = "\u{feff}a: 1\r\nb:\r\n  - |\r\n    x\r\n    y\r\n";
    assert_eq!(json(text), serde_json::json!({"a": 1, "b": ["x\ny\n"]}));
    assert_eq!(mistakes("\u{feff}a: 1\r\na: 2\r\n")[0][..7], *"2:1 dup");
    assert_eq!(json("a: |\n  text"), serde_json::json!({"a": "text"}));
    assert_eq!(json("# only a comment\n"), serde_json::json!({}));
    assert_eq!(json("---\na: 1\n...\n"), serde_json::json!({"a": 1}));
}

#[test]
fn what_is_left_of_a_bad_document_can_be_checked_further() {
    let bad = Document::parse("c", "a: 1\na: 2\nb: {{ x }}\nc: *nope\nd:\n  <<: *nope\n  e: 1\n").unwrap_err();
    assert_eq!(bad.diagnostics.len(), 4);
    let rest = serde_json::to_value(bad.rest.unwrap().value()).unwrap();
    assert_eq!(rest, serde_json::json!({"a": 2, "b": "{{ x }}", "c": null, "d": {"e": 1}}));
    assert!(Document::parse("c", "a: [1\n").unwrap_err().rest.is_none());
}

#[test]
fn anchors_cannot_multiply_without_end() {
    let mut aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_string();
    let mut merges = "a0: &a0 {k: {l: 1}}\n".to_string();
    let mut chain = "a0: &a0 {k0: 1}\n".to_string();
    let mut depth = "a0: &a0 [x]\n".to_string();
    for n in 1..5000 {
        let last = n - 1;
        if n < 100 {
            aliases += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{last}"); 10].join(", "));
            merges += &format!("a{n}: &a{n} {{<<: [{}], k{n}: *a{last}}}\n", vec![format!("*a{last}"); 10].join(", "));
        }
        chain += &format!("a{n}: &a{n} {{<<: *a{last}, k{n}: 1}}\n");
        depth += &format!("a{n}: &a{n} [*a{last}]\n");
    }
    for (text, message) in [
        (aliases, "anchors are repeated too often"),
        (merges, "anchors are repeated too often"),
        (chain, "anchors are repeated too often"),
        (depth, "nested too deeply"),
        ("[".repeat(100_000), "nested too deeply"),
        ("- ".repeat(100_000), "nested too deeply"),
        ("{a: ".repeat(100_000), "nested too deeply"),
    ] {
        let said = mistakes(&text);
        assert!(said[0].contains(message), "{}", said[0]);
        assert!(said.len() <= 1000);
    }
}

#[test]
fn files_that_cannot_be_read_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str, bytes: Option<&[u8]>| {
        let path = folder.path().join(name);
        if let Some(bytes) = bytes {
            fs::write(&path, bytes).unwrap();
        }
        Document::read(&path).map(|document| document.value()).map_err(|bad| {
            let At::Span(span) = &bad.diagnostics[0].at else { panic!() };
            let place = bad.sources.location(span);
            let message = &bad.diagnostics[0].message;
            (place.line, place.column, message.split('`').next().unwrap_or_default().to_string())
        })
    };
    assert_eq!(said("good.yml", Some(b"\xef\xbb\xbfa: 1\r\n")).unwrap()["a"], 1);
    assert_eq!(said("none.yml", None), Err((1, 1, "no such file: ".into())));
    assert_eq!(said("", None), Err((1, 1, "this is a folder: ".into())));
    assert_eq!(said("latin.yml", Some(b"a: 1\nb: caf\xe9\n")), Err((2, 7, "the file is not UTF-8".into())));
    assert_eq!(said("bom.yml", Some(b"\xef\xbb\xbfa: \xe9\n")), Err((1, 4, "the file is not UTF-8".into())));
    assert_eq!(said("wide.yml", Some(b"\xff\xfea\0")), Err((1, 1, "the file is UTF-16, not UTF-8".into())));
}

/// Texts that look like configs, some of them broken.
fn any_config() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        10 => prop::sample::select(vec![
            "a", "b", "tasks", "templates", "template", "global", "include", "variables", "x.yml", ": ", ":", "\n", "\n  ",
            "\n    ", "- ", "[", "]", "{", "}", ", ", "&a ", "*a", "<<: *a", "? ", "'", "\"", "|\n", ">-\n", "#", " #", "!x ",
            "!!int ", "---\n", "...\n", "\t", "\r\n", "yes", "1:30", "{? a ?}", "{{ x }}", "\u{feff}", "é", "\\", "%", "@", "~",
            "\u{85}", "\u{2028}", "\0", "=",
        ])
        .prop_map(str::to_string),
        1 => "[ -~\n\t]{0,8}",
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn check_tree(document: &Document, node: &Node) {
    let text = document.sources().text(node.span().file);
    assert!(text.get(node.span().bytes.clone()).is_some(), "{:?} of {text:?}", node.span());
    match node.content() {
        Content::Scalar(_) => {}
        Content::Sequence(items) => items.iter().for_each(|item| check_tree(document, item)),
        Content::Mapping(mapping) => mapping.iter().for_each(|(key, value)| {
            assert!(text.get(key.span.bytes.clone()).is_some());
            check_tree(document, value);
        }),
    }
}

proptest! {
    #[test]
    fn any_text_is_a_document_or_has_diagnostics_with_places(text in any_config()) {
        let (document, diagnostics, sources) = match Document::parse("config.yml", &text) {
            Ok(document) => (Some(document.clone()), vec![], Rc::clone(document.sources())),
            Err(bad) => {
                prop_assert!(!bad.diagnostics.is_empty());
                (bad.rest, bad.diagnostics, bad.sources)
            }
        };
        let expanded = document.map(|document| {
            check_tree(&document, document.root());
            crate::config::template::expand(document, &crate::config::template::Origin { folder: "/nonexistent".into(), ..Default::default() })
        });
        let mut places: Vec<(Rc<Sources>, Diagnostic)> = diagnostics.into_iter().map(|said| (Rc::clone(&sources), said)).collect();
        if let Some(expanded) = &expanded {
            check_tree(&expanded.document, expanded.document.root());
            expanded.document.value();
            let said = expanded.diagnostics.iter().chain(expanded.tasks.iter().flat_map(|task| &task.broken));
            places.extend(said.map(|said| (Rc::clone(expanded.document.sources()), said.clone())));
        }
        for (sources, said) in places {
            prop_assert!(!said.help.is_empty(), "{said:?}");
            for at in std::iter::once(&said.at).chain(said.related.iter().map(|(at, _)| at)) {
                let At::Span(span) = at else { panic!("{said:?}") };
                prop_assert!(sources.text(span.file).get(span.bytes.clone()).is_some(), "{said:?}");
                let place = sources.location(span);
                prop_assert!(place.line >= 1 && place.column >= 1 && place.column <= place.text.chars().count() + 1);
            }
        }
    }
}
