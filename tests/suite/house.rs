//! The rules of the house, over everything that is written and registered.
//!
//! The rules about sources parse them with `syn`, leave out only what is under `#[cfg(test)]`, and print each
//! violation as `file:line`. `known.txt` counts those that are still to be mended, by rule and file; it is exact, and
//! `BLESS=1` rewrites it.

mod catalogue;
mod doors;
mod layers;
mod names;
mod prose;
mod resolve;
mod sources;
mod tests;
mod violations;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

use flexget_core::plugin::registry;
use flexget_tests::repository;

use sources::Source;
use violations::{Counts, Violation};

/// All violations in core, plugins and cli.
static FOUND: LazyLock<Vec<Violation>> = LazyLock::new(|| {
    let plugins: BTreeSet<String> = registry::all().keys().map(|name| (*name).to_owned()).collect();
    let crates = sources::CRATES.map(|krate| sources::of_crate(&repository(), krate));
    let mut found = Vec::new();
    for sources in &crates {
        found.extend(layers::upward(sources, &plugins));
        found.extend(layers::cycles(sources));
        found.extend(doors::outside(sources));
    }
    let all: Vec<Source> = crates.into_iter().flatten().collect();
    found.extend(names::services(&all, &plugins));
    found.extend(names::shared_types(&all));
    found.extend(names::old_words(&all));
    found.extend(prose::summaries(&all));
    found.extend(prose::wide_lines(&all));
    found
});

/// Held while the list of known violations is rewritten.
static REWRITING: Mutex<()> = Mutex::new(());

#[test]
fn arrows_point_at_lower_layers_only() {
    check("layers");
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    check("cycles");
}

#[test]
fn core_names_no_plugin_and_no_service() {
    check("services");
}

#[test]
fn the_world_comes_in_by_the_door() {
    check("doors");
}

#[test]
fn each_public_type_has_a_name_of_its_own() {
    check("types");
}

#[test]
fn no_word_of_the_old_language_is_a_name() {
    check("words");
}

#[test]
fn each_doc_comment_has_a_summary_that_stands_alone() {
    check("summaries");
}

#[test]
fn comments_and_code_fit_their_columns() {
    check("width");
}

/// Fails if a rule is broken in a file more often than is known, or less often.
fn check(rule: &str) {
    let of_rule: Vec<&Violation> = FOUND.iter().filter(|violation| violation.rule == rule).collect();
    let found = violations::counts(&of_rule);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("suite/house/known.txt");
    let _guard = REWRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut all = violations::read_known(&fs::read_to_string(&path).unwrap_or_default());
    let known: Counts = all.extract_if(.., |(of, _), _| of == rule).collect();
    if std::env::var_os("BLESS").is_some() {
        all.extend(found);
        return fs::write(&path, violations::write_known(&all)).unwrap();
    }
    let mut wrong: Vec<String> = Vec::new();
    for (at, count) in &found {
        if known.get(at).is_none_or(|known| known < count) {
            wrong.extend(of_rule.iter().filter(|one| one.path == at.1).map(|one| one.to_string()));
        }
    }
    for (at, known) in &known {
        let count = found.get(at).copied().unwrap_or_default();
        if count < *known {
            wrong.push(format!(
                "{}: [{rule}] only {count} of {known} known violations are left: correct known.txt",
                at.1
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
