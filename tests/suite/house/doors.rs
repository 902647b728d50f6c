//! The world comes in by the door: who may print, read the clock, open files and sockets, and speak SQL.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::resolve::{Target, Tree};
use super::sources::Source;
use super::violations::Violation;

/// Something of the world outside, and the files that may use it.
struct Door {
    name: &'static str,
    /// Paths of other crates, each with all below it.
    paths: &'static [&'static str],
    /// Macros.
    macros: &'static [&'static str],
    /// Methods, by name alone.
    methods: &'static [&'static str],
    /// Paths of the files that may use it, from the root of the repository: each a file or the beginning of paths.
    rooms: &'static [&'static str],
}

const DOORS: [Door; 8] = [
    Door {
        name: "printing",
        paths: &["std::io::stdout", "std::io::stderr", "anstream"],
        macros: &["println", "eprintln", "print", "eprint", "dbg"],
        methods: &[],
        rooms: &["cli/src/render", "cli/src/world.rs", "cli/src/prompt.rs"],
    },
    Door {
        name: "clock",
        paths: &[
            "std::time::SystemTime::now",
            "std::time::Instant::now",
            "tokio::time::Instant::now",
            "jiff::Timestamp::now",
            "jiff::Zoned::now",
        ],
        macros: &[],
        methods: &[],
        rooms: &["core/src/context/clock.rs"],
    },
    Door {
        name: "time zone",
        paths: &["jiff::tz::TimeZone::system", "jiff::tz::TimeZone::try_system", "jiff::Zoned::now"],
        macros: &[],
        methods: &[],
        rooms: &["core/src/context/clock.rs"],
    },
    Door {
        name: "sleep",
        paths: &[
            "std::thread::sleep",
            "tokio::time::sleep",
            "tokio::time::sleep_until",
            "tokio::time::interval",
            "tokio::time::timeout",
        ],
        macros: &[],
        methods: &[],
        rooms: &["core/src/context/clock.rs"],
    },
    Door {
        name: "socket",
        paths: &[
            "std::net::TcpStream",
            "std::net::TcpListener",
            "std::net::UdpSocket",
            "std::os::unix::net",
            "tokio::net",
            "reqwest",
            "hyper",
            "rustls",
        ],
        macros: &[],
        methods: &[],
        rooms: &["core/src/context/http", "core/src/testing/server.rs"],
    },
    Door {
        name: "files",
        paths: &["std::fs", "tokio::fs"],
        macros: &[],
        methods: &[
            "exists",
            "try_exists",
            "is_file",
            "is_dir",
            "is_symlink",
            "canonicalize",
            "read_dir",
            "symlink_metadata",
        ],
        rooms: &[
            "core/src/document",
            "core/src/expression/paths.rs",
            "core/src/config/template",
            // Whether the file that `TZ` names can be read to an end.
            "core/src/context/clock.rs",
            "core/src/context/http",
            "core/src/context/store",
            "core/src/plugin/script/folder.rs",
            "plugins/src/shared/folder.rs",
            "plugins/src/shared/source.rs",
            "plugins/src/shared/yaml_file.rs",
            "plugins/src/inputs/filesystem.rs",
            "cli/src/config.rs",
            "cli/src/world.rs",
            "cli/src/output_file.rs",
            // `Cargo.lock`, in debug builds.
            "cli/src/linked.rs",
            // Writing files is what these commands are for.
            "cli/src/commands/init.rs",
            "cli/src/commands/man.rs",
        ],
    },
    Door {
        name: "environment",
        paths: &[
            "std::env::var",
            "std::env::var_os",
            "std::env::vars",
            "std::env::args",
            "std::env::args_os",
            "std::env::current_dir",
            "std::env::home_dir",
            "std::env::temp_dir",
            "std::process::Command",
            "tokio::process",
        ],
        macros: &[],
        methods: &[],
        rooms: &[
            // `TZ`.
            "core/src/context/clock.rs",
            "cli/src/world.rs",
            "cli/src/main.rs",
            "cli/src/render/panic.rs",
            "core/src/context/process.rs",
            "core/src/context/dialogue.rs",
        ],
    },
    Door { name: "SQL", paths: &["rusqlite"], macros: &[], methods: &[], rooms: &["core/src/context/store"] },
];

/// How statements of SQL begin.
const STATEMENTS: [&str; 12] = [
    "SELECT ",
    "INSERT INTO ",
    "INSERT OR ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "CREATE UNIQUE ",
    "DROP TABLE ",
    "ALTER TABLE ",
    "PRAGMA ",
    "VACUUM",
];

/// Finds uses of the world outside in files that may not.
pub(crate) fn outside(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut add = |door: &Door, source: &Source, line: usize, what: String| {
        if !door.rooms.iter().any(|room| source.path.starts_with(room)) {
            found.push(Violation::new("doors", &source.path, line, format!("{}: {what}", door.name)));
        }
    };
    for reference in Tree::new(sources).references() {
        let Target::External(path) = &reference.target else { continue };
        let path = path.join("::");
        let is_below = |wanted: &&&str| path == **wanted || path.starts_with(&format!("{wanted}::"));
        for door in &DOORS {
            if let Some(wanted) = door.paths.iter().find(is_below) {
                add(door, &sources[reference.file], reference.line, format!("`{wanted}`"));
            }
        }
    }
    for source in sources {
        let mut calls = Calls::default();
        calls.visit_file(&source.file);
        for door in &DOORS {
            for (line, name) in &calls.macros {
                if door.macros.contains(&name.as_str()) {
                    add(door, source, *line, format!("`{name}!`"));
                }
            }
            for (line, name) in &calls.methods {
                if door.methods.contains(&name.as_str()) {
                    add(door, source, *line, format!("`.{name}()`"));
                }
            }
        }
        for (line, text) in strings(source) {
            let text = text.trim_start();
            if let (Some(statement), Some(sql)) =
                (STATEMENTS.iter().find(|one| text.starts_with(**one)), DOORS.iter().find(|door| door.name == "SQL"))
            {
                add(sql, source, line, format!("\"{statement}…\""));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Collects the macros and the methods without arguments that are called.
#[derive(Default)]
struct Calls {
    macros: Vec<(usize, String)>,
    methods: Vec<(usize, String)>,
}

impl<'s> Visit<'s> for Calls {
    fn visit_macro(&mut self, invocation: &'s syn::Macro) {
        if let Some(last) = invocation.path.segments.last() {
            self.macros.push((last.ident.span().start().line, last.ident.to_string()));
        }
        self.tokens(invocation.tokens.clone());
    }

    fn visit_expr_method_call(&mut self, call: &'s syn::ExprMethodCall) {
        if call.args.is_empty() {
            self.methods.push((call.method.span().start().line, call.method.to_string()));
        }
        visit::visit_expr_method_call(self, call);
    }
}

impl Calls {
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(ident) => {
                    let punct = |at: usize, what: char| matches!(tokens.get(at), Some(TokenTree::Punct(one)) if one.as_char() == what);
                    let line = ident.span().start().line;
                    if punct(at + 1, '!') {
                        self.macros.push((line, ident.to_string()));
                    }
                    let no_arguments =
                        matches!(tokens.get(at + 1), Some(TokenTree::Group(group)) if group.stream().is_empty());
                    if at > 0 && punct(at - 1, '.') && no_arguments {
                        self.methods.push((line, ident.to_string()));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Returns all string literals of a file with their lines, those in macros and attributes too; no doc comments.
pub(crate) fn strings(source: &Source) -> Vec<(usize, String)> {
    struct Strings(Vec<(usize, String)>);
    impl Strings {
        fn tokens(&mut self, tokens: TokenStream) {
            for token in tokens {
                match token {
                    TokenTree::Group(group) => self.tokens(group.stream()),
                    TokenTree::Literal(literal) => {
                        let line = literal.span().start().line;
                        if let Ok(text) = syn::parse2::<syn::LitStr>(TokenTree::Literal(literal).into()) {
                            self.0.push((line, text.value()));
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    impl<'s> Visit<'s> for Strings {
        fn visit_lit_str(&mut self, text: &'s syn::LitStr) {
            self.0.push((text.span().start().line, text.value()));
        }
        fn visit_macro(&mut self, invocation: &'s syn::Macro) {
            self.tokens(invocation.tokens.clone());
        }
        fn visit_attribute(&mut self, attribute: &'s syn::Attribute) {
            if let syn::Meta::List(list) = &attribute.meta {
                self.tokens(list.tokens.clone());
            }
        }
    }
    let mut found = Strings(Vec::new());
    found.visit_file(&source.file);
    found.0
}
