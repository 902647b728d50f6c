use super::*;

#[test]
fn no_text_is_too_deep() {
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("", "1", "+1"),
        ("", "a", ".a"),
        ("not ", "a", ""),
        ("", "a", "|upper"),
        ("-", "1", ""),
        ("", "a", " and a"),
        ("a if a else ", "a", ""),
        ("", "a", "[0]"),
        ("", "a", "**a"),
        ("", "a", "<a"),
    ] {
        for times in [999, 4_000, 70_000] {
            let text = format!("{}{middle}{}", open.repeat(times), close.repeat(times));
            let _ = Expression::compile(&text).map(|expression| expression.evaluate(&fields(), &now()));
            let _ = render_variables(&format!("{{?{text}?}}"), &fields());
        }
    }
    for part in ["{% if a %}", "{% for a in b %}", "{% elif a %}", "{{ ", "{{ a }}", "{% with %}", "{% raw %}", "{#"] {
        for times in [999, 5_000, 70_000] {
            let _ = Template::compile(&part.repeat(times)).map(|template| template.render(&fields(), &now()));
            let _ = Template::compile(&format!("{{% if a %}}{}{{% endif %}}", part.repeat(times)));
        }
    }
    assert!(!holds(&format!("title in [{}]", "'a', ".repeat(10_000))));
    assert!(!holds(&format!("title == 'a'{}", " or title == 'a'".repeat(400))));
}

proptest::proptest! {
    /// Whatever stands in a config, it is a value or an error whose place lies within the text.
    #[test]
    fn any_text_gives_a_value_or_an_error(parts in proptest::collection::vec(proptest::sample::select(vec![
        "{{", "}}", "{?", "?}", "{%", "%}", "title", "year", "released", "now", "missing", "trakt_genres", "ids", "'a'", "1",
        "0", "-", "+", "*", "/", "%", "**", "//", "~", "<", "==", " and ", " or ", " not ", " in ", " is ", " if ", " else ",
        "(", ")", "[", "]", ":", ",", ".", "|", "upper", "pad", "default", "timedelta", "days", "=", "none", "'%d'", "é",
        "set x", "for x", "endfor", "9223372036854775807", "1e300", "\n", "\\", "\"",
    ]), 0..14)) {
        let text = parts.concat();
        let (fields, now) = (fields(), now());
        let results = [
            Expression::compile(&text).and_then(|expression| expression.evaluate(&fields, &now)).err(),
            Expression::compile(&text).and_then(|expression| expression.holds(&fields, &now)).err(),
            Template::compile(&text).and_then(|template| template.render(&fields, &now)).err(),
            Template::compile(&text).and_then(|template| template.render_native(&fields, &now)).err(),
        ];
        for error in results.into_iter().flatten() {
            assert!(error.range.is_none_or(|range| text.get(range).is_some()), "{text}");
        }
        let _ = render_variables(&text, &fields);
    }
}

#[test]
fn nothing_takes_long_or_makes_much_text() {
    for text in [
        "range(10**12)|list|length",
        "'%.3000000000f' % 1.5",
        "'%3000000000d' % 1",
        "'{:3000000000}'.format(1)",
        "'x'|center(3000000000)",
        "'x'|indent(3000000000)",
        "'x'|pad(3000000000)",
        "[1]|batch(3000000000, 0)|list",
        "[1]|slice(3000000000)|list",
        "('x' * 1000000).replace('', 'x' * 1000000)",
        "('x' * 100000)|replace('', 'x' * 100000)",
        "('x' * 1000000)|re_replace('', 'x' * 1000000)",
        "('x' * 1000000).join(range(100000))",
        "range(100000)|join('x' * 100000)",
        "'x' * 10**18",
        "10**400",
        "9223372036854775807 + 1",
        "170141183460469231731687303715884105727 + 1",
        "now.replace(year=9999) + timedelta(days=400)",
        "now + timedelta(days=10**9)",
        "now + timedelta(years=100000)",
    ] {
        let result = evaluate(text);
        if let Ok(Value::Text(long)) = &result {
            assert!(long.len() < 64 << 20, "{text}");
        }
        let is_number = ["now", "**", "922", "170"].iter().any(|part| text.contains(part));
        assert!(result.is_err() || is_number, "{text}: {result:?}");
    }
    for text in [
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='x') %}{% for a in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x='x') %}{% for a in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for a in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for a in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% macro m(a) %}{{ m(a) }}{% endmacro %}{{ m(1) }}",
    ] {
        let rendered = Template::compile(text).and_then(|template| template.render(&fields(), &now()));
        assert!(rendered.is_err(), "{text}");
    }
    let _ = evaluate("'abc'|truncate(18446744073709551615, leeway=18446744073709551615)");
    // The last moments that there are.
    for text in ["'9999-12-31T23:59:59Z'|parsedate", "'9999-12-31'|parsedate", "'-9999-01-01'|parsedate"] {
        for part in
            ["", ".isoformat()", ".strftime('%c')", ".weekday()", ".year", "|to_date", " - now", " < now", ".date()"]
        {
            let _ = evaluate(&format!("({text}){part}"));
            let _ = evaluate(&format!("({text} + timedelta(seconds=1)){part}"));
        }
    }
}

#[test]
fn what_contains_itself_is_no_endless_text() {
    let text = "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}";
    let _ = Template::compile(text).unwrap().render(&fields(), &now());
}
