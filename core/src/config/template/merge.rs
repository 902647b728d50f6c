//! A template (or an included file) → a task: the task wins.

use std::rc::Rc;

use crate::document::diagnostic::{At, Diagnostic};
use crate::document::{Content, Mapping, MappingKey, Node, Scalar};

/// Merges `other` into `task`: mappings by key, lists one after the other, else the task's value.
///
/// The task's items come first in lists. A mapping and something else cannot be merged: such a
/// conflict is reported by `conflict`, and the task's value stays. Keys of `other` that are in
/// `not` or begin with `_` are left out.
pub(super) fn merge(task: &Mapping, other: &Mapping, not: &[&str], conflict: &mut dyn FnMut(Diagnostic)) -> Mapping {
    let mut merged = task.clone();
    for (key, theirs) in other.iter().filter(|(key, _)| !key.text.starts_with('_') && !not.contains(&&*key.text)) {
        deep(&mut merged, key, theirs, conflict);
    }
    merged
}

fn deep(merged: &mut Mapping, key: &MappingKey, theirs: &Rc<Node>, conflict: &mut dyn FnMut(Diagnostic)) {
    let Some((own_key, ours)) = merged.entry(&key.text) else {
        merged.insert(key.clone(), Rc::clone(theirs));
        return;
    };
    let node = match (ours.content(), theirs.content()) {
        // An anchor that both of them use.
        (Content::Mapping(_), Content::Mapping(_)) if Rc::ptr_eq(ours, theirs) => return,
        (Content::Mapping(a), Content::Mapping(b)) => {
            let mut both = a.clone();
            b.iter().for_each(|(key, value)| deep(&mut both, key, value, conflict));
            Node::mapping(ours.span().clone(), both)
        }
        (Content::Sequence(a), Content::Sequence(b)) => {
            Node::sequence(ours.span().clone(), a.iter().chain(b).cloned().collect())
        }
        (Content::Mapping(_), _) | (_, Content::Mapping(_)) => {
            let (name, a, b) = (&key.text, kind(ours), kind(theirs));
            return conflict(
                Diagnostic::span(own_key.span.clone(), format!("cannot merge `{name}`: {a} here, {b} there"))
                    .help("write it in the same form at both places, or under different names")
                    .related(At::Span(key.span.clone()), format!("{b} here")),
            );
        }
        _ => return,
    };
    let own_key = own_key.clone();
    merged.insert(own_key, Rc::new(node));
}

fn kind(node: &Node) -> &'static str {
    match node.content() {
        Content::Mapping(_) => "a mapping",
        Content::Sequence(_) => "a list",
        Content::Scalar(Scalar::Null) => "nothing",
        Content::Scalar(Scalar::Bool(true)) => "`yes`",
        Content::Scalar(Scalar::Bool(false)) => "`no`",
        Content::Scalar(Scalar::Number(_)) => "a number",
        Content::Scalar(Scalar::Date(_) | Scalar::Time(_)) => "a date",
        Content::Scalar(Scalar::Text(_)) => "text",
    }
}
