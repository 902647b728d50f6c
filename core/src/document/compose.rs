//! Scanner events → tree: anchors, merge keys, tags, duplicate keys, limits.
//!
//! The only file that knows the scanner's events. It keeps its own stack, so that deep nesting
//! costs no call stack, and goes on after each error that leaves the structure clear, so that
//! all of them are told at once.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle, Tag};
use serde_yaml::Number;

use crate::document::diagnostic::{At, Diagnostic, Span};
use crate::document::node::{Content, Mapping, MappingKey, Node, Scalar};
use crate::document::open::{Frame, Partial, Slot, excerpt, unquoted};
use crate::document::{scalar, syntax};

/// Limit of the levels of lists and mappings, aliases included.
pub(super) const MAX_DEPTH: usize = 128;

/// Limit of the errors that are reported for a file.
const MAX_ERRORS: usize = 1000;

/// Number of values that aliases and merge keys may add to any config.
const FREE_EXPANSION: usize = 250_000;
/// Number of values that they may add for each value that is written.
const EXPANSION_PER_NODE: usize = 20;
/// … and how many at most.
const MAX_EXPANSION: usize = 2_000_000;

/// Result of reading a text: the tree, if its structure could be read, and all errors.
pub(super) struct Composed {
    pub root: Option<Rc<Node>>,
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Default)]
struct Composer<'t> {
    file: usize,
    text: &'t str,
    open: Vec<Frame>,
    anchors: HashMap<usize, Rc<Node>>,
    keys: HashSet<Rc<str>>,
    root: Option<Rc<Node>>,
    written: usize,
    expanded: usize,
    bomb_reported: bool,
    /// Where the last thing that is written ends.
    last: usize,
    /// The offset of the line whose tab was reported last, so that each line is named once.
    tab_reported: Option<usize>,
    diagnostics: Vec<Diagnostic>,
}

/// Reads one file of YAML.
pub(super) fn compose(file: usize, text: &str) -> Composed {
    let mut composer = Composer { file, text, ..Composer::default() };
    let complete = composer.read();
    // What is left of a bomb is not worth checking.
    let root = composer.root.filter(|_| complete && !composer.bomb_reported);
    Composed { root, diagnostics: composer.diagnostics }
}

fn options() -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.block_scalar_eof_without_line_feed = true;
    options.emit_unresolved_aliases = true;
    options
}

impl Composer<'_> {
    /// Reads to the end; false if the structure could not be read.
    fn read(&mut self) -> bool {
        let mut has_begun = false;
        for event in Parser::new_from_str_with_options(self.text, options()) {
            let (event, place) = match event {
                Ok(event) => event,
                Err(error) => {
                    let fatal = syntax::explain(self.file, self.text, &error, &self.open);
                    // What was said about the beginning of the same text is now said about all of
                    // it.
                    let start = |said: &Diagnostic| match &said.at {
                        At::Span(span) => Some(span.bytes.start),
                        _ => None,
                    };
                    self.diagnostics.retain(|said| start(said) != start(&fatal));
                    self.diagnostics.push(fatal);
                    return false;
                }
            };
            let bytes = place.start.byte_offset().unwrap_or(0)..place.end.byte_offset().unwrap_or(0);
            let span = Span { file: self.file, bytes };
            if matches!(event, Event::Scalar(..) | Event::Alias(_) | Event::UnresolvedAlias(_)) {
                self.last = span.bytes.end;
            }
            let tag_span = |tag: &Option<_>| {
                let tag: &Tag = tag.as_deref()?;
                let bytes = place.tag_span().map_or(span.bytes.clone(), |at| {
                    at.start.byte_offset().unwrap_or(0)..at.end.byte_offset().unwrap_or(0)
                });
                Some((tag.clone(), Span { file: span.file, bytes }))
            };
            match event {
                Event::DocumentStart(..) if has_begun => {
                    let message = "a second document begins here, and a config is a single one";
                    let help = "delete the line `---` (or `...`) between them, or keep the second part in a file of \
                                its own";
                    self.error(span, message, help);
                    return false;
                }
                Event::DocumentStart(..) => has_begun = true,
                Event::Scalar(text, style, anchor, tag) => {
                    let tag = tag_span(&tag);
                    self.scalar(&text, style, anchor, tag, span);
                }
                Event::SequenceStart(style, anchor, tag) => {
                    self.check_tag(tag_span(&tag), "seq");
                    if !self.enter(span, style, anchor, Partial::Sequence(Vec::new())) {
                        return false;
                    }
                }
                Event::MappingStart(style, anchor, tag) => {
                    self.check_tag(tag_span(&tag), "map");
                    let partial =
                        Partial::Mapping { own: Mapping::default(), key: None, merged: Vec::new(), expression: false };
                    if !self.enter(span, style, anchor, partial) {
                        return false;
                    }
                }
                Event::SequenceEnd | Event::MappingEnd => self.leave(&span),
                Event::Alias(anchor) => self.alias(anchor, span),
                Event::UnresolvedAlias(name) => {
                    let line = excerpt(&self.text[span.bytes.start..]);
                    let help = format!("write `'{line}'` if you mean text that begins with `*`");
                    self.error(span.clone(), format!("no anchor `&{name}` stands above this"), help);
                    self.put_nothing(span);
                }
                _ => {}
            }
        }
        true
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_ERRORS {
            self.diagnostics.push(diagnostic);
        }
    }

    fn error(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.report(Diagnostic::span(span, message).help(help));
    }

    fn enter(&mut self, span: Span, style: StructureStyle, anchor: usize, partial: Partial) -> bool {
        self.written = self.written.saturating_add(1);
        self.check_tab(span.bytes.start);
        if self.open.len() >= MAX_DEPTH {
            self.report(too_deep(span));
            return false;
        }
        let flow = style == StructureStyle::Flow;
        self.open.push(Frame { start: span.bytes.start, flow, anchor, partial });
        true
    }

    fn leave(&mut self, end: &Span) {
        let Some(Frame { start, flow, anchor, partial }) = self.open.pop() else { return };
        if flow {
            self.last = end.bytes.end;
        }
        let span = |end: usize| Span { file: self.file, bytes: start..end.max(start) };
        let node = match partial {
            Partial::Sequence(items) => Node::sequence(span(self.last), items),
            Partial::Mapping { own, merged, expression, .. } => {
                let span = span(self.last);
                let written = &self.text[span.bytes.clone()];
                if expression || (flow && written.starts_with("{?") && written.ends_with("?}")) {
                    let written = written.to_string();
                    self.report(unquoted(span.clone(), &written));
                    Node::scalar(span, Scalar::Text(written.into()))
                } else {
                    Node::mapping(span, self.merge(merged, own))
                }
            }
        };
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.put(node, false);
    }

    /// Puts the entries of `merged` below the mapping's own, as PyYAML does.
    ///
    /// The first of a list wins over the others, and the mapping itself over all.
    fn merge(&mut self, merged: Vec<Rc<Node>>, own: Mapping) -> Mapping {
        if merged.is_empty() {
            return own;
        }
        let mut all = Mapping::default();
        for source in &merged {
            for (key, value) in source.as_mapping().into_iter().flat_map(Mapping::iter) {
                if !self.afford(value.weight(), &key.span) {
                    return own;
                }
                all.insert(key.clone(), Rc::clone(value));
            }
        }
        for (key, value) in own.iter() {
            all.insert(key.clone(), Rc::clone(value));
        }
        all
    }

    /// Returns whether aliases may add `weight` more values; if not, `span` is reported once.
    fn afford(&mut self, weight: usize, span: &Span) -> bool {
        self.expanded = self.expanded.saturating_add(weight);
        let limit = self.written.saturating_mul(EXPANSION_PER_NODE).saturating_add(FREE_EXPANSION).min(MAX_EXPANSION);
        if self.expanded > limit && !self.bomb_reported {
            self.bomb_reported = true;
            let message = format!("anchors are repeated too often: more than {limit} values");
            self.error(span.clone(), message, "aliases of aliases multiply; write out the part that is really needed");
        }
        self.expanded <= limit
    }

    fn alias(&mut self, anchor: usize, span: Span) {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            let start = self.open.iter().find(|frame| frame.anchor == anchor).map(|frame| frame.start);
            let mut error = Diagnostic::span(span.clone(), "this anchor is repeated inside of itself")
                .help("an alias repeats a finished value; move the anchored part out of the value that uses it");
            if let Some(start) = start {
                let inside = Span { file: self.file, bytes: start..start };
                error = error.related(At::Span(inside), "the anchored value begins here and is not finished yet");
            }
            self.report(error);
            return self.put_nothing(span);
        };
        if self.open.len().saturating_add(node.depth()) > MAX_DEPTH {
            self.report(too_deep(span.clone()));
            return self.put_nothing(span);
        }
        if self.afford(node.weight(), &span) { self.put(node, false) } else { self.put_nothing(span) }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, tag: Option<(Tag, Span)>, span: Span) {
        self.written = self.written.saturating_add(1);
        self.check_tab(span.bytes.start);
        // The scanner says `~` where nothing is written at all.
        let text = if span.bytes.is_empty() && style == ScalarStyle::Plain { "" } else { text };
        let plain = style == ScalarStyle::Plain && tag.is_none();
        let is_key = self.expects_key();
        let value = match &tag {
            Some((tag, at)) => self.tagged(tag, at, text, style),
            None if plain && text == "<<" && is_key => Scalar::Null,
            None if plain && matches!(text, "=" | "<<") && !is_key => {
                let message = format!("a lone `{text}` has a meaning of its own in YAML");
                self.error(span.clone(), message, format!("write `'{text}'` if you mean the text"));
                Scalar::Text(text.into())
            }
            None if plain && !is_key => scalar::resolve(text),
            None if is_key => Scalar::Null,
            None => Scalar::Text(text.into()),
        };
        if is_key && plain && text.is_empty() {
            let help = "write `key: value`, or quote the text that the `:` belongs to";
            self.error(span.clone(), "nothing stands before `:`", help);
        }
        if is_key && anchor == 0 && !(plain && text == "<<") {
            let key = MappingKey { text: self.key(text), span };
            if let Some(Frame { partial: Partial::Mapping { key: slot, .. }, .. }) = self.open.last_mut() {
                *slot = Some(Slot::Key(key));
            }
            return;
        }
        if anchor != 0 {
            // A key's anchor gives the value that the text would have had elsewhere.
            let value = match (is_key, plain) {
                (true, true) => scalar::resolve(text),
                (true, false) if tag.is_none() => Scalar::Text(text.into()),
                _ => value.clone(),
            };
            self.anchors.insert(anchor, Rc::new(Node::scalar(span.clone(), value)));
        }
        // A key keeps its text; the null of an empty key has none.
        let value = if is_key { Scalar::Text(text.into()) } else { value };
        self.put(Rc::new(Node::scalar(span, value)), plain && text == "<<");
    }

    /// Returns the shared copy of a key's text, as the same keys are in every task.
    fn key(&mut self, text: &str) -> Rc<str> {
        if let Some(key) = self.keys.get(text) {
            return Rc::clone(key);
        }
        let key: Rc<str> = text.into();
        self.keys.insert(Rc::clone(&key));
        key
    }

    fn tagged(&mut self, tag: &Tag, at: &Span, text: &str, style: ScalarStyle) -> Scalar {
        let plain = style == ScalarStyle::Plain;
        let wanted = match (tag.handle(), tag.suffix()) {
            ("" | "!", "!" | "") => return if plain { scalar::resolve(text) } else { Scalar::Text(text.into()) },
            ("tag:yaml.org,2002:", "str") => return Scalar::Text(text.into()),
            ("tag:yaml.org,2002:", "timestamp") => return scalar::resolve(text),
            ("tag:yaml.org,2002:", "null") => return Scalar::Null,
            ("tag:yaml.org,2002:", "bool") => {
                let value = scalar::null_or_bool(&text.to_ascii_lowercase());
                value.filter(|value| matches!(value, Scalar::Bool(_))).ok_or("`yes` or `no`")
            }
            ("tag:yaml.org,2002:", "int") => {
                let number = scalar::number(text).filter(|number| !number.is_f64());
                number.map(Scalar::Number).ok_or("a whole number")
            }
            ("tag:yaml.org,2002:", "float") => {
                let number = scalar::number(text).and_then(|n| n.as_f64()).or_else(|| text.parse().ok());
                number.map(|number| Scalar::Number(Number::from(number))).ok_or("a number")
            }
            _ => {
                self.unknown_tag(at);
                return Scalar::Text(text.into());
            }
        };
        wanted.unwrap_or_else(|wanted| {
            let message = format!("`{text}` is not what its tag says: {wanted}");
            self.error(at.clone(), message, "leave the tag out, or change the value");
            Scalar::Text(text.into())
        })
    }

    /// Reports the tag of a list or mapping, if there is one that they cannot have.
    fn check_tag(&mut self, tag: Option<(Tag, Span)>, kind: &str) {
        if let Some((tag, at)) = tag
            && !matches!((tag.handle(), tag.suffix()), ("" | "!", "!" | ""))
            && !(tag.handle() == "tag:yaml.org,2002:" && tag.suffix() == kind)
        {
            self.unknown_tag(&at);
        }
    }

    fn unknown_tag(&mut self, at: &Span) {
        let written = self.text.get(at.bytes.clone()).unwrap_or_default();
        let message = format!("unknown tag: `{written}`");
        self.error(at.clone(), message, "text that begins with `!` must be quoted: `'!…'`");
    }

    /// Reports a tab in the indentation before `start`, which the scanner lets pass.
    fn check_tab(&mut self, start: usize) {
        // In brackets there is no indentation, but there may be any number of values in a line.
        if self.open.last().is_some_and(|frame| frame.flow) {
            return;
        }
        let begin = self.text[..start].rfind('\n').map_or(0, |at| at.saturating_add(1));
        let indentation = &self.text[begin..start];
        if indentation.contains('\t')
            && indentation.trim_start_matches(['\t', ' ', '-', '?']).is_empty()
            && self.tab_reported != Some(begin)
        {
            self.tab_reported = Some(begin);
            let at = begin.saturating_add(indentation.find('\t').unwrap_or(0));
            self.report(syntax::tab(Span { file: self.file, bytes: at..start }));
        }
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Frame { partial: Partial::Mapping { key: None, .. }, .. }))
    }

    /// Puts a null in the place of a reported error, so that no error follows from it.
    fn put_nothing(&mut self, span: Span) {
        let merges = |frame: &Frame| matches!(frame.partial, Partial::Mapping { key: Some(Slot::Merge), .. });
        let listed = |frame: &&Frame| matches!(frame.partial, Partial::Sequence(_));
        let merged = self.open.iter().rev().find(|frame| !listed(frame)).is_some_and(merges);
        let node = if merged { Node::mapping(span, Mapping::default()) } else { Node::scalar(span, Scalar::Null) };
        self.put(Rc::new(node), false);
    }

    /// Puts a finished node in its place: the root, the next item, the next key or the next value.
    fn put(&mut self, node: Rc<Node>, merge: bool) {
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        let mut diagnostic = None;
        match &mut frame.partial {
            Partial::Sequence(items) => items.push(node),
            Partial::Mapping { own, key, merged, expression } => match key.take() {
                None if merge => *key = Some(Slot::Merge),
                None => {
                    if let Content::Scalar(value) = node.content() {
                        let text = value.to_string().into();
                        *key = Some(Slot::Key(MappingKey { text, span: node.span().clone() }));
                        return;
                    }
                    *key = Some(Slot::Broken);
                    if frame.flow && self.text[frame.start..].starts_with("{{") {
                        *expression = true;
                        return;
                    }
                    diagnostic = Some(
                        Diagnostic::span(node.span().clone(), "a list or mapping cannot be a key")
                            .help("text that begins with `[` or `{` must be quoted"),
                    );
                }
                Some(Slot::Broken) => {}
                Some(Slot::Merge) => match node.content() {
                    Content::Mapping(_) => merged.push(node),
                    Content::Sequence(items) if items.iter().all(|item| item.as_mapping().is_some()) => {
                        merged.extend(items.iter().rev().cloned());
                    }
                    _ => {
                        diagnostic = Some(
                            Diagnostic::span(node.span().clone(), "`<<` needs a mapping or a list of mappings")
                                .help("write `<<: *name`, where `&name` stands before a mapping"),
                        )
                    }
                },
                Some(Slot::Key(key)) => {
                    let first = own.entry(&key.text).map(|(first, _)| first.clone());
                    if let Some(first) = &first {
                        diagnostic = Some(
                            Diagnostic::span(key.span.clone(), format!("duplicate key: `{}`", key.text))
                                .help("keep one of them, or join what stands below them")
                                .related(At::Span(first.span.clone()), "first defined here"),
                        );
                    }
                    own.insert(first.unwrap_or(key), node);
                }
            },
        }
        if let Some(diagnostic) = diagnostic {
            self.report(diagnostic);
        }
    }
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::span(span, format!("nested too deeply: more than {MAX_DEPTH} levels"))
        .help("a config needs a dozen levels; look for brackets that are not closed")
}
