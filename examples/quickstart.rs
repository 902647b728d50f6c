//! Shows flexget-rs at work, without a Trakt account and without the internet: a simulated Trakt runs on this machine, an
//! account is authorized there through the real device flow, and the real program runs a config.
//!
//! `cargo run --example quickstart`

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitCode};

use trakt_sim::{CLIENT_ID, CLIENT_SECRET, Options, Sim};

/// The first argument by which this example becomes the program itself.
const AS_PROGRAM: &str = "--as-flexget-rs";

/// The config, which the tests run as well.
const CONFIG: &str = include_str!("quickstart.yml");

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        // A process of its own for each command, as users have it; it is the program's own code.
        Some(first) if first == AS_PROGRAM => {
            flexget_rs::start(std::iter::once(OsString::from("flexget-rs")).chain(arguments))
        }
        _ => match std::env::current_exe().and_then(|own| show(&own)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = writeln!(io::stderr(), "error: {error}");
                ExitCode::FAILURE
            }
        },
    }
}

fn show(own: &Path) -> io::Result<()> {
    let sim = Sim::start(Options::default())?;
    // You would now open the address and enter the code; here the simulator does it.
    sim.auto_approve(Some("Ann.Kay"), 1);
    sim.with(|world| world.oauth.interval = 1);
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("config.yml"), CONFIG)?;
    say("This is the config:\n\n")?;
    say(CONFIG)?;
    let steps: [(&str, &[&str]); 9] = [
        ("Are there mistakes in it?", &["check"]),
        ("The account is authorized at the simulated Trakt.", &["trakt", "auth", "ann"]),
        ("", &["trakt", "list"]),
        ("What would it do?", &["execute", "--test"]),
        ("Now it does it.", &["execute"]),
        ("This is on the list of the program now.", &["movie-list", "list", "to-watch"]),
        ("This was changed on Trakt, and can be undone.", &["changes", "list"]),
        ("", &["undo", "1"]),
        ("", &["trakt", "delete", "ann"]),
    ];
    for (about, words) in steps {
        if !about.is_empty() {
            say(&format!("\n{about}"))?;
        }
        say(&format!("\n$ flexget-rs {}\n", words.join(" ")))?;
        let status = Command::new(own)
            .arg(AS_PROGRAM)
            .args(words)
            .current_dir(folder.path())
            .env("FLEXGET_TRAKT_API_URL", sim.api_url())
            .env("FLEXGET_TRAKT_AUTH_URL", sim.auth_url())
            .env("FLEXGET_TRAKT_CLIENT_ID", CLIENT_ID)
            .env("FLEXGET_TRAKT_CLIENT_SECRET", CLIENT_SECRET)
            // The accounts and the journal of whoever tries this stay as they are.
            .env("XDG_CONFIG_HOME", folder.path())
            .env_remove("FLEXGET_CONFIG")
            .env_remove("FLEXGET_DATABASE")
            .status()?;
        if !status.success() {
            return Err(io::Error::other(format!("`flexget-rs {}` ended with {status}", words.join(" "))));
        }
    }
    say("\nAll of this was on this machine. With a Trakt account it is the same, with a client id of your own.\n")
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
