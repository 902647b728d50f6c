//! The exit codes of the program.

/// Everything succeeded.
pub const SUCCESS: u8 = 0;
/// A task was aborted or could not run, a change failed, or a command failed.
pub const FAILURE: u8 = 1;
/// The command line is wrong, or there is no config that can be read.
pub const USAGE: u8 = 2;
/// The user asked to stop.
pub const INTERRUPTED: u8 = 130;
