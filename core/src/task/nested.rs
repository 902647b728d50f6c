//! Running the steps of nested plugins.

use crate::entry::Entry;
use crate::error::Result;
use crate::task::Task;
use crate::task::phase::Phase;
use crate::task::step::BoundStep;

impl Task {
    /// Runs steps on the entries at `positions` only; the others keep their places.
    ///
    /// Entries that the steps produce come last.
    ///
    /// # Errors
    /// The error of a step; the entries are all back in place then, too.
    pub async fn with_only(&mut self, positions: &[usize], steps: &[&BoundStep]) -> Result<()> {
        let mut slots: Vec<Option<Entry>> = std::mem::take(&mut self.entries).into_iter().map(Some).collect();
        self.entries = positions.iter().filter_map(|at| slots.get_mut(*at)?.take()).collect();
        let mut result = Ok(());
        for step in steps {
            result = step.run(self).await;
            if result.is_err() {
                break;
            }
        }
        let mut back = std::mem::take(&mut self.entries).into_iter();
        for at in positions {
            if let Some(slot) = slots.get_mut(*at) {
                *slot = back.next();
            }
        }
        self.entries = slots.into_iter().flatten().chain(back).collect();
        result
    }

    /// Runs the input steps among `steps` apart from the task.
    ///
    /// Returns the entries that they produced, at most `limit`.
    ///
    /// # Errors
    /// The error of a step.
    pub async fn input_from(&mut self, steps: &[BoundStep], limit: Option<usize>) -> Result<Vec<Entry>> {
        let mut inner = self.split_off();
        inner.wanted = limit;
        for step in steps.iter().filter(|step| matches!(step.phase, Phase::Start | Phase::Input)) {
            step.run(&mut inner).await?;
        }
        let mut entries = self.merge(inner);
        if let Some(limit) = limit {
            entries.truncate(limit);
        }
        Ok(entries)
    }
}
