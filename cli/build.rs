//! Tells the program of which commit and for which target it was built, which `--version` prints.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=FLEXGET_RS_COMMIT");
    let commit = env::var("FLEXGET_RS_COMMIT").ok().filter(|commit| !commit.is_empty()).or_else(released_commit);
    let built: Vec<String> = commit.into_iter().chain(env::var("TARGET").ok()).collect();
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo:rustc-env=FLEXGET_RS_VERSION={version} ({})", built.join(", "));
}

/// Returns the checked-out commit, in a release build.
///
/// A debug build would be made anew after each commit.
fn released_commit() -> Option<String> {
    if env::var("PROFILE").ok()? != "release" {
        return None;
    }
    println!("cargo:rerun-if-changed={}", git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    git(&["rev-parse", "--short=9", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
