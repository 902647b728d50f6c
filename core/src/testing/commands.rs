//! Commands as functions.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;

use super::world::block_on;
use crate::context::Context;
use crate::error::Result;
use crate::plugin::command::{Format, Output, OutputEvent};
use crate::plugin::registry;

/// Output of a command.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Transcript {
    /// The output as text: lines, and tables with ` | ` between the columns.
    pub text: String,
    /// The lines beside the output.
    pub notes: String,
    /// The output as data.
    pub data: Vec<Value>,
}

/// Runs a command by its words (`entry-list add`) with these arguments by the names of its fields.
///
/// # Errors
/// What the command failed with.
///
/// # Panics
/// There is no such command.
#[track_caller]
pub fn command(words: &str, arguments: Value, format: Format, cx: &Context) -> Result<Transcript> {
    let path: Vec<&str> = words.split(' ').collect();
    let Some(found) = registry::commands().into_iter().find(|command| command.path == path) else {
        panic!("no such command: {words}")
    };
    let said = Rc::new(RefCell::new(Transcript::default()));
    let hear = Rc::clone(&said);
    let mut out = Output::new(format, None, move |what| {
        let mut said = hear.borrow_mut();
        match what {
            OutputEvent::Line(text) => said.text += &format!("{text}\n"),
            OutputEvent::Note(text) => said.notes += &format!("{text}\n"),
            OutputEvent::Table(table) => {
                let title = table.title.iter().map(|title| vec![title.clone()]);
                let rows = title.chain([table.columns.clone()]).chain(table.rows.iter().cloned());
                rows.for_each(|row| said.text += &format!("{}\n", row.join(" | ")));
            }
            OutputEvent::Data(data) => said.data.push(data.clone()),
            OutputEvent::Status(_) | OutputEvent::QrCode(_) | OutputEvent::Ask { .. } => {}
        }
        Ok(None)
    });
    block_on(found.run(arguments, cx, &mut out))?;
    Ok(said.take())
}
