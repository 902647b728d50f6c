//! The journal of changes to remote lists: written before they are sent, and marked after.
//!
//! So a run that was killed can say what may have happened, and a change can be undone.

pub use crate::context::store::changes::{Action, ChangeRow, ChangeState, Journal, NewChange};
