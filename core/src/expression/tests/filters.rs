use super::*;

#[test]
fn filters_of_flexget() {
    for (text, expected) in [
        ("'/a/b/c.tar.gz'|pathbase", Value::from("c.tar.gz")),
        ("'/a/b/c.tar.gz'|pathname", Value::from("c.tar")),
        ("'/a/b/c.tar.gz'|pathext", Value::from(".gz")),
        ("'/a.b/c'|pathext", Value::from("")),
        ("'/a/.hidden'|pathext", Value::from("")),
        ("'/a/b/c'|pathdir", Value::from("/a/b")),
        ("'/a'|pathdir", Value::from("/")),
        ("none|pathbase", Value::from("")),
        ("'ab: c?/d. /e'|pathscrub('windows')", Value::from("ab c/d/e")),
        ("'C:/a: b'|pathscrub", Value::from("C:/a b")),
        ("'a: b'|pathscrub('mac')", Value::from("a b")),
        ("'a: b'|pathscrub(os_mode='linux')", Value::from("a: b")),
        ("\"it's\"|shell_quote", Value::from(r#"'it'"'"'s'"#)),
        ("'plain-1.0'|shell_quote", Value::from("plain-1.0")),
        ("''|shell_quote", Value::from("''")),
        (r"title|re_replace('S(\\d+)E(\\d+)', '\\2x\\g<1>')", Value::from("The.Show.02x01.720p")),
        (r"'aXb'|re_replace('(?<=a)X(?=b)', '-')", Value::from("a-b")),
        (r"'2020'|re_replace('(?P<y>\\d+)', '\\g<y>!')", Value::from("2020!")),
        (r"title|re_search('s\\d+')", Value::from("S01")),
        ("title|re_search('nothing')", Value::from("")),
        ("5|re_search('x')", Value::Int(5)),
        ("released|formatdate('%Y')", Value::from("2026")),
        ("'x'|formatdate('%Y')", Value::from("x")),
        ("'2026-01-31'|parsedate", time("2026-01-31T00:00:00Z")),
        ("'2026-01-31T20:00:00+02:00'|parsedate", time("2026-01-31T18:00:00Z")),
        ("('2026-01-31T20:00:00+02:00'|parsedate).hour", Value::Int(20)),
        ("'Sat, 31 Jan 2026 20:00:00 +0200'|parsedate", time("2026-01-31T18:00:00Z")),
        ("'2026-01-31 20:00:00'|parsedate|to_date", day("2026-01-31")),
        ("now.strftime('%d')|date_suffix", Value::from("24th")),
        ("21|date_suffix", Value::from("21st")),
        ("'11'|date_suffix", Value::from("11th")),
        ("1234567|format_number", Value::from("1,234,567")),
        ("-1234.5|format_number", Value::from("-1,234.50")),
        ("1234.567|format_number(1, grouping=false)", Value::from("1234.6")),
        ("'x'|format_number", Value::from("x")),
        ("season|pad(3)", Value::from("002")),
        ("'a'|pad(width=3, fillchar='x')", Value::from("xxa")),
        ("'Amélie Ünd — ok'|asciify", Value::from("Amelie Und  ok")),
        ("'The.Show_(US)-[2020]!'|strip_symbols", Value::from("The Show US 2020")),
        ("'The Show (2020)'|strip_year", Value::from("The Show")),
        ("'The Show (2020)'|get_year", Value::Int(2020)),
        ("'The Show 2020'|get_year", Value::Int(2020)),
        ("'1917'|get_year", Value::Null),
        ("'1917 (2019)'|strip_year", Value::from("1917")),
        ("'The Show (US)'|strip_year", Value::from("The Show (US)")),
        ("'1.5 GB'|parse_size", Value::Int(1_610_612_736)),
        ("'1.5 GB'|parse_size(si=true)", Value::Int(1_500_000_000)),
        ("'1,000 KiB'|parse_size(true)", Value::Int(1_024_000)),
        ("'size: 5 MB in all'|parse_size(match_re='[0-9]+ MB')", Value::Int(5_242_880)),
        ("'large'|parse_size", Value::Int(0)),
        ("1610612736|format_size", Value::from("1.5 GiB")),
        ("1500000000|format_size(si=true)", Value::from("1.5 GB")),
        ("1500000|format_size(unit='KB')", Value::from("1500.0 kB")),
        ("12|format_size", Value::from("12.0 B")),
        ("'/'is fs_dir", Value::Bool(true)),
    ] {
        assert_eq!(evaluate(text).unwrap_or_else(|error| panic!("{text}: {error}")), expected, "{text}");
    }
}

/// As Jinja2 3.1 writes them in FlexGet 3.22.7.
#[test]
fn filters_of_jinja() {
    let sentence = "The quick brown fox jumps over the lazy dog";
    for (text, expected) in [
        ("'<a href=\"x\">it\\'s / &</a>'|escape", "&lt;a href=&#34;x&#34;&gt;it&#39;s / &amp;&lt;/a&gt;"),
        ("'<'|e|e", "&lt;"),
        ("'<'|e|forceescape", "&amp;lt;"),
        ("('<b>'|e) ~ '<i>'", "&lt;b&gt;<i>"),
        ("('<b>'|e) + '<i>'", "&lt;b&gt;&lt;i&gt;"),
        ("'<i>' + ('<b>'|e)", "&lt;i&gt;&lt;b&gt;"),
        ("('%s'|e) % '<i>'", "&lt;i&gt;"),
        ("('{}'|e).format('<i>')", "&lt;i&gt;"),
        ("('<'|e) * 2", "&lt;&lt;"),
        ("('<b>'|e).replace('b', '<')", "&lt;&lt;&gt;"),
        ("'<b>'|e|e", "&lt;b&gt;"),
        ("'a{}b{}'.format(1, 'x')", "a1bx"),
        ("'{0:>5}|{1:05.2f}'.format('a', 3.14159)", "    a|03.14"),
        ("'{name}'.format(name='x')", "x"),
        ("'{:,}'.format(1234567) ~ ''", "1,234,567"),
        ("SENTENCE|truncate(9)", "The..."),
        ("SENTENCE|truncate(9, true)", "The qu..."),
        ("SENTENCE|truncate(38)", sentence),
        ("SENTENCE|truncate(9, killwords=true, end='')", "The quick"),
        ("'aa bb cc'|wordwrap(5)", "aa bb\ncc"),
        ("'aa bb  cc-dd eeeeeeee'|wordwrap(5, wrapstring='|')", "aa bb|cc-dd|eeeee|eee"),
        ("'aaa bbbbbbbb cc'|wordwrap(5, false)", "aaa\nbbbbbbbb\ncc"),
        ("'abcdefgh'|wordwrap(3)", "abc\ndef\ngh"),
        ("'ab'|center(7)", "   ab  "),
        ("'abc'|center(6)", " abc  "),
        ("\"it's c_d é\"|wordcount", "4"),
        ("1|filesizeformat", "1 Byte"),
        ("999|filesizeformat", "999 Bytes"),
        ("1000|filesizeformat", "1.0 kB"),
        ("999999|filesizeformat", "1000.0 kB"),
        ("123456789|filesizeformat", "123.5 MB"),
        ("1024|filesizeformat(true)", "1.0 KiB"),
        ("'<p>a  <b>b</b><!-- c --> &amp; &lt;b&gt;'|striptags", "a b & <b>"),
        ("'a < b > c'|striptags", "a c"),
        ("'see www.x.org.'|urlize", "see <a href=\"https://www.x.org\" rel=\"noopener\">www.x.org</a>."),
        ("{'class': 'a\"', 'id': none}|xmlattr", " class=\"a&#34;\""),
        ("[7]|random", "7"),
        ("0|format_size", "0.0 B"),
        ("1023|format_size", "1023.0 B"),
        ("1536|format_size", "1.5 KiB"),
        ("1048575|format_size", "1024.0 KiB"),
        ("1000|format_size(si=true)", "1.0 kB"),
        ("5368709120|format_size(unit='MB')", "5368.71 MB"),
        ("5368709120|format_size(unit='MiB')", "5120.0 MiB"),
        ("'a 1,234.5 MB file of 2 GB'|parse_size", "1294467072"),
        ("'100 ib'|parse_size", "0"),
        ("'x5 MB'|parse_size", "0"),
        ("'5 bytes'|parse_size", "0"),
        ("'1.2.3 MB'|parse_size", "0"),
        ("now.astimezone() == now", "True"),
    ] {
        let text = text.replace("SENTENCE", &format!("'{sentence}'"));
        let template =
            Template::compile(&format!("{{{{ {text} }}}}")).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            template.render(&fields(), &now()).unwrap_or_else(|error| panic!("{text}: {error}")),
            expected,
            "{text}"
        );
    }
}

#[test]
fn an_attribute_that_is_not_there_is_told() {
    let error = Expression::compile("ids.nope == 1").unwrap().holds(&fields(), &now()).unwrap_err();
    assert_eq!(error.message, "`ids.nope` is undefined");
    assert_eq!(Expression::compile("nope == 1").unwrap().holds(&fields(), &now()), Ok(false));
    assert_eq!(Expression::compile("nope.x == 1").unwrap().holds(&fields(), &now()), Ok(false));
}

#[test]
fn patterns_mean_the_same_everywhere() {
    for (pattern, text) in
        [(r"[[]720p]", "[720p]"), (r"end\Z", "end"), (r"a{,2}b", "aab"), (r"{x}", "{x}"), (r"(?<=x)264", "x264")]
    {
        let found = evaluate(&format!("'{text}'|re_search('{}')", pattern.replace('\\', "\\\\"))).expect(pattern);
        assert_ne!(found, Value::from(""), "{pattern}");
        assert!(crate::pattern::Pattern::new(pattern).unwrap().is_match(text).unwrap(), "{pattern}");
    }
}
