mod bounds;
mod filters;

use std::cell::RefCell;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::*;

/// Half past one in the night, where the clock is an hour ahead of UTC.
fn now() -> Now {
    Now { now: "2026-11-24T00:30:00Z".parse().unwrap(), zone: TimeZone::fixed(jiff::tz::offset(1)) }
}

fn time(text: &str) -> Value {
    Value::Time(text.parse().unwrap())
}

fn day(text: &str) -> Value {
    Value::Date(text.parse().unwrap())
}

fn list<const N: usize>(items: [&str; N]) -> Value {
    items.into_iter().collect()
}

/// An entry as a lookup fills it.
fn fields() -> BTreeMap<String, Value> {
    [
        ("title", Value::from("The.Show.S01E02.720p")),
        ("year", Value::Int(2020)),
        ("season", Value::Int(2)),
        ("rating", Value::Float(7.5)),
        ("votes", Value::from("12")),
        ("imdb_id", Value::Null),
        ("trakt_watched", Value::Bool(false)),
        ("trakt_collected", Value::Bool(true)),
        ("trakt_ep_first_aired", time("2026-11-20T02:00:00Z")),
        ("trakt_ep_id", Value::from("S01E02")),
        ("trakt_series_status", Value::from("ended")),
        ("trakt_movie_user_rating", Value::Int(10)),
        ("trakt_genres", list(["anime", "drama"])),
        ("released", day("2026-11-24")),
        ("duration", Value::Int(120)),
        ("ids", Value::Map([(Arc::from("tmdb"), Value::Int(5))].into())),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_string(), value))
    .collect()
}

fn evaluate(text: &str) -> Result<Value, ExpressionError> {
    Expression::compile(text)?.evaluate(&fields(), &now())
}

fn holds(text: &str) -> bool {
    Expression::compile(text).unwrap().holds(&fields(), &now()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_conditions_that_users_write() {
    for (text, expected) in [
        ("trakt_watched", false),
        ("trakt_collected", true),
        ("not trakt_watched", true),
        ("trakt_ep_first_aired < now - timedelta(days=2)", true),
        ("trakt_ep_first_aired < now - timedelta(days=5)", false),
        ("trakt_series_status in ['ended', 'canceled']", true),
        ("trakt_series_status in ('ended', 'canceled')", true),
        ("trakt_series_status == 'ended' or trakt_series_status == 'canceled'", true),
        ("(trakt_series_status != 'ended') and (trakt_watched or trakt_collected)", false),
        ("trakt_movie_user_rating > 9", true),
        ("trakt_ep_id > 'S01E01'", true),
        ("'anime' in trakt_genres", true),
        ("'anime' not in trakt_genres", false),
        ("imdb_id is undefined or imdb_id is none", true),
        ("tmdb_id is undefined or tmdb_id is none", true),
        ("year >= now.year - 1", false),
        ("year < now.year - 1", true),
        ("title is defined and year is defined", true),
        ("has_field('trakt_watched') and not has_field('nothing')", true),
        ("missing", false),
        ("not missing", false),
        ("missing == 'a'", false),
        ("missing != 'a'", false),
        ("missing > 5", false),
        ("5 < missing", false),
        ("missing.lower() == 'a'", false),
        ("missing.attribute", false),
        ("'a' in missing", false),
        ("missing in ['a']", false),
        ("missing + 1 > 0", false),
        ("-missing < 0", false),
        ("'720p' in title", true),
        ("'The' in title.split('.')", true),
        ("title.lower().startswith('the.show')", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn values_of_expressions() {
    for (text, expected) in [
        ("1 + 2 * 3", Value::Int(7)),
        ("year + 1", Value::Int(2021)),
        ("year / 4", Value::Float(505.0)),
        ("year // 3", Value::Int(673)),
        ("-7 % season", Value::Int(1)),
        ("season ** 3", Value::Int(8)),
        ("-season", Value::Int(-2)),
        ("true + 1", Value::Int(2)),
        ("trakt_collected == 1", Value::Bool(true)),
        ("title ~ year", Value::from("The.Show.S01E02.720p2020")),
        ("'a' + 'b'", Value::from("ab")),
        ("trakt_genres + ['x']", list(["anime", "drama", "x"])),
        ("'ab' * season", Value::from("abab")),
        ("'%02d' % season", Value::from("02")),
        ("'S%02dE%02d' % (season, 5)", Value::from("S02E05")),
        ("'%s' % title", Value::from("The.Show.S01E02.720p")),
        ("1 < season < 3", Value::Bool(true)),
        ("3 > season >= 2 < 3", Value::Bool(true)),
        ("1 < season < 2", Value::Bool(false)),
        ("2019 < year <= 2020 and 1 < 2", Value::Bool(true)),
        ("title[4:8]", Value::from("Show")),
        ("trakt_genres[-1]", Value::from("drama")),
        ("trakt_genres[:1]", list(["anime"])),
        ("ids.tmdb", Value::Int(5)),
        ("ids['tmdb']", Value::Int(5)),
        ("ids.get('imdb', 'none')", Value::from("none")),
        ("ids", Value::Map([(Arc::from("tmdb"), Value::Int(5))].into())),
        ("trakt_genres", list(["anime", "drama"])),
        ("imdb_id", Value::Null),
        ("'x' if trakt_watched else 'y'", Value::from("y")),
        ("'x' if trakt_watched", Value::Null),
        ("missing if trakt_watched", Value::Null),
        ("none", Value::Null),
        ("None is none and True", Value::Bool(true)),
        ("trakt_genres == ['anime', 'drama']", Value::Bool(true)),
        ("trakt_genres < ['b']", Value::Bool(true)),
        ("votes|int > 10", Value::Bool(true)),
        // FlexGet 3.22.7 takes what is no number for the default, too.
        ("title|int", Value::Int(0)),
        ("title|int(7)", Value::Int(7)),
        ("'0x1f'|int(base=16)", Value::Int(31)),
        ("title|float", Value::Float(0.0)),
        ("missing|default('x')", Value::from("x")),
        ("imdb_id|d('x')", Value::from("x")),
        ("imdb_id|default('x', boolean=false)", Value::Null),
        ("trakt_genres|join(', ')|upper", Value::from("ANIME, DRAMA")),
        ("trakt_genres|length", Value::Int(2)),
        ("rating|round|int", Value::Int(8)),
        ("duration > 60", Value::Bool(true)),
        ("duration('2 days').days", Value::Int(2)),
        ("range(3)|list", [0, 1, 2].into_iter().collect()),
        // Dates.
        ("now", time("2026-11-24T00:30:00Z")),
        ("now.hour", Value::Int(1)),
        ("utcnow.hour", Value::Int(0)),
        ("now == utcnow", Value::Bool(true)),
        ("now.year - 1", Value::Int(2025)),
        ("now.date()", day("2026-11-24")),
        ("now.strftime('%Y/%m/%d %H:%M')", Value::from("2026/11/24 01:30")),
        ("released.strftime('%d.%m.%y')", Value::from("24.11.26")),
        ("trakt_ep_first_aired.isoformat()", Value::from("2026-11-20T02:00:00+00:00")),
        ("now|string", Value::from("2026-11-24 01:30:00+01:00")),
        ("now.replace(hour=0, minute=0)", time("2026-11-23T23:00:00Z")),
        ("now.weekday()", Value::Int(1)),
        ("(now - trakt_ep_first_aired).days", Value::Int(3)),
        ("(now - trakt_ep_first_aired).total_hours()", Value::Float(94.5)),
        ("(now - trakt_ep_first_aired).total_seconds()", Value::Float(340_200.0)),
        ("now - trakt_ep_first_aired", Value::from("3 days 22 hours 30 minutes")),
        ("now - trakt_ep_first_aired > timedelta(days=3, hours=20)", Value::Bool(true)),
        ("now - timedelta(hours=1, minutes=30)", time("2026-11-23T23:00:00Z")),
        ("now + timedelta(weeks=1)", time("2026-12-01T00:30:00Z")),
        ("timedelta(1) * 2 + now", time("2026-11-26T00:30:00Z")),
        ("now - timedelta(months=2)", time("2026-09-24T00:30:00Z")),
        ("now - duration(years=1)", time("2025-11-24T00:30:00Z")),
        // FlexGet 3.22.7 gives the same dates for these.
        ("now.add(days=1, hours=2)", time("2026-11-25T02:30:00Z")),
        ("now.subtract(months=2)", time("2026-09-24T00:30:00Z")),
        ("released.replace(month=1, day=31).add(months=1)", day("2026-02-28")),
        ("'2020/1/2'|parsedate", time("2020-01-02T00:00:00Z")),
        ("'2020-1-2'|parsedate", time("2020-01-02T00:00:00Z")),
        ("'2020'|parsedate", time("2020-01-01T00:00:00Z")),
        ("'2020-W05'|parsedate", time("2020-01-27T00:00:00Z")),
        ("'Jan 2 2020'|parsedate", time("2020-01-02T00:00:00Z")),
        ("'2 January 2020'|parsedate", time("2020-01-02T00:00:00Z")),
        ("timedelta(days=1) / timedelta(hours=1)", Value::Float(24.0)),
        ("-timedelta(days=1) < timedelta()", Value::Bool(true)),
        ("timedelta(hours=36)", Value::from("1 day 12 hours")),
        ("timedelta()", Value::from("0 seconds")),
        ("'yes' if timedelta() else 'no'", Value::from("no")),
        ("released + timedelta(days=1)", day("2026-11-25")),
        ("released - timedelta(days=24)", day("2026-10-31")),
        ("(released + timedelta(days=2) - released).days", Value::Int(2)),
        // A day begins at midnight where the other clock is.
        ("released < now", Value::Bool(true)),
        ("released <= now - timedelta(hours=1, minutes=30)", Value::Bool(true)),
        ("released < now - timedelta(hours=1, minutes=30)", Value::Bool(false)),
        ("released == now - timedelta(hours=1, minutes=30)", Value::Bool(true)),
        ("released == now|to_date", Value::Bool(true)),
        ("released in [now|to_date]", Value::Bool(true)),
        ("[now, trakt_ep_first_aired]|min == trakt_ep_first_aired", Value::Bool(true)),
        ("released == 'today'", Value::Bool(false)),
    ] {
        assert_eq!(evaluate(text).unwrap_or_else(|error| panic!("{text}: {error}")), expected, "{text}");
    }
}

#[test]
fn errors_say_what_and_where() {
    let undefined = |name: &str| ErrorKind::Undefined(name.to_string());
    for (text, kind, message, at) in [
        ("year >", ErrorKind::Syntax, "unexpected end of input, expected expression", ">"),
        ("year > 5 foo", ErrorKind::Syntax, "unexpected input after expression", "foo"),
        ("title|nofilter", ErrorKind::Syntax, "unknown filter: `nofilter`", "nofilter"),
        ("title is funny", ErrorKind::Syntax, "unknown test: `funny`", "funny"),
        ("1 + timedelt(days=1)", ErrorKind::Syntax, "unknown function: `timedelt`", "timedelt(days=1)"),
        ("missing", undefined("missing"), "`missing` is undefined", ""),
        ("year if trakt_watched else missing", undefined("missing"), "`missing` is undefined", ""),
        ("ids.imdb", undefined("ids.imdb"), "`ids.imdb` is undefined", ""),
        ("ids[title]", undefined("ids[...]"), "`ids[...]` is undefined", ""),
        ("year > missing", undefined("missing"), "`missing` is undefined", ""),
        ("year - missing", undefined("missing"), "`missing` is undefined", "year - missing"),
        ("ids.imdb + 1", undefined("ids.imdb"), "`ids.imdb` is undefined", "ids.imdb + 1"),
        ("missing.lower()", undefined("missing"), "`missing` is undefined", ".lower()"),
        ("missing|upper", undefined("missing"), "`missing` is undefined", "upper"),
        ("missing|re_replace('a', 'b')", undefined("missing"), "`missing` is undefined", "re_replace('a', 'b')"),
        ("title / 2", ErrorKind::Type, "unsupported operand types for `/`: text and a number", "title / 2"),
        ("year + title", ErrorKind::Type, "unsupported operand types for `+`: a number and text", "year + title"),
        (
            "year < votes",
            ErrorKind::Type,
            "`<` does not work between a number and text: make the text a number with `|int`",
            "",
        ),
        (
            "trakt_watched or (not year < votes)",
            ErrorKind::Type,
            "`<` does not work between a number and text: make the text a number with `|int`",
            "year < votes",
        ),
        (
            "imdb_id > 5",
            ErrorKind::Type,
            "`>` does not work between nothing and a number: ask first whether it `is not none`",
            "",
        ),
        (
            "0 < imdb_id < 5",
            ErrorKind::Type,
            "`<` does not work between a number and nothing: ask first whether it `is not none`",
            "",
        ),
        (
            "released > '2020'",
            ErrorKind::Type,
            "`>` does not work between a date and text: make the text a date with `|parsedate`",
            "",
        ),
        ("now > 5", ErrorKind::Type, "`>` does not work between a date and time and a number", ""),
        (
            "now + now",
            ErrorKind::Type,
            "unsupported operand types for `+`: a date and time and a date and time",
            "now + now",
        ),
        ("'x' in imdb_id", ErrorKind::Type, "`in` needs a list, a mapping or text on its right, not nothing", ""),
        ("year / 0", ErrorKind::Other, "division by zero", "year / 0"),
        ("title.nope()", ErrorKind::Type, "text has no method `nope`", ".nope()"),
        ("now.nope()", ErrorKind::Type, "a date and time has no method `nope`", ".nope()"),
        (
            "timedelta(day=1)",
            ErrorKind::Type,
            "a duration has no `day`: it has days, seconds, minutes, hours, weeks, …",
            "timedelta(day=1)",
        ),
        ("title|re_search('(')", ErrorKind::Type, "", "re_search('(')"),
    ] {
        let error = evaluate(text).expect_err(text);
        assert_eq!(error.kind, kind, "{text}: {error}");
        if !message.is_empty() {
            assert_eq!(error.message, message, "{text}");
        }
        assert_eq!(error.range.map_or("", |range| &text[range]), at, "{text}");
    }
}

#[test]
fn templates_render_text_and_native_values() {
    for (text, rendered, native) in [
        ("{{ year + 1 }}", "2021", Value::Int(2021)),
        ("{{ trakt_genres }}", "['anime', 'drama']", list(["anime", "drama"])),
        ("{{ none }}", "None", Value::Null),
        ("{{ imdb_id }}", "None", Value::Null),
        ("{{ trakt_watched }}", "False", Value::Bool(false)),
        ("{{ rating }}", "7.5", Value::Float(7.5)),
        ("{{ released }}", "2026-11-24", day("2026-11-24")),
        ("{{ trakt_ep_first_aired }}", "2026-11-20 02:00:00+00:00", time("2026-11-20T02:00:00Z")),
        ("{{ '%06d' % 2020 }}", "002020", Value::from("002020")),
        // Text of a field stays text, whatever it spells.
        ("{{ votes }}", "12", Value::from("12")),
        // Text that was made may spell a number.
        ("{{ title|re_search('\\d{3}p')|replace('p', '') }}", "720", Value::Int(720)),
        ("{{ season }}{{ season }}", "22", Value::Int(22)),
        ("{{ season }}.5", "2.5", Value::Float(2.5)),
        ("0{{ season }}", "02", Value::from("02")),
        ("S{{ season }}", "S2", Value::from("S2")),
        ("{{ season }} {{ season }}", "2 2", Value::from("2 2")),
        ("X {{ title }}", "X The.Show.S01E02.720p", Value::from("X The.Show.S01E02.720p")),
        ("{% if trakt_watched %}a{% else %}b{% endif %}", "b", Value::from("b")),
        (
            "{% for g in trakt_genres %}{% if loop.last %}{% break %}{% endif %}{{ g }}{% endfor %}",
            "anime",
            "anime".into(),
        ),
        ("{% set x = 1 %}{{ x + 1 }}", "2", Value::Int(2)),
        ("{% macro m(a) %}<{{ a - 1 }}>{% endmacro %}{{ m(3) }}", "<2>", Value::from("<2>")),
        ("{% for i in range(3) if 0 < i < 2 %}{{ i }}{% else %}no{% endfor %}", "1", Value::Int(1)),
        ("{{ 'x' if trakt_watched }}", "", Value::from("")),
        ("<b>{{ '<&>' }}", "<b><&>", Value::from("<b><&>")),
        ("plain", "plain", Value::from("plain")),
    ] {
        let template = Template::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(template.render(&fields(), &now()).unwrap(), rendered, "{text}");
        assert_eq!(template.render_native(&fields(), &now()).unwrap(), native, "{text}");
    }
    let error = Template::compile("a {{ missing }} b").unwrap().render(&fields(), &now()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Undefined("missing".into()));
    let error = Template::compile("{{ missing }}").unwrap().render_native(&fields(), &now()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Undefined("missing".into()));
    let error = Template::compile("{{ ids.imdb }}").unwrap().render_native(&fields(), &now()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Undefined("ids.imdb".into()));
    assert_eq!(Template::compile("{{ title ").unwrap_err().kind, ErrorKind::Syntax);
}

#[test]
fn variables_keep_their_types() {
    let yaml = |text: &str| serde_yaml::from_str::<Value>(text).unwrap();
    let variables: BTreeMap<String, Value> = serde_yaml::from_str(
        "{num: 5, text: '5', zero: 0, no: false, empty: '', list: [1, a], map: {a: {b: c}}, \"nil\": null, x: 1.5}",
    )
    .unwrap();
    for (text, expected) in [
        ("{? num ?}", yaml("5")),
        ("{?num?}", yaml("5")),
        ("{? text ?}", yaml("'5'")),
        ("{? zero ?}", yaml("0")),
        ("{? no ?}", yaml("false")),
        ("{? empty ?}", yaml("''")),
        ("{? nil ?}", yaml("null")),
        ("{? list ?}", yaml("[1, a]")),
        ("{? map ?}", yaml("{a: {b: c}}")),
        ("{? map.a.b ?}", yaml("c")),
        ("{? x ?}", yaml("1.5")),
        ("a {? num ?} b", yaml("'a 5 b'")),
        ("a {? num ?}\n", Value::from("a 5\n")),
        ("{? num + 1 ?}", yaml("6")),
        ("{? map.a.b|upper ?}", yaml("C")),
        ("{? nope|default('x') ?}", yaml("x")),
        ("{? num ?} {{ title }} {% if x %} {# y #}", yaml("'5 {{ title }} {% if x %} {# y #}'")),
        ("{{ title }}", yaml("'{{ title }}'")),
    ] {
        assert_eq!(render_variables(text, &variables), Ok(expected), "{text}");
    }
    for (text, message) in [
        ("{? nope ?}", "`nope` is undefined"),
        ("a {? map.z ?}", "`map.z` is undefined"),
        ("{? now ?}", "`now` is undefined"),
        ("{? num", "unexpected end of input, expected end of variable block"),
        ("{? num|nope ?}", "unknown filter: `nope`"),
    ] {
        assert_eq!(render_variables(text, &variables).unwrap_err().message, message, "{text}");
    }
    assert_eq!(render_variables("{? a ?}", &BTreeMap::<String, Value>::new()).unwrap_err().message, "`a` is undefined");
}

/// A scope that offers what it does not have and writes down what is asked.
struct Lazy {
    known: BTreeMap<String, Value>,
    offered: Vec<&'static str>,
    asked: RefCell<Vec<String>>,
}

impl Scope for Lazy {
    fn get(&self, name: &str) -> Got {
        self.asked.borrow_mut().push(name.to_string());
        if self.offered.contains(&name) { Got::Pending } else { Scope::get(&self.known, name) }
    }

    fn names(&self) -> Vec<String> {
        self.known.keys().cloned().chain(self.offered.iter().map(ToString::to_string)).collect()
    }
}

#[test]
fn only_what_is_needed_is_asked_for() {
    for (text, asked, pending) in [
        ("title and watched", vec!["title", "watched"], vec!["watched"]),
        ("no and watched", vec!["no"], vec![]),
        ("title or watched", vec!["title"], vec![]),
        ("watched if no else title", vec!["no", "title"], vec![]),
        ("no is none and watched", vec!["no"], vec![]),
        ("watched and rating", vec!["watched"], vec!["watched"]),
        ("watched is none or rating", vec!["watched"], vec!["watched"]),
        ("watched + rating", vec!["watched", "rating"], vec!["watched", "rating"]),
        ("'x' in title and watched", vec!["title"], vec![]),
        ("1 < no < watched", vec!["no"], vec![]),
        ("0 <= no < watched", vec!["no", "watched"], vec!["watched"]),
        ("has_field('watched') and has_field('title') and not has_field('absent')", vec![], vec![]),
        ("now.year + timedelta(days=1).days", vec![], vec![]),
        ("absent is defined or title", vec!["absent", "title"], vec![]),
        ("watched|default('x')", vec!["watched"], vec!["watched"]),
    ] {
        let scope = Lazy {
            known: [("title".to_string(), Value::from("a")), ("no".to_string(), Value::Bool(false))].into(),
            offered: vec!["watched", "rating"],
            asked: RefCell::default(),
        };
        let result = Expression::compile(text).unwrap().evaluate(&scope, &now());
        let found = match &result {
            Err(ExpressionError { kind: ErrorKind::Pending(names), .. }) => names.clone(),
            _ => Vec::new(),
        };
        assert_eq!(found, pending, "{text}: {result:?}");
        assert_eq!(*scope.asked.borrow(), asked, "{text}");
        let mut scope = scope;
        scope.asked.borrow_mut().clear();
        let held = Expression::compile(text).unwrap().holds(&scope, &now());
        assert_eq!(matches!(held, Err(ExpressionError { kind: ErrorKind::Pending(_), .. })), !pending.is_empty());
        scope.offered.clear();
        let again = Expression::compile(text).unwrap().holds(&scope, &now());
        assert!(!matches!(again, Err(ExpressionError { kind: ErrorKind::Pending(_), .. })), "{text}");
    }
}

#[test]
fn explaining_an_error_asks_for_nothing_more() {
    let scope = Lazy { known: BTreeMap::new(), offered: vec!["rating"], asked: RefCell::default() };
    let expression = Expression::compile("(rating if absent is defined else 1) + missing").unwrap();
    let error = expression.evaluate(&scope, &now()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Undefined("missing".into()));
    assert_eq!(*scope.asked.borrow(), ["absent", "missing"]);
}

/// The engine's code has no promise to stay as it is: this fails if operators are compiled to something that
/// [`operators::replacement`] does not know.
#[test]
fn no_operator_is_left_to_the_engine() {
    let text = "a + b - c * d / e % f < g <= h > i >= -j in k not in l";
    let code = Expression::compile(text).unwrap().0.instructions();
    for operator in ["Add", "Sub", "Mul", "Div", "Rem", "Neg", "Lt", "Lte", "Gt", "Gte", "In"] {
        assert!(!code.iter().any(|instruction| instruction == operator), "{operator}: {code:?}");
    }
    let calls: Vec<_> = code.iter().filter(|instruction| instruction.starts_with("CallFunction")).collect();
    assert_eq!(calls.len(), 11, "{code:?}");
}
