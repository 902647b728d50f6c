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
            let _ = render_variables(&format!("{{?{text}?}}"), &serde_yaml::Value::Null);
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
        let _ = render_variables(&text, &serde_yaml::Value::Null);
    }
}
