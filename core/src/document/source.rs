//! The texts that a document was read from, and where a byte of them is.

use std::cell::OnceCell;
use std::fs;
use std::rc::Rc;

use crate::document::diagnostic::Span;

/// The files of a document: number 0 is the config, the others were included.
///
/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Rc<File>>,
}

#[derive(Debug)]
struct File {
    name: String,
    text: String,
    /// Offsets of the lines, in bytes; computed for the first location that is asked for.
    lines: OnceCell<Vec<usize>>,
}

/// A place in a file as a person would name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location<'a> {
    /// The file's name, as it was given.
    pub file: &'a str,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The text of the line, without its line break; empty if there is no such text.
    pub text: &'a str,
    /// The bytes meant, within that one line.
    pub span: Span,
}

impl Sources {
    /// Returns the sources that consist of one file.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut sources = Self::default();
        sources.add(name, text);
        sources
    }

    /// Adds a file and returns its number.
    ///
    /// A byte order mark at its start is dropped.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        self.files.push(Rc::new(File { name: name.into(), text, lines: OnceCell::new() }));
        self.files.len().saturating_sub(1)
    }

    /// Returns the name of a file; empty for a number that no file has.
    pub fn name(&self, file: usize) -> &str {
        self.files.get(file).map_or("", |file| &file.name)
    }

    /// Returns the whole text of a file; empty for a number that no file has.
    pub fn text(&self, file: usize) -> &str {
        self.files.get(file).map_or("", |file| &file.text)
    }

    /// Returns whether a file no longer holds the text that was read from it.
    pub fn are_outdated(&self) -> bool {
        let is_same = |file: &Rc<File>| match fs::read(&file.name) {
            Ok(bytes) => bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes) == file.text.as_bytes(),
            // One that could not be read has no text.
            Err(_) => file.text.is_empty(),
        };
        !self.files.iter().all(is_same)
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Returns whether there is no file at all.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Locates a span, cut at the end of its first line; one outside of the text is moved inside.
    pub fn location(&self, span: &Span) -> Location<'_> {
        let Some(file) = self.files.get(span.file) else {
            return Location { file: "", line: 1, column: 1, text: "", span: Span { file: span.file, bytes: 0..0 } };
        };
        let start = file.text.floor_char_boundary(span.bytes.start);
        let lines = file.lines.get_or_init(|| {
            std::iter::once(0).chain(file.text.match_indices('\n').map(|(at, _)| at.saturating_add(1))).collect()
        });
        let line = lines.partition_point(|&begin| begin <= start);
        let begin = lines[line.saturating_sub(1)];
        let text = file.text[begin..].lines().next().unwrap_or_default();
        let last = begin.saturating_add(text.len());
        let start = start.min(last);
        let end = file.text.floor_char_boundary(span.bytes.end).clamp(start, last);
        Location {
            file: &file.name,
            line,
            column: file.text[begin..start].chars().count().saturating_add(1),
            text,
            span: Span { file: span.file, bytes: start..end },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters_from_one_and_stay_in_their_line() {
        let sources = Sources::new("c.yml", "\u{feff}a: é\r\nbé: 1\n");
        let at = |bytes| {
            let place = sources.location(&Span { file: 0, bytes });
            (place.line, place.column, place.text, place.span.bytes)
        };
        assert_eq!(at(0..1), (1, 1, "a: é", 0..1));
        assert_eq!(at(3..99), (1, 4, "a: é", 3..5));
        assert_eq!(at(10..11), (2, 3, "bé: 1", 10..11));
        assert_eq!(at(500..600), (3, 1, "", 14..14));
        assert_eq!(sources.location(&Span { file: 7, bytes: 3..4 }).line, 1);
    }
}
