//! Text that fits the terminal.

use indexmap::IndexMap;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Returns the number of columns that a text takes; styles take none.
pub(crate) fn columns(text: &str) -> usize {
    anstream::adapter::strip_str(text).map(UnicodeWidthStr::width).sum()
}

/// Breaks lines at `width` columns, each with a line break, and indents all but the first.
///
/// A word that is longer than a line stays whole, so that it can be copied.
pub(crate) fn wrap(text: &str, width: Option<usize>, indent: usize) -> String {
    let mut lines = String::with_capacity(text.len());
    for line in text.lines() {
        match width {
            Some(width) if columns(line) > width => wrap_line(line, width, indent, &mut lines),
            _ => lines.push_str(line),
        }
        lines.push('\n');
    }
    lines
}

fn wrap_line(line: &str, width: usize, indent: usize, lines: &mut String) {
    let indent = indent.min(width / 3);
    let text = line.trim_start_matches(' ');
    let blank = line.strip_suffix(text).unwrap_or_default();
    lines.push_str(blank);
    let mut room = width.saturating_sub(blank.len());
    for (at, word) in text.split(' ').enumerate() {
        let wide = columns(word);
        if at > 0 && wide >= room {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            room = width.saturating_sub(indent);
        } else if at > 0 {
            lines.push(' ');
            room = room.saturating_sub(1);
        }
        lines.push_str(word);
        room = room.saturating_sub(wide);
    }
}

/// Joins the lines of each paragraph, and of each item of a list.
pub(crate) fn paragraphs(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.trim().lines() {
        let begins = line.is_empty() || line.starts_with(['*', '-', '|', '#']);
        if !joined.is_empty() {
            joined.push(if begins || joined.ends_with('\n') { '\n' } else { ' ' });
        }
        joined.push_str(line.trim());
        if line.is_empty() {
            joined.push('\n');
        }
    }
    joined.replace("\n\n\n", "\n\n")
}

/// Cuts a text after `width` columns and marks the cut with `…`.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    // One is for the mark.
    let mut room = width.saturating_sub(1);
    let fits = |c: &char| match room.checked_sub(c.width().unwrap_or(0)) {
        Some(rest) => {
            room = rest;
            true
        }
        None => false,
    };
    let start: String = text.chars().take_while(fits).collect();
    format!("{}…", start.trim_end())
}

/// Returns a number with its noun: `1 error`, `2 errors`, `3 entries`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ if noun.ends_with('y') => format!("{number} {}ies", noun.trim_end_matches('y')),
        _ => format!("{number} {noun}s"),
    }
}

/// The most tasks of which each has a line of its own in a table.
const ROWS: usize = 30;

/// Returns the lines of a table of tasks: one for each, or of many tasks one for each verdict.
pub(crate) fn on_a_screen<'a>(tasks: impl IntoIterator<Item = (&'a str, String)>) -> Vec<(String, String)> {
    let rows: Vec<(&str, String)> = tasks.into_iter().collect();
    if rows.len() <= ROWS {
        return rows.into_iter().map(|(task, verdict)| (task.to_owned(), verdict)).collect();
    }
    let mut groups: IndexMap<String, Vec<&str>> = IndexMap::new();
    for (task, verdict) in rows {
        groups.entry(verdict).or_default().push(task);
    }
    groups.into_iter().map(|(verdict, tasks)| (tasks.join(", "), verdict)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_hang() {
        assert_eq!(wrap("one two three", Some(8), 2), "one two\n  three\n");
        assert_eq!(wrap("one two three", None, 2), "one two three\n");
        assert_eq!(wrap("a https://example.org/long b", Some(10), 2), "a\n  https://example.org/long\n  b\n");
        assert_eq!(wrap("電影電影 電影", Some(9), 1), "電影電影\n 電影\n");
        assert_eq!(wrap("\u{1b}[1mone\u{1b}[0m two", Some(7), 2), "\u{1b}[1mone\u{1b}[0m two\n");
    }

    #[test]
    fn paragraphs_are_joined_and_lists_are_not() {
        assert_eq!(paragraphs("\none\ntwo\n\n* a\n  b\n* c\n\nthree\n"), "one two\n\n* a b\n* c\n\nthree");
    }

    #[test]
    fn marks_what_is_cut() {
        assert_eq!(cut("電影電影", 5), "電影…");
        assert_eq!(cut("abc", 3), "abc");
    }
}
