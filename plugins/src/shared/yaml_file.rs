//! A list in a YAML file: a sequence of mappings, each with a `title`.
//!
//! The file belongs to the user: an unreadable file is never overwritten, untouched items stay as
//! they are, and the file is replaced as a whole, so that a process that is killed leaves a
//! complete file.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flexget_core::document::diagnostic::At;
use flexget_core::document::read::read;
use flexget_core::document::{Content, Document, Node, Scalar, to_yaml};
use flexget_core::prelude::*;
use serde_yaml::{Mapping, Value as Yaml};

use crate::shared::file_encoding::FileEncoding;
use crate::shared::placeholder_url::placeholder_url;
use crate::shared::source;

/// A file and its encoding.
pub struct YamlFile {
    path: PathBuf,
    encoding: FileEncoding,
}

/// An item of the file.
#[derive(Debug, Clone)]
pub struct YamlItem {
    /// The mapping in the file.
    pub fields: Mapping,
    /// The entry for tasks.
    pub entry: Entry,
}

/// The rows that a dry run would have written, by file.
#[derive(Default)]
struct Unwritten(RefCell<HashMap<PathBuf, Vec<YamlItem>>>);

impl YamlFile {
    /// Returns the file at `path`, in which `~/` stands for the home folder.
    pub fn new(path: &str, encoding: FileEncoding, cx: &Context) -> Self {
        Self { path: source::expand_home(path, cx), encoding }
    }

    /// Reads the items; none if the file does not exist.
    ///
    /// # Errors
    /// The file cannot be read, or is not a list of entries; the error names the line.
    pub fn read(&self, cx: &Context) -> Result<Vec<YamlItem>> {
        let unwritten = cx.run_cache.of::<Unwritten>("yaml files");
        if let Some(rows) = unwritten.0.borrow().get(&self.path) {
            return Ok(rows.clone());
        }
        match source::read_regular_file(&self.path) {
            Ok(bytes) => match self.encoding.decode(bytes) {
                Some(text) => self.parse(&text),
                None => Err(self
                    .error(&format!("is not {}", self.encoding.name()))
                    .hint("set `encoding`, or save it as UTF-8; it is not changed until it can be read")),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(source::unreadable(&self.path, error)),
        }
    }

    /// Replaces the items in the file; a dry run remembers them instead.
    ///
    /// # Errors
    /// The file cannot be written; it is unchanged then.
    pub fn write(&self, rows: Vec<YamlItem>, cx: &Context) -> Result<()> {
        if cx.dry_run {
            cx.run_cache.of::<Unwritten>("yaml files").0.borrow_mut().insert(self.path.clone(), rows);
            return Ok(());
        }
        let text = to_yaml(&rows.into_iter().map(|row| Yaml::Mapping(row.fields)).collect());
        let bytes = self.encoding.encode(&text).map_err(|c| {
            self.error(&format!("cannot hold `{c}`")).hint("use `encoding: utf-8`, and save the file as UTF-8")
        })?;
        self.replace(&bytes).map_err(|error| {
            self.error("cannot be written")
                .hint("check its folder and the permissions; the file is unchanged")
                .cause(error)
        })
    }

    fn error(&self, what: &str) -> Error {
        Error::new(format!("`{}` {what}", self.path.display()))
    }

    fn parse(&self, text: &str) -> Result<Vec<YamlItem>> {
        let wrong = |message: &str, line: usize| {
            self.error(&format!("is not a list of entries: {message}, in line {line}"))
                .hint("correct the file; it is not changed until it can be read")
        };
        let document = Document::parse(&self.path.display().to_string(), text).map_err(|unreadable| {
            let first = unreadable.diagnostics.first();
            let place = first.and_then(|first| match &first.at {
                At::Span(span) => Some((first.message.as_str(), unreadable.sources.location(span).line)),
                At::Key(_) | At::Value(_) => None,
            });
            let (message, line) = place.unwrap_or(("no YAML", 1));
            wrong(message, line)
        })?;
        let root = document.root();
        let refuse = |node: &Node, message: &str| wrong(message, document.sources().location(node.span()).line);
        match root.content() {
            Content::Sequence(items) => items.iter().map(|item| row(item).map_err(|why| refuse(item, &why))).collect(),
            Content::Mapping(mapping) if mapping.is_empty() => Ok(Vec::new()),
            Content::Scalar(Scalar::Null) => Ok(Vec::new()),
            _ => Err(refuse(root, "expected items that each begin with `- title: `")),
        }
    }

    /// Writes a new file beside the old one, and renames it.
    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        // A symbolic link stays one.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let old = fs::metadata(&path).ok();
        old.as_ref().map_or(Ok(()), source::check_regular)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
        let written = write_new(&beside, bytes, old).and_then(|()| fs::rename(&beside, &path));
        if written.is_err() {
            // It may not exist; the error that is returned says why.
            let _ = fs::remove_file(&beside);
        }
        written
    }
}

/// Writes a new file with the permissions of the old one, and waits until it is on disk.
fn write_new(path: &Path, bytes: &[u8], like: Option<fs::Metadata>) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    file.write_all(bytes)?;
    if let Some(like) = like {
        file.set_permissions(like.permissions())?;
    }
    file.sync_all()
}

/// Returns the URL of an item without one.
pub fn url_of(title: &str) -> String {
    placeholder_url("yaml_list", title)
}

fn row(item: &Node) -> Result<YamlItem, String> {
    let (Yaml::Mapping(fields), Some(mapping)) = (item.value(), item.as_mapping()) else {
        return Err("expected a mapping with a `title`".to_owned());
    };
    let values = mapping.iter().map(|(name, value)| {
        let value: Value = read(value).unwrap_or_default();
        // `title: 1917` is a title.
        let is_text = matches!(&*name.text, "title" | "url") && !matches!(value, Value::List(_) | Value::Map(_));
        (&*name.text, if is_text { value.display().into() } else { value })
    });
    let entry = Entry::from_fields(values, url_of)?;
    Ok(YamlItem { fields, entry })
}
