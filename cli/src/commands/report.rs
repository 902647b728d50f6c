//! `report`: a page about the last runs.

use std::path::PathBuf;

use flexget_core::error::Error;
use flexget_core::plugin::command::Format;

use crate::exit;
use crate::output_file;
use crate::render::page;
use crate::render::printable::Printable;
use crate::session::Session;

/// Write a page about tasks, runs, changes and accounts
///
/// It is one file that needs no network: open it in a browser. It holds titles and the names of
/// accounts, but no credentials.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ReportPage {
    /// The file
    #[arg(value_name = "FILE.html", default_value = "flexget-rs.html")]
    pub file: PathBuf,
}

impl ReportPage {
    /// Writes the page.
    pub(crate) fn run(&self, session: &Session) -> u8 {
        let path = match session.config() {
            Ok(path) => path,
            Err(error) => return session.fail(&error, Format::Text, exit::USAGE),
        };
        let cx = session.context(session.store(&path), false);
        let file = session.folders.current.join(&self.file);
        let shown = session.folders.shown(&file);
        let done = page::of(&path, &cx).and_then(|page| {
            if cx.dry_run {
                return Ok(format!("would write {shown}"));
            }
            output_file::replace(&file, &page)
                .map_err(|error| {
                    Error::new(format!("the page `{shown}` cannot be written: {error}"))
                        .hint("check the permissions of its folder, or name another file")
                })
                .map(|()| format!("wrote {shown}"))
        });
        match done {
            Ok(said) => {
                session.console.data(&Printable::line(said).end());
                exit::SUCCESS
            }
            Err(error) => session.fail(&error, Format::Text, exit::FAILURE),
        }
    }
}
