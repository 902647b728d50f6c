//! Names: core knows no plugin and no service, each public type has a name of its own, and no word of the old language
//! comes back.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::doors::strings;
use super::sources::Source;
use super::violations::Violation;

/// Services that plugins are made for.
const SERVICES: [&str; 7] = ["trakt", "imdb", "tmdb", "tvdb", "tvmaze", "simkl", "letterboxd"];

/// Names of plugins that are words of the config language or of a format as well, with the files where they are that.
const HOMONYMS: [(&str, &str); 7] = [
    ("if", "core/src/expression"),
    ("text", "core/src"),
    ("interval", "core/src/config/schema"),
    ("sort_by", "core/src"),
    ("set", "core/src/plugin"),
    // A keyword of JSON Schema.
    ("if", "core/src/config/schema"),
    // A key of `schedules`, too.
    ("interval", "core/src/config/schedule"),
];

/// Finds names of plugins and of services in the code and the strings of core.
pub(crate) fn services(sources: &[Source], plugins: &BTreeSet<String>) -> Vec<Violation> {
    // A name of one word may be the name of anything in code.
    let long: BTreeSet<&String> = plugins.iter().filter(|name| name.contains('_')).collect();
    let types: BTreeSet<String> = long.iter().map(|name| camel(name)).collect();
    let mut found = BTreeSet::new();
    for source in sources.iter().filter(|source| source.krate == "core") {
        let is_homonym =
            |word: &str| HOMONYMS.iter().any(|(name, path)| *name == word && source.path.starts_with(path));
        for (line, name) in identifiers(source) {
            let lower = name.to_lowercase();
            let service = SERVICES.iter().find(|service| lower.contains(**service));
            let plugin = long.contains(&name) || types.contains(&name);
            if service.is_some() || (plugin && !is_homonym(&name)) {
                found.insert(Violation::new("services", &source.path, line, format!("the name `{name}`")));
            }
        }
        for (line, text) in strings(source) {
            let lower = text.to_lowercase();
            let service = SERVICES.iter().find(|service| lower.contains(**service)).map(|name| (*name).to_owned());
            let plugin = plugins.iter().find(|name| !is_homonym(name) && speaks_of(&text, name));
            if let Some(name) = service.or_else(|| plugin.cloned()) {
                found.insert(Violation::new("services", &source.path, line, format!("`{name}` in \"{text}\"")));
            }
        }
    }
    found.into_iter().collect()
}

/// Whether a text names a plugin: as a word if no other word is written so, else alone, in backticks or as a key.
fn speaks_of(text: &str, plugin: &str) -> bool {
    let words = || text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    if plugin.contains('_') {
        return words().any(|word| word == plugin);
    }
    let key = text.trim_start().strip_prefix(plugin).is_some_and(|rest| rest.starts_with(": "));
    text == plugin || text.contains(&format!("`{plugin}`")) || key
}

/// The name as a type has it: `list_add` is `ListAdd`.
fn camel(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
        })
        .collect()
}

/// Finds public types that share a name.
pub(crate) fn shared_types(sources: &[Source]) -> Vec<Violation> {
    struct Types<'v>(&'v mut Vec<(usize, String)>);
    impl<'s> Visit<'s> for Types<'_> {
        fn visit_item(&mut self, item: &'s syn::Item) {
            let (vis, ident) = match item {
                syn::Item::Struct(one) => (&one.vis, &one.ident),
                syn::Item::Enum(one) => (&one.vis, &one.ident),
                syn::Item::Trait(one) => (&one.vis, &one.ident),
                syn::Item::Type(one) => (&one.vis, &one.ident),
                _ => return visit::visit_item(self, item),
            };
            if !matches!(vis, syn::Visibility::Inherited) {
                self.0.push((ident.span().start().line, ident.to_string()));
            }
        }
    }
    let mut places: BTreeMap<String, Vec<(&str, usize)>> = BTreeMap::new();
    for source in sources {
        let mut types = Vec::new();
        Types(&mut types).visit_file(&source.file);
        for (line, name) in types {
            places.entry(name).or_default().push((&source.path, line));
        }
    }
    let shared = places.into_iter().filter(|(_, places)| places.len() > 1);
    shared
        .flat_map(|(name, places)| {
            let all: Vec<_> = places.iter().map(|(path, line)| format!("{path}:{line}")).collect();
            let what = format!("`{name}` is {} types: {}", places.len(), all.join(", "));
            places.into_iter().map(move |(path, line)| Violation::new("types", path, line, what.clone()))
        })
        .collect()
}

/// Words that are in no name, not even as a part of it.
const WORDS: [&str; 15] = [
    "shelf",
    "doings",
    "nonsense",
    "memo",
    "twin",
    "twins",
    "trouble",
    "troubles",
    "remark",
    "heed",
    "upkeep",
    "dispensable",
    "mistake",
    "mistakes",
    "elsewhere",
];

/// Words that are no name by themselves.
const WHOLE_NAMES: [&str; 24] = [
    "lose", "later", "aside", "absorb", "hold", "tell", "told", "sight", "standing", "heard", "lane", "heed", "held",
    "gate", "settle", "memory", "several", "pairs", "reading", "parts", "exchange", "foreign", "answer", "answers",
];

/// Finds names in the old language.
pub(crate) fn old_words(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources {
        let mut definitions = Definitions(Vec::new());
        definitions.visit_file(&source.file);
        if let Some(name) = source.module.last() {
            definitions.0.push((1, name.clone()));
        }
        for (line, name) in definitions.0 {
            let words = words_of(&name);
            let whole = words.join("_");
            if words.iter().any(|word| WORDS.contains(&word.as_str())) || WHOLE_NAMES.contains(&whole.as_str()) {
                found.push(Violation::new("words", &source.path, line, format!("the name `{name}`")));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Splits a name at underscores and at capitals, into lower case.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        let upper = letter.is_uppercase() && words.last().is_some_and(|word| !word.ends_with(char::is_uppercase));
        if letter == '_' || upper {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter != '_', words.last_mut()) {
            word.push(letter);
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).map(|word| word.to_lowercase()).collect()
}

/// Collects the names that a file defines.
struct Definitions(Vec<(usize, String)>);

impl Definitions {
    fn add(&mut self, ident: &Ident) {
        self.0.push((ident.span().start().line, ident.to_string().trim_start_matches("r#").to_owned()));
    }
}

impl<'s> Visit<'s> for Definitions {
    fn visit_item(&mut self, item: &'s syn::Item) {
        match item {
            syn::Item::Const(one) => self.add(&one.ident),
            syn::Item::Enum(one) => self.add(&one.ident),
            syn::Item::Static(one) => self.add(&one.ident),
            syn::Item::Struct(one) => self.add(&one.ident),
            syn::Item::Trait(one) => self.add(&one.ident),
            syn::Item::Type(one) => self.add(&one.ident),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_signature(&mut self, signature: &'s syn::Signature) {
        self.add(&signature.ident);
        visit::visit_signature(self, signature);
    }

    fn visit_field(&mut self, field: &'s syn::Field) {
        if let Some(ident) = &field.ident {
            self.add(ident);
        }
        visit::visit_field(self, field);
    }

    fn visit_variant(&mut self, variant: &'s syn::Variant) {
        self.add(&variant.ident);
        visit::visit_variant(self, variant);
    }

    fn visit_pat_ident(&mut self, pattern: &'s syn::PatIdent) {
        self.add(&pattern.ident);
        visit::visit_pat_ident(self, pattern);
    }
}

/// Returns all identifiers of a file with their lines, those in macros too.
fn identifiers(source: &Source) -> Vec<(usize, String)> {
    struct Identifiers(Vec<(usize, String)>);
    impl Identifiers {
        fn tokens(&mut self, tokens: TokenStream) {
            for token in tokens {
                match token {
                    TokenTree::Group(group) => self.tokens(group.stream()),
                    TokenTree::Ident(ident) => self.0.push((ident.span().start().line, ident.to_string())),
                    _ => {}
                }
            }
        }
    }
    impl<'s> Visit<'s> for Identifiers {
        fn visit_ident(&mut self, ident: &'s Ident) {
            self.0.push((ident.span().start().line, ident.to_string()));
        }
        fn visit_macro(&mut self, invocation: &'s syn::Macro) {
            self.tokens(invocation.tokens.clone());
        }
        fn visit_attribute(&mut self, _: &'s syn::Attribute) {}
    }
    let mut found = Identifiers(Vec::new());
    found.visit_file(&source.file);
    found.0
}
