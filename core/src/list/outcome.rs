//! Outcomes: the result of changing a list, item by item.

use serde::{Deserialize, Serialize};

/// Result of adding or removing one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// It was added or removed.
    Done,
    /// It was there already (add), or was not there (remove).
    ///
    /// A service that only counts does not say which items these are. As many items as it counted
    /// are then `Unchanged`, and an undo asks the list for their dates.
    Unchanged,
    /// The service does not know the item.
    Unknown,
    /// A part of it was removed and it is still on the list, such as one of several plays.
    Partly,
    /// It was removed, and more went with it than was known, so that an undo cannot restore it all.
    Lossy,
    /// It was not written, for this reason.
    Failed(String),
}

impl Outcome {
    /// Checks whether the list is now as it was asked to be, or nearer to it.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Done | Self::Unchanged | Self::Partly | Self::Lossy)
    }

    /// Checks whether something was changed.
    pub fn is_change(&self) -> bool {
        matches!(self, Self::Done | Self::Partly | Self::Lossy)
    }
}

/// Result of changing a list: one outcome per item, in the order of the slice that was given.
///
/// ```
/// use flexget_core::list::outcome::{Change, Outcome};
///
/// let change: Change = [Outcome::Done, Outcome::Unchanged].into_iter().collect();
/// assert!(change.certain);
/// assert_eq!(change.outcomes, [Outcome::Done, Outcome::Unchanged]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The outcome of each item.
    pub outcomes: Vec<Outcome>,
    /// Whether failed items are known not to be written; `false` if an answer was lost.
    pub certain: bool,
}

impl Change {
    /// Creates a certain change.
    pub fn new(outcomes: Vec<Outcome>) -> Self {
        Self { outcomes, certain: true }
    }

    /// Creates a change of `count` items that have all this outcome.
    pub fn all(outcome: Outcome, count: usize) -> Self {
        Self::new(vec![outcome; count])
    }

    /// Marks the change as uncertain if an answer was lost.
    #[must_use]
    pub fn certain(mut self, certain: bool) -> Self {
        self.certain = certain;
        self
    }
}

impl FromIterator<Outcome> for Change {
    fn from_iter<I: IntoIterator<Item = Outcome>>(outcomes: I) -> Self {
        Self::new(outcomes.into_iter().collect())
    }
}
