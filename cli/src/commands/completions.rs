//! `completions`: prints shell scripts that complete commands and options.

use crate::exit;
use crate::render::printable::Printable;
use crate::session::Session;

/// Print a script that completes commands and options in a shell
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Completions {
    /// Shell
    pub shell: clap_complete::Shell,
}

impl Completions {
    /// Prints the script for `program`.
    pub(crate) fn run(&self, mut program: clap::Command, session: &Session) -> u8 {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, "flexget-rs", &mut script);
        session.console.data(&Printable::block(String::from_utf8_lossy(&script)));
        exit::SUCCESS
    }
}
