//! When two entries are the same item.
//!
//! An entry has keys: ids, each within its own kind and namespace (a movie's number in one catalogue never equals a show's),
//! names (title and year), and distinctions (a year that may be unknown). Two entries are the same item when they share an
//! id; or, if no id or distinction of theirs differs within one namespace, when they share a name. So ids decide where
//! there are any, and a remake with the title of the original stays another movie.

use std::collections::{BTreeSet, HashMap};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    text: &'a str,
    /// The length of the namespace.
    space: u16,
    /// What it can prove.
    pub role: Role,
}

impl<'a> Key<'a> {
    /// The namespace and the value as one piece of text, `movie imdb=tt0069293`, for a store.
    pub fn text(self) -> &'a str {
        self.text
    }

    fn space(self) -> &'a str {
        &self.text[..usize::from(self.space)]
    }

    /// Whether it proves that an item with this key is another one than an item with that.
    fn differs(self, other: Key<'_>) -> bool {
        self.role == other.role && self.role != Role::Name && self.space() == other.space() && self.text != other.text
    }
}

/// All keys of one item. Their texts stand in one piece, because lists are long and each item has several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    text: String,
    marks: Vec<Mark>,
}

/// Where a key stands in the text of an item's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    end: u32,
    /// The length of the namespace.
    space: u16,
    role: Role,
}

impl Keys {
    /// No keys, with room for as many as an item of a list has.
    pub fn new() -> Self {
        Self { text: String::with_capacity(192), marks: Vec::with_capacity(6) }
    }

    /// Adds an id within a kind and namespace such as `movie imdb`. Text and numbers that spell the same are the same id.
    pub fn id(&mut self, space: &str, value: impl Display) {
        let from = self.begin(space);
        // Writing into text does not fail.
        let _ = write!(self.text, "{value}");
        match self.text.as_bytes()[from..].iter().all(u8::is_ascii_graphic) {
            true => self.text[from..].make_ascii_lowercase(),
            false => {
                let folded = self.text[from..].trim().to_lowercase();
                self.text.truncate(from);
                self.text.push_str(&folded);
            }
        }
        self.end(space, Role::Id);
    }

    /// Adds an id that is taken to the letter.
    pub fn exact(&mut self, space: &str, value: &str) {
        self.begin(space);
        self.text.push_str(value);
        self.end(space, Role::Id);
    }

    /// Adds a name: upper and lower case are the same, and so are runs of white space.
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

    /// Adds something that tells items of one name apart where it is known.
    pub fn distinction(&mut self, space: &str, value: impl Display) {
        self.begin(space);
        let _ = write!(self.text, "{value}");
        self.end(space, Role::Distinction);
    }

    /// The ids alone.
    pub fn ids(&self) -> Self {
        let mut ids = Self::new();
        for key in self.iter().filter(|key| key.role == Role::Id) {
            ids.text.push_str(key.text);
            ids.end(key.space(), key.role);
        }
        ids
    }

    /// Begins a key; says where its value begins.
    fn begin(&mut self, space: &str) -> usize {
        self.text.push_str(space);
        self.text.push('=');
        self.text.len()
    }

    fn end(&mut self, space: &str, role: Role) {
        // A namespace is a word or two, and what an item is called does not fill four gigabytes.
        self.marks.push(Mark { end: self.text.len() as u32, space: space.len() as u16, role });
    }

    /// The keys, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = Key<'_>> + Clone {
        keys_in(&self.text, &self.marks)
    }
}

/// Whether a name has nothing but single spaces between words of ASCII, as most have: the quick way with it.
fn is_tidy(name: &[u8]) -> bool {
    let mut before = b' ';
    let is_in_order = |byte: &u8| {
        let is_in_order = byte.is_ascii_graphic() || (*byte == b' ' && before != b' ');
        before = *byte;
        is_in_order
    };
    name.iter().all(is_in_order) && before != b' '
}

/// The keys that stand in a text.
fn keys_in<'a>(text: &'a str, marks: &'a [Mark]) -> impl Iterator<Item = Key<'a>> + Clone {
    let from = std::iter::once(0).chain(marks.iter().map(|mark| mark.end as usize));
    let key = move |(from, mark): (usize, &Mark)| Key {
        text: &text[from..mark.end as usize],
        space: mark.space,
        role: mark.role,
    };
    from.zip(marks).map(key)
}

/// Items by their keys: finding one among many does not compare it with all.
#[derive(Debug, Default)]
pub struct Index {
    hasher: RandomState,
    /// Where the chain of the keys with this hash begins, in `links`.
    heads: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    /// For each key the next one with the same hash.
    links: Vec<u32>,
    /// The item that each key is of.
    items: Vec<u32>,
    /// The keys of all items, one item after the other.
    marks: Vec<Mark>,
    /// Their texts.
    text: String,
    /// Where the keys of each item end, in `marks` and in `text`.
    ends: Vec<(u32, usize)>,
}

/// The end of a chain.
const END: u32 = u32::MAX;

impl Index {
    /// An index of items, given the keys of each; positions are those in `items`.
    pub fn new(items: impl IntoIterator<Item = Keys>) -> Self {
        let items = items.into_iter();
        let mut index = Self::with_room(items.size_hint().0);
        items.for_each(|keys| index.push(&keys));
        index
    }

    /// An empty index with room for so many items.
    pub fn with_room(items: usize) -> Self {
        // As many as an item of a list has.
        let keys = items * 4;
        Self {
            hasher: RandomState::new(),
            heads: HashMap::with_capacity_and_hasher(keys, BuildHasherDefault::default()),
            links: Vec::with_capacity(keys),
            items: Vec::with_capacity(keys),
            marks: Vec::with_capacity(keys),
            text: String::new(),
            ends: Vec::with_capacity(items),
        }
    }

    /// Adds an item at the next position.
    pub fn push(&mut self, keys: &Keys) {
        // A list of four thousand million keys does not fit into memory.
        let item = self.ends.len() as u32;
        for key in keys.iter() {
            let at = self.links.len() as u32;
            // Nobody looks for an item by what only tells items apart.
            let next = match key.role {
                Role::Distinction => None,
                Role::Id | Role::Name => self.heads.insert(self.hash(key), at),
            };
            self.links.push(next.unwrap_or(END));
            self.items.push(item);
        }
        self.text.push_str(&keys.text);
        self.marks.extend_from_slice(&keys.marks);
        self.ends.push((self.marks.len() as u32, self.text.len()));
    }

    fn hash(&self, key: Key<'_>) -> u64 {
        self.hasher.hash_one(key.text)
    }

    /// The first item that has these keys: by id if there is one, else by name where no id speaks against it.
    pub fn find(&self, keys: &Keys) -> Option<usize> {
        self.find_among(keys.iter(), |_| true)
    }

    /// The same for keys that stand elsewhere, in another index say, and among some of the items only.
    pub fn find_among<'k>(
        &self,
        keys: impl Iterator<Item = Key<'k>> + Clone,
        which: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let of = |role: Role| keys.clone().filter(move |key| key.role == role);
        let by = |role: Role| of(role).flat_map(|key| self.items_with(key)).filter(|item| which(*item));
        let differ = |item: usize| self.keys_of(item).any(|known| keys.clone().any(|key| key.differs(known)));
        by(Role::Id).min().or_else(|| by(Role::Name).filter(|item| !differ(*item)).min())
    }

    /// The items that go when entries with these keys are taken off the list: with each entry the first that it is and that is not
    /// gone, and what is the same as that item. And the positions of the entries with which nothing goes.
    pub fn taken<'k, K: Iterator<Item = Key<'k>> + Clone>(
        &self,
        entries: impl IntoIterator<Item = K>,
    ) -> (BTreeSet<usize>, Vec<usize>) {
        let (mut taken, mut unchanged) = (BTreeSet::new(), Vec::new());
        // How many went with another one, which an entry of their own was meant for.
        let mut with_another = 0_usize;
        for (at, keys) in entries.into_iter().enumerate() {
            let Some(first) = self.find_among(keys.clone(), |item| !taken.contains(&item)) else {
                match self.find_among(keys, |_| true).and(with_another.checked_sub(1)) {
                    Some(left) => with_another = left,
                    None => unchanged.push(at),
                }
                continue;
            };
            taken.insert(first);
            while let Some(same) = self.find_among(self.keys_of(first), |item| !taken.contains(&item)) {
                taken.insert(same);
                with_another += 1;
            }
        }
        (taken, unchanged)
    }

    /// The positions of the items that have this key.
    fn items_with<'a>(&'a self, key: Key<'a>) -> impl Iterator<Item = usize> + 'a {
        let mut at = self.heads.get(&self.hash(key)).copied().unwrap_or(END);
        std::iter::from_fn(move || {
            let here = (at != END).then_some(at as usize)?;
            at = self.links[here];
            Some(self.items[here] as usize)
        })
        .filter(move |item| self.keys_of(*item).any(|known| known == key))
    }

    /// The keys of all items, in the order of the items.
    pub fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        (0..self.ends.len()).flat_map(|item| self.keys_of(item))
    }

    /// The keys of the item at this position.
    ///
    /// # Panics
    /// There is no such item.
    pub fn keys_of(&self, item: usize) -> impl Iterator<Item = Key<'_>> + Clone {
        let (mark, text) = item.checked_sub(1).map_or((0, 0), |before| self.ends[before]);
        let (mark_end, text_end) = self.ends[item];
        keys_in(&self.text[text..text_end], &self.marks[mark as usize..mark_end as usize])
    }

    /// Whether two items are the same.
    pub fn same(a: &Keys, b: &Keys) -> bool {
        let has = |role: Role| a.iter().any(|key| key.role == role && b.iter().any(|other| other == key));
        has(Role::Id) || has(Role::Name) && !a.iter().any(|key| b.iter().any(|other| key.differs(other)))
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

    /// The keys that `write` adds.
    fn keys(write: impl FnOnce(&mut Keys)) -> Keys {
        let mut keys = Keys::new();
        write(&mut keys);
        keys
    }

    fn movie(tmdb: Option<u32>, imdb: Option<&str>, title: &str) -> Keys {
        keys(|keys| {
            tmdb.into_iter().for_each(|id| keys.id("movie tmdb", id));
            imdb.into_iter().for_each(|id| keys.id("movie imdb", id));
            keys.name("movie title", title);
        })
    }

    #[test]
    fn ids_decide_before_names() {
        let list = Index::new([movie(Some(1), None, "Solaris (1972)"), movie(None, Some("tt2"), "Dune (2021)")]);
        assert_eq!(list.find(&movie(Some(1), None, "Solyaris")), Some(0), "the same id, another title");
        assert_eq!(list.find(&movie(Some(2), None, "Solaris (1972)")), None, "the same title, another id");
        assert_eq!(list.find(&movie(Some(9), None, "dune  (2021)")), Some(1), "no id in common, so the title decides");
        assert_eq!(list.find(&keys(|keys| keys.id("show tmdb", 1))), None, "a show's number is not a movie's");
        let kung_fu = |year: Option<i64>| {
            keys(|keys| {
                keys.name("show title", "Kung Fu");
                year.into_iter().for_each(|year| keys.distinction("show year", year));
            })
        };
        assert!(!Index::same(&kung_fu(Some(1972)), &kung_fu(Some(2021))));
        assert!(Index::same(&kung_fu(None), &kung_fu(Some(2021))), "a year that is not known tells nothing apart");
    }

    #[test]
    fn an_entry_takes_its_item_off_with_what_is_the_same_and_nothing_else() {
        let a = || movie(Some(1), None, "A");
        let solaris = |imdb: Option<&str>| movie(None, imdb, "Solaris");
        let list = Index::new([a(), solaris(Some("tt1")), a(), solaris(Some("tt2"))]);
        for (entries, items, unchanged) in [
            (vec![a()], vec![0, 2], vec![]),
            (vec![a(), a()], vec![0, 2], vec![]),
            (vec![a(), movie(Some(9), None, "C"), a(), a()], vec![0, 2], vec![1, 3]),
            (vec![solaris(None)], vec![1], vec![]),
            (vec![solaris(Some("tt2")), solaris(None), solaris(None)], vec![1, 3], vec![2]),
        ] {
            let taken = list.taken(entries.iter().map(Keys::iter));
            assert_eq!(taken, (items.into_iter().collect(), unchanged), "{entries:?}");
        }
    }

    fn any_item() -> impl Strategy<Value = Keys> {
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
            let id = |space: &str, id: &str| keys(|keys| keys.id(space, id));
            prop_assert_eq!(keys(|keys| keys.id("movie trakt", number)), id("movie trakt", &format!(" {number} ")));
            prop_assert_eq!(id("movie imdb", &format!("TT{number}")), id("movie imdb", &format!("tt{number}")));
        }

        #[test]
        fn case_and_white_space_of_a_name_do_not_matter(words in proptest::collection::vec("[a-zäß.]{1,4}", 0..4), space in "[ \t\u{a0}]{1,3}") {
            let name = |name: &str| keys(|keys| keys.name("movie title", name));
            let tidy = name(&words.join(" "));
            prop_assert_eq!(&tidy, &name(&format!("{space}{}{space}", words.join(&space))));
            prop_assert_eq!(&tidy, &name(&words.join(" ").to_ascii_uppercase()));
            prop_assert_eq!(tidy.iter().map(Key::text).collect::<Vec<_>>(), [format!("movie title={}", words.join(" "))]);
        }
    }
}
