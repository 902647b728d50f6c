//! Finding items by their keys.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use smallvec::SmallVec;

use crate::list::identity::{ItemKey, Keys, Mark, Role, keys_in};

/// Index of items by their keys.
#[derive(Debug, Default)]
pub struct Index {
    hasher: RandomState,
    /// The items with each key that finds items.
    table: HashTable<KeyItems>,
    /// The keys of all items, one item after the other.
    marks: Vec<Mark>,
    /// The texts of all keys.
    text: String,
    /// End of the keys of each item, in `marks` and in `text`.
    ends: Vec<(u32, usize)>,
}

/// The items that have one key.
#[derive(Debug, Clone)]
struct KeyItems {
    hash: u64,
    /// Their positions, in order.
    items: SmallVec<[u32; 2]>,
}

impl Index {
    /// Creates an index of items from the keys of each; positions are those in `items`.
    pub fn new(items: impl IntoIterator<Item = Keys>) -> Self {
        let items = items.into_iter();
        let mut index = Self::with_room(items.size_hint().0);
        items.for_each(|keys| index.push(&keys));
        index
    }

    /// Creates an empty index with room for this number of items.
    pub fn with_room(items: usize) -> Self {
        // As many as an item of a list has.
        let keys = items.saturating_mul(4);
        Self {
            table: HashTable::with_capacity(keys),
            marks: Vec::with_capacity(keys),
            ends: Vec::with_capacity(items),
            ..Self::default()
        }
    }

    /// Adds an item at the next position.
    pub fn push(&mut self, keys: &Keys) {
        // A list of four thousand million keys does not fit into memory.
        let item = self.ends.len() as u32;
        // A distinction only tells items apart and finds none.
        for key in keys.iter().filter(|key| key.role != Role::Distinction) {
            let hash = self.hash(key);
            let Self { table, ends, marks, text, .. } = self;
            let is_same = |found: &KeyItems| found.hash == hash && has_key(ends, marks, text, found.items[0], key);
            match table.find_mut(hash, is_same) {
                Some(found) if found.items.last() == Some(&item) => {}
                Some(found) => found.items.push(item),
                None => {
                    table.insert_unique(hash, KeyItems { hash, items: [item].into_iter().collect() }, |one| one.hash);
                }
            }
        }
        self.text.push_str(&keys.text);
        self.marks.extend_from_slice(&keys.marks);
        self.ends.push((self.marks.len() as u32, self.text.len()));
    }

    fn hash(&self, key: ItemKey<'_>) -> u64 {
        self.hasher.hash_one(key.text())
    }

    /// Returns the first item that is the same by an id, or else the first by its name.
    pub fn find(&self, keys: &Keys) -> Option<usize> {
        self.find_among(keys.iter(), |_| true)
    }

    /// Does the same as [`Index::find`] among the items of which `which` is true.
    pub fn find_among<'k>(
        &self,
        keys: impl Iterator<Item = ItemKey<'k>> + Clone,
        which: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let is_found = |item: &usize| which(*item) && self.is_same(&keys, *item);
        first_of(&keys, |key| self.items_with(&self.table, key).find(is_found))
    }

    /// Returns the positions to remove, and for each entry whether it has a match among them.
    ///
    /// For each entry they are its first remaining match and that match's duplicates.
    pub fn removal<'k, K: Iterator<Item = ItemKey<'k>> + Clone>(
        &self,
        entries: impl IntoIterator<Item = K>,
    ) -> (BTreeSet<usize>, Vec<bool>) {
        let mut removed = BTreeSet::new();
        // Without the removed items, so that a thousand duplicates are not passed a thousand times.
        let mut rest = self.table.clone();
        // Duplicates that went with another item and may be meant by an entry of their own.
        let mut unclaimed = 0_usize;
        let is_removed = entries.into_iter().map(|keys| {
            let first = first_of(&keys, |key| self.items_with(&rest, key).find(|item| self.is_same(&keys, *item)));
            let Some(first) = first else {
                let is_claimed = unclaimed > 0 && self.find_among(keys, |_| true).is_some();
                unclaimed = unclaimed.saturating_sub(usize::from(is_claimed));
                return is_claimed;
            };
            let of_first = self.keys_of(first);
            let duplicates: BTreeSet<usize> = of_first
                .clone()
                .flat_map(|key| self.items_with(&rest, key))
                .filter(|item| *item != first && self.is_same(&of_first, *item))
                .collect();
            unclaimed = unclaimed.saturating_add(duplicates.len());
            removed.insert(first);
            removed.extend(&duplicates);
            self.forget(&mut rest, &removed, duplicates.into_iter().chain([first]));
            true
        });
        let is_removed = is_removed.collect();
        (removed, is_removed)
    }

    /// Drops items that are among the removed ones from a table.
    fn forget(&self, table: &mut HashTable<KeyItems>, removed: &BTreeSet<usize>, items: impl Iterator<Item = usize>) {
        let mut met = HashSet::new();
        for key in items.flat_map(|item| self.keys_of(item)) {
            let hash = self.hash(key);
            if !met.insert(hash) {
                continue;
            }
            if let Ok(mut found) = table.find_entry(hash, |found| self.is_of(found, hash, key)) {
                found.get_mut().items.retain(|item| !removed.contains(&(*item as usize)));
                if found.get().items.is_empty() {
                    found.remove();
                }
            }
        }
    }

    /// Iterates over the positions of the items that have this key, in order.
    fn items_with<'a>(
        &'a self,
        table: &'a HashTable<KeyItems>,
        key: ItemKey<'a>,
    ) -> impl Iterator<Item = usize> + use<'a> {
        let hash = self.hash(key);
        let found = table.find(hash, |found| self.is_of(found, hash, key));
        found.into_iter().flat_map(|found| &found.items).map(|item| *item as usize)
    }

    fn is_of(&self, found: &KeyItems, hash: u64, key: ItemKey<'_>) -> bool {
        found.hash == hash && has_key(&self.ends, &self.marks, &self.text, found.items[0], key)
    }

    fn is_same<'k>(&self, keys: &(impl Iterator<Item = ItemKey<'k>> + Clone), item: usize) -> bool {
        are_same(keys, &self.keys_of(item))
    }

    /// Iterates over the keys of all items, in the order of the items.
    pub fn keys(&self) -> impl Iterator<Item = ItemKey<'_>> {
        (0..self.ends.len()).flat_map(|item| self.keys_of(item))
    }

    /// Iterates over the keys of the item at this position.
    ///
    /// # Panics
    /// There is no such item.
    pub fn keys_of(&self, item: usize) -> impl Iterator<Item = ItemKey<'_>> + Clone {
        keys_at(&self.ends, &self.marks, &self.text, item)
    }

    /// Checks whether two items are the same.
    pub fn same(a: &Keys, b: &Keys) -> bool {
        are_same(&a.iter(), &b.iter())
    }
}

/// Returns the first item that an id finds, or else the first that a name finds.
fn first_of<'k>(
    keys: &(impl Iterator<Item = ItemKey<'k>> + Clone),
    find: impl Fn(ItemKey<'k>) -> Option<usize>,
) -> Option<usize> {
    let by = |role: Role| keys.clone().filter(move |key| key.role == role).filter_map(&find).min();
    by(Role::Id).or_else(|| by(Role::Name))
}

fn keys_at<'a>(
    ends: &[(u32, usize)],
    marks: &'a [Mark],
    text: &'a str,
    item: usize,
) -> impl Iterator<Item = ItemKey<'a>> + Clone + use<'a> {
    let (mark, text_start) = item.checked_sub(1).map_or((0, 0), |before| ends[before]);
    let (mark_end, text_end) = ends[item];
    keys_in(&text[text_start..text_end], &marks[mark as usize..mark_end as usize])
}

/// Checks whether an item that is in the index has a key; the item that is being added has it.
fn has_key(ends: &[(u32, usize)], marks: &[Mark], text: &str, item: u32, key: ItemKey<'_>) -> bool {
    let item = item as usize;
    item >= ends.len() || keys_at(ends, marks, text, item).any(|known| known == key)
}

/// Checks whether items with these keys are the same.
///
/// The first namespace in which both have ids decides, or else the names.
fn are_same<'a, 'b>(
    a: &(impl Iterator<Item = ItemKey<'a>> + Clone),
    b: &(impl Iterator<Item = ItemKey<'b>> + Clone),
) -> bool {
    let is_in = |key: &ItemKey<'_>, space: &str| key.role == Role::Id && key.space() == space;
    for space in a.clone().filter(|key| key.role == Role::Id).map(ItemKey::space) {
        let mut others = b.clone().filter(|key| is_in(key, space)).peekable();
        if others.peek().is_some() {
            return others.any(|other| a.clone().any(|key| key.role == Role::Id && key.text() == other.text()));
        }
    }
    a.clone().any(|key| key.role == Role::Name && b.clone().any(|other| other.role == Role::Name && key == other))
        && !a.clone().any(|key| b.clone().any(|other| key.differs(other)))
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
        let shared = Index::new([movie(Some(1), Some("tt5"), "Racer"), movie(Some(2), Some("tt5"), "Racers")]);
        assert_eq!(shared.find(&movie(Some(2), Some("tt5"), "Racers")), Some(1), "the first namespace decides");
        assert_eq!(shared.find(&movie(Some(3), Some("tt5"), "Racers")), None);
        assert_eq!(shared.find(&movie(None, Some("tt5"), "Racers")), Some(0));
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
    fn removes_the_item_of_each_entry_with_its_duplicates_and_nothing_else() {
        let a = || movie(Some(1), None, "A");
        let solaris = |imdb: Option<&str>| movie(None, imdb, "Solaris");
        let list = Index::new([a(), solaris(Some("tt1")), a(), solaris(Some("tt2"))]);
        for (entries, items, removed) in [
            (vec![a()], vec![0, 2], vec![true]),
            (vec![a(), a()], vec![0, 2], vec![true, true]),
            (vec![a(), movie(Some(9), None, "C"), a(), a()], vec![0, 2], vec![true, false, true, false]),
            (vec![solaris(None)], vec![1], vec![true]),
            (vec![solaris(Some("tt2")), solaris(None), solaris(None)], vec![1, 3], vec![true, true, false]),
        ] {
            let found = list.removal(entries.iter().map(Keys::iter));
            assert_eq!(found, (items.into_iter().collect(), removed), "{entries:?}");
        }
    }

    #[test]
    fn duplicates_are_removed_in_time_that_grows_with_their_number() {
        // With a walk over all duplicates for each entry, this would take minutes.
        let count = 60_000;
        let one = || movie(Some(1), None, "A");
        let list = Index::new((0..count).map(|_| one()));
        let entries: Vec<Keys> = (0..count).map(|_| one()).collect();
        let (removed, is_removed) = list.removal(entries.iter().map(Keys::iter));
        assert_eq!((removed.len(), is_removed), (count, vec![true; count]));
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
            prop_assert_eq!(tidy.iter().map(ItemKey::text).collect::<Vec<_>>(), [format!("movie title={}", words.join(" "))]);
        }
    }
}
