//! Values that are kept until the end of a run.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What a run finds out and need not find out twice, by type and name. It ends with the run.
#[derive(Default, Clone)]
pub struct RunCache(Rc<RefCell<Known>>);

/// What is known, by type and name.
type Known = HashMap<(TypeId, String), Rc<dyn Any>>;

impl RunCache {
    /// The one `T` of this name; the first to ask makes it.
    pub fn of<T: Default + 'static>(&self, name: &str) -> Rc<T> {
        let mut known = self.0.borrow_mut();
        let one = known.entry((TypeId::of::<T>(), name.to_owned())).or_insert_with(|| Rc::new(T::default()));
        // The key holds the type, so this is always the type that is asked for.
        Rc::clone(one).downcast::<T>().unwrap_or_default()
    }
}
