//! When two entries are the same item.
//!
//! An entry has keys: ids, each within its own kind and namespace (a movie's number in one catalogue never equals a show's),
//! names (title and year), and distinctions (a year that may be unknown). Two entries are the same item when they share an
//! id; or, if no id or distinction of theirs differs within one namespace, when they share a name. So ids decide where
//! there are any, and a remake with the title of the original stays another movie.

use std::collections::HashMap;
use std::fmt::{Display, Write};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// What a key can prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Equal ones prove that two items are the same, different ones that they are not.
    Id,
    /// Equal ones say that two items are the same, unless something speaks against it; different ones say nothing.
    Name,
    /// Different ones prove that two items are not the same; equal ones say nothing.
    Distinction,
}

/// One way to know an item, or to tell it from others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The namespace and the value, `movie imdb=tt0069293`: one piece of text, because there are several keys of each of many entries.
    text: String,
    /// The length of the namespace.
    space: u16,
    /// What it can prove.
    pub role: Role,
}

impl Key {
    /// An id within a kind and namespace such as `movie imdb`. Text and numbers that spell the same are the same id.
    pub fn id(space: &str, value: impl Display) -> Self {
        let mut text = begun(space, 24);
        let from = text.len();
        // Writing into text does not fail.
        let _ = write!(text, "{value}");
        match text.as_bytes()[from..].iter().all(u8::is_ascii_graphic) {
            true => text[from..].make_ascii_lowercase(),
            false => {
                let folded = text[from..].trim().to_lowercase();
                text.truncate(from);
                text.push_str(&folded);
            }
        }
        Self::of(text, from, Role::Id)
    }

    /// An id that is taken to the letter.
    pub fn exact(space: &str, value: &str) -> Self {
        let mut text = begun(space, value.len());
        let from = text.len();
        text.push_str(value);
        Self::of(text, from, Role::Id)
    }

    /// A name: upper and lower case are the same, and so are runs of white space.
    pub fn name(space: &str, value: &str) -> Self {
        let mut text = begun(space, value.len());
        let from = text.len();
        if value.is_ascii() {
            // Most names are, and then bytes will do.
            let words = value.split_ascii_whitespace();
            words.for_each(|word| push_word(&mut text, from, word));
            text[from..].make_ascii_lowercase();
        } else {
            value.split_whitespace().for_each(|word| push_word(&mut text, from, &word.to_lowercase()));
        }
        Self::of(text, from, Role::Name)
    }

    /// Something that tells items of one name apart where it is known.
    pub fn distinction(space: &str, value: impl Display) -> Self {
        let mut text = begun(space, 8);
        let from = text.len();
        let _ = write!(text, "{value}");
        Self::of(text, from, Role::Distinction)
    }

    fn of(text: String, from: usize, role: Role) -> Self {
        // A namespace is a word or two.
        Self { text, space: (from - 1) as u16, role }
    }

    fn space(&self) -> &str {
        &self.text[..usize::from(self.space)]
    }

    /// The key as one piece of text, for a store.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// [`Key::text`], without a copy.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// The text of a key up to its value.
fn begun(space: &str, room: usize) -> String {
    let mut text = String::with_capacity(space.len() + 1 + room);
    text.push_str(space);
    text.push('=');
    text
}

fn push_word(text: &mut String, from: usize, word: &str) {
    if text.len() > from {
        text.push(' ');
    }
    text.push_str(word);
}

/// Items by their keys: finding one among many does not compare it with all.
#[derive(Debug, Default)]
pub struct Index {
    hasher: RandomState,
    /// Where the chain of the keys with this hash begins, in `links`.
    heads: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    /// For each key the next one with the same hash.
    links: Vec<u32>,
    /// The keys of all items, one item after the other.
    keys: Vec<Key>,
    /// The item that each key is of.
    items: Vec<u32>,
    /// Where the keys of each item end.
    ends: Vec<u32>,
}

/// The end of a chain.
const END: u32 = u32::MAX;

impl Index {
    /// An index of items, given the keys of each; positions are those in `items`.
    pub fn new(items: impl IntoIterator<Item = Vec<Key>>) -> Self {
        let items = items.into_iter();
        let mut index = Self::with_room(items.size_hint().0);
        items.for_each(|keys| index.push(keys));
        index
    }

    /// An empty index with room for so many items.
    pub(super) fn with_room(items: usize) -> Self {
        // As many as an item of a list has.
        let keys = items * 4;
        Self {
            hasher: RandomState::new(),
            heads: HashMap::with_capacity_and_hasher(keys, BuildHasherDefault::default()),
            links: Vec::with_capacity(keys),
            keys: Vec::with_capacity(keys),
            items: Vec::with_capacity(keys),
            ends: Vec::with_capacity(items),
        }
    }

    /// Adds an item at the next position.
    pub fn push(&mut self, keys: Vec<Key>) {
        // A list of four thousand million keys does not fit into memory.
        let item = self.ends.len() as u32;
        for key in keys {
            let at = self.keys.len() as u32;
            let next = self.heads.insert(self.hash(&key), at).unwrap_or(END);
            self.links.push(next);
            self.items.push(item);
            self.keys.push(key);
        }
        self.ends.push(self.keys.len() as u32);
    }

    fn hash(&self, key: &Key) -> u64 {
        self.hasher.hash_one(key.text.as_str())
    }

    /// The first item that has these keys: by id if there is one, else by name where no id speaks against it.
    pub fn find(&self, keys: &[Key]) -> Option<usize> {
        let by = |role: Role| keys.iter().filter(move |key| key.role == role).flat_map(|key| self.items_with(key));
        by(Role::Id).min().or_else(|| by(Role::Name).filter(|at| !Self::differ(self.keys_of(*at), keys)).min())
    }

    /// The positions of the items that have this key.
    fn items_with<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = usize> + 'a {
        let mut at = self.heads.get(&self.hash(key)).copied().unwrap_or(END);
        std::iter::from_fn(move || {
            let here = (at != END).then_some(at as usize)?;
            at = self.links[here];
            Some(here)
        })
        .filter(|here| self.keys[*here] == *key)
        .map(|here| self.items[here] as usize)
    }

    fn keys_of(&self, item: usize) -> &[Key] {
        let from = item.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.keys[from..self.ends[item] as usize]
    }

    /// Whether something speaks against two items being the same: different ids or distinctions of one namespace.
    fn differ(a: &[Key], b: &[Key]) -> bool {
        let proves = |key: &&Key| key.role != Role::Name;
        a.iter()
            .filter(proves)
            .any(|a| b.iter().filter(proves).any(|b| a.role == b.role && a.space() == b.space() && a.text != b.text))
    }

    /// Whether two items are the same.
    pub fn same(a: &[Key], b: &[Key]) -> bool {
        let has = |role: Role| a.iter().any(|key| key.role == role && b.contains(key));
        has(Role::Id) || has(Role::Name) && !Self::differ(a, b)
    }
}

/// Takes a hash for what it is.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn movie(tmdb: Option<u32>, imdb: Option<&str>, title: &str) -> Vec<Key> {
        let tmdb = tmdb.map(|id| Key::id("movie tmdb", id));
        let imdb = imdb.map(|id| Key::id("movie imdb", id));
        tmdb.into_iter().chain(imdb).chain([Key::name("movie title", title)]).collect()
    }

    #[test]
    fn ids_decide_before_names() {
        let list = Index::new([movie(Some(1), None, "Solaris (1972)"), movie(None, Some("tt2"), "Dune (2021)")]);
        assert_eq!(list.find(&movie(Some(1), None, "Solyaris")), Some(0), "the same id, another title");
        assert_eq!(list.find(&movie(Some(2), None, "Solaris (1972)")), None, "the same title, another id");
        assert_eq!(list.find(&movie(Some(9), None, "dune  (2021)")), Some(1), "no id in common, so the title decides");
        assert_eq!(list.find(&[Key::id("show tmdb", 1)]), None, "a show's number is not a movie's");
        let kung_fu = |year: Option<i64>| {
            let year = year.map(|year| Key::distinction("show year", year));
            [Key::name("show title", "Kung Fu")].into_iter().chain(year).collect::<Vec<_>>()
        };
        assert!(!Index::same(&kung_fu(Some(1972)), &kung_fu(Some(2021))));
        assert!(Index::same(&kung_fu(None), &kung_fu(Some(2021))), "a year that is not known tells nothing apart");
    }

    fn any_item() -> impl Strategy<Value = Vec<Key>> {
        let id = proptest::option::of(0u32..4);
        (id.clone(), id, 0u32..3).prop_map(|(tmdb, imdb, title)| {
            movie(tmdb, imdb.map(|id| format!("tt{id}")).as_deref(), &format!("Title {title}"))
        })
    }

    proptest! {
        #[test]
        fn sameness_has_no_direction_and_everything_is_itself(a in any_item(), b in any_item()) {
            prop_assert!(Index::same(&a, &a));
            prop_assert_eq!(Index::same(&a, &b), Index::same(&b, &a));
        }

        #[test]
        fn the_index_finds_what_a_comparison_with_all_would(items in proptest::collection::vec(any_item(), 0..12), wanted in any_item()) {
            let index = Index::new(items.clone());
            let found = index.find(&wanted);
            prop_assert_eq!(found.is_some(), items.iter().any(|item| Index::same(item, &wanted)));
            if let Some(at) = found {
                prop_assert!(Index::same(&items[at], &wanted));
            }
        }

        #[test]
        fn case_and_form_of_an_id_do_not_matter(number in 0u64..1_000_000) {
            prop_assert_eq!(Key::id("movie trakt", number), Key::id("movie trakt", format!(" {number} ")));
            prop_assert_eq!(Key::id("movie imdb", format!("TT{number}")), Key::id("movie imdb", format!("tt{number}")));
        }
    }
}
