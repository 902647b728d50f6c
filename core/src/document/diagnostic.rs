//! Diagnostics: where a mistake in the config is, what it is, and what to do.
//!
//! A [`Diagnostic`] names its place by path; only [`Document`](crate::document::Document) knows the
//! lines.

use std::fmt;
use std::ops::Range;

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A key of a mapping, as its text in the file.
    Key(String),
    /// An item of a sequence, counted from 0.
    Index(usize),
}

/// A place in the config, from the root: `tasks`, `movies`, `list_add`, item 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(pub Vec<Segment>);

impl Path {
    /// Returns the root of the config.
    pub fn root() -> Self {
        Self::default()
    }

    /// Returns the place of `key` below this one.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.with(Segment::Key(key.into()))
    }

    /// Returns the place of item `index` (from 0) below this one.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// Returns the place of `segment` below this one.
    #[must_use]
    pub fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }

    /// Returns the place of `rest`, which is a path below this one.
    #[must_use]
    pub fn join(&self, rest: &Path) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    /// Returns the place above; the root is its own parent.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self(self.0[..self.0.len().saturating_sub(1)].to_vec())
    }

    /// Returns the name of the task or template that this place is in.
    pub fn owner(&self) -> Option<(&str, &str)> {
        match self.0.as_slice() {
            [Segment::Key(root), Segment::Key(name), ..] if root == "tasks" || root == "templates" => {
                Some((root.trim_end_matches('s'), name))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Path {
    /// As FlexGet writes it: `/tasks/movies/list_add/0`; the root is `/`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("/");
        }
        self.0.iter().try_for_each(|segment| match segment {
            Segment::Key(key) => write!(f, "/{key}"),
            Segment::Index(index) => write!(f, "/{index}"),
        })
    }
}

/// Part of a place that a diagnostic points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// The key that holds the value at this path (or the value, where there is no key).
    Key(Path),
    /// The value at this path.
    Value(Path),
    /// Bytes of a file, for text that could not be read into values.
    Span(Span),
}

impl Segment {
    /// Returns whether it is this key.
    pub fn is_key(&self, name: &str) -> bool {
        matches!(self, Self::Key(key) if key == name)
    }
}

impl At {
    /// Returns the path, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Key(path) | Self::Value(path) => Some(path),
            Self::Span(_) => None,
        }
    }
}

/// A range of bytes in one of the files of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file's number in its document: 0 is the config itself.
    pub file: usize,
    /// The bytes, counted from the start of the file.
    pub bytes: Range<usize>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The config (or, for a task-wide problem, the task) cannot be used.
    Error,
    /// The config can be used, but part of it has no effect or another than it seems to.
    Warning,
    /// Note for the user, such as a root key that has no effect.
    Notice,
}

/// One mistake: the place, what it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    pub at: At,
    /// Message in lower case, without a full stop, with literals in backticks.
    pub message: String,
    /// Suggestions: what to write instead, or what to do next.
    pub help: Vec<String>,
    /// Other places that explain it, each with a label ("first defined here").
    pub related: Vec<(At, String)>,
}

impl Diagnostic {
    /// Returns an error that points at a key.
    pub fn key(path: Path, message: impl Into<String>) -> Self {
        Self::at(At::Key(path), message)
    }

    /// Returns an error that points at a value.
    pub fn value(path: Path, message: impl Into<String>) -> Self {
        Self::at(At::Value(path), message)
    }

    /// Returns an error that points at bytes of a file.
    pub fn span(span: Span, message: impl Into<String>) -> Self {
        Self::at(At::Span(span), message)
    }

    fn at(at: At, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            at,
            message: on_one_line(message.into()),
            help: Vec::new(),
            related: Vec::new(),
        }
    }

    /// Returns this diagnostic with one more line of help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Returns this diagnostic with another place that explains it.
    #[must_use]
    pub fn related(mut self, at: At, label: impl Into<String>) -> Self {
        self.related.push((at, label.into()));
        self
    }

    /// Returns this diagnostic with another severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

/// A mistake in a part of the config, at a path below that part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Where in the part; empty for the part itself.
    pub path: Path,
    /// Message in lower case, without a full stop.
    pub message: String,
    /// Suggestion of what to write instead.
    pub help: Option<String>,
}

impl Problem {
    /// Creates a problem at `path` below the part.
    pub fn at(path: Path, message: impl Into<String>) -> Self {
        Self { path, message: message.into(), help: None }
    }

    /// Returns this problem with a line of help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Returns the diagnostic of this problem in the part at `place`.
    pub fn into_diagnostic(self, place: &Path) -> Diagnostic {
        let mut diagnostic = Diagnostic::key(place.join(&self.path), self.message);
        diagnostic.help.extend(self.help);
        diagnostic
    }
}

/// Joins the lines of a quoted text, as a message has one line.
fn on_one_line(message: String) -> String {
    if !message.contains(['\n', '\r']) {
        return message;
    }
    // The line break that ends a block is not worth a space.
    let message = message.replace("\n`", "`");
    message.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
