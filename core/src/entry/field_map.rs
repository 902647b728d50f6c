//! The fields of an entry: entries with the same fields share the names of these.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::value::Value;

/// Limit of the layouts that are kept, above what the plugins of a large config make.
const LAYOUTS: usize = 2_000;

/// Limit of the layouts that are kept of those that follow one.
const FOLLOWING: usize = 32;

/// Limit of the names of a layout that is kept.
const NAMES: usize = 200;

/// The fields of one entry, in the order in which they became known.
///
/// There may be many thousands of entries with the same fields, so that an entry has only the
/// values. Copies share those as well, until one is changed.
#[derive(Clone)]
pub(super) struct FieldMap {
    layout: Rc<Layout>,
    values: Rc<[Value]>,
}

/// A field map that is being made, with room for more fields.
pub(super) struct FieldMapBuilder {
    layout: Rc<Layout>,
    values: Vec<Value>,
}

/// The names of fields, each with the position of its value.
struct Layout {
    names: Vec<(Rc<str>, usize)>,
    /// Index of the name in which it differs from the layout that it follows.
    changed: usize,
    /// The layouts that have one name more, or one value at another position.
    following: RefCell<Vec<Rc<Layout>>>,
    /// Whether it is kept for the next entry with these fields.
    is_kept: bool,
}

thread_local! {
    /// The layout without names, which all others follow.
    static EMPTY: Rc<Layout> = Rc::new(Layout::new(Vec::new(), true));
    /// The layout of a new entry, whose title and URL are the original ones.
    static FIRST: Rc<Layout> = {
        let mut layout = EMPTY.with(Rc::clone);
        for (name, position) in [("title", 0), ("url", 1), ("original_title", 0), ("original_url", 1)] {
            Layout::place(&mut layout, name, position);
        }
        layout
    };
    /// The number of layouts that are kept.
    static KEPT: Cell<usize> = const { Cell::new(0) };
}

impl Layout {
    fn new(names: Vec<(Rc<str>, usize)>, is_kept: bool) -> Self {
        Self { names, changed: 0, following: RefCell::default(), is_kept }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().find(|(known, _)| **known == *name).map(|(_, position)| *position)
    }

    /// Returns the position of the value of a name, unless another name has the same.
    fn own_position(&self, name: &str) -> Option<usize> {
        let position = self.position(name)?;
        let sharing = self.names.iter().filter(|(_, other)| *other == position);
        (sharing.count() == 1).then_some(position)
    }

    /// Changes to the layout in which the value of `name` is at `position`.
    fn place(layout: &mut Rc<Self>, name: &str, position: usize) {
        if let Some(own) = Rc::get_mut(layout) {
            return own.set(name, position);
        }
        let is_it = |next: &&Rc<Self>| {
            next.names.get(next.changed).is_some_and(|(known, at)| *at == position && **known == *name)
        };
        let known = layout.following.borrow().iter().find(is_it).cloned();
        *layout = known.unwrap_or_else(|| layout.followed_by(name, position));
    }

    fn followed_by(&self, name: &str, position: usize) -> Rc<Self> {
        let mut following = self.following.borrow_mut();
        let has_room = following.len() < FOLLOWING && self.names.len() < NAMES && KEPT.get() < LAYOUTS;
        let mut next = Self::new(self.names.clone(), self.is_kept && has_room);
        next.set(name, position);
        let next = Rc::new(next);
        if next.is_kept {
            KEPT.set(KEPT.get().saturating_add(1));
            following.push(Rc::clone(&next));
        }
        next
    }

    fn set(&mut self, name: &str, position: usize) {
        let known = self.names.iter().position(|(known, _)| **known == *name);
        self.changed = known.unwrap_or(self.names.len());
        match self.names.get_mut(self.changed) {
            Some((_, at)) => *at = position,
            None => self.names.push((name.into(), position)),
        }
    }
}

impl FieldMap {
    /// Creates the fields of a new entry.
    pub(super) fn new(title: Value, url: Value) -> Self {
        Self { layout: FIRST.with(Rc::clone), values: Rc::new([title, url]) }
    }

    /// Returns the value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.layout.position(name).map(|position| &self.values[position])
    }

    /// Iterates over the fields.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.layout.names.iter().map(|(name, position)| (&**name, &self.values[*position]))
    }

    /// Sets a field.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        match self.layout.own_position(name) {
            Some(position) => Rc::make_mut(&mut self.values)[position] = value,
            None => self.change(1, |fields| fields.add(name, value)),
        }
    }

    /// Changes the fields, with room for a number of `more` fields.
    ///
    /// Takes the values out and back once, however many fields are set.
    pub(super) fn change(&mut self, more: usize, change: impl FnOnce(&mut FieldMapBuilder)) {
        let mut values = Vec::with_capacity(self.values.len().saturating_add(more));
        match Rc::get_mut(&mut self.values) {
            Some(own) => values.extend(own.iter_mut().map(std::mem::take)),
            None => values.extend(self.values.iter().cloned()),
        }
        // A layout that only this entry has is changed without a copy.
        let layout = std::mem::replace(&mut self.layout, EMPTY.with(Rc::clone));
        let mut builder = FieldMapBuilder { layout, values };
        change(&mut builder);
        *self = builder.build();
    }

    /// Returns the fields whose names satisfy `keeps`.
    pub(super) fn filtered(&self, keeps: impl Fn(&str) -> bool) -> Self {
        let mut kept = FieldMapBuilder::with_capacity(self.values.len());
        let mut positions = vec![None; self.values.len()];
        for (name, position) in self.layout.names.iter().filter(|(name, _)| keeps(name)) {
            // Names that had one value have one still.
            if let Some(known) = positions[*position] {
                Layout::place(&mut kept.layout, name, known);
            } else {
                positions[*position] = Some(kept.values.len());
                kept.set(name, self.values[*position].clone());
            }
        }
        kept.build()
    }
}

impl FieldMapBuilder {
    /// Creates a builder without fields.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { layout: EMPTY.with(Rc::clone), values: Vec::with_capacity(capacity) }
    }

    /// Returns the value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.layout.position(name).map(|position| &self.values[position])
    }

    /// Sets a field.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        if let Some(position) = self.layout.own_position(name) {
            self.values[position] = value;
        } else {
            self.add(name, value);
        }
    }

    /// Sets a field that has no value of its own yet.
    fn add(&mut self, name: &str, value: Value) {
        Layout::place(&mut self.layout, name, self.values.len());
        self.values.push(value);
    }

    /// Adds `name` with the value of the field `of`, unless it has one.
    pub(super) fn add_same(&mut self, name: &str, of: &str) {
        if let (None, Some(position)) = (self.layout.position(name), self.layout.position(of)) {
            Layout::place(&mut self.layout, name, position);
        }
    }

    /// Returns the fields, which take no more memory than they need.
    pub(super) fn build(self) -> FieldMap {
        FieldMap { layout: self.layout, values: self.values.into() }
    }
}

impl PartialEq for FieldMap {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for FieldMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(title: &str) -> FieldMap {
        FieldMap::new(title.into(), "mock://a".into())
    }

    fn is_shared(a: &FieldMap, b: &FieldMap) -> bool {
        Rc::ptr_eq(&a.layout, &b.layout)
    }

    #[test]
    fn entries_with_the_same_fields_share_the_names() {
        let [mut one, mut other] = [new("A"), new("B")];
        one.set("year", 1972_i64.into());
        one.set("title", "C".into());
        other.change(1, |fields| fields.set("year", 1979_i64.into()));
        assert!(!is_shared(&one, &other));
        other.set("title", "D".into());
        assert!(is_shared(&one, &other));
        assert_eq!(
            one.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            ["title", "url", "original_title", "original_url", "year"]
        );
        assert_eq!((one.get("title"), one.get("original_title")), (Some(&"C".into()), Some(&"A".into())));
        assert!(is_shared(&one.filtered(|name| name != "year"), &other.filtered(|name| name != "year")));
    }

    #[test]
    fn the_title_is_there_once_until_it_changes() {
        let mut fields = new("A");
        fields.set("original_url", "mock://b".into());
        assert_eq!(fields.values.len(), 3);
        assert_eq!(
            (fields.get("url"), fields.get("original_url")),
            (Some(&"mock://a".into()), Some(&"mock://b".into()))
        );
        let filtered = fields.filtered(|name| name != "url");
        assert_eq!(filtered.values.len(), 2);
        assert_eq!(
            filtered.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            ["title", "original_title", "original_url"]
        );
    }

    #[test]
    fn a_copy_keeps_its_fields() {
        let mut fields = new("A");
        let copy = fields.clone();
        fields.set("url", "mock://b".into());
        fields.set("year", 1972_i64.into());
        fields.set("year", 1979_i64.into());
        assert_eq!(copy, new("A"));
        assert_eq!(fields.get("year"), Some(&1979_i64.into()));
    }

    #[test]
    fn the_names_that_are_kept_are_limited() {
        let mut fields = new("A");
        for number in 0..10 * NAMES {
            let mut alone = new("B");
            alone.set(&format!("only {number}"), Value::Null);
            assert_eq!(alone.iter().count(), 5);
            fields.set(&format!("field {number}"), (number as i64).into());
        }
        assert!(KEPT.get() <= NAMES + FOLLOWING, "{}", KEPT.get());
        assert_eq!(fields.get("field 1999"), Some(&1999_i64.into()));
        assert_eq!(fields.iter().count(), 4 + 10 * NAMES);
    }
}
