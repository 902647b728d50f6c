//! Explanations of syntax errors, with what to write instead.

use std::ops::Range;

use granit_parser::{ErrorKind, ScanError};

use crate::document::diagnostic::{At, Diagnostic, Span};
use crate::document::open::{Frame, Partial, excerpt, unquoted};

/// Limit of the lines above an error that are read to explain it.
const FAR: usize = 2000;

/// The text around an error.
struct Scene<'t> {
    file: usize,
    text: &'t str,
    /// Where the scanner stopped.
    at: usize,
    /// The line that `at` is in.
    begin: usize,
    end: usize,
    open: &'t [Frame],
}

/// Returns a tab where spaces belong.
pub(super) fn tab(span: Span) -> Diagnostic {
    Diagnostic::span(span, "a tab in the indentation").help("indent with spaces: two for each level")
}

/// Returns where the last line of a text begins.
fn last_line(text: &str) -> usize {
    text.rfind('\n').map_or(0, |found| found.saturating_add(1))
}

/// Returns the number of characters, all of one byte, that a text begins with.
fn leading(text: &str, characters: &[char]) -> usize {
    text.len().saturating_sub(text.trim_start_matches(characters).len())
}

/// Returns the diagnostic for what the scanner says.
pub(super) fn explain(file: usize, text: &str, error: &ScanError, open: &[Frame]) -> Diagnostic {
    let at = text.floor_char_boundary(error.marker().byte_offset().unwrap_or(text.len()));
    let begin = last_line(&text[..at]);
    let end = begin.saturating_add(text[begin..].lines().next().unwrap_or_default().len());
    Scene { file, text, at: at.min(end), begin, end, open }.explain(error.kind())
}

impl Scene<'_> {
    fn explain(&self, kind: &ErrorKind) -> Diagnostic {
        if let Some(known) = self.indented_by_tab(kind).or_else(|| self.unquoted_expression(kind)) {
            return known;
        }
        match kind {
            ErrorKind::MappingValueNotAllowed
            | ErrorKind::InvalidSimpleKey
            | ErrorKind::MappingKeyNotAllowed
            | ErrorKind::SimpleKeyExpected
                if !self.in_flow() =>
            {
                self.colon()
            }
            ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => self.structure(kind),
            ErrorKind::InvalidIndentation if self.begins_item() => self.item_among_keys(),
            ErrorKind::InvalidIndentation | ErrorKind::InvalidQuotedScalarIndent => self.indentation(),
            ErrorKind::MissingAnchorOrAliasName => {
                self.here("text that begins with `*` or `&` must be quoted").help(self.quote_rest(self.at))
            }
            ErrorKind::BlockSequenceEntryNotAllowed => self
                .here("a list cannot begin here")
                .help("put each `- …` on a line of its own, below the key and indented")
                .help("text that begins with `- ` must be quoted"),
            ErrorKind::InvalidBlockScalarIndent => {
                self.here("wrong indentation in a text block").help("give all lines of the block the same indentation")
            }
            ErrorKind::UnclosedQuotedScalar => {
                let quote = self.quote();
                let error = self.here(format!("the quote `{quote}` is never closed"));
                match quote {
                    '\'' => error.help("close it with `'`; inside of such quotes `'` is written twice: `''`"),
                    _ => error.help("close it with `\"`; inside of such quotes `\"` is written `\\\"`"),
                }
            }
            ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar
                if self.quoted_key().is_some() =>
            {
                let key = self.quoted_key().unwrap_or_default();
                self.here("text after the closing quote").help(format!("quote the whole key: `{key}`"))
            }
            ErrorKind::InvalidTrailingSingleQuotedScalar => self
                .here("text after the closing quote")
                .help("quote the whole value; inside of `'…'` write `'` twice: `'it''s'`"),
            ErrorKind::InvalidTrailingDoubleQuotedScalar => self
                .here("text after the closing quote")
                .help("quote the whole value; inside of `\"…\"` write `\\\"` for `\"`, or use `'…'` around it"),
            ErrorKind::UnknownQuotedScalarEscape => self.escape(),
            ErrorKind::InvalidQuotedScalarHexEscape
            | ErrorKind::InvalidLowSurrogateHexEscape
            | ErrorKind::InvalidLowSurrogate
            | ErrorKind::MissingLowSurrogate
            | ErrorKind::UnpairedLowSurrogate
            | ErrorKind::InvalidUnicodeEscape => self
                .here("a `\\x`, `\\u` or `\\U` that is not followed by a character's number")
                .help("use `'…'` instead of `\"…\"`: there `\\` is an ordinary character"),
            ErrorKind::UnexpectedCharacter { character } if character.is_control() => self
                .here(format!("a control character that text cannot hold: U+{:04X}", u32::from(*character)))
                .help("delete it; an editor that shows invisible characters finds it"),
            ErrorKind::UnexpectedCharacter { character } => {
                self.here(format!("text that begins with `{character}` must be quoted")).help(self.quote_rest(self.at))
            }
            ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
                self.here("text that begins with `-` must be quoted here").help("write `'-…'`")
            }
            ErrorKind::BomInsideDocument => self
                .here("a byte order mark (an invisible character) in the middle of the text")
                .help("delete it: it comes from joining files"),
            ErrorKind::RecursionLimitExceeded => self
                .here("nested too deeply")
                .help("a config needs a dozen levels; look for brackets that are not closed"),
            ErrorKind::MisplacedFlowCollectionEnd => {
                self.here("this bracket closes nothing").help("delete it, or quote the text that it belongs to")
            }
            ErrorKind::MismatchedFlowCollectionEnd { open, close } => self
                .with_opening(self.here(format!("`{open}` is closed by `{close}`")), true)
                .help("brackets are closed in pairs: `[…]`, `{…}`"),
            ErrorKind::CommentNotSeparated => self
                .here("a space is missing before `#`")
                .help("write ` #` where a comment begins, or quote the text that the `#` belongs to"),
            ErrorKind::InvalidMappingValueWhitespace | ErrorKind::FlowMappingValueAdjacentCollection => {
                self.here("a space is missing behind `:`").help("write `key: value`")
            }
            ErrorKind::InvalidBlockEntryWhitespace => self.here("a space is missing behind `-`").help("write `- item`"),
            ErrorKind::DocumentIndicatorInQuotedScalar => {
                self.here("`---` or `...` inside of quotes").help("close the quotes above it")
            }
            _ if self.in_flow() => self.unclosed(),
            other => self
                .here(format!("not valid YAML: {other}"))
                .help("look at this line and the one above: quotes, brackets, indentation, the space after `:`"),
        }
    }

    fn span(&self, from: usize, to: usize) -> Span {
        Span { file: self.file, bytes: from..to.max(from) }
    }

    /// Returns the span of a part of the text behind `start`.
    fn span_from(&self, start: usize, part: Range<usize>) -> Span {
        self.span(start.saturating_add(part.start), start.saturating_add(part.end))
    }

    /// Returns an error at the place where the scanner stopped, up to the end of the line.
    fn here(&self, message: impl Into<String>) -> Diagnostic {
        let rest = self.text[self.at..self.end].trim_end().len();
        Diagnostic::span(self.span_from(self.at, 0..rest), message)
    }

    fn line(&self) -> &str {
        &self.text[self.begin..self.end]
    }

    fn indent(line: &str) -> usize {
        leading(line, &[' '])
    }

    /// Returns the last line above that says something: where it begins, and its text.
    fn above(&self) -> Option<(usize, &str)> {
        let mut end = self.begin;
        while end > 0 {
            let begin = last_line(&self.text[..end.saturating_sub(1)]);
            let line = self.text[begin..end].trim_end();
            if !line.trim_start().is_empty() && !line.trim_start().starts_with('#') {
                return Some((begin, line));
            }
            end = begin;
        }
        None
    }

    fn in_flow(&self) -> bool {
        self.open.last().is_some_and(|frame| frame.flow)
    }

    /// Finds a tab that indents this line or the next, as the scanner may stop a line early.
    fn indented_by_tab(&self, kind: &ErrorKind) -> Option<Diagnostic> {
        let about_tabs = matches!(
            kind,
            ErrorKind::TabNotAllowed
                | ErrorKind::TabInBlockIndentation
                | ErrorKind::TabInIndentation
                | ErrorKind::TabAtBlockScalarStart
                | ErrorKind::TabInPlainScalar
                | ErrorKind::UnexpectedCharacter { character: '\t' }
        );
        let structural = matches!(
            kind,
            ErrorKind::ExpectedBlockMappingKey
                | ErrorKind::ExpectedBlockSequenceEntry
                | ErrorKind::MappingValueNotAllowed
                | ErrorKind::SimpleKeyExpected
                | ErrorKind::InvalidIndentation
        );
        if !about_tabs && !structural {
            return None;
        }
        let mut begin = self.begin;
        for line in self.text[begin..].split_inclusive('\n').take(2) {
            let blank = leading(line, &[' ', '\t']);
            if let Some(at) = line[..blank].find('\t') {
                return Some(tab(self.span_from(begin, at..blank)));
            }
            begin = begin.saturating_add(line.len());
            if !about_tabs {
                break;
            }
        }
        let at = self.text[self.begin..].find('\t').filter(|_| about_tabs)?;
        Some(
            Diagnostic::span(self.span_from(self.begin, at..at.saturating_add(1)), "a tab between the words of a line")
                .help("write a space instead, or quote the value"),
        )
    }

    /// Returns a value on this line that begins with an expression and is not quoted.
    fn unquoted_expression(&self, kind: &ErrorKind) -> Option<Diagnostic> {
        let quoted = matches!(
            kind,
            ErrorKind::UnclosedQuotedScalar
                | ErrorKind::InvalidTrailingDoubleQuotedScalar
                | ErrorKind::InvalidTrailingSingleQuotedScalar
        );
        let line = self.line();
        let (at, _) = line.match_indices(['{']).find(|(at, _)| {
            let before = line[..*at].trim_end();
            let opens = before.is_empty() || before.ends_with([':', '-', '[', ',']);
            opens && ["{{", "{%", "{?"].iter().any(|mark| line[*at..].starts_with(mark))
        })?;
        let value = line[at..].trim_end();
        (!quoted).then(|| unquoted(self.span_from(self.begin.saturating_add(at), 0..value.len()), value))
    }

    /// Returns a `:` too many, one too few, or one without its space.
    fn colon(&self) -> Diagnostic {
        let line = self.line();
        let text = line.trim_start();
        let start = self.begin.saturating_add(line.len()).saturating_sub(text.len());
        let whole = || self.span_from(start, 0..text.trim_end().len());
        let before = &self.text[start..self.at.max(start)];
        if let Some(found) = before.find(": ") {
            let value = start.saturating_add(found).saturating_add(2);
            return Diagnostic::span(self.span(value, self.end), "text that holds `: ` must be quoted")
                .help(self.quote_rest(value));
        }
        if !text.contains(": ") && !text.trim_end().ends_with(':') {
            if let Some(found) = text.find(':').filter(|at| !text[*at..].starts_with("://")) {
                let (key, value) = text.split_at(found);
                return Diagnostic::span(
                    self.span_from(start, found..found.saturating_add(1)),
                    "a space is missing behind `:`",
                )
                .help(format!("write `{key}: {}`", value[1..].trim_end()));
            }
            return Diagnostic::span(whole(), "`:` is missing").help(format!(
                "write `{}:` if it is a key; indent it more if it continues the text above",
                text.trim_end()
            ));
        }
        let Some((begin, above)) = self.above() else {
            return Diagnostic::span(whole(), "a key cannot stand here").help("check the indentation");
        };
        let trimmed = above.trim_start().trim_start_matches("- ");
        let place = self.span_from(begin, above.len().saturating_sub(trimmed.len())..above.len());
        match trimmed.split_once(':') {
            None => {
                Diagnostic::span(place, "`:` is missing at the end of this line").help(format!("write `{trimmed}:`"))
            }
            Some((key, value)) if !value.is_empty() && !value.starts_with(' ') => {
                Diagnostic::span(place, "a space is missing behind `:`").help(format!("write `{key}: {value}`"))
            }
            Some((key, value)) if !value.trim().is_empty() => Diagnostic::span(whole(), "wrong indentation")
                .help(format!(
                    "`{key}` above has a value already, so nothing can stand below it: indent this line like `{key}`"
                ))
                .related(At::Span(place), "this has a value"),
            Some(_) => Diagnostic::span(whole(), "a key cannot stand here").help("check the indentation of this line"),
        }
    }

    /// Explains a line that is neither the next key nor the next item.
    fn structure(&self, kind: &ErrorKind) -> Diagnostic {
        let before = self.text[self.begin..self.at].trim_start();
        if !before.is_empty() && !before.chars().all(|c| c == '-' || c == ' ') {
            let value = before.split_once(": ").map_or(before, |(_, value)| value);
            let value = self.at.saturating_sub(value.len());
            let value = value.saturating_add(Self::indent(&self.text[value..self.end]));
            return self.here("text after the end of a value").help(self.quote_rest(value));
        }
        let column = self.at.saturating_sub(self.begin);
        let fits = self.columns().contains(&column);
        if !fits {
            return self.indentation();
        }
        if *kind == ErrorKind::ExpectedBlockMappingKey && self.begins_item() {
            return self.item_among_keys();
        }
        if *kind == ErrorKind::ExpectedBlockSequenceEntry {
            return self
                .with_opening(self.here("a key among list items"), false)
                .help("begin it with `- `, or indent it like the key above the list");
        }
        self.here("a key is expected here").help("write `key: value`")
    }

    fn begins_item(&self) -> bool {
        let text = self.line().trim();
        (text.starts_with("- ") || text == "-") && self.columns().contains(&Self::indent(self.line()))
    }

    fn item_among_keys(&self) -> Diagnostic {
        self.here("a list item (`-`) among keys")
            .help("indent it below the key that it belongs to, or write `key: value`")
    }

    /// Returns the indentations above that this line could belong to, the deepest first.
    fn columns(&self) -> Vec<usize> {
        let mut columns: Vec<usize> = Vec::new();
        let lines = self.text[..self.begin].lines().rev().take(FAR).map(str::trim_end);
        for line in lines.filter(|line| !line.is_empty() && !line.trim_start().starts_with('#')) {
            let indent = Self::indent(line);
            if columns.last().is_none_or(|last| indent < *last) {
                // In `- key: …` both the dash and the key begin something.
                if let Some(item) = line[indent..].strip_prefix("- ") {
                    let key = line.len().saturating_sub(item.trim_start().len());
                    columns.extend(columns.last().is_none_or(|last| key < *last).then_some(key));
                }
                columns.push(indent);
            }
            if indent == 0 {
                break;
            }
        }
        columns
    }

    fn indentation(&self) -> Diagnostic {
        let column = Self::indent(self.line());
        let start = self.begin.saturating_add(column);
        let text = self.text[start..self.end].trim_end();
        let error = Diagnostic::span(self.span_from(start, 0..text.len()), "wrong indentation");
        let columns: Vec<String> = self.columns().iter().map(ToString::to_string).collect();
        let Some((last, others)) = columns.split_last() else {
            return error.help("indent with two spaces for each level");
        };
        let columns = if others.is_empty() { last.clone() } else { format!("{} or {last}", others.join(", ")) };
        error.help(format!(
            "this line begins with {column} space{}, and the lines above that it could belong to with {columns}",
            if column == 1 { "" } else { "s" },
        ))
    }

    fn quote(&self) -> char {
        self.text[self.at..].chars().find(|c| matches!(c, '\'' | '"')).unwrap_or('"')
    }

    /// Returns the key of this line in quotes, if it begins with a quote that ends within it.
    fn quoted_key(&self) -> Option<String> {
        let text = self.line().trim_start_matches([' ', '-']);
        let begins = text.starts_with(['\'', '"']) && self.end.saturating_sub(text.len()) < self.at;
        let key = text.trim_end().strip_suffix(':').or_else(|| Some(text.rsplit_once(": ")?.0)).filter(|_| begins)?;
        let quote = ['"', '\''].into_iter().find(|quote| !key.contains(*quote))?;
        Some(format!("{quote}{key}{quote}"))
    }

    fn escape(&self) -> Diagnostic {
        const KNOWN: &str = "0abt\tnvfre \"/\\N_LPxuU\n\r";
        let mut chars = self.text[self.at..].char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            if c != '\\' {
                continue;
            }
            match chars.next() {
                Some((_, next)) if KNOWN.contains(next) => {}
                Some((after, next)) => {
                    let span = self.span_from(self.at, at..after.saturating_add(next.len_utf8()));
                    return Diagnostic::span(span, format!("`\\{next}` means nothing in double quotes"))
                        .help("use `'…'` instead of `\"…\"`: there `\\` is an ordinary character");
                }
                None => break,
            }
        }
        self.here("an unknown `\\` in double quotes").help("use `'…'` instead of `\"…\"`")
    }

    /// Returns the rest of the line from `at` in quotes.
    fn quote_rest(&self, at: usize) -> String {
        let rest = self.text[at.min(self.end)..self.end].trim_end();
        let rest = rest.split_once(" #").map_or(rest, |(text, _)| text.trim_end());
        format!("write `'{}'`", excerpt(rest).replace('\'', "''"))
    }

    /// Adds to the error where the innermost bracket (or list without brackets) begins.
    ///
    /// The scanner may be ahead of what is known to be open.
    fn with_opening(&self, error: Diagnostic, flow: bool) -> Diagnostic {
        let Some(frame) = self.open.last().filter(|frame| frame.flow == flow) else { return error };
        let what = match frame.partial {
            Partial::Sequence(_) => "the list begins here",
            Partial::Mapping { .. } => "the mapping begins here",
        };
        let end = self.text.ceil_char_boundary(frame.start.saturating_add(1));
        error.related(At::Span(self.span(frame.start, end)), what)
    }

    /// Brackets that are not closed, or a missing comma in them.
    fn unclosed(&self) -> Diagnostic {
        let close = match self.open.last().map(|frame| &frame.partial) {
            Some(Partial::Sequence(_)) => ']',
            _ => '}',
        };
        self.with_opening(self.here(format!("`,` or `{close}` is missing before this")), true)
            .help(format!("close the bracket with `{close}`, or quote text that holds `: `, `,` or brackets"))
    }
}
