//! The simulator as a program of its own.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use trakt_sim::{Fault, Limits, Options, Seed, Sim, Trouble};

/// A stateful Trakt server on loopback.
///
/// Prints the two addresses as environment variables and serves until it is interrupted.
#[derive(Parser)]
#[command(name = "trakt-sim", version)]
struct Arguments {
    /// The port of the API host; 0 = any
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The port of the OAuth host; 0 = any
    #[arg(long, default_value_t = 0)]
    auth_port: u16,
    /// What it holds at the start
    #[arg(long, value_enum, default_value_t = Size::Small)]
    seed: Size,
    /// Device codes approve themselves for this user after the first poll, for example `ann-kay`
    #[arg(long, value_name = "USER")]
    auto_approve: Option<String>,
    /// Refuse requests that come too fast, as Trakt does
    #[arg(long)]
    limits: bool,
    /// Answer a bare `/search` as well, which FlexGet uses and Trakt no longer documents
    #[arg(long)]
    old_search: bool,
    /// Put so many more movies on the watchlist of `ann-kay`
    #[arg(long, value_name = "MOVIES")]
    watchlist: Option<usize>,
    /// Answer each read after so many milliseconds
    #[arg(long, value_name = "MS")]
    delay: Option<u64>,
    /// Write a line for each request to this file: method, path, status
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// How often new requests are written to the log.
const LOG_EVERY: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, ValueEnum)]
enum Size {
    Small,
    Large,
}

#[allow(clippy::print_stdout, reason = "the two addresses are what this program is asked for")]
fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let seed = match arguments.seed {
        Size::Small => Seed::small(),
        Size::Large => Seed::large(),
    };
    let limits = if arguments.limits { Limits::real() } else { Limits::default() };
    let sim = Sim::start(Options { seed, clock: None, limits, port: arguments.port, auth_port: arguments.auth_port })?;
    sim.with(|world| world.switches.legacy_search = arguments.old_search);
    if let Some(user) = &arguments.auto_approve {
        if sim.with(|world| world.slug_of(user)).is_none() {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("no such user: {user}")));
        }
        sim.auto_approve(Some(user), 1);
    }
    if let Some(movies) = arguments.watchlist {
        sim.with(|world| world.fill_watchlist("ann-kay", movies));
    }
    if let Some(delay) = arguments.delay {
        sim.fail(Fault::on("GET", "/").with(Trouble::Delay(Duration::from_millis(delay))));
    }
    println!("FLEXGET_TRAKT_API_URL={}", sim.api_url());
    println!("FLEXGET_TRAKT_AUTH_URL={}", sim.auth_url());
    let mut log = arguments.log.map(File::create).transpose()?;
    let mut written = 0;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            if let Some(log) = &mut log {
                for request in sim.requests_after(written) {
                    writeln!(log, "{} {} {}", request.method, request.path, request.status)?;
                    written += 1;
                }
            }
            match tokio::time::timeout(LOG_EVERY, &mut interrupted).await {
                Ok(end) => return end,
                Err(_) if log.is_some() => {}
                Err(_) => return interrupted.await,
            }
        }
    })
}
