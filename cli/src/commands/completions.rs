//! `completions`: prints scripts that complete commands, options and names in a shell.

use clap_complete::env::{Bash, CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Zsh};

use crate::exit;
use crate::render::printable::Printable;
use crate::session::Session;

/// The environment variable that the scripts set to ask for candidates.
const VARIABLE: &str = "_FLEXGET_RS_COMPLETE";

/// Print a script that completes commands, options and names in a shell
///
/// For bash: `source <(flexget-rs completions bash)`, in `~/.bashrc` to keep it. The script asks
/// the program for candidates, so that tasks and accounts are always current.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Completions {
    /// Shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

impl Completions {
    /// Prints the script.
    pub(crate) fn run(&self, session: &Session) -> u8 {
        let completer: &dyn EnvCompleter = match self.shell {
            clap_complete::Shell::Elvish => &Elvish,
            clap_complete::Shell::Fish => &Fish,
            clap_complete::Shell::PowerShell => &Powershell,
            clap_complete::Shell::Zsh => &Zsh,
            _ => &Bash,
        };
        let mut script = Vec::new();
        // Writing to memory does not fail.
        let _ = completer.write_registration(VARIABLE, "flexget-rs", "flexget-rs", "flexget-rs", &mut script);
        session.console.data(&Printable::block(String::from_utf8_lossy(&script)));
        exit::SUCCESS
    }
}

/// Prints candidates and ends the process, if a shell asks for them.
pub(crate) fn complete_for_shell(program: impl Fn() -> clap::Command) {
    CompleteEnv::with_factory(program).var(VARIABLE).bin("flexget-rs").complete();
}
