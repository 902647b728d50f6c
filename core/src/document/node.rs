//! The tree of a document: values that know where they are written.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_yaml::value::{Tag, TaggedValue};
use serde_yaml::{Number, Value};

use crate::document::diagnostic::Span;
use crate::value::{DATE, TIME};

/// The tag of a day or moment in a YAML value.
pub(crate) const TIMESTAMP: &str = "timestamp";

/// A value of the config and where it is written.
///
/// Nodes are shared: an anchor's node stands wherever its aliases do.
#[derive(Debug, Clone)]
pub struct Node {
    span: Span,
    content: Content,
    /// A config has fewer values than this counts, and fewer levels.
    weight: u32,
    depth: u32,
}

/// Content of a [`Node`].
#[derive(Debug, Clone)]
pub enum Content {
    /// Text, a number, a boolean or null.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Rc<Node>>),
    /// Values by key.
    Mapping(Mapping),
}

/// A value that is not made of others: much smaller than any value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    Text(Box<str>),
    /// A day.
    Date(Date),
    /// A moment.
    Time(Timestamp),
}

impl Scalar {
    /// Returns the text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// Returns this scalar as a YAML value.
    pub fn value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(is) => Value::Bool(*is),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.to_string()),
            Self::Date(_) | Self::Time(_) => {
                let value = Value::String(self.to_string());
                Value::Tagged(Box::new(TaggedValue { tag: Tag::new(TIMESTAMP), value }))
            }
        }
    }

    /// Returns the day or moment that JSON with a mark holds.
    pub(super) fn marked(mark: &str, text: &str) -> Option<Self> {
        match mark {
            DATE => text.parse().ok().map(Self::Date),
            TIME => text.parse().ok().map(Self::Time),
            _ => None,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(is) => is.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Date(day) => day.fmt(f),
            Self::Time(moment) => moment.fmt(f),
        }
    }
}

/// A key of a mapping: its text as it is written, without quotes, and where that is.
///
/// Keys are text whatever YAML would make of them: `on:` is the key `on`, `1080:` is the key
/// `1080`.
#[derive(Debug, Clone)]
pub struct MappingKey {
    /// The text.
    pub text: Rc<str>,
    /// Where it is written.
    pub span: Span,
}

/// Values by key, in order; each key once.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    entries: Vec<(MappingKey, Rc<Node>)>,
    /// Built for large mappings when a key is first looked up.
    #[expect(clippy::box_collection, reason = "most mappings have none, and there are many")]
    index: OnceCell<Box<HashMap<Rc<str>, usize>>>,
}

/// Number of entries from which a mapping gets a hash index.
const INDEXED_FROM: usize = 16;

impl Node {
    /// Returns a node for text, a number, a boolean or null.
    pub fn scalar(span: Span, value: Scalar) -> Self {
        let weight = value.as_str().map_or(1, Self::text_weight);
        let weight = u32::try_from(weight).unwrap_or(u32::MAX);
        Self { span, content: Content::Scalar(value), weight, depth: 1 }
    }

    /// Returns the weight of a text in values, which bounds the repetition of long texts.
    pub fn text_weight(text: &str) -> usize {
        (text.len() / 64).saturating_add(1)
    }

    /// Returns a node for `yes` that is not written anywhere.
    pub fn yes() -> Self {
        Self::scalar(Span::default(), Scalar::Bool(true))
    }

    /// Returns a node for a list.
    pub fn sequence(span: Span, items: Vec<Rc<Node>>) -> Self {
        let (weight, depth) = measure(items.iter());
        Self { span, content: Content::Sequence(items), weight, depth }
    }

    /// Returns a node for a mapping.
    pub fn mapping(span: Span, mapping: Mapping) -> Self {
        let (weight, depth) = measure(mapping.iter().map(|(_, value)| value));
        Self { span, content: Content::Mapping(mapping), weight, depth }
    }

    /// Creates a tree for a value that is written nowhere; all of it is at `span`.
    pub fn from_value(span: &Span, value: &crate::value::Value) -> Self {
        use crate::value::Value;
        let scalar = match value {
            Value::List(items) => {
                let items = items.iter().map(|item| Rc::new(Self::from_value(span, item)));
                return Self::sequence(span.clone(), items.collect());
            }
            Value::Map(entries) => {
                let mut mapping = Mapping::default();
                for (key, value) in entries.iter() {
                    let key = MappingKey { text: (&**key).into(), span: span.clone() };
                    mapping.insert(key, Rc::new(Self::from_value(span, value)));
                }
                return Self::mapping(span.clone(), mapping);
            }
            Value::Null => Scalar::Null,
            Value::Bool(is) => Scalar::Bool(*is),
            Value::Int(number) => Scalar::Number((*number).into()),
            Value::Float(number) => Scalar::Number((*number).into()),
            Value::Text(text) => Scalar::Text((&**text).into()),
            Value::Date(day) => Scalar::Date(*day),
            Value::Time(moment) => Scalar::Time(*moment),
        };
        Self::scalar(span.clone(), scalar)
    }

    /// Returns its position, which is empty for something unwritten such as the null of `key:`.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Returns its content.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Returns the number of values in it, aliases written out.
    pub fn weight(&self) -> usize {
        self.weight as usize
    }

    /// Returns the number of its levels: 1 for a scalar.
    pub fn depth(&self) -> usize {
        self.depth as usize
    }

    /// Returns the mapping, if it is one.
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.content {
            Content::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// Returns the items, if it is a list.
    pub fn as_sequence(&self) -> Option<&[Rc<Node>]> {
        match &self.content {
            Content::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the value, if it is a scalar.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.content {
            Content::Scalar(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar()?.as_str()
    }

    /// Returns the value at `key`, if it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.as_mapping()?.get(key)
    }

    /// Returns the value without its places, every alias written out.
    pub fn value(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.value(),
            Content::Sequence(items) => items.iter().map(|item| item.value()).collect(),
            Content::Mapping(mapping) => {
                let mut values = serde_yaml::Mapping::with_capacity(mapping.len());
                for (key, value) in mapping.iter() {
                    values.insert(Value::String(key.text.to_string()), value.value());
                }
                Value::Mapping(values)
            }
        }
    }
}

fn measure<'a>(children: impl Iterator<Item = &'a Rc<Node>>) -> (u32, u32) {
    children.fold((1, 1), |(weight, depth), child| {
        (weight.saturating_add(child.weight), depth.max(child.depth.saturating_add(1)))
    })
}

impl Mapping {
    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&MappingKey, &Rc<Node>)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// Returns the key as written and its value.
    pub fn entry(&self, key: &str) -> Option<(&MappingKey, &Rc<Node>)> {
        self.position(key).map(|at| (&self.entries[at].0, &self.entries[at].1))
    }

    /// Returns the value of `key`.
    pub fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.entry(key).map(|(_, value)| value)
    }

    /// Sets the value of a key.
    ///
    /// A key that is already there keeps its place in the order and is returned with its old value.
    pub fn insert(&mut self, key: MappingKey, value: Rc<Node>) -> Option<(MappingKey, Rc<Node>)> {
        if let Some(at) = self.position(&key.text) {
            return Some(std::mem::replace(&mut self.entries[at], (key, value)));
        }
        if let Some(index) = self.index.get_mut() {
            index.insert(key.text.clone(), self.entries.len());
        }
        self.entries.push((key, value));
        None
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<(MappingKey, Rc<Node>)> {
        let at = self.position(key)?;
        self.index = OnceCell::new();
        Some(self.entries.remove(at))
    }

    fn position(&self, key: &str) -> Option<usize> {
        if self.entries.len() < INDEXED_FROM {
            return self.entries.iter().position(|(written, _)| &*written.text == key);
        }
        let index = self.index.get_or_init(|| {
            Box::new(self.entries.iter().enumerate().map(|(at, (written, _))| (written.text.clone(), at)).collect())
        });
        index.get(key).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_mapping_finds_its_keys_after_every_change() {
        let key = |n: usize| MappingKey { text: n.to_string().into(), span: Span::default() };
        let node = |n: usize| Rc::new(Node::scalar(Span::default(), Scalar::Number(n.into())));
        let mut mapping = Mapping::default();
        for n in 0..100 {
            assert!(mapping.insert(key(n), node(n)).is_none());
        }
        assert!(mapping.insert(key(7), node(700)).is_some());
        assert_eq!(mapping.len(), 100);
        mapping.remove("3");
        assert_eq!(mapping.get("99").unwrap().as_scalar(), Some(&Scalar::Number(99.into())));
        assert_eq!(mapping.get("7").unwrap().as_scalar(), Some(&Scalar::Number(700.into())));
        assert!(mapping.get("3").is_none());
    }
}
