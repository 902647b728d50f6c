//! `schema`: prints JSON Schemas for editors.

use flexget_core::config::schema;

use crate::args::FormatOption;
use crate::candidates;
use crate::exit;
use crate::session::Session;
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
    pub(crate) fn run(&self, session: &Session) -> u8 {
        session.use_scripts();
        let schema = match &self.plugin {
            None => schema::editor::config(),
            Some(name) => match schema::plugin(name) {
                Some(schema) => schema,
                None => return session.fail(&unknown_plugin(name), self.format.format(), exit::USAGE),
            },
        };
        session.console.json(&schema);
        exit::SUCCESS
    }
}
