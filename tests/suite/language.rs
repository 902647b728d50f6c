//! The config language as a whole: what editors are told is what `check` says, and no text makes it stumble.

use std::fs;
use std::path::PathBuf;

use flexget_core::config::template::Origin;
use flexget_core::config::{plan, template};
use flexget_core::document::diagnostic::{At, Diagnostic, Segment};
use flexget_core::document::{Document, Sources};
use flexget_core::plugin::registry;
use flexget_tests::{Sandbox, repository};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The config files in a folder of the repository; not those whose name begins with `_`.
fn configs(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let is_config = |path: &PathBuf| {
        path.extension().is_some_and(|ext| ext == "yml")
            && !path.file_name().unwrap().to_string_lossy().starts_with('_')
    };
    entries.filter(is_config).collect()
}

#[test]
fn an_editor_accepts_every_good_config() {
    let schema = fs::read_to_string(repository().join("schemas/config.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap();
    let mut wrong = Vec::new();
    // Editors know neither the names of plugins that only FlexGet has nor a plugin that is compiled into another program.
    let strange = ["switched-off.yml", "own-plugin.yml"];
    let all = configs("tests/configs/good").into_iter().chain(configs("examples"));
    for path in all.filter(|path| strange.iter().all(|name| !path.ends_with(name))) {
        let document = Document::read(&path).unwrap();
        let folder = path.parent().unwrap().to_owned();
        let expanded = template::expand(document, &Origin { folder, replacements: Vec::new() });
        let config = serde_json::to_value(expanded.document.value()).unwrap();
        wrong.extend(
            validator
                .iter_errors(&config)
                .map(|error| format!("{}: {}: {error}", path.display(), error.instance_path().as_str())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_editor_finds_the_mistakes_that_a_schema_can_tell() {
    let schema = fs::read_to_string(repository().join("schemas/config.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap();
    for name in ["enum", "required", "shallow", "nobody", "unknown-option", "unknown-plugin", "wrong-type", "old-login"]
    {
        let document = Document::read(&repository().join(format!("tests/configs/bad/{name}.yml"))).unwrap();
        let config = serde_json::to_value(document.value()).unwrap();
        assert!(!validator.is_valid(&config), "{name}");
    }
}

#[test]
fn schema_files_are_schemas_and_are_what_the_program_prints() {
    let sandbox = Sandbox::empty();
    let root = repository().join("schemas");
    let mut files = vec![("schema".to_owned(), root.join("config.schema.json"))];
    files.extend(
        registry::all()
            .keys()
            .map(|name| (format!("schema --plugin {name}"), root.join(format!("plugins/{name}.schema.json")))),
    );
    for (line, path) in files {
        let text = fs::read_to_string(&path).unwrap();
        assert!(sandbox.run(&line).good().stdout == text, "{line} is not {}", path.display());
        let schema: Value = serde_json::from_str(&text).unwrap();
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{}", path.display());
    }
    let report: Value = serde_json::from_str(&fs::read_to_string(root.join("report.schema.json")).unwrap()).unwrap();
    assert!(jsonschema::draft202012::meta::is_valid(&report));
}

#[test]
fn check_lists_what_is_missing_by_task() {
    let sandbox = Sandbox::new(
        "
        templates:
          downloads: { transmission: yes, pathscrub: yes }
        tasks:
          films: { template: downloads, mock: [ A ], accept_all: yes }
          nested:
            mock: [ A ]
            if: [ { 'title == \"A\"': { movie_queue: add } } ]
            list_add: [ imdb_list: { list: c } ]
          fine: { mock: [ B ], accept_all: yes }
        ",
    );
    let ran = sandbox.run("check --format json").good();
    let report = ran.json();
    let missing: Vec<(Value, Value, Vec<Value>)> = report["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| {
            let plugins = task["plugins"].as_array().unwrap().iter().map(|one| one["plugin"].clone());
            (task["task"].clone(), task["runs"].clone(), plugins.collect())
        })
        .collect();
    assert_eq!(
        json!(missing),
        json!([["films", false, ["transmission", "pathscrub"]], ["nested", false, ["movie_queue", "imdb_list"]]])
    );
    let first = &report["diagnostics"][0];
    assert_eq!(first["severity"], "warning");
    assert_eq!((&first["line"], &first["column"], &first["end_column"]), (&json!(2), &json!(16), &json!(28)));
    assert_eq!((&first["file"], &first["tasks"]), (&json!("config.yml"), &json!(["films"])));
    let text = sandbox.run("check").good();
    assert!(text.stdout.contains("  films: transmission, pathscrub (not needed)\n"), "{}", text.stdout);
    assert!(text.stdout.contains("  nested: movie_queue, imdb_list\n"), "{}", text.stdout);

    // They are skipped, which is no failure, and the others run.
    let ran = sandbox.run("execute --format json");
    assert_eq!((ran.code, ran.titles("fine", "accepted")), (0, vec!["B".to_owned()]));
    assert_eq!(
        (&ran.json()["tasks"][0]["name"], &ran.json()["tasks"][0]["outcome"]),
        (&json!("films"), &json!("skipped"))
    );
}

#[test]
fn a_mistake_stops_its_own_task_and_what_is_missing_can_be_turned_off() {
    let sandbox = Sandbox::new(
        "
        templates:
          noisy: { disable: [ transmission ] }
        tasks:
          wrong: { mock: [ A ], accept_all: yes, limit: { amount: many, from: { mock: [ A ] } } }
          unknown: { mock: [ A ], accept_all: yes, template: nowhere }
          twice: { mock: [ A ], accept_all: yes, accept_all: no }
          off: { template: noisy, mock: [ C ], accept_all: yes, transmission: { host: x } }
          good: { mock: [ B ], accept_all: yes }
        ",
    );
    let ran = sandbox.run("execute --format json");
    let report = ran.json();
    let outcome = |at: usize| report["tasks"][at]["outcome"].as_str().unwrap_or_default().to_owned();
    assert_eq!((0..5).map(outcome).collect::<Vec<_>>(), ["aborted", "aborted", "aborted", "ok", "ok"]);
    assert_eq!((ran.code, ran.titles("good", "accepted")), (1, vec!["B".to_owned()]));
    assert_eq!(ran.titles("off", "accepted"), ["C"]);
    let check = sandbox.run("check --format json");
    assert_eq!((check.code, &check.json()["missing"]), (2, &json!([])));
    let broken = sandbox.run("execute --tasks wrong");
    assert_eq!(broken.code, 1);
}

#[test]
fn a_named_task_that_is_skipped_and_a_run_of_nothing_are_failures() {
    let skipped = "tasks:\n  films: { mock: [ A ], accept_all: yes, transmission: yes }\n";
    let sandbox = Sandbox::new(&format!("{skipped}  good: {{ mock: [ B ], accept_all: yes }}\n"));
    assert_eq!(sandbox.run("execute").code, 0);
    assert_eq!(sandbox.run("execute --tasks good").code, 0);
    assert_eq!(sandbox.run("execute --tasks films").code, 1);
    assert_eq!(Sandbox::new(skipped).run("execute").code, 1);
}

#[test]
fn a_dumped_config_is_complete_and_cli_config_stands_in() {
    let sandbox = Sandbox::new(
        "
        templates:
          global: { seen: no }
          usual: { accept_all: yes, list_add: [ entry_list: all ] }
        tasks:
          movies: { template: usual, include: more.yml, list_add: [ entry_list: $list ] }
        ",
    );
    sandbox.write("more.yml", "mock: [ A ]");
    let dumped = sandbox.run("execute --dump-config --cli-config list=mine").good().stdout;
    let task = &serde_yaml::from_str::<Value>(&dumped).unwrap()["tasks"]["movies"];
    assert_eq!(task["list_add"], json!([{ "entry_list": "mine" }, { "entry_list": "all" }]));
    assert_eq!((&task["mock"], &task["accept_all"], &task["seen"]), (&json!(["A"]), &json!(true), &json!(false)));
}

/// Anchors that would make more values than there are atoms.
pub(crate) fn bomb() -> String {
    let mut text = String::from("templates:\n  anchors:\n    _0: &a0 [ x, x, x, x, x, x, x, x, x, x ]\n");
    for level in 1..200 {
        let repeated = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("    _{level}: &a{level} [ {repeated} ]\n"));
    }
    text.push_str("tasks:\n  a: { mock: *a199, accept_all: yes }\n");
    text
}

#[test]
fn a_bomb_of_anchors_is_refused_while_it_is_small() {
    let text = bomb();
    let refused = Document::parse("config.yml", &text).unwrap_err();
    assert!(refused.diagnostics[0].message.starts_with("anchors are repeated too often"), "{refused:?}");
    let rest = refused.rest.map_or(0, |rest| rest.root().weight());
    assert!(rest < 1_000_000, "{rest} values are left to check");
}

/// Keys and values that mean something, and some that nearly do.
fn words() -> impl Strategy<Value = String> {
    let mut words: Vec<String> = registry::all().keys().map(|&name| name.to_owned()).collect();
    words.extend(registry::all_unsupported().keys().take(10).map(|&name| name.to_owned()));
    let others = "template include disable priority manual plugin_priority tasks templates variables secrets schedules from what \
                  account username list type action phase title accept reject fail global no_global _x 7 2024 on a/b a~b é 日本";
    words.extend(others.split_whitespace().map(str::to_owned));
    prop::sample::select(words)
}

fn values() -> impl Strategy<Value = Value> {
    let texts = [
        "",
        "yes",
        "me",
        "watchlist",
        "trending",
        "movies",
        "no/such.yml",
        "5 days",
        "title == 'A'",
        "{{ title",
        "{? a ?}",
        "{? nope ?}",
        "(",
        "global",
        "seen",
        "builtins",
        "start",
        "1.5",
        "日本語",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..100).prop_map(Value::from),
        Just(json!(0.5)),
        prop::sample::select(texts.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(words(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Files that configs name: good and bad bodies of tasks, good and bad variables.
const FILES: [(&str, &str); 5] = [
    ("body.yml", "seen: local\nlist_add: [ entry_list: wanted ]\nset: { a: '{? a ?}' }\n"),
    (
        "mistakes.yml",
        "acept_all: yes\nregexp: { accept: [ '(' ] }\nlist_add: [ entry_lst: x ]\nset: 5\n'{? nope ?}': 1\n",
    ),
    ("broken.yml", "a: [ 1, {{ 2 }}\n\tb: é\n"),
    ("list.yml", "- a\n- b\n"),
    ("values.yml", "a: me\nlist: [ 1, 2 ]\né: 日本\n"),
];

fn files() -> impl Strategy<Value = Value> {
    let names: Vec<&str> = FILES.iter().map(|(name, _)| *name).chain(["no/such.yml", "{? a ?}.yml"]).collect();
    let name = prop::sample::select(names);
    prop_oneof![
        name.clone().prop_map(Value::from),
        prop::collection::vec(name, 0..4).prop_map(|names| names.into_iter().collect()),
    ]
}

/// The bodies of tasks and templates, with the keys that make one out of several more often than chance would.
fn bodies() -> impl Strategy<Value = Value> {
    let template = prop_oneof![
        prop::sample::select(vec!["a", "b", "c", "global", "no_global", "nope", "{? a ?}"]).prop_map(Value::from),
        prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "no_global"]), 0..4)
            .prop_map(|names| names.into_iter().collect()),
        values(),
    ];
    let body = prop::collection::btree_map(words(), values(), 0..6);
    (body, prop::option::of(template), prop::option::of(files())).prop_map(|(body, template, include)| {
        let mut body: Value = body.into_iter().collect();
        template.into_iter().for_each(|template| body["template"] = template);
        include.into_iter().for_each(|include| body["include"] = include);
        body
    })
}

fn named_bodies() -> impl Strategy<Value = Value> {
    let name =
        prop_oneof![2 => words(), 3 => prop::sample::select(vec!["a", "b", "c", "global"]).prop_map(str::to_owned)];
    prop::collection::btree_map(name, prop_oneof![9 => bodies(), 1 => values()], 0..4)
        .prop_map(|map| map.into_iter().collect())
}

fn whole_configs() -> impl Strategy<Value = Value> {
    (
        named_bodies(),
        prop::option::of(named_bodies()),
        prop::option::of(prop_oneof![values(), files(), Just(json!({ "a": "me", "list": ["x"], "b": { "c": 1 } }))]),
        prop::option::of((words(), values())),
    )
        .prop_map(|(tasks, templates, variables, other)| {
            let mut config = json!({ "tasks": tasks });
            templates.into_iter().for_each(|templates| config["templates"] = templates);
            variables.into_iter().for_each(|variables| config["variables"] = variables);
            other.into_iter().for_each(|(key, value)| config[key] = value);
            config
        })
}

/// A text with a piece of it lost, doubled or overwritten, as by a slip of the hand.
fn slips() -> impl Strategy<Value = Option<(prop::sample::Index, usize, &'static str)>> {
    let marks = vec![
        "", "\t", ":", "- ", "'", "\"", "[", "}", "{{ ", "{? ", "*", "&a ", "#", "\n", "\u{feff}", "\0", "é", "<<: ",
    ];
    prop::option::weighted(0.5, (any::<prop::sample::Index>(), 0_usize..6, prop::sample::select(marks)))
}

/// The text after the slip.
fn slipped(text: &str, slip: Option<(prop::sample::Index, usize, &'static str)>) -> String {
    let Some((at, lost, mark)) = slip else { return text.to_owned() };
    let at = text.floor_char_boundary(at.index(text.len() + 1));
    let rest = text.ceil_char_boundary((at + lost).min(text.len()));
    format!("{}{mark}{}", &text[..at], &text[rest..])
}

/// How many configs are tried: `CASES` says another number.
fn cases() -> u32 {
    std::env::var("CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

/// Every place that a mistake names is one in its file.
fn check_places(
    mistakes: &[Diagnostic],
    document: Option<&Document>,
    sources: &Sources,
    text: &str,
) -> Result<(), TestCaseError> {
    for mistake in mistakes {
        for at in std::iter::once(&mistake.at).chain(mistake.related.iter().map(|(at, _)| at)) {
            let span = match (at, document) {
                (At::Span(span), _) => span.clone(),
                (at, Some(document)) => document.span(at),
                (_, None) => return Err(TestCaseError::fail(format!("{mistake:?} has no document"))),
            };
            prop_assert!(span.file < sources.len(), "{mistake:?} is in no file");
            prop_assert!(
                sources.text(span.file).get(span.bytes.clone()).is_some(),
                "{mistake:?} at {span:?} in\n{text}"
            );
            let place = sources.location(&span);
            prop_assert!(place.line >= 1 && place.line <= sources.text(span.file).split('\n').count());
            prop_assert!(place.column >= 1 && place.column <= place.text.chars().count() + 1);
            // A path leads to something: what is said of `tasks.a` is not shown at the start of the file.
            if let (At::Key(path) | At::Value(path), Some(document)) = (at, document)
                && let Some(Segment::Key(first)) = path.0.first()
            {
                prop_assert!(document.root().get(first).is_some(), "{mistake:?} is nowhere in\n{text}");
            }
        }
        prop_assert!(!mistake.message.is_empty() && !mistake.message.contains('\n'), "{mistake:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_config_gives_a_plan_or_mistakes_at_their_places(config in whole_configs(), slip in slips()) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in FILES {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let text = slipped(&serde_yaml::to_string(&config).unwrap(), slip);
        let document = match Document::parse("config.yml", &text) {
            Ok(document) => Some(document),
            Err(unreadable) => {
                prop_assert!(!unreadable.diagnostics.is_empty());
                check_places(&unreadable.diagnostics, None, &unreadable.sources, &text)?;
                unreadable.rest
            }
        };
        let Some(document) = document else { return Ok(()) };
        let expanded = template::expand(document, &Origin { folder: folder.path().into(), replacements: Vec::new() });
        let mistakes = match plan::plan(&expanded) {
            Ok(plan) => plan.tasks.into_iter().flat_map(|task| task.diagnostics).chain(plan.diagnostics).collect(),
            Err(mistakes) => {
                prop_assert!(!mistakes.is_empty());
                mistakes
            }
        };
        check_places(&mistakes, Some(&expanded.document), expanded.document.sources(), &text)?;
    }
}
