//! What the rules find, each at its line.

use std::fmt;

/// A place where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    /// The rule's name.
    pub rule: &'static str,
    /// The file, from the root of the repository.
    pub path: String,
    /// The line.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl Violation {
    /// Describes a violation.
    pub(crate) fn new(rule: &'static str, path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { rule, path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.path, self.line, self.rule, self.what)
    }
}
