//! The error of a running task or command: a message, a hint, a cause.

use std::error::Error as StdError;
use std::{fmt, io};

/// The result of anything that can fail at run time.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Hint for a process that cannot open another file or connection.
pub const OUT_OF_FILES: &str = "too many files are open: raise the limit with `ulimit -n`";

/// Returns whether the process or the system has no file descriptor left.
pub fn is_out_of_files(error: &io::Error) -> bool {
    // ENFILE and EMFILE, which have the same numbers on all Unix systems.
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24))
}

/// A failure to tell the user about: what happened, what to do next, and what was underneath.
///
/// Messages are lower case, without a full stop, with literals in backticks. No message, hint or
/// cause ever holds a token: secrets are typed so that they cannot be formatted.
#[derive(Debug)]
pub struct Error {
    message: String,
    hint: Option<String>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
    may_have_happened: bool,
}

impl Error {
    /// Creates a failure with this message and nothing else known.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, cause: None, may_have_happened: false }
    }

    /// Adds the next step for the user, unless the error has a hint already.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert(hint.into());
        self
    }

    /// Returns the same failure with what was underneath.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Marks the error as that of a change that may have been made: the response was lost.
    #[must_use]
    pub fn after_sending(mut self) -> Self {
        self.may_have_happened = true;
        self
    }

    /// Returns whether the change that failed may have been made all the same.
    pub fn may_have_happened(&self) -> bool {
        self.may_have_happened
    }

    /// Returns the message, without the hint.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the next step for the user.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns the message with its causes and its hint, in one line.
    pub fn in_one_line(&self) -> String {
        match self.hint_text() {
            Some(hint) => format!("{self} ({hint})"),
            None => self.to_string(),
        }
    }

    /// Returns the causes, outermost first, each said once.
    pub fn causes(&self) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        let mut next: Option<&(dyn StdError + 'static)> = self.cause.as_deref().map(|c| c as _);
        while let Some(cause) = next {
            let text = cause.to_string();
            if !self.message.contains(&text) && !said.contains(&text) {
                said.push(text);
            }
            next = cause.source();
        }
        said
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.causes().iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|c| c as _)
    }
}
