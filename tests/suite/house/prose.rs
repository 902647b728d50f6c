//! Comments as STYLE has them: a summary that stands alone, and lines that fit.

use syn::visit::{self, Visit};

use super::sources::Source;
use super::violations::Violation;

/// The columns of comments.
const PROSE: usize = 100;

/// The columns of code.
const CODE: usize = 120;

/// Words that begin a riddle in the place of a subject.
const RELATIVE: [&str; 16] = [
    "What ",
    "Who ",
    "Whose ",
    "Whom ",
    "Of ",
    "So ",
    "For so ",
    "That ",
    "Which ",
    "By what ",
    "With what ",
    "How much ",
    "How many ",
    "How far ",
    "How often ",
    "How alike ",
];

/// Finds doc comments whose summary does not stand alone.
pub(crate) fn summaries(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources {
        let mut docs = Docs(Vec::new());
        docs.visit_file(&source.file);
        for doc in docs.0 {
            if let Some(wrong) = wrong_with(&doc) {
                found.push(Violation::new("summaries", &source.path, doc.line, wrong));
            }
        }
    }
    found
}

/// Says what is wrong with a doc comment.
fn wrong_with(doc: &Doc) -> Option<String> {
    let summary = doc.lines.first()?.trim();
    if summary.chars().count() > PROSE {
        return Some(format!("the summary is longer than {PROSE} columns: {summary}"));
    }
    if doc.is_help {
        return None;
    }
    if !summary.ends_with('.') {
        return Some(format!("the first line is no sentence with a full stop: {summary}"));
    }
    if doc.lines.get(1).is_some_and(|second| !second.trim().is_empty()) {
        return Some(format!("no blank line after the summary: {summary}"));
    }
    if let Some(word) = RELATIVE.iter().find(|word| summary.starts_with(**word)) {
        return Some(format!("begins with `{}`: {summary}", word.trim_end()));
    }
    let first = summary.split_whitespace().next().unwrap_or_default();
    if doc.is_function && (!first.ends_with('s') || first.ends_with("ss")) {
        return Some(format!("a function's summary begins with a verb in the third person: {summary}"));
    }
    None
}

/// Whether an attribute derives one of these traits.
fn derives(attribute: &syn::Attribute, traits: &[&str]) -> bool {
    let derived = attribute.meta.require_list().map(|list| list.tokens.to_string()).unwrap_or_default();
    attribute.path().is_ident("derive") && traits.iter().any(|one| derived.contains(one))
}

/// A doc comment.
struct Doc {
    line: usize,
    lines: Vec<String>,
    is_function: bool,
    /// Whether it is help text of the command line, which is imperative and has no full stop.
    is_help: bool,
}

/// Collects the doc comments of a file.
struct Docs(Vec<Doc>);

impl Docs {
    fn add(&mut self, attributes: &[syn::Attribute], is_function: bool) {
        let is_help = attributes.iter().any(|attribute| {
            derives(attribute, &["Parser", "Args", "Subcommand", "ValueEnum"])
                || attribute.path().is_ident("arg")
                || attribute.path().is_ident("command")
        });
        let mut doc = Doc { line: 0, lines: Vec::new(), is_function, is_help };
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
            let syn::Meta::NameValue(pair) = &attribute.meta else { continue };
            let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { continue };
            if doc.lines.is_empty() {
                doc.line = text.span().start().line;
            }
            doc.lines.extend(text.value().lines().map(str::to_owned));
            if text.value().is_empty() {
                doc.lines.push(String::new());
            }
        }
        if !doc.lines.is_empty() {
            self.0.push(doc);
        }
    }
}

impl<'s> Visit<'s> for Docs {
    fn visit_file(&mut self, file: &'s syn::File) {
        self.add(&file.attrs, false);
        visit::visit_file(self, file);
    }

    fn visit_item(&mut self, item: &'s syn::Item) {
        self.add(super::sources::attributes(item), matches!(item, syn::Item::Fn(_)));
        // The values of an option have their help from their doc comments.
        let is_option = super::sources::attributes(item).iter().any(|attribute| derives(attribute, &["ValueEnum"]));
        if !is_option {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'s syn::ImplItem) {
        match item {
            syn::ImplItem::Fn(one) => self.add(&one.attrs, true),
            syn::ImplItem::Const(one) => self.add(&one.attrs, false),
            syn::ImplItem::Type(one) => self.add(&one.attrs, false),
            _ => {}
        }
        visit::visit_impl_item(self, item);
    }

    fn visit_trait_item(&mut self, item: &'s syn::TraitItem) {
        match item {
            syn::TraitItem::Fn(one) => self.add(&one.attrs, true),
            syn::TraitItem::Const(one) => self.add(&one.attrs, false),
            syn::TraitItem::Type(one) => self.add(&one.attrs, false),
            _ => {}
        }
        visit::visit_trait_item(self, item);
    }

    fn visit_field(&mut self, field: &'s syn::Field) {
        self.add(&field.attrs, false);
        visit::visit_field(self, field);
    }

    fn visit_variant(&mut self, variant: &'s syn::Variant) {
        self.add(&variant.attrs, false);
        visit::visit_variant(self, variant);
    }
}

/// Finds lines that are too wide.
pub(crate) fn wide_lines(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources {
        let comments = comment_starts(&source.text);
        for (at, text) in source.text.lines().enumerate() {
            let line = at + 1;
            if source.is_test(line) {
                continue;
            }
            let columns = text.chars().count();
            let code = comments.iter().find(|(on, _)| *on == line).map(|(_, column)| *column);
            if code.is_some() && columns > PROSE {
                found.push(Violation::new("width", &source.path, line, format!("a comment up to column {columns}")));
            } else if columns > CODE {
                found.push(Violation::new("width", &source.path, line, format!("code up to column {columns}")));
            }
        }
    }
    found
}

/// Returns the line and the column of each line comment, doc comments too; what looks like one in a string is none.
fn comment_starts(text: &str) -> Vec<(usize, usize)> {
    let letters: Vec<char> = text.chars().collect();
    let (mut at, mut line, mut start) = (0, 1, 0);
    let mut found = Vec::new();
    while at < letters.len() {
        let next = letters.get(at + 1).copied();
        match letters[at] {
            '\n' => {
                line += 1;
                start = at + 1;
            }
            '/' if next == Some('/') => {
                found.push((line, at - start + 1));
                while letters.get(at + 1).is_some_and(|letter| *letter != '\n') {
                    at += 1;
                }
            }
            // A raw string ends at a quote with as many `#` as it began with.
            'r' if matches!(next, Some('"' | '#'))
                && !(at > 0 && is_word(letters[at - 1]) && letters[at - 1] != 'b') =>
            {
                let hashes = letters[at + 1..].iter().take_while(|letter| **letter == '#').count();
                if letters.get(at + 1 + hashes) == Some(&'"') {
                    at += 2 + hashes;
                    let ends = |at: usize| {
                        letters[at] == '"'
                            && letters[at + 1..].iter().take(hashes).filter(|one| **one == '#').count() == hashes
                    };
                    while at < letters.len() && !ends(at) {
                        if letters[at] == '\n' {
                            line += 1;
                            start = at + 1;
                        }
                        at += 1;
                    }
                    at += hashes;
                }
            }
            '"' => {
                at += 1;
                while at < letters.len() && letters[at] != '"' {
                    if letters[at] == '\\' {
                        at += 1;
                    }
                    if letters.get(at) == Some(&'\n') {
                        line += 1;
                        start = at + 1;
                    }
                    at += 1;
                }
            }
            // A character, not a lifetime.
            '\'' if next == Some('\\') => {
                at += 2;
                while letters.get(at + 1).is_some_and(|letter| *letter != '\'') {
                    at += 1;
                }
                at += 1;
            }
            '\'' if letters.get(at + 2) == Some(&'\'') => at += 2,
            _ => {}
        }
        at += 1;
    }
    found
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}
