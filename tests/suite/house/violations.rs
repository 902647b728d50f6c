//! What the rules find, each at its line.

use std::collections::BTreeMap;
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

/// How many violations of a rule a file has, by rule and file.
pub(crate) type Counts = BTreeMap<(String, String), usize>;

/// Counts violations.
pub(crate) fn counts(found: &[&Violation]) -> Counts {
    let mut counts = Counts::new();
    for one in found {
        *counts.entry((one.rule.to_owned(), one.path.clone())).or_default() += 1;
    }
    counts
}

/// Reads the list of known violations: `rule file count`, one line each.
pub(crate) fn read_known(text: &str) -> Counts {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut words = line.split_whitespace();
            let (Some(rule), Some(path), Some(count)) = (words.next(), words.next(), words.next()) else {
                panic!("not `rule file count`: {line}");
            };
            ((rule.to_owned(), path.to_owned()), count.parse().expect("a count"))
        })
        .collect()
}

/// Writes the list of known violations.
pub(crate) fn write_known(counts: &Counts) -> String {
    counts.iter().map(|((rule, path), count)| format!("{rule} {path} {count}\n")).collect()
}
