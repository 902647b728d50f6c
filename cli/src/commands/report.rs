//! `report`: a page about the last runs.

use std::path::PathBuf;

use flexget_core::config::load::load;
use flexget_core::error::Error;

use crate::exit;
use crate::output_file;
use crate::render::page;
use crate::render::printable::Printable;
use crate::session::{Exit, Session};

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
    pub(crate) fn run(&self, session: &Session) -> Exit {
        let file = session.folders.current.join(&self.file);
        let shown = session.folders.shown(&file);
        let path = session.config()?;
        let cx = session.context(session.store(&path), false);
        let page = page::of(&path, load(&path, Vec::new()).plan.as_ref(), &cx)?;
        if !cx.dry_run {
            output_file::replace(&file, &page).map_err(|error| {
                Error::new(format!("the page `{shown}` cannot be written: {error}"))
                    .hint("check the permissions of its folder, or name another file")
            })?;
        }
        let did = if cx.dry_run { "would write" } else { "wrote" };
        session.console.data(&Printable::line(format!("{did} {shown}")).end());
        Ok(exit::SUCCESS)
    }
}
