//! `completions`: prints scripts that complete commands, options and names in a shell.

use clap_complete::env::{Bash, CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Zsh};
use flexget_core::error::{Error, Result};

use crate::exit;
use crate::identity::Identity;
use crate::render::printable::Printable;
use crate::session::{CommandError, Exit, Session};

/// The environment variable that the scripts set to ask for candidates.
const VARIABLE: &str = "_FLEXGET_RS_COMPLETE";

/// Print a script that completes commands, options and names in a shell
///
/// For bash and zsh: `source <(flexget-rs completions bash)`, in `~/.bashrc` or `~/.zshrc` to keep
/// it. For fish: `flexget-rs completions fish > ~/.config/fish/completions/flexget-rs.fish`. The
/// script asks the program for candidates, so that tasks and accounts are always current.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Completions {
    /// Shell [default: the one that SHELL names]
    #[arg(value_name = "SHELL")]
    pub shell: Option<clap_complete::Shell>,
}

impl Completions {
    /// Prints the script.
    pub(crate) fn run(&self, session: &Session) -> Exit {
        let shell = self.shell.map_or_else(|| own_shell(session), Ok).map_err(CommandError::usage)?;
        let completer: &dyn EnvCompleter = match shell {
            clap_complete::Shell::Elvish => &Elvish,
            clap_complete::Shell::Fish => &Fish,
            clap_complete::Shell::PowerShell => &Powershell,
            clap_complete::Shell::Zsh => &Zsh,
            _ => &Bash,
        };
        let name = Identity::get().name;
        let mut script = Vec::new();
        // Writing to memory does not fail.
        let _ = completer.write_registration(VARIABLE, name, name, name, &mut script);
        session.console.data(&Printable::block(String::from_utf8_lossy(&script)));
        Ok(exit::SUCCESS)
    }
}

/// Returns the shell that the environment names.
fn own_shell(session: &Session) -> Result<clap_complete::Shell> {
    let named = (session.environment)("SHELL").filter(|shell| !shell.is_empty());
    let shell = named.as_deref().and_then(clap_complete::Shell::from_shell_path);
    shell.ok_or_else(|| {
        let error = match named {
            Some(named) => Error::new(format!("there are no completions for the shell `{named}`")),
            None => Error::new("no shell given, and SHELL is not set"),
        };
        error.hint("name one that there are completions for: bash, elvish, fish, powershell, zsh")
    })
}

/// Prints candidates and ends the process, if a shell asks for them.
pub(crate) fn complete_for_shell(program: impl Fn() -> clap::Command) {
    CompleteEnv::with_factory(program).var(VARIABLE).bin("flexget-rs").complete();
}
