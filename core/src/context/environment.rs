//! The environment variables.

use std::rc::Rc;

/// The value of an environment variable by its name.
pub type Environment = Rc<dyn Fn(&str) -> Option<String>>;
