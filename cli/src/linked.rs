//! Crates of plugins that are not linked, because nothing of the program names them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use flexget_core::error::Error;
use flexget_core::plugin::registry;

use crate::identity::Identity;

/// Finds dependencies that are crates of plugins and of which nothing is registered.
///
/// It reads `Cargo.lock` where the program was built, in debug builds only: the compiler leaves
/// such a crate out without a word, and its plugins are not there.
pub(crate) fn problems() -> Vec<Error> {
    let identity = Identity::get();
    if !cfg!(debug_assertions) || identity.folder.is_empty() {
        return Vec::new();
    }
    let lock =
        Path::new(identity.folder).ancestors().find_map(|folder| fs::read_to_string(folder.join("Cargo.lock")).ok());
    let mut known = registry::crates();
    known.extend(identity.crates);
    unlinked(&lock.unwrap_or_default(), identity.name, &known).iter().map(|name| problem(name)).collect()
}

fn problem(name: &str) -> Error {
    let krate = name.replace('-', "_");
    Error::new(format!(
        "the crate `{name}` is a dependency, but nothing names it: it is not linked, nor are its plugins"
    ))
    .hint(format!("name it in `src/main.rs`: `flexget_rs::main! {{ {krate} }}`"))
}

/// Returns the direct dependencies of a package that use flexget-core and that nothing names.
fn unlinked<'l>(lock: &'l str, package: &str, known: &BTreeSet<&str>) -> Vec<&'l str> {
    let mut dependencies: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in lock.split("[[package]]").skip(1) {
        let quoted = |line: &'l str| line.split('"').nth(1);
        let name = entry.lines().find(|line| line.starts_with("name = ")).and_then(quoted);
        let (_, list) = entry.split_once("dependencies = [").unwrap_or_default();
        // A name may be followed by the version.
        let names = list.lines().filter_map(quoted).filter_map(|name| name.split(' ').next());
        dependencies.entry(name.unwrap_or_default()).or_default().extend(names);
    }
    let uses_core = |name: &&str| dependencies.get(*name).is_some_and(|names| names.contains(&"flexget-core"));
    let direct = dependencies.get(package).into_iter().flatten().copied();
    let others = direct.filter(|name| !["flexget-core", "flexget-plugins", "flexget-rs"].contains(name));
    others.filter(uses_core).filter(|name| !known.contains(name.replace('-', "_").as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_of_plugins_that_nothing_names_is_found() {
        let lock = r#"
version = 4

[[package]]
name = "mine"
version = "0.1.0"
dependencies = [
 "flexget-core",
 "flexget-rs",
 "my-plugins 1.0.0",
 "serde",
]

[[package]]
name = "my-plugins"
version = "1.0.0"
dependencies = [
 "flexget-core",
]

[[package]]
name = "flexget-core"
dependencies = [
 "flexget-core",
]

[[package]]
name = "flexget-rs"
dependencies = [
 "flexget-core",
]

[[package]]
name = "serde"
version = "1.0.0"
"#;
        assert_eq!(unlinked(lock, "mine", &BTreeSet::new()), ["my-plugins"]);
        assert_eq!(unlinked(lock, "mine", &BTreeSet::from(["my_plugins"])), [""; 0]);
        assert_eq!(unlinked("", "mine", &BTreeSet::new()), [""; 0]);
        let said = problem("my-plugins");
        assert_eq!(said.hint_text(), Some("name it in `src/main.rs`: `flexget_rs::main! { my_plugins }`"));
    }
}
