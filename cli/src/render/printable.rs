//! Text that may be printed: the filter between everything from outside and the terminal.

use std::fmt::{Display, Write};
use std::io;

use anstyle::{AnsiColor, Style};

use super::text;

/// The style of the word `error`.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The style of the word `warning`.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// The style of the word `note`, and of details.
pub(crate) const NOTE: Style = AnsiColor::Cyan.on_default();
/// The style of a success.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// The style of headings and names.
pub(crate) const STRONG: Style = Style::new().bold();

/// Text without control characters, except for this program's own styles.
///
/// The console takes nothing else, so that no title, name, error body or argument can reach a
/// terminal unfiltered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Printable(String);

impl Printable {
    /// Filters a line; line breaks and tabs become spaces.
    pub(crate) fn line(line: impl Display) -> Self {
        Self::default().text(line)
    }

    /// Filters a text of several lines; line breaks and tabs stay.
    pub(crate) fn block(block: impl Display) -> Self {
        let mut filtered = Self::default();
        filtered.push(&block, true);
        filtered
    }

    /// Filters a drawing with styles, such as help of clap: colours and line breaks stay.
    pub(crate) fn drawing(drawing: &str) -> Self {
        let mut filtered = String::with_capacity(drawing.len());
        let mut rest = drawing;
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            filtered.extend(before.chars().filter(|c| !is_control(*c, true)));
            let length = after.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
            rest = after;
            let (style, behind) = after.split_at(length);
            if let Some(behind) = behind.strip_prefix('m') {
                filtered.push_str(&format!("\u{1b}[{style}m"));
                rest = behind;
            }
        }
        filtered.extend(rest.chars().filter(|c| !is_control(*c, true)));
        Self(filtered)
    }

    /// Filters a line and styles it.
    pub(crate) fn styled(style: Style, line: impl Display) -> Self {
        Self::default().style(style, line)
    }

    /// Appends a filtered line.
    #[must_use]
    pub(crate) fn text(mut self, line: impl Display) -> Self {
        self.push(&line, false);
        self
    }

    /// Appends a filtered line in a style.
    #[must_use]
    pub(crate) fn style(mut self, style: Style, line: impl Display) -> Self {
        let _ = write!(self.0, "{style}");
        self.push(&line, false);
        let _ = write!(self.0, "{style:#}");
        self
    }

    /// Appends another printable text.
    #[must_use]
    pub(crate) fn append(mut self, other: &Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    /// Appends a line break.
    #[must_use]
    pub(crate) fn end(mut self) -> Self {
        self.0.push('\n');
        self
    }

    /// Breaks lines at `width` columns, each with a line break, and indents all but the first.
    pub(crate) fn wrapped(&self, width: Option<usize>, indent: usize) -> Self {
        Self(text::wrap(&self.0, width, indent))
    }

    /// Cuts a line after `width` columns.
    pub(crate) fn cut(&self, width: usize) -> Self {
        Self(text::cut(&self.0, width))
    }

    /// Removes all but the text up to the last visible character.
    pub(crate) fn trimmed(&self) -> Self {
        Self(self.0.trim_end().to_owned())
    }

    /// Returns the text with its styles.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn push(&mut self, text: &dyn Display, multiline: bool) {
        let start = self.0.len();
        let _ = write!(self.0, "{text}");
        if self.0[start..].contains(|c: char| is_control(c, multiline)) {
            let unfiltered = self.0.split_off(start);
            let space = |c: char| if !multiline && is_space(c) { ' ' } else { c };
            self.0.extend(unfiltered.chars().map(space).filter(|c| !is_control(*c, multiline)));
        }
    }
}

/// Returns whether a character is a line break or a tab.
fn is_space(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Returns whether a terminal may interpret a character: C0, C1, line breaks, bidi controls.
fn is_control(c: char, multiline: bool) -> bool {
    match c {
        '\n' | '\t' => !multiline,
        '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{61c}' | '\u{200e}' | '\u{200f}' => true,
        c => c.is_control(),
    }
}

/// JSON whose control characters are escaped, so that none reaches a terminal.
pub(crate) struct EscapedJson<'a>(pub &'a mut dyn io::Write);

impl io::Write for EscapedJson<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.iter().all(|byte| (b' '..=b'~').contains(byte) || *byte == b'\n') {
            return self.0.write(bytes);
        }
        // serde_json writes whole characters at a time, and escapes C0 by itself.
        let Ok(text) = std::str::from_utf8(bytes) else { return self.0.write(bytes) };
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c > '~' && is_control(c, true)) {
            let (before, after) = rest.split_at(at);
            self.0.write_all(before.as_bytes())?;
            let mut characters = after.chars();
            if let Some(c) = characters.next() {
                write!(self.0, "\\u{:04x}", u32::from(c))?;
            }
            rest = characters.as_str();
        }
        self.0.write_all(rest.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const HOSTILE: &str = "a\u{1b}[2Jb\nc\u{202e}d\u{9b}31me\u{7f}\u{7}\u{1b}]0;t\u{7}\r\u{2028}f";

    #[test]
    fn control_characters_are_removed() {
        assert_eq!(Printable::line(HOSTILE).as_str(), "a[2Jb cd31me]0;t  f");
        assert_eq!(Printable::block("a\n\tb\r\u{1b}c").as_str(), "a\n\tbc");
    }

    #[test]
    fn only_own_styles_remain() {
        assert_eq!(Printable::styled(STRONG, "\u{1b}[31ma").as_str(), "\u{1b}[1m[31ma\u{1b}[0m");
        let drawing = "\u{1b}[1;31merror\u{1b}[0m: \u{1b}[2J\u{1b}]0;t\u{7}\u{9b}2J\nnext";
        assert_eq!(Printable::drawing(drawing).as_str(), "\u{1b}[1;31merror\u{1b}[0m: 2J]0;t2J\nnext");
    }

    #[test]
    fn json_escapes_what_a_terminal_would_obey() {
        let mut written = Vec::new();
        serde_json::to_writer(EscapedJson(&mut written), &HOSTILE).unwrap();
        EscapedJson(&mut written).flush().unwrap();
        let text = String::from_utf8(written).unwrap();
        assert!(!text.contains(|c: char| is_control(c, false)), "{text:?}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), HOSTILE);
    }
}
