//! YAML text → values that know where they are written.
//!
//! The text is read as FlexGet's reader (PyYAML, YAML 1.1) reads it, with positions and with
//! duplicate keys refused. A [`Document`] is the only thing that knows lines: everything after it
//! names places by [`Path`](crate::document::diagnostic::Path).

mod compose;
pub mod diagnostic;
mod node;
mod open;
pub mod position;
pub mod read;
mod scalar;
mod source;
mod syntax;
mod write;

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

pub use node::{Content, Mapping, MappingKey, Node, Scalar};
pub use source::{Location, Sources};
pub use write::to_yaml;

use crate::document::diagnostic::{At, Diagnostic, Segment, Span};
use crate::error::{OUT_OF_FILES, is_out_of_files};

const SAVE_AS_UTF_8: &str = "save it as UTF-8: the editor asks for the encoding";

/// No config is larger than this, in bytes.
const MAX_SIZE: u64 = 16 << 20;

/// A config: its values and where each of them is written.
///
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Document {
    root: Rc<Node>,
    sources: Rc<Sources>,
}

/// A text that is not a proper config file, with everything that is wrong.
#[derive(Debug)]
pub struct Unreadable {
    /// Diagnostics with at least one error; their places are spans of `sources`.
    pub diagnostics: Vec<Diagnostic>,
    /// The text, to show the places in.
    pub sources: Rc<Sources>,
    /// Document without the erroneous parts, if its structure could be read.
    ///
    /// Later stages report their errors from it at the same time. It is never run.
    pub rest: Option<Document>,
}

impl Document {
    /// Reads `text`, which diagnostics are to call `name`.
    ///
    /// An empty text is an empty mapping.
    pub fn parse(name: &str, text: &str) -> Result<Self, Box<Unreadable>> {
        Self::from_sources(Sources::new(name, text))
    }

    /// Reads a file.
    ///
    /// It must be a regular file of UTF-8 text; a byte order mark and Windows line ends are fine.
    pub fn read(path: &Path) -> Result<Self, Box<Unreadable>> {
        let mut sources = Sources::default();
        match read_source(&mut sources, path) {
            Ok(_) => Self::from_sources(sources),
            Err(error) => Err(Box::new(Unreadable { diagnostics: vec![error], sources: Rc::new(sources), rest: None })),
        }
    }

    fn from_sources(sources: Sources) -> Result<Self, Box<Unreadable>> {
        let composed = compose::compose(0, sources.text(0));
        let sources = Rc::new(sources);
        let empty = || {
            let written_nothing = composed.diagnostics.is_empty();
            written_nothing.then(|| Rc::new(Node::mapping(Span::default(), Mapping::default())))
        };
        let root = composed.root.filter(|root| root.as_scalar() != Some(&Scalar::Null)).or_else(empty);
        let document = root.map(|root| Self { root, sources: Rc::clone(&sources) });
        match document {
            Some(document) if composed.diagnostics.is_empty() => Ok(document),
            rest => Err(Box::new(Unreadable { diagnostics: composed.diagnostics, sources, rest })),
        }
    }

    /// Creates a document of a tree and the texts that its nodes are written in.
    pub(crate) fn from_parts(root: Rc<Node>, sources: Rc<Sources>) -> Self {
        Self { root, sources }
    }

    /// Returns the root of the tree.
    pub fn root(&self) -> &Rc<Node> {
        &self.root
    }

    /// Returns the texts it was read from.
    pub fn sources(&self) -> &Rc<Sources> {
        &self.sources
    }

    /// Returns the whole config as values: aliases and merge keys resolved, keys as text, in order.
    pub fn value(&self) -> serde_yaml::Value {
        self.root.value()
    }

    /// Returns the bytes that a diagnostic points at.
    ///
    /// A path that does not exist leads to the last part of it that does; a value that is not
    /// written (the null of `key:`) to its key.
    pub fn span(&self, at: &At) -> Span {
        let (path, wants_key) = match at {
            At::Span(span) => return span.clone(),
            At::Key(path) => (path, true),
            At::Value(path) => (path, false),
        };
        let mut node = &self.root;
        let mut key = None;
        for (depth, segment) in path.0.iter().enumerate() {
            let found = match (segment, node.content()) {
                (Segment::Key(name), Content::Mapping(mapping)) => {
                    mapping.entry(name).map(|(key, value)| (Some(&key.span), value))
                }
                (Segment::Index(index), Content::Sequence(items)) => items.get(*index).map(|item| (None, item)),
                _ => None,
            };
            match found {
                Some(found) => (key, node) = found,
                None => return if depth == 0 { node.span() } else { key.unwrap_or(node.span()) }.clone(),
            }
        }
        match key {
            Some(key) if wants_key || node.span().bytes.is_empty() => key.clone(),
            _ => node.span().clone(),
        }
    }

    /// Returns the location that a diagnostic points at.
    pub fn locate(&self, at: &At) -> Location<'_> {
        self.sources.location(&self.span(at))
    }
}

/// Adds a file to `sources`, and returns its tree or all its mistakes.
pub(crate) fn read_node(sources: &mut Sources, path: &Path) -> Result<Rc<Node>, Vec<Diagnostic>> {
    let file = read_source(sources, path).map_err(|error| vec![error])?;
    let composed = compose::compose(file, sources.text(file));
    if !composed.diagnostics.is_empty() {
        return Err(composed.diagnostics);
    }
    let empty = || Rc::new(Node::mapping(Span { file, bytes: 0..0 }, Mapping::default()));
    Ok(composed.root.unwrap_or_else(empty))
}

/// Reads the text of a file into `sources`, where errors can show it even if it is invalid.
fn read_source(sources: &mut Sources, path: &Path) -> Result<usize, Diagnostic> {
    let name = path.display().to_string();
    let file = sources.len();
    let refuse = |bytes, message: String, help: &str| Err(Diagnostic::span(Span { file, bytes }, message).help(help));
    let bytes = match read_bytes(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            sources.add(name.clone(), "");
            let (what, help) = match error.kind() {
                io::ErrorKind::NotFound => ("no such file", "check the name and the folder"),
                io::ErrorKind::IsADirectory => ("this is a folder", "name a file in it"),
                io::ErrorKind::PermissionDenied => {
                    ("not allowed to read", "check who owns the file and its permissions")
                }
                _ => {
                    let help = if is_out_of_files(&error) { OUT_OF_FILES } else { "check the file" };
                    return refuse(0..0, format!("cannot read `{name}`: {error}"), help);
                }
            };
            return refuse(0..0, format!("{what}: `{name}`"), help);
        }
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        sources.add(name, "");
        return refuse(0..0, "the file is UTF-16, not UTF-8".into(), SAVE_AS_UTF_8);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(sources.add(name, text)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            sources.add(name, String::from_utf8_lossy(error.as_bytes()));
            let good = if error.as_bytes().starts_with(&[0xef, 0xbb, 0xbf]) { good.saturating_sub(3) } else { good };
            refuse(good..good.saturating_add(1), "the file is not UTF-8".into(), SAVE_AS_UTF_8)
        }
    }
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    // Before it is opened: opening a pipe waits for a writer.
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(const { MAX_SIZE + 1 }).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(io::Error::other("larger than 16 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
