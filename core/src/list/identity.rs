//! Keys: the ids and names by which two entries are recognised as the same item.
//!
//! An entry has keys: ids, each within its own kind and namespace (a movie's number in one
//! catalogue never equals a show's), names (title and year), and distinctions (a year that may be
//! unknown). Ids are added from the surest namespace on, because several titles may share an id of
//! another catalogue: the first namespace in which two entries both have ids decides whether they
//! are the same item. Only where there is none, a shared name decides, unless a distinction
//! differs. So a remake with the title of the original stays another movie.

use std::fmt::{Display, Write};

/// Evidence that a key gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Equal ones prove that two items are the same, different ones that they are not.
    Id,
    /// Equal ones match two items unless an id or a distinction differs.
    ///
    /// Different ones say nothing.
    Name,
    /// Different ones prove that two items are not the same; equal ones say nothing.
    Distinction,
}

/// One id, name or distinction of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemKey<'a> {
    text: &'a str,
    /// The length of the namespace.
    space: u16,
    /// The evidence that it gives.
    pub role: Role,
}

impl<'a> ItemKey<'a> {
    /// Returns namespace and value as one text for a store: `movie imdb=tt0069293`.
    pub fn text(self) -> &'a str {
        self.text
    }

    pub(super) fn space(self) -> &'a str {
        &self.text[..usize::from(self.space)]
    }

    /// Checks whether items with these two keys must be different ones.
    pub(super) fn differs(self, other: ItemKey<'_>) -> bool {
        self.role == other.role && self.role != Role::Name && self.space() == other.space() && self.text != other.text
    }
}

/// All keys of one item, in one text because lists are long and each item has several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    pub(super) text: String,
    pub(super) marks: Vec<Mark>,
}

/// Position of a key in the text of an item's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    end: u32,
    /// The length of the namespace.
    space: u16,
    role: Role,
}

impl Keys {
    /// Creates an empty set with room for as many keys as an item usually has.
    pub fn new() -> Self {
        Self { text: String::with_capacity(192), marks: Vec::with_capacity(6) }
    }

    /// Creates the keys of an item that has one id, or none.
    pub fn of_id(space: &str, value: Option<impl Display>) -> Self {
        let mut keys = Self::new();
        if let Some(value) = value {
            keys.id(space, value);
        }
        keys
    }

    /// Adds an id within a kind and namespace such as `movie imdb`; `"593"` and `593` are one id.
    pub fn id(&mut self, space: &str, value: impl Display) {
        let from = self.begin(space);
        // Writing into text does not fail.
        let _ = write!(self.text, "{value}");
        if self.text.as_bytes()[from..].iter().all(u8::is_ascii_graphic) {
            self.text[from..].make_ascii_lowercase();
        } else {
            let folded = self.text[from..].trim().to_lowercase();
            self.text.truncate(from);
            self.text.push_str(&folded);
        }
        self.end(space, Role::Id);
    }

    /// Adds an id that is compared to the letter.
    pub fn exact(&mut self, space: &str, value: &str) {
        self.begin(space);
        self.text.push_str(value);
        self.end(space, Role::Id);
    }

    /// Adds a name, which is compared without regard to case and to runs of white space.
    pub fn name(&mut self, space: &str, value: impl Display) {
        let from = self.begin(space);
        let _ = write!(self.text, "{value}");
        if is_tidy(&self.text.as_bytes()[from..]) {
            self.text[from..].make_ascii_lowercase();
        } else {
            let words: Vec<String> = self.text[from..].split_whitespace().map(str::to_lowercase).collect();
            self.text.truncate(from);
            self.text.push_str(&words.join(" "));
        }
        self.end(space, Role::Name);
    }

    /// Adds a value that tells items of one name apart where it is known, such as a year.
    pub fn distinction(&mut self, space: &str, value: impl Display) {
        self.begin(space);
        let _ = write!(self.text, "{value}");
        self.end(space, Role::Distinction);
    }

    /// Returns the ids alone.
    pub fn ids(&self) -> Self {
        let mut ids = Self::new();
        for key in self.iter().filter(|key| key.role == Role::Id) {
            ids.text.push_str(key.text);
            ids.end(key.space(), key.role);
        }
        ids
    }

    /// Writes the name of a key, and returns the position at which its value begins.
    fn begin(&mut self, space: &str) -> usize {
        self.text.push_str(space);
        self.text.push('=');
        self.text.len()
    }

    fn end(&mut self, space: &str, role: Role) {
        // A namespace is a word or two, and the keys of an item stay far below four gigabytes.
        self.marks.push(Mark { end: self.text.len() as u32, space: space.len() as u16, role });
    }

    /// Iterates over the keys in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = ItemKey<'_>> + Clone {
        keys_in(&self.text, &self.marks)
    }
}

/// Checks whether a name is ASCII words with single spaces between them, the common case.
fn is_tidy(name: &[u8]) -> bool {
    let mut before = b' ';
    let is_in_order = |byte: &u8| {
        let is_in_order = byte.is_ascii_graphic() || (*byte == b' ' && before != b' ');
        before = *byte;
        is_in_order
    };
    name.iter().all(is_in_order) && before != b' '
}

/// Iterates over the keys in a text.
pub(super) fn keys_in<'a>(text: &'a str, marks: &'a [Mark]) -> impl Iterator<Item = ItemKey<'a>> + Clone {
    let from = std::iter::once(0).chain(marks.iter().map(|mark| mark.end as usize));
    let key = move |(from, mark): (usize, &Mark)| ItemKey {
        text: &text[from..mark.end as usize],
        space: mark.space,
        role: mark.role,
    };
    from.zip(marks).map(key)
}
