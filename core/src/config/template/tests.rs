use std::fs;

use serde_json::json;

use super::*;

/// A config with other files beside it, expanded.
fn expanded(config: &str, files: &[(&str, &str)]) -> Expanded {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let document = Document::parse("config.yml", config).map_err(|bad| bad.diagnostics).expect(config);
    expand(document, &Origin { folder: folder.path().into(), replacements: Vec::new() })
}

fn task(expanded: &Expanded, name: &str) -> serde_json::Value {
    serde_json::to_value(&expanded.document.value()["tasks"][name]).unwrap()
}

/// Each diagnostic as `file:line message`.
fn said(expanded: &Expanded, diagnostics: &[Diagnostic]) -> Vec<String> {
    let say = |said: &Diagnostic| {
        let place = expanded.document.locate(&said.at);
        let file = place.file.rsplit('/').next().unwrap_or_default();
        format!("{file}:{} {}", place.line, said.message)
    };
    diagnostics.iter().map(say).collect()
}

fn nothing_said(expanded: &Expanded) {
    assert_eq!(said(expanded, &expanded.diagnostics), [""; 0]);
    for task in &expanded.tasks {
        assert_eq!(said(expanded, &task.broken), [""; 0], "{}", task.name);
    }
}

#[test]
fn each_merge_rule_holds() {
    // The task's value of `x`, the template's, and what they make together.
    let table = [
        (
            "mapping with mapping",
            "{a: 1, c: {d: 1}}",
            "{a: 2, b: 2, c: {e: 2}}",
            json!({"a": 1, "b": 2, "c": {"d": 1, "e": 2}}),
        ),
        ("list with list", "[1, 2]", "[2, 3]", json!([1, 2, 2, 3])),
        ("scalar with scalar", "no", "yes", json!(false)),
        ("scalar with list", "1", "[2]", json!(1)),
        ("list with scalar", "[1]", "2", json!([1])),
        ("nothing with scalar", "null", "2", json!(null)),
        ("lists inside mappings", "{a: [1]}", "{a: [2]}", json!({"a": [1, 2]})),
    ];
    for (rule, own, other, together) in table {
        let text = format!("templates:\n  t:\n    x: {other}\n    y: 1\ntasks:\n  a:\n    template: t\n    x: {own}\n");
        let expanded = expanded(&text, &[]);
        nothing_said(&expanded);
        assert_eq!(task(&expanded, "a"), json!({"template": "t", "x": together, "y": 1}), "{rule}");
    }
}

#[test]
fn a_mapping_and_something_else_break_their_task_only() {
    for (own, other, message) in [
        ("{a: 1}", "[1]", "cannot merge `x`: a mapping here, a list there"),
        ("[1]", "{a: 1}", "cannot merge `x`: a list here, a mapping there"),
        ("no", "{a: 1}", "cannot merge `x`: `no` here, a mapping there"),
    ] {
        let text =
            format!("templates:\n  t:\n    x: {other}\ntasks:\n  a:\n    template: t\n    x: {own}\n  b: {{x: 1}}\n");
        let expanded = expanded(&text, &[]);
        assert_eq!(said(&expanded, &expanded.tasks[0].broken), [format!("config.yml:7 {message}")]);
        let (there, _) = &expanded.tasks[0].broken[0].related[0];
        assert_eq!(expanded.document.locate(there).line, 3);
        assert!(expanded.tasks[1].broken.is_empty() && expanded.diagnostics.is_empty());
    }
}

#[test]
fn templates_come_in_flexgets_order() {
    let all = "templates:\n  global: {l: [global], s: global}\n  outer: {l: [outer], s: outer, template: inner}\n  second: {l: [second]}\n  inner: {l: [inner], s: inner, only: inner}\ntasks:\n  a: {template: ";
    for (used, list, names) in [
        (
            "[outer, second], l: [task]",
            vec!["task", "outer", "second", "global", "inner"],
            vec!["outer", "second", "global", "inner"],
        ),
        ("second, l: [task]", vec!["task", "second", "global"], vec!["second", "global"]),
        ("[second, no_global]", vec!["second"], vec!["second"]),
        ("no_global, l: []", vec![], vec![]),
        ("no, l: [task]", vec!["task"], vec![]),
        ("[global, second]", vec!["global", "second"], vec!["global", "second"]),
    ] {
        let expanded = expanded(&format!("{all}{used}}}\n"), &[]);
        nothing_said(&expanded);
        assert_eq!(task(&expanded, "a")["l"], json!(list), "{used}");
        assert_eq!(expanded.tasks[0].templates, names, "{used}");
    }
    let expanded = expanded(&format!("{all}outer}}\n  b: {{x: 1}}\n"), &[]);
    // `global` beats a nested template, and reaches a task that names none.
    assert_eq!(task(&expanded, "a")["s"], "outer");
    assert_eq!(task(&expanded, "a")["only"], "inner");
    assert_eq!(task(&expanded, "b"), json!({"x": 1, "l": ["global"], "s": "global"}));
}

#[test]
fn what_begins_with_an_underscore_stays_where_it_is() {
    let expanded = expanded("templates:\n  t: {_x: &x {a: 1}, y: *x}\ntasks:\n  a: {template: t}\n  _b: {z: 1}\n", &[]);
    nothing_said(&expanded);
    assert_eq!(task(&expanded, "a"), json!({"template": "t", "y": {"a": 1}}));
    assert!(!expanded.tasks[0].disabled && expanded.tasks[1].disabled);
}

#[test]
fn a_missing_template_breaks_its_task_only() {
    let expanded = expanded(
        "templates:\n  movies: {x: 1}\ntasks:\n  a:\n    template: [movie, movies, nope]\n  b: {template: movies}\n",
        &[],
    );
    let broken = &expanded.tasks[0].broken;
    assert_eq!(
        said(&expanded, broken),
        [
            "config.yml:5 unable to find template `movie` for task `a`",
            "config.yml:5 unable to find template `nope` for task `a`"
        ]
    );
    assert_eq!(broken[0].help, ["did you mean `movies`?"]);
    assert!(expanded.tasks[1].broken.is_empty() && expanded.diagnostics.is_empty());
    assert_eq!(task(&expanded, "b")["x"], 1);
}

#[test]
fn a_loop_of_templates_is_a_warning_and_a_diamond_is_fine() {
    let text = "templates:\n  a:\n    template: b\n    x: [a]\n  b:\n    template: a\n    x: [b]\ntasks:\n  t: {template: a}\n  u: {template: a}\n";
    let expanded_loop = expanded(text, &[]);
    assert_eq!(
        said(&expanded_loop, &expanded_loop.diagnostics),
        ["config.yml:6 templates contain each other in a loop"]
    );
    assert_eq!(expanded_loop.diagnostics[0].severity, Severity::Warning);
    assert_eq!(task(&expanded_loop, "t")["x"], json!(["a", "b"]));
    let diamond = expanded(
        "templates:\n  a: {template: c}\n  b: {template: c}\n  c: {x: [1]}\ntasks:\n  t: {template: [a, b]}\n",
        &[],
    );
    nothing_said(&diamond);
    assert_eq!(task(&diamond, "t")["x"], json!([1]));
}

#[test]
fn priority_is_the_tasks_own_and_manual_is_not() {
    let expanded =
        expanded("templates:\n  t: {priority: 1, manual: yes}\ntasks:\n  a: {template: t}\n  b: {priority: 5}\n", &[]);
    assert_eq!((expanded.tasks[0].priority, expanded.tasks[0].manual), (65_535, true));
    assert_eq!((expanded.tasks[1].priority, expanded.tasks[1].manual), (5, false));
}

#[test]
fn variables_are_filled_in_with_their_types() {
    let config = "variables: {num: 5, zero: 0, off: no, list: [1, 2], name: movies, deep: {x: '{? not this ?}'}}\ntasks:\n  '{? name ?}':\n    a: '{? num ?}'\n    b: '{? zero ?}'\n    c: '{? off ?}'\n    d: '{? list ?}'\n    e: 'x-{? num ?}'\n    f: '{? deep.x ?}'\n    g: '{{ num }}'\n";
    let expanded = expanded(config, &[]);
    nothing_said(&expanded);
    assert_eq!(
        task(&expanded, "movies"),
        json!({"a": 5, "b": 0, "c": false, "d": [1, 2], "e": "x-5", "f": "{? not this ?}", "g": "{{ num }}"})
    );
    assert_eq!(expanded.tasks[0].name, "movies");
    assert_eq!(expanded.document.locate(&At::Value(expanded.tasks[0].path.key("e"))).line, 8);
}

#[test]
fn variables_come_from_a_file_or_not_at_all() {
    let with = |variables: &str, files: &[(&str, &str)]| {
        let expanded = expanded(&format!("variables: {variables}\ntasks:\n  a:\n    x: '{{? n ?}}'\n"), files);
        (task(&expanded, "a")["x"].clone(), said(&expanded, &expanded.diagnostics))
    };
    assert_eq!(with("v.yml", &[("v.yml", "n: 7\n")]), (json!(7), vec![]));
    assert_eq!(with("no", &[]), (json!("{? n ?}"), vec![]));
    let (_, mistakes) = with("v.yml", &[]);
    assert!(mistakes[0].starts_with("config.yml:1 no such file: "), "{mistakes:?}");
    let (_, mistakes) = with("v.yml", &[("v.yml", "a: 1\na: 2\n")]);
    assert_eq!(mistakes[0], "v.yml:2 duplicate key: `a`");
    let (_, mistakes) = with("yes", &[]);
    assert_eq!(mistakes[0], "config.yml:1 variables that are kept in FlexGet's database cannot be read");
}

#[test]
fn what_cannot_be_filled_in_is_an_error_at_its_line() {
    let expanded = expanded(
        "variables: {a: 1, l: [1]}\ntasks:\n  t:\n    x: '{? nope ?}'\n    y: 'text {? a + ?}'\n    '{? l ?}': 1\n    '{? a ?}': 1\n    1: 1\n",
        &[],
    );
    let mistakes = said(&expanded, &expanded.diagnostics);
    let expected = [
        "config.yml:4 cannot fill in `{? nope ?}`: ",
        "config.yml:5 cannot fill in `{? a + ?}`: ",
        "config.yml:6 a key must be text",
        "config.yml:8 duplicate key: `1`",
    ];
    assert_eq!(mistakes.len(), expected.len(), "{mistakes:#?}");
    for (mistake, expected) in mistakes.iter().zip(expected) {
        assert!(mistake.starts_with(expected), "{mistake}");
    }
}

#[test]
fn secrets_still_work_and_are_noticed() {
    let config = "secrets: s.yml\ntasks:\n  a: {x: '{{ secrets.trakt.name }}/{{ title }}', y: '{? trakt.name ?}'}\n";
    let expanded = expanded(config, &[("s.yml", "trakt: {name: me}\n")]);
    assert_eq!(task(&expanded, "a"), json!({"x": "me/{{ title }}", "y": "me"}));
    assert_eq!(said(&expanded, &expanded.diagnostics), ["config.yml:1 `secrets` is called `variables` now"]);
    assert_eq!(expanded.diagnostics[0].severity, Severity::Notice);
    assert!(expanded.document.root().get("secrets").is_none());
}

#[test]
fn included_files_come_last_and_know_their_lines() {
    let expanded = expanded(
        "variables: {v: 3}\ntemplates:\n  t: {x: [template], s: template}\ntasks:\n  a: {template: t, x: [task], include: [one.yml, two.yml]}\n  b: {include: one.yml}\n",
        &[("one.yml", "x:\n  - one\ns: one\nv: '{? v ?}'\n"), ("two.yml", "y: two\n")],
    );
    nothing_said(&expanded);
    let a = task(&expanded, "a");
    assert_eq!(a["x"], json!(["task", "template", "one"]));
    assert_eq!((&a["s"], &a["y"], &a["v"]), (&json!("template"), &json!("two"), &json!(3)));
    let place = expanded.document.locate(&At::Key(expanded.tasks[1].path.key("s")));
    assert!(place.file.ends_with("one.yml"));
    assert_eq!((place.line, place.column, place.text), (3, 1, "s: one"));
}

#[test]
fn a_file_that_cannot_be_included_breaks_the_tasks_that_want_it() {
    let expanded = expanded(
        "tasks:\n  a:\n    include: nope.yml\n  b: {include: bad.yml}\n  c: {include: bad.yml}\n  d: {include: list.yml}\n  e: {include: nested.yml}\n",
        &[("bad.yml", "x: {{ y }}\n"), ("list.yml", "- a\n"), ("nested.yml", "include: x.yml\nx: 1\n")],
    );
    let broken: Vec<String> = expanded.tasks.iter().flat_map(|task| said(&expanded, &task.broken)).collect();
    assert!(broken[0].starts_with("config.yml:3 no such file: "), "{}", broken[0]);
    assert_eq!(
        broken[1..],
        [
            "bad.yml:1 text that begins with `{` must be quoted: `{{ y }}`",
            "config.yml:5 the included file `bad.yml` is not a task body",
            "list.yml:1 an included file holds the body of a task",
        ]
    );
    assert_eq!(said(&expanded, &expanded.diagnostics), ["nested.yml:1 `include` has no effect in an included file"]);
    assert_eq!(task(&expanded, "e")["x"], 1);
}

#[test]
fn the_command_line_replaces_text_in_values_and_keys() {
    let document = Document::parse("c", "tasks:\n  $name: {x: $names, y: '$name and $name', z: 5}\n").unwrap();
    let replacements = [("name", "a"), ("names", "b")].map(|(key, value)| (key.to_string(), value.to_string()));
    let expanded = expand(document, &Origin { replacements: replacements.into(), ..Origin::default() });
    assert_eq!(task(&expanded, "a"), json!({"x": "b", "y": "a and a", "z": 5}));
}

#[test]
fn a_config_of_any_shape_is_expanded() {
    for text in [
        "",
        "5",
        "[1]",
        "tasks: 5",
        "tasks: [a]",
        "tasks: {a: , b: 5, c: [x]}\ntemplates: 7",
        "tasks: {a: {template: {b: 1}, include: 5}}",
        "templates: {t: 5, global: }\ntasks: {a: {template: t}}",
    ] {
        let expanded = expanded(text, &[]);
        assert!(expanded.diagnostics.is_empty(), "{text}");
    }
}

#[test]
fn tasks_that_multiply_are_refused() {
    let mut text = "templates:\n  t:\n    list:\n".to_string();
    text += &"      - 1\n".repeat(3000);
    text += "tasks:\n";
    for n in 0..1000 {
        text += &format!("  t{n}: {{template: t}}\n");
    }
    let expanded = expanded(&text, &[]);
    let broken = expanded.tasks.iter().filter(|task| !task.broken.is_empty()).count();
    assert_eq!(broken, 1000 - MAX_VALUES / 3004);
}

#[test]
fn a_chain_of_templates_without_end_is_refused() {
    let mut text = "templates:\n".to_string();
    for n in 0..3000 {
        text += &format!("  t{n}: {{template: t{}, k{n}: 1}}\n", n + 1);
    }
    text += "tasks:\n";
    for n in 0..500 {
        text += &format!("  a{n}: {{template: t0}}\n");
    }
    let expanded = expanded(&text, &[]);
    let broken = &expanded.tasks[499].broken;
    assert_eq!(said(&expanded, broken), ["config.yml:101 more than 100 templates in task `a499`"]);
}
