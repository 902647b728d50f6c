//! Each rule is seen to fail when it is broken, in each folder that it speaks of.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{CRATES, Source};
use super::violations::Violation;
use super::{doors, layers, names, prose};

/// Sources of a crate, each by its path below `src` and its text; the roots that declare them are made.
fn sources(krate: &'static str, files: &[(&str, &str)]) -> Vec<Source> {
    let mut texts: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for (path, text) in files.iter().filter(|(path, _)| *path != "lib.rs") {
        let module: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        for depth in 0..module.len() {
            let name = if module[depth] == "if" { "r#if" } else { &module[depth] };
            let root = texts.entry(module[..depth].to_vec()).or_default();
            root.push_str(&format!(" pub mod {name};"));
        }
        texts.entry(module).or_default().insert_str(0, text);
    }
    texts
        .into_iter()
        .map(|(module, text)| {
            let path = if module.is_empty() { "lib".to_owned() } else { module.join("/") };
            Source::parse(krate, &format!("{krate}/src/{path}.rs"), module, &text)
        })
        .collect()
}

fn plugins() -> BTreeSet<String> {
    ["list_add", "if", "set", "seen", "rss"].map(str::to_owned).into()
}

/// The lines of `file:line` of what was found.
fn places(found: Vec<Violation>) -> Vec<String> {
    found.into_iter().map(|one| format!("{}:{}", one.path.split_once("/src/").unwrap().1, one.line)).collect()
}

#[test]
fn each_layer_of_core_is_kept_from_the_next() {
    for pair in layers::CORE.windows(2) {
        let lower = (format!("{}.rs", pair[0]), format!("fn f() {{\n    crate::{}::g();\n}}", pair[1]));
        let upper = (format!("{}.rs", pair[1]), format!("use crate::{}::f;\npub fn g() {{}}", pair[0]));
        let found = layers::upward(&sources("core", &[(&lower.0, &lower.1), (&upper.0, &upper.1)]), &plugins());
        assert_eq!(places(found), [format!("{}:2", lower.0)]);
    }
}

#[test]
fn a_layer_is_kept_however_a_path_is_written() {
    for text in [
        "use crate::run::g;",
        "use super::run::g;",
        "use crate::{error::E, run};",
        "fn f() { super::run::g() }",
        "fn f() { submit! { x: crate::run::g } }",
        "#[serde(with = \"crate::run\")] struct S;",
        "mod inner { use super::super::run::g; }",
        "use crate::*; fn f() { run::g() }",
        "type T = Vec<crate::run::R>;",
    ] {
        let files = [("run.rs", "pub fn g() {} pub struct R;"), ("task.rs", text)];
        let found = layers::upward(&sources("core", &files), &plugins());
        assert!(!found.is_empty(), "{text}");
    }
    let tests_only = [("run.rs", "pub fn g() {}"), ("task.rs", "#[cfg(test)]\nmod tests { use crate::run::g; }")];
    assert_eq!(places(layers::upward(&sources("core", &tests_only), &plugins())), [""; 0]);
}

#[test]
fn each_folder_of_plugins_knows_only_its_own() {
    for (folder, known) in layers::PLUGINS.iter().filter(|(folder, _)| *folder != "unsupported") {
        for (other, _) in layers::PLUGINS.iter().filter(|(other, _)| other != folder && *other != "unsupported") {
            let (from, to) = (format!("{folder}/one.rs"), format!("{other}/two.rs"));
            let text = format!("use crate::{other}::two::Two;");
            let files = sources("plugins", &[(&from, text.as_str()), (&to, "pub struct Two;")]);
            let found = layers::upward(&files, &plugins());
            assert_eq!(found.is_empty(), known.contains(other), "{folder} and {other}");
        }
    }
    let siblings = [("filters/seen.rs", "use super::r#if::If;"), ("filters/if.rs", "pub struct If;")];
    assert_eq!(places(layers::upward(&sources("plugins", &siblings), &plugins())), ["filters/seen.rs:1"]);
}

#[test]
fn each_layer_of_the_program_is_kept_from_the_next() {
    for pair in layers::CLI.windows(2) {
        let lower = (format!("{}.rs", pair[0]), format!("use crate::{}::g;", pair[1]));
        let found = layers::upward(&sources("cli", &[(&lower.0, &lower.1)]), &plugins());
        assert_eq!(places(found), [""; 0], "what is not there is of another crate");
        let upper = (format!("{}.rs", pair[1]), "pub fn g() {}".to_owned());
        let found = layers::upward(&sources("cli", &[(&lower.0, &lower.1), (&upper.0, &upper.1)]), &plugins());
        assert_eq!(places(found), [format!("{}:1", lower.0)]);
    }
    let commands = [("commands/check.rs", "use super::execute::run;"), ("commands/execute.rs", "pub fn run() {}")];
    assert_eq!(places(layers::upward(&sources("cli", &commands), &plugins())), ["commands/check.rs:1"]);
}

#[test]
fn a_cycle_is_found_through_re_exports_and_macros() {
    for krate in CRATES {
        let plain = [
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "pub struct B; fn f() { vec![crate::c::g()]; }"),
            ("c.rs", "pub fn g() { super::a::A::new(); }"),
        ];
        assert_eq!(places(layers::cycles(&sources(krate, &plain))), ["a.rs:1", "b.rs:1", "c.rs:1"]);
        let re_export = [("a.rs", "pub use b::B; pub struct A;"), ("a/b.rs", "use super::A; pub struct B(A);")];
        assert_eq!(places(layers::cycles(&sources(krate, &re_export))), ["a.rs:1", "a/b.rs:1"]);
        // A re-export that others use leads to its source, not to the root that has it.
        let through = [("a.rs", "pub use b::B;"), ("a/b.rs", "pub struct B;"), ("c.rs", "use crate::a::B;")];
        assert_eq!(places(layers::cycles(&sources(krate, &through))), [""; 0]);
    }
}

#[test]
fn core_may_name_neither_plugins_nor_services() {
    for text in [
        "const A: &str = \"on Trakt\";",
        "const A: &str = \"seen\";",
        "const A: &str = \"rss\";",
        "const A: &str = \"`set` is not known\";",
        "const A: &str = \"if: yes\";",
        "const A: &str = \"use list_add\";",
        "fn f() { format!(\"{} list_add\", 1); }",
        "#[serde(rename = \"set\")] struct S;",
        "struct ListAdd;",
        "fn trakt_list() {}",
        "fn f() { trace!(imdb = 1); }",
    ] {
        for (layer, path) in [("error", "error.rs"), ("list", "list/any.rs"), ("context", "context/http.rs")] {
            let found = names::services(&sources("core", &[(path, text)]), &plugins());
            assert!(!found.is_empty(), "{text} in {layer}");
        }
        assert!(names::services(&sources("plugins", &[("inputs/x.rs", text)]), &plugins()).is_empty());
    }
    let fine = "/// As Trakt does.\nfn seen(set: bool) { if set { \"offset\"; } }";
    assert_eq!(places(names::services(&sources("core", &[("entry.rs", fine)]), &plugins())), [""; 0]);
}

#[test]
fn each_door_is_kept() {
    for text in [
        "fn f() { println!() }",
        "fn f() { std::io::stdout(); }",
        "use std::time::Instant; fn f() { Instant::now(); }",
        "fn f() { jiff::Timestamp::now(); }",
        "use jiff::Timestamp as T; fn f() { T::now(); }",
        "use jiff::tz::TimeZone; fn f() { TimeZone::system(); }",
        "use std::thread; fn f() { thread::sleep(d); }",
        "use tokio::time; async fn f() { time::sleep(d).await; }",
        "use tokio::net::TcpStream;",
        "fn f() { std::fs::read(p); }",
        "use std::fs; fn f() { fs::read(p); }",
        "fn f() { p.exists(); }",
        "fn f() { assert!(p.is_dir()); }",
        "fn f() { std::env::var(\"X\"); }",
        "use std::process::Command;",
        "use rusqlite::Connection;",
        "const A: &str = \"SELECT 1\";",
        "fn f() { println!(\"{}\", g(\"DELETE FROM x\")); }",
    ] {
        for (krate, folders) in [
            (
                "core",
                &["error.rs", "value.rs", "entry.rs", "task/step.rs", "plugin/registry.rs", "list/any.rs", "run.rs"]
                    as &[&str],
            ),
            (
                "plugins",
                &[
                    "inputs/rss.rs",
                    "filters/seen.rs",
                    "modify/set.rs",
                    "outputs/a.rs",
                    "lists/a.rs",
                    "titles/a.rs",
                    "trakt/a.rs",
                ],
            ),
            ("cli", &["commands/check.rs", "session.rs", "args.rs"]),
        ] {
            for path in folders {
                assert!(!doors::outside(&sources(krate, &[(path, text)])).is_empty(), "{text} in {krate}/src/{path}");
            }
        }
    }
    let fine = "use std::time::Duration; use jiff::Timestamp; /// Like println!\nfn f() { x.metadata(1); }";
    assert_eq!(places(doors::outside(&sources("core", &[("entry.rs", fine)]))), [""; 0]);
}

#[test]
fn types_of_one_name_are_found_across_crates() {
    let mut all = sources("core", &[("entry.rs", "pub struct Options;")]);
    all.extend(sources("plugins", &[("filters/seen.rs", "mod x {\n    pub(crate) enum Options {}\n}")]));
    all.extend(sources("cli", &[("args.rs", "pub trait Options {}"), ("check.rs", "struct Options;")]));
    assert_eq!(places(names::shared_types(&all)), ["entry.rs:1", "filters/seen.rs:2", "args.rs:1"]);
}

#[test]
fn old_words_are_found_in_all_kinds_of_names() {
    for text in [
        "struct Shelf;",
        "enum E { Later }",
        "struct S { doings: u8 }",
        "fn is_twin() {}",
        "impl S { fn heed(&self) {} }",
        "trait T { fn absorb(); }",
        "fn f(aside: u8) {}",
        "fn f() { let mistakes = 1; }",
        "fn f() { g(|told| 1) }",
        "const SEVERAL: u8 = 1;",
    ] {
        for krate in CRATES {
            assert_eq!(places(names::old_words(&sources(krate, &[("a.rs", text)]))), ["a.rs:1"], "{text}");
        }
    }
    let fine = "fn threshold(exit_code: u8) { in_memory(lane_count); }";
    assert_eq!(places(names::old_words(&sources("core", &[("a.rs", fine)]))), [""; 0]);
}

#[test]
fn a_summary_stands_alone() {
    for text in [
        "/// What is there.\nstruct S;",
        "/// Of two times the later.\nfn f() {}",
        "/// No full stop\nstruct S;",
        "/// Two lines of\n/// a summary.\nstruct S;",
        "/// One line.\n/// And the next.\nstruct S;",
        "/// Read a file.\nfn f() {}",
        "struct S {\n    /// Who reads it.\n    a: u8,\n}",
        "enum E {\n    /// That which is.\n    A,\n}",
        "trait T {\n    /// How many there are.\n    fn f();\n}",
        "impl S {\n    /// The sum.\n    fn f() {}\n}",
        "mod inner {\n    //! Whose it is.\n}",
        "//! So many things.",
    ] {
        for krate in CRATES {
            assert_eq!(prose::summaries(&sources(krate, &[("a.rs", text)])).len(), 1, "{text}");
        }
    }
    let fine = "//! Numbers.\n\n/// Returns the sum.\n///\n/// What follows may be longer.\nfn f() {}\n/// The sum.\nstruct S;";
    assert_eq!(places(prose::summaries(&sources("core", &[("a.rs", fine)]))), [""; 0]);
    let long = format!("/// {}.\nstruct S;", "x".repeat(100));
    assert_eq!(places(prose::summaries(&sources("core", &[("a.rs", &long)]))), ["a.rs:1"]);
}

#[test]
fn comments_are_narrower_than_code() {
    let wide = "x".repeat(90);
    for (text, count) in [
        (format!("// {wide}xxxxxxxx"), 1),
        (format!("/// {wide}xxxxxxx\nstruct S;"), 1),
        (format!("fn f() {{\n    g(); // {wide}\n}}"), 1),
        (format!("const A: &str = \"{wide}{wide}\";"), 1),
        (format!("const A: &str = \"//{wide}\";"), 0),
        (format!("const A: &str = r#\"\" // {wide}\"#;"), 0),
        (format!("fn f() {{\n    g('\"', \"// {wide}\"); }}"), 0),
        (format!("#[cfg(test)]\nmod tests {{\n    // {wide}{wide}\n}}"), 0),
    ] {
        for krate in CRATES {
            assert_eq!(prose::wide_lines(&sources(krate, &[("a.rs", &text)])).len(), count, "{text}");
        }
    }
}
