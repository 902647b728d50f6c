//! The program's own commands, one file each, and the commands that plugins contribute.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod contributed;
pub(crate) mod daemon;
pub(crate) mod doctor;
pub(crate) mod execute;
pub(crate) mod explain;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod inject;
pub(crate) mod man;
pub(crate) mod plugins;
pub(crate) mod report;
pub(crate) mod schema;
pub(crate) mod status;
