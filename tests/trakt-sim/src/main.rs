//! The simulator as a program of its own.

use std::io;

use clap::{Parser, ValueEnum};
use trakt_sim::{Limits, Options, Seed, Sim};

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
}

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
    if let Some(user) = &arguments.auto_approve {
        if sim.with(|world| world.slug_of(user)).is_none() {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("no such user: {user}")));
        }
        sim.auto_approve(Some(user), 1);
    }
    println!("FLEXGET_TRAKT_API_URL={}", sim.api_url());
    println!("FLEXGET_TRAKT_AUTH_URL={}", sim.auth_url());
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(tokio::signal::ctrl_c())
}
