//! The sources of the three crates as syntax trees, without what is only built for tests.

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;

/// The crates whose sources keep the rules.
pub(crate) const CRATES: [&str; 3] = ["core", "plugins", "cli"];

/// A source file.
pub(crate) struct Source {
    /// The crate's folder.
    pub krate: &'static str,
    /// The path from the root of the repository, with slashes.
    pub path: String,
    /// The module that the file is, from the crate's root.
    pub module: Vec<String>,
    /// The whole text.
    pub text: String,
    /// The syntax, without items for tests.
    pub file: syn::File,
    /// The lines of the items for tests, which `file` lacks.
    pub tests: Vec<RangeInclusive<usize>>,
}

impl Source {
    /// Parses a file.
    pub(crate) fn parse(krate: &'static str, path: &str, module: Vec<String>, text: &str) -> Self {
        let mut file = match syn::parse_file(text) {
            Ok(file) => file,
            Err(error) => panic!("{path}:{}: {error}", error.span().start().line),
        };
        let mut strip = Strip::default();
        strip.visit_file_mut(&mut file);
        Self { krate, path: path.to_owned(), module, text: text.to_owned(), file, tests: strip.lines }
    }

    /// Whether a line is part of an item for tests.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&line))
    }
}

/// Returns all sources of a crate that are built without `cfg(test)`.
pub(crate) fn of_crate(root: &Path, krate: &'static str) -> Vec<Source> {
    let src = root.join(krate).join("src");
    let mut found = Vec::new();
    for (name, module) in [("lib.rs", vec![]), ("main.rs", vec!["main".to_owned()])] {
        let path = src.join(name);
        if path.exists() {
            add(root, krate, &path, module, &src, &mut found);
        }
    }
    assert!(found.len() > 3, "no sources in {}", src.display());
    found
}

fn add(root: &Path, krate: &'static str, path: &Path, module: Vec<String>, children: &Path, found: &mut Vec<Source>) {
    let shown = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{shown}: {error}"));
    let source = Source::parse(krate, &shown, module.clone(), &text);
    let names: Vec<String> = source
        .file
        .items
        .iter()
        .filter_map(|item| match item {
            syn::Item::Mod(module) if module.content.is_none() => {
                Some(module.ident.to_string().trim_start_matches("r#").to_owned())
            }
            _ => None,
        })
        .collect();
    found.push(source);
    for name in names {
        let beside: PathBuf = children.join(format!("{name}.rs"));
        let within = children.join(&name).join("mod.rs");
        let path = if beside.exists() { beside } else { within };
        let module = module.iter().cloned().chain([name.clone()]).collect();
        add(root, krate, &path, module, &children.join(&name), found);
    }
}

/// Takes out what is under `#[cfg(test)]` or is a test.
#[derive(Default)]
struct Strip {
    lines: Vec<RangeInclusive<usize>>,
}

impl Strip {
    fn keep<T: Spanned>(&mut self, attributes: &[syn::Attribute], whole: &T) -> bool {
        if !attributes.iter().any(is_for_tests) {
            return true;
        }
        let first = attributes.iter().map(|one| one.span().start().line).min();
        let span = whole.span();
        self.lines.push(first.unwrap_or(span.start().line).min(span.start().line)..=span.end().line);
        false
    }
}

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    if attribute.path().is_ident("test") {
        return true;
    }
    // Also `#[cfg(all(test, …))]`.
    let condition = attribute.meta.require_list().map(|list| list.tokens.to_string()).unwrap_or_default();
    attribute.path().is_ident("cfg") && (condition == "test" || condition.starts_with("all (test"))
}

/// The attributes of an item, whatever it is.
pub(crate) fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(one) => &one.attrs,
        syn::Item::Enum(one) => &one.attrs,
        syn::Item::Fn(one) => &one.attrs,
        syn::Item::Impl(one) => &one.attrs,
        syn::Item::Macro(one) => &one.attrs,
        syn::Item::Mod(one) => &one.attrs,
        syn::Item::Static(one) => &one.attrs,
        syn::Item::Struct(one) => &one.attrs,
        syn::Item::Trait(one) => &one.attrs,
        syn::Item::Type(one) => &one.attrs,
        syn::Item::Use(one) => &one.attrs,
        _ => &[],
    }
}

impl VisitMut for Strip {
    fn visit_file_mut(&mut self, file: &mut syn::File) {
        file.items.retain(|item| self.keep(attributes(item), item));
        syn::visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        if let Some((_, items)) = &mut module.content {
            items.retain(|item| self.keep(attributes(item), item));
        }
        syn::visit_mut::visit_item_mod_mut(self, module);
    }

    fn visit_item_impl_mut(&mut self, block: &mut syn::ItemImpl) {
        block.items.retain(|item| match item {
            syn::ImplItem::Fn(one) => self.keep(&one.attrs, item),
            syn::ImplItem::Const(one) => self.keep(&one.attrs, item),
            _ => true,
        });
        syn::visit_mut::visit_item_impl_mut(self, block);
    }

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        block.stmts.retain(|stmt| match stmt {
            syn::Stmt::Item(item) => self.keep(attributes(item), item),
            _ => true,
        });
        syn::visit_mut::visit_block_mut(self, block);
    }
}
