//! The laws that hold for every plugin.

use super::tasks::{config_errors, plan_of};
use crate::config::schema;
use crate::plugin::documentation::undocumented;
use crate::plugin::manual::{example, first_paragraph, manual};
use crate::plugin::registry;

/// Checks the laws that hold for every plugin and list.
///
/// It is registered. It has a manual with a summary that fits a table and an example that uses it
/// and has no errors; each option is described; unknown options are errors; `name: no` switches it
/// off.
///
/// # Panics
/// A law is broken.
#[track_caller]
pub fn plugin_laws(name: &str) {
    if let Some(broken) = broken_law(name) {
        panic!("`{name}`: {broken}");
    }
}

/// Returns the first law that a plugin breaks.
pub(super) fn broken_law(name: &str) -> Option<String> {
    let Some(registration) = registry::find(name) else {
        return Some("it is not registered: `submit! { plugin::<…>() }`, in a crate that is linked".to_owned());
    };
    let manual = manual(name).unwrap_or_default();
    let schema = schema::plugin(name).unwrap_or_default();
    if let Some(missing) = undocumented(&schema).first() {
        return Some(missing.clone());
    }
    if first_paragraph(&manual).chars().count() > 140 {
        return Some("the first paragraph of its manual is longer than 140 characters".to_owned());
    }
    let Some(example) = example(&manual) else {
        return Some("it has no example: a `yaml` block in its doc comment".to_owned());
    };
    let task: String = example.lines().map(|line| format!("    {line}\n")).collect();
    if let Err(errors) = plan_of(&format!("tasks:\n  example:\n{task}")) {
        return Some(format!("its example has errors: {}", errors.join("; ")));
    }
    if !example.contains(&format!("{name}:")) {
        return Some("its example does not use it".to_owned());
    }
    if schema.get("properties").is_some() {
        let errors = config_errors(&format!("{name}: {{ no_such_option_at_all: 1 }}"));
        if !errors.iter().any(|error| error.contains("no_such_option_at_all")) {
            return Some("it accepts unknown options".to_owned());
        }
    }
    if !config_errors(&format!("{name}: no")).is_empty() {
        return Some(format!("`{name}: no` does not switch it off"));
    }
    if registration.builtin && !config_errors(&format!("{name}: yes")).is_empty() {
        return Some("it runs in every task and needs options".to_owned());
    }
    None
}
