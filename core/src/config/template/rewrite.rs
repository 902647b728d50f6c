//! A tree with some of its text replaced, everything else shared with the old one.

use std::collections::HashMap;
use std::rc::Rc;

use crate::document::diagnostic::{At, Diagnostic, Span};
use crate::document::{Content, Mapping, MappingKey, Node, Scalar};
use crate::value::Value;

/// Function that returns the replacement of a text, or `None` to leave it as it is.
pub(super) type Replace<'a> = &'a mut dyn FnMut(&TextNode<'_>) -> Option<Value>;

/// A text of the tree.
pub(super) struct TextNode<'n> {
    pub text: &'n str,
    pub span: &'n Span,
    /// Keys can only be replaced by what can be a key.
    pub is_key: bool,
}

/// Returns the tree with `replace` applied to each text, and the keys that became the same.
///
/// A node that stands at several places is asked about once.
pub(super) fn rewrite(node: &Rc<Node>, replace: Replace<'_>) -> (Rc<Node>, Vec<Diagnostic>) {
    let mut rewriter = Rewriter { replace, shared: HashMap::new(), collisions: Vec::new() };
    let node = rewriter.node(node);
    (node, rewriter.collisions)
}

struct Rewriter<'a> {
    replace: Replace<'a>,
    /// Only what stands at several places.
    ///
    /// The old tree is alive, so that no address comes twice.
    shared: HashMap<*const Node, Rc<Node>>,
    collisions: Vec<Diagnostic>,
}

impl Rewriter<'_> {
    fn node(&mut self, node: &Rc<Node>) -> Rc<Node> {
        let shared = Rc::strong_count(node) > 1;
        if shared && let Some(done) = self.shared.get(&Rc::as_ptr(node)) {
            return Rc::clone(done);
        }
        let new = match node.content() {
            Content::Scalar(Scalar::Text(text)) => {
                let found = (self.replace)(&TextNode { text, span: node.span(), is_key: false });
                found.map(|value| Node::from_value(node.span(), &value))
            }
            Content::Scalar(_) => None,
            Content::Sequence(items) => {
                let new: Vec<Rc<Node>> = items.iter().map(|item| self.node(item)).collect();
                let changed = new.iter().zip(items).any(|(new, old)| !Rc::ptr_eq(new, old));
                changed.then(|| Node::sequence(node.span().clone(), new))
            }
            Content::Mapping(mapping) => self.mapping(mapping).map(|new| Node::mapping(node.span().clone(), new)),
        };
        let new = new.map_or_else(|| Rc::clone(node), Rc::new);
        if shared {
            self.shared.insert(Rc::as_ptr(node), Rc::clone(&new));
        }
        new
    }

    fn mapping(&mut self, mapping: &Mapping) -> Option<Mapping> {
        let mut changed = false;
        let new: Vec<(MappingKey, Rc<Node>)> = mapping
            .iter()
            .map(|(key, value)| {
                let found = (self.replace)(&TextNode { text: &key.text, span: &key.span, is_key: true });
                let new = self.node(value);
                changed |= found.is_some() || !Rc::ptr_eq(&new, value);
                let text = found.map_or_else(|| Rc::clone(&key.text), |value| key_text(&value).into());
                (MappingKey { text, span: key.span.clone() }, new)
            })
            .collect();
        changed.then(|| {
            let mut all = Mapping::default();
            for (key, value) in new {
                let (text, second) = (Rc::clone(&key.text), key.span.clone());
                if let Some((first, _)) = all.insert(key, value) {
                    self.collisions.push(
                        Diagnostic::span(second, format!("duplicate key: `{text}`, as variables are filled in"))
                            .help("give the two different names")
                            .related(At::Span(first.span), "first defined here"),
                    );
                }
            }
            all
        })
    }
}

/// Returns a value as a key.
fn key_text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(is) => is.to_string(),
        other => other.display(),
    }
}
