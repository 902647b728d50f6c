//! The fields that plugins declare.

use std::collections::BTreeMap;

use crate::plugin::registry;
use crate::task::fields::KnownField;

/// The fields that plugins declare, with the plugins that give each.
pub(super) struct FieldCatalogue(BTreeMap<&'static str, Vec<(&'static str, KnownField)>>);

impl Default for FieldCatalogue {
    fn default() -> Self {
        let mut fields: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for registration in registry::all().values() {
            for field in (registration.gives)() {
                fields.entry(field.name).or_default().push((registration.name, field));
            }
        }
        Self(fields)
    }
}

impl FieldCatalogue {
    /// Returns the plugins that give a field, with what they declare of it.
    pub(super) fn givers(&self, field: &str) -> &[(&'static str, KnownField)] {
        self.0.get(field).map_or(&[], Vec::as_slice)
    }

    /// Returns the names of all fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }
}
