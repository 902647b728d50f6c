//! The README keeps its word.

use std::fs;

use flexget_tests::{Sandbox, repository};

/// The first block of this language in the README.
fn block(language: &str) -> String {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("```{language}\n")).expect("the README has such a block");
    rest.split_once("```").expect("the block ends").0.to_owned()
}

#[test]
fn its_config_is_good_and_has_at_most_ten_lines() {
    let config = block("yaml");
    assert!(config.lines().count() <= 10, "{config}");
    let ran = Sandbox::new(&config).run("check");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
}
