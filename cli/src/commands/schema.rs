//! `schema`: prints JSON Schemas for editors.

use flexget_core::config::schema;

use crate::args::FormatOption;
use crate::candidates;
use crate::exit;
use crate::session::{CommandError, Exit, Session};
use crate::unknown_plugin::unknown_plugin;

/// Print the JSON Schema of configs, for editors
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Schema {
    /// Print the schema of one plugin's options
    #[arg(long, value_name = "NAME", add = candidates::plugins())]
    pub plugin: Option<String>,
    /// The output format, which is JSON in any case.
    #[command(flatten)]
    pub format: FormatOption,
}

impl Schema {
    /// Prints the schema of configs, or of the options of one plugin.
    pub(crate) fn run(&self, session: &Session) -> Exit {
        session.use_scripts();
        let schema = match &self.plugin {
            None => schema::editor::config(),
            Some(name) => schema::plugin(name).ok_or_else(|| CommandError::usage(unknown_plugin(name)))?,
        };
        session.console.json(&schema);
        Ok(exit::SUCCESS)
    }
}
