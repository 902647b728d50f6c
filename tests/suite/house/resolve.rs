//! Which item a path names, and which file defines it.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::sources::Source;

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// A module of the same crate.
    Module(Vec<String>),
    /// An item of the same crate, by the module that defines it and its name.
    Item(Vec<String>, String),
    /// Something of another crate, by its whole path.
    External(Vec<String>),
}

/// A path as it is written somewhere, and what it names.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// The index of the file.
    pub file: usize,
    /// The line.
    pub line: usize,
    /// The module through which it is named: the first item's module as written, before re-exports are followed.
    pub named: Vec<String>,
    /// What it is in truth.
    pub target: Target,
}

#[derive(Default)]
struct Module {
    file: usize,
    items: BTreeSet<String>,
    children: BTreeSet<String>,
    aliases: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
}

/// The modules of a crate.
pub(crate) struct Tree<'a> {
    sources: &'a [Source],
    modules: BTreeMap<Vec<String>, Module>,
    macros: BTreeMap<String, Vec<String>>,
}

impl<'a> Tree<'a> {
    /// Reads the modules of the sources of one crate.
    pub(crate) fn new(sources: &'a [Source]) -> Self {
        let mut tree = Self { sources, modules: BTreeMap::new(), macros: BTreeMap::new() };
        for (at, source) in sources.iter().enumerate() {
            tree.enter(at, &source.module, &source.file.items);
        }
        tree
    }

    fn enter(&mut self, file: usize, path: &[String], items: &[syn::Item]) {
        let mut module = Module { file, ..Module::default() };
        for item in items {
            let name = match item {
                syn::Item::Const(one) => &one.ident,
                syn::Item::Enum(one) => &one.ident,
                syn::Item::Fn(one) => &one.sig.ident,
                syn::Item::Static(one) => &one.ident,
                syn::Item::Struct(one) => &one.ident,
                syn::Item::Trait(one) => &one.ident,
                syn::Item::Type(one) => &one.ident,
                syn::Item::Mod(one) => {
                    let name = plain(&one.ident);
                    if let Some((_, items)) = &one.content {
                        let below: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
                        self.enter(file, &below, items);
                    }
                    module.children.insert(name);
                    continue;
                }
                syn::Item::Use(one) => {
                    for (name, target) in leaves(&one.tree) {
                        match name {
                            Some(name) => drop(module.aliases.insert(name, target)),
                            None => module.globs.push(target),
                        }
                    }
                    continue;
                }
                syn::Item::Macro(one) => {
                    if let Some(name) = &one.ident {
                        self.macros.insert(name.to_string(), path.to_vec());
                    }
                    continue;
                }
                _ => continue,
            };
            module.items.insert(plain(name));
        }
        self.modules.insert(path.to_vec(), module);
    }

    /// Returns the file that defines a module's items.
    pub(crate) fn file_of(&self, module: &[String]) -> Option<usize> {
        self.modules.get(module).map(|module| module.file)
    }

    /// Resolves a path that is written in a module. The first value is the module as named.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<(Vec<String>, Target)> {
        if depth > 24 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.walk(vec![], rest, depth),
            "self" => self.walk(module.to_vec(), rest, depth),
            "super" => {
                let (_, parent) = module.split_last()?;
                self.walk(parent.to_vec(), rest, depth)
            }
            "Self" => None,
            // A path that begins with `::`.
            "" => Some((vec![], Target::External(rest.to_vec()))),
            _ => self.local(module, path, depth),
        }
    }

    /// Resolves a path that begins with a name in scope, or with another crate.
    fn local(&self, module: &[String], path: &[String], depth: usize) -> Option<(Vec<String>, Target)> {
        let (first, rest) = path.split_first()?;
        match self.member(module, first, depth) {
            Some((named, Target::Module(base))) => {
                if rest.is_empty() {
                    Some((named, Target::Module(base)))
                } else {
                    self.walk(base, rest, depth + 1)
                }
            }
            Some((named, Target::External(base))) => {
                Some((named, Target::External(base.into_iter().chain(rest.iter().cloned()).collect())))
            }
            Some(found) => Some(found),
            None if path.len() > 1 => Some((vec![], Target::External(path.to_vec()))),
            None => None,
        }
    }

    fn walk(&self, base: Vec<String>, rest: &[String], depth: usize) -> Option<(Vec<String>, Target)> {
        let Some((first, below)) = rest.split_first() else { return Some((base.clone(), Target::Module(base))) };
        if first == "super" {
            let (_, parent) = base.split_last()?;
            return self.walk(parent.to_vec(), below, depth + 1);
        }
        match self.member(&base, first, depth)? {
            (_, Target::Module(module)) => self.walk(module, below, depth + 1),
            (_, Target::External(path)) => {
                Some((base, Target::External(path.into_iter().chain(below.iter().cloned()).collect())))
            }
            (_, item) => Some((base, item)),
        }
    }

    /// Finds a name in a module: its own items and children first, then what it imports.
    fn member(&self, at: &[String], name: &str, depth: usize) -> Option<(Vec<String>, Target)> {
        if depth > 24 {
            return None;
        }
        let module = self.modules.get(at)?;
        if module.items.contains(name) {
            return Some((at.to_vec(), Target::Item(at.to_vec(), name.to_owned())));
        }
        if module.children.contains(name) {
            let below: Vec<String> = at.iter().cloned().chain([name.to_owned()]).collect();
            return Some((below.clone(), Target::Module(below)));
        }
        if let Some(path) = module.aliases.get(name) {
            // `use a::b;` where `a` is a crate that has the name of what is imported.
            if path.len() > 1 || path[0] != name {
                return self.resolve(at, path, depth + 1).or_else(|| Some((vec![], Target::External(path.clone()))));
            }
            return Some((vec![], Target::External(path.clone())));
        }
        for glob in &module.globs {
            if let Some((_, Target::Module(base))) = self.resolve(at, glob, depth + 1)
                && let Some(found) = self.member(&base, name, depth + 8)
            {
                return Some(found);
            }
        }
        if let (true, Some(definer)) = (at.is_empty(), self.macros.get(name)) {
            return Some((vec![], Target::Item(definer.clone(), name.to_owned())));
        }
        None
    }

    /// Returns all that is named in the sources, once for each place.
    pub(crate) fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        for (file, source) in self.sources.iter().enumerate() {
            let mut paths = Paths { tree: self, file, module: source.module.clone(), found: &mut found };
            paths.visit_file(&source.file);
        }
        found
    }
}

/// The name without `r#`.
fn plain(ident: &proc_macro2::Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// What a `use` brings into scope: the name (`None` for `*`), and the path.
fn leaves(tree: &syn::UseTree) -> Vec<(Option<String>, Vec<String>)> {
    fn go(tree: &syn::UseTree, before: &[String], found: &mut Vec<(Option<String>, Vec<String>)>) {
        let with = |name: String| before.iter().cloned().chain([name]).collect::<Vec<_>>();
        match tree {
            syn::UseTree::Path(path) => go(&path.tree, &with(plain(&path.ident)), found),
            syn::UseTree::Name(name) if name.ident == "self" => found.push((before.last().cloned(), before.to_vec())),
            syn::UseTree::Name(name) => found.push((Some(plain(&name.ident)), with(plain(&name.ident)))),
            syn::UseTree::Rename(rename) if rename.ident == "self" => {
                found.push((Some(plain(&rename.rename)), before.to_vec()));
            }
            syn::UseTree::Rename(rename) => found.push((Some(plain(&rename.rename)), with(plain(&rename.ident)))),
            syn::UseTree::Glob(_) => found.push((None, before.to_vec())),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| go(tree, before, found)),
        }
    }
    let mut found = Vec::new();
    go(tree, &[], &mut found);
    found
}

/// Collects the paths of a file.
struct Paths<'t, 'a> {
    tree: &'t Tree<'a>,
    file: usize,
    module: Vec<String>,
    found: &'t mut Vec<Reference>,
}

impl Paths<'_, '_> {
    fn add(&mut self, path: &[String], line: usize) {
        if let Some((named, target)) = self.tree.resolve(&self.module, path, 0) {
            self.found.push(Reference { file: self.file, line, named, target });
        }
    }

    /// Collects what looks like a path among the tokens of a macro.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            let after =
                |at: usize, what: char| matches!(tokens.get(at), Some(TokenTree::Punct(one)) if one.as_char() == what);
            match &tokens[at] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(ident) => {
                    let line = ident.span().start().line;
                    let field = at > 0 && after(at - 1, '.') && !(at > 1 && after(at - 2, '.'));
                    let mut path = vec![plain(ident)];
                    while after(at + 1, ':') && after(at + 2, ':') {
                        let Some(TokenTree::Ident(next)) = tokens.get(at + 3) else { break };
                        path.push(plain(next));
                        at += 3;
                    }
                    let is_name = path[0].starts_with(|c: char| c.is_uppercase())
                        || matches!(tokens.get(at + 1), Some(TokenTree::Group(_)))
                        || after(at + 1, '!');
                    if !field && (path.len() > 1 || is_name) {
                        self.add(&path, line);
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}

impl<'s> Visit<'s> for Paths<'_, '_> {
    fn visit_item_mod(&mut self, module: &'s syn::ItemMod) {
        if module.content.is_some() {
            self.module.push(plain(&module.ident));
            visit::visit_item_mod(self, module);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'s syn::ItemUse) {
        let line = item.span().start().line;
        for (_, path) in leaves(&item.tree) {
            self.add(&path, line);
        }
    }

    // `pub(crate)` is no use of the root.
    fn visit_visibility(&mut self, _: &'s syn::Visibility) {}

    fn visit_path(&mut self, path: &'s syn::Path) {
        let mut names: Vec<String> = path.segments.iter().map(|segment| plain(&segment.ident)).collect();
        if path.leading_colon.is_some() {
            names.insert(0, String::new());
        }
        self.add(&names, path.span().start().line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, invocation: &'s syn::Macro) {
        self.visit_path(&invocation.path);
        self.tokens(invocation.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'s syn::Attribute) {
        // `#[serde(deserialize_with = "path::to")]` names a function.
        let syn::Meta::List(list) = &attribute.meta else { return };
        for token in list.tokens.clone() {
            let TokenTree::Literal(literal) = token else { continue };
            let Ok(text) = syn::parse2::<syn::LitStr>(TokenTree::Literal(literal).into()) else { continue };
            if let Ok(path) = text.parse::<syn::Path>() {
                self.visit_path(&path);
            }
        }
    }
}
