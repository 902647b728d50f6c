//! The mistakes of beginners: `check` tells each at its line, with the way out, on one screen.

use flexget_tests::Sandbox;

/// The lines of a small terminal.
const SCREEN: usize = 24;

/// A task that reads a watchlist.
const READS: &str = "tasks:\n  a:\n    trakt_list: { account: me, list: watchlist, type: movies }\n";

/// A task that also looks up what Trakt knows.
const LOOKS_UP: &str =
    "tasks:\n  a:\n    trakt_list: { account: me, list: watchlist, type: movies }\n    trakt_lookup: { account: me }\n";

/// A mistake: what it is, the config, the line at which it is told, and the way out.
type Mistake = (&'static str, String, usize, &'static str);

fn rule(condition: &str) -> String {
    format!("{LOOKS_UP}    if:\n      - {condition}: reject\n    accept_all: yes\n")
}

fn reading(rest: &str) -> String {
    format!("{READS}{rest}")
}

fn mistakes_of_yaml() -> Vec<Mistake> {
    vec![
        (
            "indented too much",
            "tasks:\n  a:\n    mock: [ A ]\n     accept_all: yes\n".into(),
            4,
            "begins with 5 spaces",
        ),
        ("a tab", "tasks:\n\ta:\n\t\tmock: [ A ]\n".into(), 2, "indent with spaces"),
        ("no colon", "tasks:\n  a:\n    mock: [ A ]\n    accept_all\n    seen: no\n".into(), 4, "`accept_all:`"),
        ("no space behind the colon", reading("    accept_all:yes\n"), 4, "`accept_all: yes`"),
        ("a quote at the beginning", rule("'drama' in trakt_genres"), 6, "`\"'drama' in trakt_genres\"`"),
        ("an open bracket", "tasks:\n  a:\n    mock: [ A, B\n    accept_all: yes\n".into(), 4, "close the bracket"),
        ("a template without quotes", reading("    set: { title: {{ movie_name }} }\n"), 4, "`'{{ movie_name }}'`"),
        ("two tasks of one name", reading("  a:\n    mock: [ A ]\n"), 4, "keep one of them"),
        ("a task without a body", "tasks:\n  a:\n".into(), 2, "write `key: value` lines below it"),
        ("a task without plugins", "tasks:\n  a: {}\n".into(), 2, "write its plugins below it"),
        ("no tasks", "a:\n  mock: [ A ]\n  accept_all: yes\n".into(), 1, "below `tasks:`"),
        ("task for tasks", "task:\n  a:\n    mock: [ A ]\n".into(), 1, "`tasks`"),
        ("plugins at the root", "mock: [ A ]\naccept_all: yes\n".into(), 1, "into a task"),
        (
            "templates within tasks",
            reading("  templates:\n    b: { accept_all: yes }\n"),
            4,
            "at the root of the config",
        ),
    ]
}

fn mistakes_of_tasks() -> Vec<Mistake> {
    let to_list = "    list_add:\n      - trakt_list: { account: me, list: x, type: movies }\n";
    vec![
        ("no input", format!("tasks:\n  a:\n    accept_all: yes\n{to_list}"), 2, "inputs are: "),
        ("nothing accepts", reading(to_list), 2, "plugins that can accept: accept_all"),
        ("an account misspelt", READS.replace("account: me", "account: mee"), 3, "`me`"),
        ("no account", READS.replace("account: me, ", ""), 3, "`account` is a name stored by"),
        ("a plugin misspelt", reading("    acept_all: yes\n"), 4, "`accept_all`"),
        ("a plugin with hyphens", reading("    accept-all: yes\n"), 4, "`accept_all`"),
        ("a plugin with capitals", "tasks:\n  a:\n    Trakt_List: { account: me }\n".into(), 3, "did you mean `trakt_list`?"),
        ("an unknown plugin", reading("    reject_all: yes\n"), 4, "`flexget-rs plugins`"),
        ("options beside the plugin", "tasks:\n  a:\n    trakt_list:\n    account: me\n    list: x\n".into(), 3, "indent them below"),
        (
            "options beside the list",
            reading("    list_add:\n      - trakt_list:\n        account: me\n        list: x\n"),
            5,
            "deeper than its first letter",
        ),
        ("an account for options", reading("    trakt_lookup: me\n"), 4, "`trakt_lookup: { account: me }`"),
        ("a list for options", "tasks:\n  a:\n    trakt_list: watchlist\n".into(), 3, "`account:` and `list:`"),
        ("watch-list", READS.replace("list: watchlist", "list: watch-list"), 3, "`watchlist`"),
        ("favourites", READS.replace("list: watchlist", "list: favourites"), 3, "`favorites`"),
        ("type: movie", READS.replace("type: movies", "type: movie"), 3, "`movies`"),
        ("yes in quotes", reading("    accept_all: 'yes'\n"), 4, "without quotes: `yes`"),
        ("y", reading("    accept_all: y\n"), 4, "write `yes` or `no`"),
        ("a list for one plugin", reading("    list_add: x\n"), 4, "`- PLUGIN: x`"),
        ("a name for a plugin", reading("    list_add: [ x ]\n"), 4, "`PLUGIN: x`"),
        ("list_add as a mapping", reading("    list_add:\n      entry_list: x\n"), 5, "`- `"),
        ("list_match without from", reading("    list_match:\n      - entry_list: x\n"), 5, "below `from:`"),
        ("a list beside from", reading("    list_match: { entry_list: x }\n"), 4, "below `from:`"),
        ("accept for action", reading("    list_match: { from: [ entry_list: x ], accept: yes }\n"), 4, "`action: accept`"),
        ("lists changed by username", READS.replace("account", "username") + &to_list.replace("account", "username"), 5, "`account`"),
        ("an interval without unit", reading("    interval: 1\n"), 4, "`1 hours`"),
        ("a wrong unit", reading("    interval: 1 houer\n"), 4, "hour(s)"),
        ("limit: 10", reading("    limit: 10\n"), 4, "`amount: 10`"),
        (
            "more than everything",
            "tasks:\n  a:\n    list_sync: { from: { trakt_list: { account: me, list: x } }, to: { entry_list: x }, max_removals: 150 % }\n".into(),
            3,
            "100%",
        ),
        ("no template", "tasks:\n  a:\n    template: movies\n    mock: [ A ]\n".into(), 3, "under `templates`"),
        ("no variables file", "variables: secrets.yml\ntasks:\n  a: { mock: [ A ] }\n".into(), 1, "the folder of the config"),
        ("no variables", READS.replace("account: me", "account: '{? account ?}'"), 3, "add `variables:`"),
        ("a name for its value", reading("    set: { title: movie_name }\n"), 4, "`'{{ movie_name }}'`"),
        ("one brace", reading("    set: { title: '{ movie_name }' }\n"), 4, "`'{{ movie_name }}'`"),
        ("an open template", reading("    set: { title: '{{ movie_name }' }\n"), 4, "each `{{` needs its `}}`"),
        ("a word misspelt", reading("    seen: locla\n"), 4, "`local`"),
    ]
}

fn mistakes_of_conditions() -> Vec<Mistake> {
    let shows = |condition: &str| rule(condition).replace("movies", "shows");
    vec![
        ("a field misspelt", rule("trakt_wached"), 6, "`trakt_watched`"),
        ("no lookup", reading("    if:\n      - trakt_watched: reject\n"), 5, "add `trakt_lookup`"),
        (
            "a lookup of nobody",
            rule("trakt_watched").replace("lookup: { account: me }", "lookup: yes"),
            6,
            "set `account`",
        ),
        ("&&", rule("trakt_watched && trakt_collected"), 6, "`and` for `&&`"),
        ("||", rule("trakt_watched || trakt_collected"), 6, "`or` for `||`"),
        ("!", rule("'!trakt_watched'"), 6, "`not` for `!`"),
        ("AND", rule("trakt_watched AND trakt_collected"), 6, "`and` for `AND`"),
        ("=", rule("trakt_movie_year = 2020"), 6, "`==`"),
        ("contains", rule("trakt_genres contains 'drama'"), 6, "`'text' in field`"),
        ("braces", rule("'{{ trakt_watched }}'"), 6, "write `trakt_watched`"),
        ("braces without quotes", rule("{{ trakt_watched }}"), 6, "write `trakt_watched`"),
        ("no verdict", format!("{LOOKS_UP}    if:\n      - trakt_watched\n"), 6, "`trakt_watched: accept`"),
        ("a rule beside its key", format!("{LOOKS_UP}    if:\n    trakt_watched: reject\n"), 6, "behind `- `"),
        ("no dash", format!("{LOOKS_UP}    if:\n      trakt_watched: reject\n"), 6, "`- condition: accept`"),
        (
            "nothing behind the condition",
            format!("{LOOKS_UP}    if:\n      - trakt_watched:\n"),
            6,
            "`accept`, `reject`, `fail`",
        ),
        (
            "the wrong way round",
            format!("{LOOKS_UP}    if:\n      - reject: trakt_watched\n"),
            6,
            "`trakt_watched: reject`",
        ),
        ("a verdict misspelt", format!("{LOOKS_UP}    if:\n      - trakt_watched: rejct\n"), 6, "`reject`"),
        ("an open quote", rule("trakt_language == 'en"), 6, "a quote is not closed"),
        ("== yes", rule("trakt_watched == yes"), 6, "write `true`"),
        ("== 'yes'", rule("trakt_watched == 'yes'"), 6, "write `trakt_watched`"),
        ("is True", rule("trakt_watched is True"), 6, "`is true`"),
        ("== null", rule("trakt_rating == null"), 6, "write `none`"),
        ("a number as text", rule("trakt_rating > '7'"), 6, "write `7`, without quotes"),
        ("per cent for a rating", rule("trakt_rating > 75"), 6, "from 0 to 10"),
        ("a decimal comma", rule("trakt_rating > 7,5"), 6, "with `.`"),
        ("a date as text", rule("trakt_released > '2020-01-01'"), 6, "`'2020-01-01'|parsedate`"),
        ("a date without quotes", rule("trakt_released > 2020-01-01"), 6, "`'2020-01-01'|parsedate`"),
        ("a year for a date", rule("trakt_released > 2020"), 6, "`trakt_released.year`"),
        ("a span as text", rule("trakt_released < now - '7 days'"), 6, "`timedelta(days=7)`"),
        ("a span without quotes", rule("trakt_released < now - 7 days"), 6, "`timedelta(days=7)`"),
        ("a list compared with text", rule("trakt_genres == 'drama'"), 6, "`'drama' in trakt_genres`"),
        ("a list compared with a list", rule("trakt_genres == ['drama']"), 6, "`'drama' in trakt_genres`"),
        ("a list within text", rule("trakt_genres in 'drama'"), 6, "`'drama' in trakt_genres`"),
        ("a genre in capitals", rule("\"'Science Fiction' in trakt_genres\""), 6, "`'science-fiction'`"),
        ("cancelled", shows("trakt_series_status == 'cancelled'"), 6, "`'canceled'`"),
        (
            "one name for two comparisons",
            shows("trakt_series_status == 'ended' or 'canceled'"),
            6,
            "in ['ended', 'canceled']`",
        ),
        ("text equal to a list", shows("trakt_series_status == ['ended']"), 6, "`trakt_series_status in ['ended']`"),
    ]
}

#[test]
fn each_mistake_is_told_at_its_line_with_the_way_out() {
    let sandbox = Sandbox::empty().with_sim();
    sandbox.authorize("me", "ann-kay");
    let mut wrong = Vec::new();
    for (name, config, line, way_out) in
        [mistakes_of_yaml(), mistakes_of_tasks(), mistakes_of_conditions()].into_iter().flatten()
    {
        sandbox.write("config.yml", &config);
        let told = sandbox.run("check config.yml").stderr;
        // The diagnostics of which one line is at that place.
        let here = |one: &&str| one.contains(&format!(" config.yml:{line}:")) && one.contains("= help: ");
        let is_told = told.split("\n\n").filter(here).any(|one| one.contains(way_out));
        if !is_told || told.lines().count() > SCREEN {
            wrong.push(format!("{name}: `{way_out}` at line {line} of\n{config}{told}"));
        }
    }
    assert!(wrong.is_empty(), "{} mistakes are not told as they should:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is right is not warned of, however near it is to a mistake.
#[test]
fn what_is_right_is_not_warned_of() {
    let sandbox = Sandbox::empty().with_sim();
    sandbox.authorize("me", "ann-kay");
    for condition in [
        "trakt_rating >= 7.5 and trakt_votes > 500",
        "trakt_movie_user_rating > 9",
        "\"'drama' in trakt_genres and trakt_genres != []\"",
        "trakt_released > '2020-01-01'|parsedate",
        "trakt_released < now - timedelta(days=7)",
        "trakt_released.year >= now.year - 1",
        "trakt_released is none or trakt_language in ['en', 'de']",
        "trakt_watched == true or trakt_collected == none",
        "(trakt_tagline or 'none') == 'none'",
        "trakt_movie_name == 'A && B = C'",
        "trakt_ep_id > 'S01E02'",
    ] {
        sandbox.write("config.yml", &rule(condition));
        let ran = sandbox.run("check config.yml").good();
        assert_eq!(ran.stderr, "", "{condition}");
    }
    for rest in [
        "    sort_by: { field: trakt_votes or 0, reverse: yes }\n    accept_all: yes\n",
        "    set: { title: 'movie name', path: '/films/{{ movie_name }}' }\n    accept_all: yes\n",
        "    set: { seen_before: yes }\n    if:\n      - seen_before: accept\n",
        "    if:\n      - trakt_watched: { set: { by_me: yes } }\n      - by_me: { accept_all: yes }\n    list_add: [ entry_list: x ]\n",
        "    accept_all: yes\n    list_add:\n      - trakt_list: { account: me, list: watched soon }\n      - trakt_list: { account: me, list: Popular 2024 }\n",
    ] {
        sandbox.write("config.yml", &format!("{LOOKS_UP}{rest}"));
        assert_eq!(sandbox.run("check config.yml").good().stderr, "", "{rest}");
    }
}

/// A task with an error is still looked through, as far as its plugins are known.
#[test]
fn mistakes_in_fields_are_told_beside_other_errors() {
    let sandbox = Sandbox::empty().with_sim();
    sandbox.authorize("me", "ann-kay");
    let misspelt = "    if:\n      - trakt_wached: reject\n";
    let offered = "    if:\n      - trakt_watched: reject\n";
    for (name, config, others) in [
        ("beside `=`", format!("{LOOKS_UP}{misspelt}      - trakt_movie_year = 2020: accept\n"), "write `==`"),
        ("beside a wrong option", format!("{LOOKS_UP}{misspelt}    seen: never\n"), "must be one of"),
        ("beside a plugin misspelt", format!("{LOOKS_UP}{misspelt}    acept_all: yes\n"), "`accept_all`"),
        ("in a lookup that is wrong", LOOKS_UP.replace("{ account: me }\n", "me\n") + misspelt, "{ account: me }`"),
        ("beside an unknown plugin", format!("{LOOKS_UP}{misspelt}    zzz: yes\n"), "`zzz`"),
        ("beside a template that is missing", format!("{LOOKS_UP}{misspelt}    template: zzz\n"), "`zzz`"),
    ] {
        sandbox.write("config.yml", &config);
        let told = sandbox.run("check config.yml");
        assert_eq!(told.code, 2, "{name}");
        for part in ["did you mean `trakt_watched`?", others] {
            assert!(told.stderr.contains(part), "{name}: `{part}` is missing in\n{}", told.stderr);
        }
    }
    for (name, config, is_told) in [
        ("an input with a wrong option", format!("{}{offered}", READS.replace("type: movies", "typ: movies")), true),
        ("a filter with a wrong option", format!("{READS}{offered}      - a = b: reject\n"), true),
        ("a lookup whose options are wrong", format!("{READS}    trakt_lookup: me\n{offered}"), false),
        ("a lookup that is misspelt", format!("{READS}    trakt_lokup: {{ account: me }}\n{offered}"), false),
        ("an unknown plugin", format!("{READS}    zzz: yes\n{offered}"), false),
        ("a template that is missing", format!("{READS}    template: zzz\n{offered}"), false),
    ] {
        sandbox.write("config.yml", &config);
        let told = sandbox.run("check config.yml").stderr;
        assert_eq!(told.contains("which this task lacks"), is_told, "{name}:\n{told}");
        assert!(!told.contains("has no input") && !told.contains("nothing in task"), "{name}:\n{told}");
    }
}
