//! The lists and mappings that are open while a text is read, and what is said about them.

use std::rc::Rc;

use crate::document::diagnostic::{Diagnostic, Span};
use crate::document::node::{Mapping, MappingKey, Node};

/// A list or mapping that is still open.
pub(super) struct Frame {
    pub start: usize,
    pub flow: bool,
    pub anchor: usize,
    pub partial: Partial,
}

/// Content so far of a list or mapping that is still open.
pub(super) enum Partial {
    Sequence(Vec<Rc<Node>>),
    Mapping {
        own: Mapping,
        key: Option<Slot>,
        merged: Vec<Rc<Node>>,
        /// Whether it is `{{ x }}` without quotes, which was meant as text.
        expression: bool,
    },
}

/// The key that the next value belongs to.
pub(super) enum Slot {
    Key(MappingKey),
    Merge,
    /// Something that cannot be a key and has been reported.
    Broken,
}

/// Returns the first line of a text, cut where it gets too long for a message.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 120;
    let mut chars = text.chars().take_while(|c| *c != '\n');
    let line: String = chars.by_ref().take(LONGEST).collect();
    if chars.next().is_some() { format!("{line}…") } else { line.trim_end().to_string() }
}

/// Explains `{{ x }}` or `{? x ?}` without quotes, which YAML reads as a mapping.
pub(super) fn unquoted(span: Span, written: &str) -> Diagnostic {
    let line = excerpt(written);
    let quote = if line.contains('\'') { '"' } else { '\'' };
    Diagnostic::span(span, format!("text that begins with `{{` must be quoted: `{line}`"))
        .help(format!("write `{quote}{line}{quote}`"))
}
