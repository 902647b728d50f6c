//! Values of Rust types from nodes, with the places of what is wrong in them.
//!
//! Every [`Deserialize`] type can be read. A type that is made of parts which find several errors
//! (a plugin inside options) fails with [`fail`], and keeps them all, each at its path.

use std::cell::RefCell;
use std::fmt::{self, Display};
use std::rc::Rc;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};

use crate::document::diagnostic::{Path, Problem, Segment, Span};
use crate::document::node::{Content, Mapping, MappingKey, Node, Scalar};
use crate::value::{DATE, TIME, VALUE};

/// Limit of the errors that are looked for in a value.
const MAX_PROBLEMS: usize = 50;

/// Reads a value of type `T`.
///
/// # Errors
/// Everything that is wrong, at its path below the node. An item of a list that is wrong does not
/// hide the errors of the items after it.
pub fn read<T: DeserializeOwned>(node: &Node) -> Result<T, Vec<Problem>> {
    let mut wrong: Vec<*const Node> = Vec::new();
    let mut problems: Vec<Problem> = Vec::new();
    loop {
        match T::deserialize(Reader { node, wrong: &wrong }) {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => return Err(problems),
            Err(Problems(found)) => {
                let item = found.first().and_then(|problem| innermost_item(node, &problem.path));
                // Without the items that are wrong a list may be too short, which is no error of
                // the user's.
                if problems.is_empty() || item.is_some() {
                    problems.extend(found);
                }
                match item {
                    Some(item) if !wrong.contains(&item) && problems.len() < MAX_PROBLEMS => wrong.push(item),
                    _ => return Err(problems),
                }
            }
        }
    }
}

/// Creates a `Deserialize` error for these problems, all of which [`read`] gets back.
pub fn fail<E: de::Error>(problems: Vec<Problem>) -> E {
    E::custom(HandOver(RefCell::new(problems)))
}

/// Returns the item of a list that is deepest on a path.
fn innermost_item(root: &Node, path: &Path) -> Option<*const Node> {
    let mut node = root;
    let mut item = None;
    for segment in &path.0 {
        node = match (segment, node.content()) {
            (Segment::Key(key), Content::Mapping(mapping)) => mapping.get(key)?,
            (Segment::Index(index), Content::Sequence(items)) => items.get(*index)?,
            _ => break,
        };
        if matches!(segment, Segment::Index(_)) {
            item = Some(std::ptr::from_ref(node));
        }
    }
    item
}

/// The problems that a value was refused for.
#[derive(Debug)]
struct Problems(Vec<Problem>);

impl Problems {
    /// Returns the same problems, found below `segment`.
    fn below(mut self, segment: &Segment) -> Self {
        self.0.iter_mut().for_each(|problem| problem.path.0.insert(0, segment.clone()));
        self
    }
}

impl Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.first().map_or("", |problem| &problem.message))
    }
}

impl std::error::Error for Problems {}

thread_local! {
    /// Problems of the message that is being formatted; `None` while no reader wants them.
    static CARRIED: RefCell<Option<Vec<Problem>>> = const { RefCell::new(None) };
}

/// Message that hands its problems to the reader that formats it, as serde knows only `Display`.
struct HandOver(RefCell<Vec<Problem>>);

impl Display for HandOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        CARRIED.with_borrow_mut(|carried| match carried {
            Some(carried) => {
                carried.append(&mut self.0.borrow_mut());
                Ok(())
            }
            None => f.write_str(self.0.borrow().first().map_or("", |problem| &problem.message)),
        })
    }
}

impl de::Error for Problems {
    fn custom<T: Display>(message: T) -> Self {
        let outer = CARRIED.replace(Some(Vec::new()));
        let text = message.to_string();
        let carried = CARRIED.replace(outer).unwrap_or_default();
        Self(if carried.is_empty() { vec![Problem::at(Path::root(), text)] } else { carried })
    }
}

/// Reads one node.
#[derive(Clone, Copy)]
struct Reader<'de, 'w> {
    node: &'de Node,
    /// The items that were found to be wrong, which are passed over.
    wrong: &'w [*const Node],
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = Problems;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problems> {
        match self.node.content() {
            Content::Scalar(Scalar::Null) => visitor.visit_unit(),
            Content::Scalar(Scalar::Bool(is)) => visitor.visit_bool(*is),
            Content::Scalar(Scalar::Number(number)) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_i64(number),
                (_, Some(number), _) => visitor.visit_u64(number),
                (_, _, number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Content::Scalar(Scalar::Text(text)) => visitor.visit_borrowed_str(text),
            Content::Scalar(scalar @ (Scalar::Date(_) | Scalar::Time(_))) => visitor.visit_string(scalar.to_string()),
            Content::Sequence(items) => visitor.visit_seq(Items { items, next: 0, wrong: self.wrong }),
            Content::Mapping(mapping) => {
                visitor.visit_map(Entries { entries: mapping.iter(), value: None, wrong: self.wrong })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problems> {
        if self.node.as_scalar() == Some(&Scalar::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Problems> {
        let marked = |mark: &'static str, text: String| de::value::MapDeserializer::new([(mark, text)].into_iter());
        match self.node.as_scalar() {
            Some(Scalar::Date(day)) if name == VALUE => visitor.visit_map(marked(DATE, day.to_string())),
            Some(Scalar::Time(moment)) if name == VALUE => visitor.visit_map(marked(TIME, moment.to_string())),
            _ if name == VALUE => self.deserialize_any(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problems> {
        match self.node.content() {
            Content::Scalar(Scalar::Text(text)) => visitor.visit_enum((&**text).into_deserializer()),
            Content::Mapping(mapping) => {
                let entries = Entries { entries: mapping.iter(), value: None, wrong: self.wrong };
                MapAccessDeserializer::new(entries).deserialize_enum(name, variants, visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// The items of a list.
struct Items<'de, 'w> {
    items: &'de [Rc<Node>],
    next: usize,
    wrong: &'w [*const Node],
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Problems;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problems> {
        while let Some(node) = self.items.get(self.next) {
            let at = self.next;
            self.next = at.saturating_add(1);
            if !self.wrong.contains(&Rc::as_ptr(node)) {
                let read = seed.deserialize(Reader { node, wrong: self.wrong });
                return read.map(Some).map_err(|problems| problems.below(&Segment::Index(at)));
            }
        }
        Ok(None)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len().saturating_sub(self.next))
    }
}

/// The entries of a mapping.
struct Entries<'de, 'w, I> {
    entries: I,
    value: Option<(&'de MappingKey, &'de Node)>,
    wrong: &'w [*const Node],
}

impl<'de, I: ExactSizeIterator<Item = (&'de MappingKey, &'de Rc<Node>)>> MapAccess<'de> for Entries<'de, '_, I> {
    type Error = Problems;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problems> {
        let Some((key, node)) = self.entries.next() else { return Ok(None) };
        self.value = Some((key, node));
        let text: StrDeserializer<'_, Problems> = (&*key.text).into_deserializer();
        seed.deserialize(text).map(Some).map_err(|problems| problems.below(&Segment::Key(key.text.to_string())))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Problems> {
        let (key, node) = self.value.take().ok_or_else(|| de::Error::custom("a value without its key"))?;
        let read = seed.deserialize(Reader { node, wrong: self.wrong });
        read.map_err(|problems| problems.below(&Segment::Key(key.text.to_string())))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// Reads a tree from any format; nothing in it is written anywhere.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(VALUE, Tree)
    }
}

impl From<&serde_json::Value> for Node {
    fn from(json: &serde_json::Value) -> Self {
        // Whatever JSON holds is some tree.
        Self::deserialize(json).unwrap_or_else(|_| Self::scalar(Span::default(), Scalar::Null))
    }
}

struct Tree;

impl Tree {
    fn scalar<E>(scalar: Scalar) -> Result<Node, E> {
        Ok(Node::scalar(Span::default(), scalar))
    }
}

impl<'de> Visitor<'de> for Tree {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        Self::scalar(Scalar::Null)
    }

    fn visit_bool<E: de::Error>(self, is: bool) -> Result<Node, E> {
        Self::scalar(Scalar::Bool(is))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Node, E> {
        Self::scalar(Scalar::Number(number.into()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Node, E> {
        Self::scalar(Scalar::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Node, E> {
        Self::scalar(Scalar::Number(number.into()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Node, E> {
        Self::scalar(Scalar::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::with_capacity(seq.size_hint().unwrap_or_default());
        while let Some(item) = seq.next_element()? {
            items.push(Rc::new(item));
        }
        Ok(Node::sequence(Span::default(), items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut mapping = Mapping::default();
        while let Some((text, value)) = map.next_entry::<String, Node>()? {
            if let Some(date) = value.as_str().and_then(|value| Scalar::marked(&text, value)) {
                return Self::scalar(date);
            }
            mapping.insert(MappingKey { text: text.into(), span: Span::default() }, Rc::new(value));
        }
        Ok(Node::mapping(Span::default(), mapping))
    }
}

/// Writes what the tree holds, dates as text.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.content() {
            Content::Scalar(Scalar::Null) => serializer.serialize_unit(),
            Content::Scalar(Scalar::Bool(is)) => serializer.serialize_bool(*is),
            Content::Scalar(Scalar::Number(number)) => number.serialize(serializer),
            Content::Scalar(Scalar::Text(text)) => serializer.serialize_str(text),
            Content::Scalar(date) => serializer.collect_str(date),
            Content::Sequence(items) => serializer.collect_seq(items.iter().map(|item| &**item)),
            Content::Mapping(mapping) => {
                serializer.collect_map(mapping.iter().map(|(key, value)| (&*key.text, &**value)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::*;
    use crate::document::Document;
    use crate::value::Value;

    fn node(yaml: &str) -> Rc<Node> {
        Rc::clone(Document::parse("test.yml", yaml).expect(yaml).root())
    }

    /// A part that finds two errors in everything.
    #[derive(Debug)]
    struct Picky;

    impl<'de> Deserialize<'de> for Picky {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Node::deserialize(deserializer)?;
            let problem = |key: &str| Problem::at(Path::root().key(key), format!("bad {key}")).help("mend it");
            Err(fail(vec![problem("a"), problem("b")]))
        }
    }

    #[test]
    fn keeps_all_problems_of_parts_with_their_paths_and_help() {
        let problems = read::<IndexMap<String, Vec<Picky>>>(&node("x: [1, 2]\ny: []")).unwrap_err();
        let told: Vec<String> = problems.iter().map(|p| format!("{} {} {:?}", p.path, p.message, p.help)).collect();
        assert_eq!(
            told,
            [
                "/x/0/a bad a Some(\"mend it\")",
                "/x/0/b bad b Some(\"mend it\")",
                "/x/1/a bad a Some(\"mend it\")",
                "/x/1/b bad b Some(\"mend it\")",
            ]
        );
    }

    #[test]
    fn tells_the_wrong_items_of_a_list_and_not_that_too_few_are_left() {
        let problems = read::<Vec<u8>>(&node("[1, x, 300, 4]")).unwrap_err();
        let paths: Vec<String> = problems.iter().map(|problem| problem.path.to_string()).collect();
        assert_eq!(paths, ["/1", "/2"]);
    }

    #[test]
    fn keeps_dates_where_any_value_may_stand() {
        let values: IndexMap<String, Value> =
            read(&node("d: 2020-02-29\nt: 2020-02-29T01:02:03Z\nn: [1, 2020-01-01]")).unwrap();
        assert_eq!(values["d"], Value::Date("2020-02-29".parse().unwrap()));
        assert_eq!(values["t"], Value::Time("2020-02-29T01:02:03Z".parse().unwrap()));
        assert_eq!(values["n"].to_json().to_string(), r#"[1,"2020-01-01"]"#);
        let copied = read::<Node>(&node("d: 2020-02-29")).unwrap();
        assert!(matches!(copied.get("d").unwrap().as_scalar(), Some(Scalar::Date(_))));
        assert_eq!(serde_json::to_string(&copied).unwrap(), r#"{"d":"2020-02-29"}"#);
        assert_eq!(read::<String>(&node("2020-02-29")).unwrap(), "2020-02-29");
    }
}
