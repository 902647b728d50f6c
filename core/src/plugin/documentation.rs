//! Missing documentation of plugins and commands.

use serde_json::Value;

/// Returns what has no description, as the ends of sentences.
pub(crate) fn undocumented(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if schema.get("description").is_none_or(|text| text.as_str().is_none_or(str::is_empty)) {
        found.push("it has no doc comment".to_owned());
    }
    collect(schema, schema, "", &mut found);
    found
}

fn collect(root: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("properties", Value::Object(properties)) => {
                        for (name, property) in properties {
                            let target = property["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
                            let referred = target.map(|target| root.pointer(target));
                            let is_said = |schema: &Value| schema.get("description").is_some();
                            // Options that other plugins declare are described there.
                            let is_described_there = referred.is_some_and(|schema| schema.is_none_or(is_said));
                            let at = format!("{at}{name}");
                            if !is_said(property) && !is_described_there {
                                found.push(format!("its option `{at}` has no doc comment"));
                            }
                            collect(root, property, &format!("{at}: "), found);
                        }
                    }
                    // Conditions speak of options that are described where they are declared.
                    ("anyOf" | "oneOf" | "allOf", Value::Array(branches)) => {
                        let declares = |branch: &&Value| branch.get("type").is_some();
                        branches.iter().filter(declares).for_each(|branch| collect(root, branch, at, found));
                    }
                    ("default" | "examples" | "enum" | "const", _) => {}
                    ("$defs", Value::Object(definitions)) => {
                        for (name, definition) in definitions.iter().filter(|(name, _)| !name.starts_with("plugin.")) {
                            if !["task", "plugins", "list", "input"].contains(&name.as_str()) {
                                collect(root, definition, at, found);
                            }
                        }
                    }
                    _ => collect(root, value, at, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(root, item, at, found)),
        _ => {}
    }
}
