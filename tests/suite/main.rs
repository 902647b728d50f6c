//! What the program promises, through its public doors.

// What is wrong with a test may well panic, in its helpers too: clippy allows that only inside of `#[test]` functions.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod as_flexget;
mod authorization;
mod beginners;
mod cli;
mod configs;
mod daemon;
mod dry_run;
mod editor;
#[cfg(unix)]
mod environment;
mod examples;
mod explain;
mod first_hour;
mod generated;
mod hostile;
mod house;
mod import;
mod inject;
mod language;
mod lists;
mod lookups;
mod notify;
mod other_configs;
mod page;
mod people;
mod process;
mod progress;
mod readme;
#[cfg(unix)]
mod scripts;
#[cfg(unix)]
mod units;

/// The program, as it is shipped.
const PROGRAM: &str = env!("CARGO_BIN_EXE_flexget-rs-under-test");
