//! The rules for everything that is registered: manuals, examples, schemas.

use std::fs;
use std::path::{Path, PathBuf};

use flexget_core::config::schema::{self, Only};
use flexget_core::plugin::problems::problems;
use flexget_core::plugin::{manual, registry};
use flexget_core::testing::plan_of;
use flexget_tests::repository;

#[test]
fn the_catalogue_is_there_and_nothing_is_wrong_with_it() {
    assert!(registry::all().len() > 5, "nothing is registered: is the plugins crate linked?");
    assert!(!registry::commands().is_empty());
    let found: Vec<String> = problems().iter().map(ToString::to_string).collect();
    assert_eq!(found, Vec::<String>::new());
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
