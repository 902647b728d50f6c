//! The manuals of plugins: their doc comments.

use crate::plugin::options::settings;
use crate::plugin::registry;

/// Returns the manual of a plugin: its doc comment.
pub fn manual(name: &str) -> Option<String> {
    let registration = registry::find(name)?;
    let schema = (registration.schema)(&mut settings().into_generator());
    schema.get("description")?.as_str().map(str::to_owned)
}

/// Returns the first `yaml` block of a manual: the example, which the house tests run.
pub fn example(manual: &str) -> Option<String> {
    let (_, rest) = manual.split_once("```yaml\n")?;
    rest.split_once("```").map(|(example, _)| example.to_owned())
}

/// Returns the first paragraph of a doc comment, on one line.
pub fn first_paragraph(text: &str) -> String {
    text.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}
