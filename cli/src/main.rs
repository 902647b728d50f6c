//! The program: the library's [`run`](flexget_rs::run) in the real world.

use std::process::ExitCode;

fn main() -> ExitCode {
    flexget_rs::start(std::env::args_os())
}
