//! The message of a panic, when the console cannot be used.

use std::backtrace::Backtrace;
use std::io::{self, Write};

use super::printable::Printable;
use crate::identity::Identity;

/// Reports panics in words, with a backtrace only where `RUST_BACKTRACE` asks for one.
pub(crate) fn explain_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
        let name = Identity::get().name;
        let message = Printable::line(format_args!("error: this is a bug in {name}: {payload}{place}"));
        let help = if std::env::var_os("RUST_BACKTRACE").is_some_and(|wanted| wanted != "0") {
            Printable::block(Backtrace::force_capture())
        } else {
            Printable::line(
                "  = help: please report it, with the output of the same command when `RUST_BACKTRACE=1` is set",
            )
        };
        let _ = writeln!(io::stderr(), "{}\n{}", message.as_str(), help.as_str());
    }));
}
