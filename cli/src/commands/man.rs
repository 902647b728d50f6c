//! `man`: prints or writes man pages.

use std::path::{Path, PathBuf};

use flexget_core::error::{Error, Result};

use crate::exit;
use crate::render::printable::Printable;
use crate::session::{Exit, Session};

/// Print the man page, or write all pages to a folder
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Man {
    /// Write the pages of all commands to this folder
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

impl Man {
    /// Prints the page of the program, or writes a page for each command.
    pub(crate) fn run(&self, mut program: clap::Command, session: &Session) -> Exit {
        program.build();
        match &self.folder {
            None => session.console.data(&Printable::block(page(&program)?)),
            Some(folder) => {
                let folder = session.folders.current.join(folder);
                if session.global.test {
                    let line = format!("would write man pages to {}", session.folders.absolute(&folder));
                    session.console.line(&Printable::line(line));
                } else {
                    write_pages(&program, &folder)?;
                }
            }
        }
        Ok(exit::SUCCESS)
    }
}

/// Returns the page of a command in roff.
fn page(command: &clap::Command) -> Result<String> {
    let mut roff = Vec::new();
    let failed = |error: std::io::Error| Error::new("the man page cannot be made").cause(error);
    clap_mangen::Man::new(command.clone()).render(&mut roff).map_err(failed)?;
    Ok(String::from_utf8_lossy(&roff).into_owned())
}

/// Writes the page of a command and those of its subcommands.
fn write_pages(command: &clap::Command, folder: &Path) -> Result<()> {
    let failed = |error: std::io::Error| Error::new(format!("cannot write to {}", folder.display())).cause(error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    std::fs::write(folder.join(format!("{name}.1")), page(command)?).map_err(failed)?;
    let below = command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help");
    below.cloned().try_for_each(|below| write_pages(&below, folder))
}
