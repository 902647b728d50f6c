//! The rules for everything that is registered: manuals, examples, schemas.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use flexget_core::config::schema::{self, Only};
use flexget_core::plugin::{manual, registry};
use flexget_core::testing::plan_of;
use flexget_tests::repository;
use serde_json::Value;

#[test]
fn the_catalogue_is_there_and_no_name_is_taken_twice() {
    assert!(registry::all().len() > 5, "nothing is registered: is the plugins crate linked?");
    let commands = registry::commands();
    let paths: BTreeSet<_> = commands.iter().map(|command| command.path).collect();
    assert_eq!(paths.len(), commands.len(), "two commands have one name");
    assert!(!commands.is_empty());
}

#[test]
fn a_plugin_lives_in_the_file_of_its_name() {
    let strangers: Vec<_> = registry::all()
        .values()
        .filter(|one| Path::new(one.file).file_stem().is_none_or(|stem| stem != one.name))
        .map(|one| format!("{} is in {}", one.name, one.file))
        .collect();
    assert_eq!(strangers, Vec::<String>::new());
}

#[test]
fn every_plugin_has_a_manual_whose_example_plans() {
    let mut wrong = Vec::new();
    for &name in registry::all().keys() {
        let manual = manual::manual(name).unwrap_or_default();
        let Some(example) = manual::example(&manual) else {
            wrong.push(format!("{name} has no example: a `yaml` block in its doc comment"));
            continue;
        };
        let mut config = String::from("tasks:\n  example:\n");
        example.lines().for_each(|line| config.push_str(&format!("    {line}\n")));
        if let Err(mistakes) = plan_of(&config) {
            wrong.push(format!("the example of {name}:\n{config}{}", mistakes.join("\n")));
        } else if !example
            .lines()
            .any(|line| line.starts_with(&format!("{name}:")) || line.contains(&format!("{name}:")))
        {
            wrong.push(format!("the example of {name} does not use it"));
        }
        if manual::first_paragraph(&manual).chars().count() > 140 {
            wrong.push(format!("the first paragraph of {name} is too long for a table"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_option_is_described() {
    let mut nameless = Vec::new();
    for &name in registry::all().keys() {
        let schema = schema::plugin(name).unwrap_or_default();
        describe(&schema, &schema, name, &mut nameless);
    }
    for command in registry::commands() {
        let schema = command.schema().to_value();
        let name = command.path.join(" ");
        if schema.get("description").is_none() {
            nameless.push(name.clone());
        }
        describe(&schema, &schema, &name, &mut nameless);
    }
    assert_eq!(nameless, Vec::<String>::new());
}

/// Collects the options without a description.
fn describe(root: &Value, schema: &Value, at: &str, nameless: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("properties", Value::Object(properties)) => {
                        for (name, property) in properties {
                            let target = property["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
                            let referred = target.and_then(|target| root.pointer(target));
                            let is_said = |schema: &Value| schema.get("description").is_some();
                            if !is_said(property) && !referred.is_some_and(is_said) {
                                nameless.push(format!("{at}: {name}"));
                            }
                            describe(root, property, &format!("{at}: {name}"), nameless);
                        }
                    }
                    // Conditions speak of options that are described where they are declared.
                    ("anyOf" | "oneOf" | "allOf", Value::Array(branches)) => {
                        let declares = |branch: &&Value| branch.get("type").is_some();
                        branches.iter().filter(declares).for_each(|branch| describe(root, branch, at, nameless));
                    }
                    // Options of other plugins are described where those are.
                    ("$defs", Value::Object(definitions)) => {
                        for (name, definition) in definitions.iter().filter(|(name, _)| !name.starts_with("plugin.")) {
                            if !["task", "plugins", "list", "input"].contains(&name.as_str()) {
                                describe(root, definition, at, nameless);
                            }
                        }
                    }
                    _ => describe(root, value, at, nameless),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| describe(root, item, at, nameless)),
        _ => {}
    }
}

#[test]
fn all_schemas_are_schemas() {
    let mut schemas =
        vec![("config".to_owned(), schema::config(Only::Everything)), ("editor".to_owned(), schema::editor::config())];
    schemas.extend(registry::all().keys().map(|&name| (name.to_owned(), schema::plugin(name).unwrap_or_default())));
    for (name, schema) in schemas {
        if let Err(error) = jsonschema::draft202012::meta::validate(&schema) {
            panic!("the schema of {name} is none: {error}");
        }
    }
}

#[test]
fn every_plugin_can_be_switched_off() {
    for &name in registry::all().keys() {
        if let Err(mistakes) = plan_of(&format!("tasks:\n  off:\n    {name}: no\n")) {
            panic!("`{name}: no` is refused: {}", mistakes.join("\n"));
        }
    }
}

#[test]
fn every_example_of_a_config_plans() {
    for path in
        files(&repository().join("examples")).iter().filter(|path| path.extension().is_some_and(|ext| ext == "yml"))
    {
        let ran = flexget_tests::check_file(path);
        assert_eq!(ran.code, 0, "{}: {}", path.display(), ran.stderr);
    }
}

/// All files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
