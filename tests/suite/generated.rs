//! What is derived is checked in, and is current. `BLESS=1` rewrites it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use flexget_core::config::schema::{self, Only};
use flexget_core::plugin::{manual, registry};
use flexget_tests::{is_current, repository};
use serde_json::Value;

/// The marks around the table of plugins in the README.
const TABLE: (&str, &str) = ("<!-- plugins: this table is generated -->\n", "<!-- /plugins -->");

/// The schema of what `execute --format json` prints.
pub(crate) fn report_schema() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<flexget_core::task::report::Report>().to_value();
    schema["title"] = "flexget-rs report".into();
    schema
}

#[test]
fn schemas_are_current() {
    let mut wanted: BTreeMap<PathBuf, String> = BTreeMap::new();
    let root = repository().join("schemas");
    let mut add = |name: &str, schema: &Value| {
        wanted.insert(root.join(name), format!("{}\n", serde_json::to_string_pretty(schema).unwrap()));
    };
    add("config.schema.json", &schema::config(Only::Everything));
    add("report.schema.json", &report_schema());
    for &name in registry::all().keys() {
        add(&format!("plugins/{name}.schema.json"), &schema::plugin(name).unwrap());
    }
    let there = fs::read_dir(root.join("plugins")).into_iter().flatten().flatten().map(|entry| entry.path());
    let left_over: Vec<PathBuf> = there.filter(|path| !wanted.contains_key(path)).collect();
    let mut stale = Vec::new();
    for (path, text) in &wanted {
        if !is_current(path, text) {
            stale.push(path.display().to_string());
        }
    }
    for path in left_over {
        if std::env::var_os("BLESS").is_some() {
            fs::remove_file(&path).unwrap();
        } else {
            stale.push(path.display().to_string());
        }
    }
    assert!(stale.is_empty(), "these are not current, `BLESS=1` rewrites them: {stale:#?}");
}

#[test]
fn the_table_of_plugins_in_the_readme_is_current() {
    let path = repository().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(TABLE.0).expect("the README has the mark of its table");
    let (_, after) = rest.split_once(TABLE.1).expect("the README has the mark of its table's end");
    let mut table = String::from("| plugin | what it does |\n|---|---|\n");
    for (&name, registration) in registry::all() {
        let summary = manual::first_paragraph(&manual::manual(name).unwrap()).replace('|', "\\|");
        let kind = match (registration.is_list(), registration.builtin) {
            (true, _) => " (list)",
            (_, true) => " (in every task)",
            _ => "",
        };
        table.push_str(&format!("| `{name}`{kind} | {summary} |\n"));
    }
    let wanted = format!("{before}{}{table}{}{after}", TABLE.0, TABLE.1);
    assert!(is_current(&path, &wanted), "the table of plugins in the README is not current, `BLESS=1` rewrites it");
}
