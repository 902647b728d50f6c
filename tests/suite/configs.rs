//! Whole configs: the good ones pass, the bad ones are explained exactly so.

use std::fs;
use std::path::PathBuf;

use flexget_tests::{check_file, is_current};

fn configs(kind: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("configs").join(kind);
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yml"))
        .filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with('_'))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no {kind} configs");
    found
}

#[test]
fn good_configs_pass() {
    for path in configs("good") {
        let ran = check_file(&path);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", path.display());
    }
}

/// A new case is a new file; `BLESS=1` writes what it says beside it, to be read before it is committed. A file whose name
/// begins with `_` is part of another.
#[test]
fn bad_configs_are_explained() {
    let mut wrong = Vec::new();
    for path in configs("bad") {
        let ran = check_file(&path);
        let said = path.with_extension("stderr");
        // A warning is worth a case, too; then the config is good.
        let code = if ran.stderr.contains("error") { 2 } else { 0 };
        if !is_current(&said, &ran.stderr) || ran.code != code || ran.stderr.is_empty() {
            wrong.push(format!("{} (exit code {}):\n{}", path.display(), ran.code, ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "these are not as expected:\n{}", wrong.join("\n"));
}
