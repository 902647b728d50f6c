//! The environment variables.

use std::ffi::OsString;
use std::ops::Deref;
use std::path::PathBuf;
use std::rc::Rc;

/// Variables by name.
type Variables<T> = dyn Fn(&str) -> Option<T>;

/// The environment variables, called with a name: `(cx.environment)("HOME")`.
///
/// What is no UTF-8 comes with replacement characters; [`path`](Self::path) returns it as it is.
///
/// ```
/// use flexget_core::context::Environment;
///
/// let environment = Environment::new(|name| (name == "HOME").then(|| "/home/me"));
/// assert_eq!(environment("HOME").as_deref(), Some("/home/me"));
/// assert_eq!(environment.path("XDG_CONFIG_HOME"), None);
/// ```
#[derive(Clone)]
pub struct Environment {
    raw: Rc<Variables<OsString>>,
    text: Rc<Variables<String>>,
}

impl Environment {
    /// Creates an environment whose variables `get` returns.
    pub fn new<T: Into<OsString>>(get: impl Fn(&str) -> Option<T> + 'static) -> Self {
        let raw: Rc<Variables<OsString>> = Rc::new(move |name| get(name).map(Into::into));
        let get = Rc::clone(&raw);
        let text = move |name: &str| Some(get(name)?.to_string_lossy().into_owned());
        Self { raw, text: Rc::new(text) }
    }

    /// Returns an environment without variables.
    pub fn empty() -> Self {
        Self::new(|_| None::<OsString>)
    }

    /// Returns a variable that is a path; `None` if it is empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        (self.raw)(name).filter(|path| !path.is_empty()).map(PathBuf::from)
    }
}

impl Deref for Environment {
    type Target = Variables<String>;

    fn deref(&self) -> &Self::Target {
        &*self.text
    }
}
