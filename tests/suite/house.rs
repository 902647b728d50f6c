//! The rules of the house, over everything that is written and registered.
//!
//! The rules about sources parse them with `syn`, leave out only what is under `#[cfg(test)]`, and print each
//! violation as `file:line`.

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
use std::sync::LazyLock;

use flexget_core::plugin::registry;
use flexget_tests::repository;

use sources::Source;
use violations::Violation;

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

/// Fails if a rule is broken anywhere.
fn check(rule: &str) {
    let wrong: Vec<String> = FOUND.iter().filter(|one| one.rule == rule).map(|one| one.to_string()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
