//! A bounded cache of what is compiled from texts.

use std::collections::HashMap;
use std::hash::Hash;

/// Limit of the texts in a cache: some may come from fields, and a program may run for years.
const MAX_CACHED: usize = 2_000;

/// Limit of the bytes of the texts in a cache.
const MAX_CACHED_BYTES: usize = 4 << 20;

/// Bounded cache of what is compiled from texts; when it is full it begins anew.
pub(crate) struct TextCache<K, V> {
    values: HashMap<(K, String), V>,
    bytes: usize,
}

impl<K, V> Default for TextCache<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), bytes: 0 }
    }
}

impl<K: Eq + Hash, V: Clone> TextCache<K, V> {
    /// Returns the value that was kept under this key.
    pub(crate) fn get(&self, key: &(K, String)) -> Option<V> {
        self.values.get(key).cloned()
    }

    /// Keeps a value.
    pub(crate) fn insert(&mut self, key: (K, String), value: V) {
        if self.values.len() >= MAX_CACHED || self.bytes.saturating_add(key.1.len()) > MAX_CACHED_BYTES {
            *self = Self::default();
        }
        self.bytes = self.bytes.saturating_add(key.1.len());
        self.values.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_keeps_no_more_than_there_is_room_for() {
        let mut cache: TextCache<(), usize> = TextCache::default();
        for number in 0..3 * MAX_CACHED {
            cache.insert(((), number.to_string()), number);
            assert!(cache.values.len() <= MAX_CACHED);
            assert_eq!(cache.get(&((), number.to_string())), Some(number));
        }
        for number in 0..20 {
            cache.insert(((), format!("{number}{}", "x".repeat(MAX_CACHED_BYTES / 4))), number);
            assert!(cache.bytes <= MAX_CACHED_BYTES && cache.values.len() <= 4);
        }
    }
}
