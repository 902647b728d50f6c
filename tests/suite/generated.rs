//! What is derived is checked in, and is current. `BLESS=1` rewrites it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use flexget_core::config::schema;
use flexget_core::plugin::{manual, registry};
use flexget_tests::{Sandbox, is_current, repository};
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
    add("config.schema.json", &schema::editor::config());
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

/// Asserts that a page of the user guide is current.
fn assert_page(name: &str, text: &str) {
    let path = repository().join("docs").join(name);
    assert!(is_current(&path, text), "docs/{name} is not current, `BLESS=1` rewrites it");
}

/// Returns what the example of a manual prints, if it brings its own entries.
fn printed_by_example(manual: &str) -> Option<String> {
    let example = manual::example(manual).filter(|example| example.contains("mock:"))?;
    let sandbox = Sandbox::new(&format!("tasks:\n  example:\n    {}\n", example.trim_end().replace('\n', "\n    ")));
    let sandbox = sandbox.with_sim();
    sandbox.authorize("me", "ann-kay");
    let ran = sandbox.run("execute -v --test");
    (ran.code == 0 && ran.stdout.contains(": `")).then_some(ran.stdout)
}

#[test]
fn the_page_of_plugins_is_current() {
    let sandbox = Sandbox::empty();
    let mut page = String::from(
        "# Plugins\n\n<!-- This page is generated from the manuals in the code. -->\n\n\
         Each key of a task is a plugin. `flexget-rs plugins NAME` prints the same on a terminal.\n",
    );
    for name in registry::all().keys() {
        let plugin = sandbox.run(&format!("plugins {name} --format json")).good().json();
        page.push_str(&format!("\n## `{name}`\n\n{}\n", plugin["manual"].as_str().unwrap().trim()));
        if let Some(printed) = printed_by_example(plugin["manual"].as_str().unwrap()) {
            page.push_str(&format!("\nWith `execute -v --test`, this example prints:\n\n```text\n{printed}```\n"));
        }
        let fields = plugin["fields"].as_array().unwrap().iter();
        let fields: Vec<_> = fields.map(|field| format!("`{}`", field.as_str().unwrap())).collect();
        if !fields.is_empty() {
            page.push_str(&format!("\nFields that it gives: {}.\n", fields.join(", ")));
        }
        let options = plugin["options"].as_array().unwrap();
        if !options.is_empty() {
            page.push_str("\n| option | type | default | |\n|---|---|---|---|\n");
        }
        for option in options {
            let text = |key: &str| option[key].as_str().unwrap_or_default().replace('|', "\\|");
            let default = match &option["default"] {
                _ if option["required"] == true => "required".to_owned(),
                Value::Null => String::new(),
                Value::Bool(yes) => format!("`{}`", if *yes { "yes" } else { "no" }),
                Value::String(word) => format!("`{word}`"),
                other => format!("`{other}`"),
            };
            let words: Vec<_> = option["words"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|word| format!("`{}`", word.as_str().unwrap()))
                .collect();
            let words = if words.is_empty() { String::new() } else { format!(" One of {}.", words.join(", ")) };
            page.push_str(&format!(
                "| `{}` | {} | {default} | {}{words} |\n",
                text("name"),
                text("type"),
                text("about")
            ));
        }
    }
    assert!(page.contains("`trakt_watched`") && page.contains("Fields that it gives:"));
    assert_page("plugins.md", &page);
}

#[test]
fn the_page_of_commands_is_current() {
    let sandbox = Sandbox::empty();
    let contributed: Vec<String> = registry::commands().into_iter().map(|command| command.path.join(" ")).collect();
    let mut page = String::from(
        "# Commands\n\n<!-- This page is generated from the help of the program. -->\n\n\
         The options at the end of `flexget-rs help` may stand anywhere.\n",
    );
    let help = sandbox.run("help").good().stdout;
    page.push_str(&format!("\n```text\n{}\n```\n", help.trim_end()));
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let words =
        listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).filter(|word| !word.is_empty());
    let is_contributed = |word: &str| contributed.iter().any(|path| path.split(' ').next() == Some(word));
    let own: Vec<&str> = words.filter(|word| *word != "help" && !is_contributed(word)).collect();
    assert!(own.len() >= 9, "{own:?}");
    for command in own.into_iter().map(str::to_owned).chain(contributed.iter().cloned()) {
        let help = sandbox.run(&format!("{command} --help")).good().stdout;
        let help = help.split("\nOptions of every command:").next().unwrap().trim_end();
        page.push_str(&format!("\n## `{command}`\n\n```text\n{help}\n```\n"));
    }
    assert_page("commands.md", &page);
}

#[test]
fn the_page_of_recipes_is_current() {
    let mut page = String::from(
        "# Recipes for Trakt\n\n<!-- This page is generated from the files in `examples`. -->\n\n\
         Each is a config of its own, tested against a simulated Trakt. Take its tasks into yours, with the name of your\n\
         account instead of `me`. Lists that you have made yourself must exist: `flexget-rs trakt lists` shows them. Try\n\
         each with `flexget-rs execute --test`, which changes nothing; `flexget-rs undo last` takes a change back.\n",
    );
    for recipe in crate::examples::RECIPES {
        let config = fs::read_to_string(repository().join(format!("examples/{recipe}.yml"))).unwrap();
        let mut lines = config.lines().skip(1).peekable();
        let mut about = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("# ")) {
            about.push(line.trim_start_matches("# "));
        }
        let title = recipe.replace('-', " ");
        let title = title[..1].to_uppercase() + &title[1..];
        let rest = lines.collect::<Vec<_>>().join("\n");
        page.push_str(&format!(
            "\n## {title}\n\n{}\n\n[{recipe}.yml](../examples/{recipe}.yml):\n\n```yaml\n{rest}\n```\n",
            about.join("\n")
        ));
    }
    assert_page("recipes.md", &page);
}
