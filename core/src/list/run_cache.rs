//! What this run knows of remote lists: each is read once, and what was written since is seen by later reads.
//!
//! A service may go on showing the old list for minutes after a change, so the change is applied to the copy, and to copies that are read later.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;

use super::Place;
use super::any::Erased;
use super::identity::{Index, Keys};
use super::recovery::listed_at;
use crate::entry::Entry;

/// The copies of all remote lists in this run.
#[derive(Default)]
pub(crate) struct Memory(RefCell<HashMap<Place, Known>>);

/// What is known of one list.
#[derive(Default)]
struct Known {
    /// Copies by the options that they were read with: options may choose a part of the list, or how items look.
    copies: HashMap<String, Copy>,
    writes: Vec<Write>,
}

struct Copy {
    list: Rc<dyn Erased>,
    items: Rc<Vec<Entry>>,
    /// The items by their keys, made when somebody looks for one.
    index: OnceCell<Rc<Index>>,
}

/// What was written to a list.
#[derive(Clone)]
pub(crate) enum Write {
    /// These were put on it.
    Added(Vec<Entry>),
    /// What has these keys was taken off it. What the list dates to a later time is there again.
    Removed {
        /// The keys of each item.
        items: Vec<Keys>,
        /// When that was; nothing is later than a write of this run.
        at: Option<Timestamp>,
    },
}

impl Memory {
    /// The copy that was read with these options.
    pub fn get(&self, place: &Place, options: &str) -> Option<Rc<Vec<Entry>>> {
        Some(Rc::clone(&self.0.borrow().get(place)?.copies.get(options)?.items))
    }

    /// The items of the copy that was read with these options, by their keys.
    pub fn index(&self, place: &Place, options: &str) -> Option<Rc<Index>> {
        let known = self.0.borrow();
        let Copy { list, items, index } = known.get(place)?.copies.get(options)?;
        Some(Rc::clone(index.get_or_init(|| Rc::new(Index::new(items.iter().map(|item| list.keys(item)))))))
    }

    /// Applies to what was just read what was written before it and may not be shown yet: `before` by earlier runs (what this
    /// run has written may be among it, because writing it twice is writing it once), and then what this run has written.
    pub fn replay(&self, place: &Place, list: &Rc<dyn Erased>, items: Vec<Entry>, before: &[Write]) -> Rc<Vec<Entry>> {
        let known = self.0.borrow();
        let since = known.get(place).map(|known| known.writes.as_slice()).unwrap_or_default();
        Rc::new(before.iter().chain(since).fold(items, |items, write| apply(&**list, items, write)))
    }

    /// Keeps the whole of a list.
    pub fn keep(&self, place: &Place, options: &str, list: &Rc<dyn Erased>, items: Rc<Vec<Entry>>) {
        let mut known = self.0.borrow_mut();
        let known = known.entry(place.clone()).or_default();
        known.copies.insert(options.to_owned(), Copy { list: Rc::clone(list), items, index: OnceCell::new() });
    }

    /// Notes that these entries were put on the list.
    pub fn added(&self, place: &Place, entries: Vec<Entry>) {
        self.write(place, Write::Added(entries));
    }

    /// Notes that the items with these keys were taken off the list.
    pub fn removed(&self, place: &Place, keys: Vec<Keys>) {
        self.write(place, Write::Removed { items: keys, at: None });
    }

    /// Forgets the list: a write went wrong, and nobody knows what is on it.
    pub fn forget(&self, place: &Place) {
        self.0.borrow_mut().remove(place);
    }

    fn write(&self, place: &Place, write: Write) {
        let mut known = self.0.borrow_mut();
        let known = known.entry(place.clone()).or_default();
        for copy in known.copies.values_mut() {
            let items =
                Rc::try_unwrap(std::mem::take(&mut copy.items)).unwrap_or_else(|shared| shared.as_ref().clone());
            copy.items = Rc::new(apply(&*copy.list, items, &write));
            copy.index = OnceCell::new();
        }
        known.writes.push(write);
    }
}

fn apply(list: &dyn Erased, mut items: Vec<Entry>, write: &Write) -> Vec<Entry> {
    match write {
        Write::Added(entries) => {
            let mut index = Index::new(items.iter().map(|item| list.keys(item)));
            for entry in entries.iter().filter(|entry| list.accepts(entry).is_ok()) {
                let keys = list.keys(entry);
                match index.find(&keys) {
                    None => {
                        index.push(&keys);
                        items.push(entry.clone());
                    }
                    Some(at) if !list.is_up_to_date(&items[at], entry) => items[at] = entry.clone(),
                    Some(_) => {}
                }
            }
        }
        Write::Removed { items: removed, at } => {
            let removed = Index::new(removed.iter().cloned());
            let is_later = |item: &Entry| at.is_some_and(|at| listed_at(item).is_some_and(|listed| listed > at));
            items.retain(|item| is_later(item) || removed.find(&list.keys(item)).is_none());
        }
    }
    items
}
