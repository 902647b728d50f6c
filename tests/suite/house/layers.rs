//! What may know what: the layers of each crate, and no cycle among its files.

use std::collections::{BTreeMap, BTreeSet};

use super::resolve::{Target, Tree};
use super::sources::Source;
use super::violations::Violation;

/// The modules of core, from the ground up. A module uses only those before it.
pub(crate) const CORE: [&str; 12] = [
    "error",
    "value",
    "pattern",
    "document",
    "expression",
    "entry",
    "context",
    "task",
    "plugin",
    "list",
    "config",
    "run",
];

/// What comes after the layers of core: what is made of all of them.
const CORE_TOP: [&str; 4] = ["testing", "prelude", "guide", "lib"];

/// The modules of the program, from the ground up. A command is a file of `commands`, and knows no other.
pub(crate) const CLI: [&str; 16] = [
    "identity",
    "linked",
    "exit",
    "signal",
    "prompt",
    "world",
    "config",
    "output_file",
    "render",
    "args",
    "candidates",
    "unknown_plugin",
    "arguments",
    "session",
    "commands",
    "command_line",
];

/// The folders of plugins, and which others each may know.
pub(crate) const PLUGINS: [(&str, &[&str]); 10] = [
    ("titles", &[]),
    ("shared", &["titles"]),
    ("inputs", &["shared"]),
    ("filters", &["shared", "titles"]),
    ("modify", &["shared", "titles"]),
    ("outputs", &["shared"]),
    ("lists", &["shared", "titles"]),
    ("trakt", &["titles"]),
    ("commands", &["lists", "shared", "titles"]),
    ("unsupported", &[]),
];

/// Finds uses of a module that comes later in the list of layers.
pub(crate) fn upward(sources: &[Source], plugins: &BTreeSet<String>) -> Vec<Violation> {
    let tree = Tree::new(sources);
    let mut found = BTreeSet::new();
    for reference in tree.references() {
        let source = &sources[reference.file];
        let defined = match &reference.target {
            Target::Module(module) => module,
            Target::Item(module, _) => module,
            Target::External(_) => continue,
        };
        for to in [&reference.named, defined] {
            let wrong = match source.krate {
                "core" => core_upward(&source.module, to),
                "cli" => cli_upward(&source.module, to),
                _ => plugins_upward(&source.module, to, plugins),
            };
            if let Some(wrong) = wrong {
                found.insert(Violation::new("layers", &source.path, reference.line, wrong));
                break;
            }
        }
    }
    found.into_iter().collect()
}

fn core_upward(from: &[String], to: &[String]) -> Option<String> {
    let height = |module: &[String]| {
        let name = module.first().map_or("lib", String::as_str);
        CORE.iter().chain(&CORE_TOP).position(|layer| *layer == name)
    };
    let name = |module: &[String]| module.first().cloned().unwrap_or_else(|| "lib".to_owned());
    match (height(from), height(to)) {
        (Some(from_height), Some(to_height)) if to_height > from_height => {
            Some(format!("`{}` uses `{}`, which comes later", name(from), to.join("::")))
        }
        (None, _) => Some(format!("`{}` is in no layer: add it to the list in layers.rs", name(from))),
        _ => None,
    }
}

fn cli_upward(from: &[String], to: &[String]) -> Option<String> {
    let height = |module: &[String]| match module.first().map_or("lib", String::as_str) {
        "lib" => Some(CLI.len()),
        "main" => Some(CLI.len() + 1),
        name => CLI.iter().position(|layer| *layer == name),
    };
    let Some(from_height) = height(from) else {
        return Some(format!("`{}` is in no layer: add it to the list in layers.rs", from.join("::")));
    };
    let is_command = |module: &[String]| module.len() > 1 && module[0] == "commands";
    let is_sibling = is_command(from) && is_command(to) && from[1] != to[1];
    if is_sibling || height(to).is_some_and(|to_height| to_height > from_height) {
        let shown = if to.is_empty() { "lib".to_owned() } else { to.join("::") };
        return Some(format!("`{}` uses `{shown}`, which comes later", from.join("::")));
    }
    None
}

fn plugins_upward(from: &[String], to: &[String], plugins: &BTreeSet<String>) -> Option<String> {
    let (Some(folder), Some(known)) = (from.first(), to.first()) else {
        return (!from.is_empty()).then(|| format!("`{}` uses the root of the crate", from.join("::")));
    };
    let allowed = PLUGINS.iter().find(|(name, _)| name == folder).map(|(_, known)| *known);
    let Some(allowed) = allowed else {
        return Some(format!("`{folder}` is no known folder: add it to the list in layers.rs"));
    };
    if known != folder && !allowed.contains(&known.as_str()) {
        return Some(format!("`{folder}` may not know `{known}`: `{}`", to.join("::")));
    }
    // A plugin is its file, with the folder of the same name. What `titles` holds is there to be shared.
    let plugin_of = |module: &[String]| {
        let is_shared =
            module.first().is_some_and(|folder| matches!(folder.as_str(), "titles" | "shared" | "commands"));
        module.iter().skip(1).find(|name| !is_shared && plugins.contains(*name)).cloned()
    };
    match (plugin_of(from), plugin_of(to)) {
        (Some(one), Some(other)) if one != other => Some(format!("plugin `{one}` knows plugin `{other}`")),
        _ => None,
    }
}

/// Finds the files of a crate that use each other, directly or through others.
pub(crate) fn cycles(sources: &[Source]) -> Vec<Violation> {
    let tree = Tree::new(sources);
    // For each file the files that it uses, with one line that does.
    let mut edges: BTreeMap<usize, BTreeMap<usize, (usize, String)>> = BTreeMap::new();
    for reference in tree.references() {
        let Target::Item(module, name) = &reference.target else { continue };
        let Some(to) = tree.file_of(module) else { continue };
        if to != reference.file {
            let known = edges.entry(reference.file).or_default();
            known.entry(to).or_insert_with(|| (reference.line, name.clone()));
        }
    }
    let mut found = Vec::new();
    for group in components(sources.len(), &edges) {
        for &from in &group {
            for (to, (line, name)) in edges.get(&from).into_iter().flatten() {
                if group.contains(to) {
                    let what = format!("in a cycle of {} files: uses `{name}` of {}", group.len(), sources[*to].path);
                    found.push(Violation::new("cycles", &sources[from].path, *line, what));
                }
            }
        }
    }
    found.sort();
    found
}

/// The groups of more than one file in which each reaches each.
fn components(count: usize, edges: &BTreeMap<usize, BTreeMap<usize, (usize, String)>>) -> Vec<BTreeSet<usize>> {
    let reach: Vec<BTreeSet<usize>> = (0..count)
        .map(|start| {
            let mut seen = BTreeSet::new();
            let mut next = vec![start];
            while let Some(at) = next.pop() {
                for to in edges.get(&at).into_iter().flat_map(BTreeMap::keys) {
                    if seen.insert(*to) {
                        next.push(*to);
                    }
                }
            }
            seen
        })
        .collect();
    let mut groups: BTreeSet<BTreeSet<usize>> = BTreeSet::new();
    for start in 0..count {
        if reach[start].contains(&start) {
            groups.insert(reach[start].iter().copied().filter(|other| reach[*other].contains(&start)).collect());
        }
    }
    groups.into_iter().collect()
}
