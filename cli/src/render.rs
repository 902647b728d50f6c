//! Rendering: the only code of the program that writes to the terminal.

pub(crate) mod console;
pub(crate) mod diagnostics;
pub(crate) mod dump;
pub(crate) mod explain;
pub(crate) mod log;
pub(crate) mod manual;
pub(crate) mod page;
pub(crate) mod panic;
pub(crate) mod printable;
mod progress_line;
pub(crate) mod qr_code;
pub(crate) mod report;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod time;
