//! Where the parts of a running task are written, for what goes wrong only then.

use std::hash::{Hash, Hasher};
use std::path::{Path as File, PathBuf};
use std::rc::Rc;

use fnv::FnvHasher;

use crate::document::diagnostic::{At, Path, Segment, Span};
use crate::document::{Content, Document, Node, Scalar};

/// A part of a config that knows the lines of what is in it.
///
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Place {
    document: Document,
    path: Rc<Path>,
}

impl Place {
    /// Returns the part of `document` at `path`.
    pub fn new(document: &Document, path: Path) -> Self {
        Self { document: document.clone(), path: Rc::new(path) }
    }

    /// Returns the first file and line, as `config.yml:7`, where this part has the text.
    pub fn of(&self, text: &str) -> Option<String> {
        self.shown(&At::Span(find(self.node()?, text)?.clone()))
    }

    /// Returns the file and line where this part begins, as `config.yml:7`.
    pub fn line(&self) -> Option<String> {
        self.shown(&At::Key(Path::clone(&self.path)))
    }

    fn shown(&self, at: &At) -> Option<String> {
        let place = self.document.locate(at);
        let file = File::new(place.file).file_name()?.to_string_lossy();
        Some(format!("{file}:{}", place.line))
    }

    /// Returns the folder of the config.
    pub fn folder(&self) -> PathBuf {
        File::new(self.document.sources().name(0)).parent().map(File::to_path_buf).unwrap_or_default()
    }

    /// Returns a hash of the content, which neither comments nor the order of keys change.
    ///
    /// It is the same in all versions, so that it can be stored.
    pub fn fingerprint(&self) -> u64 {
        self.node().map(fingerprint).unwrap_or_default()
    }

    fn node(&self) -> Option<&Node> {
        let mut node = self.document.root();
        for segment in &self.path.0 {
            node = match (segment, node.content()) {
                (Segment::Key(key), Content::Mapping(mapping)) => mapping.get(key)?,
                (Segment::Index(index), Content::Sequence(items)) => items.get(*index)?,
                _ => return None,
            };
        }
        Some(node)
    }
}

fn fingerprint(node: &Node) -> u64 {
    let mut hasher = FnvHasher::default();
    match node.content() {
        Content::Scalar(Scalar::Null) => {}
        Content::Scalar(Scalar::Bool(value)) => value.hash(&mut hasher),
        Content::Scalar(Scalar::Number(value)) => (1, value.to_string()).hash(&mut hasher),
        Content::Scalar(Scalar::Text(value)) => (2, value).hash(&mut hasher),
        Content::Scalar(date @ (Scalar::Date(_) | Scalar::Time(_))) => (2, date.to_string()).hash(&mut hasher),
        Content::Sequence(items) => items.iter().for_each(|item| fingerprint(item).hash(&mut hasher)),
        // The sum does not depend on the order.
        Content::Mapping(mapping) => mapping
            .iter()
            .map(|(key, value)| {
                let mut hasher = FnvHasher::default();
                (&*key.text, fingerprint(value)).hash(&mut hasher);
                hasher.finish()
            })
            .fold(1, u64::wrapping_add)
            .hash(&mut hasher),
    }
    hasher.finish()
}

fn find<'a>(node: &'a Node, text: &str) -> Option<&'a Span> {
    match node.content() {
        Content::Scalar(value) => (value.as_str() == Some(text)).then(|| node.span()),
        Content::Sequence(items) => items.iter().find_map(|item| find(item, text)),
        Content::Mapping(mapping) => {
            mapping.iter().find_map(|(key, value)| if *key.text == *text { Some(&key.span) } else { find(value, text) })
        }
    }
}
