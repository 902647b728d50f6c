//! Values that are kept until the end of a run.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Values that are computed once in a run, by type and name.
#[derive(Default, Clone)]
pub struct RunCache(Rc<RefCell<Values>>);

/// The values, by type and name.
type Values = HashMap<(TypeId, String), Rc<dyn Any>>;

impl RunCache {
    /// Returns the one `T` of this name; the first call creates it.
    pub fn of<T: Default + 'static>(&self, name: &str) -> Rc<T> {
        let mut values = self.0.borrow_mut();
        let value = values.entry((TypeId::of::<T>(), name.to_owned())).or_insert_with(|| Rc::new(T::default()));
        // The key holds the type, so the downcast never fails.
        Rc::clone(value).downcast::<T>().unwrap_or_default()
    }
}
