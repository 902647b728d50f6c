//! Manuals of plugins: paragraphs as wide as the terminal, examples as they are.

use super::console::Console;
use super::printable::{NOTE, Printable};
use super::text::paragraphs;

impl Console {
    /// Writes a manual as data.
    pub(crate) fn manual(&self, manual: &str) {
        for (at, part) in manual.split("```").enumerate() {
            if at % 2 == 1 {
                let example = part.split_once('\n').map_or(part, |(_, example)| example);
                let lines = example.lines().map(|line| Printable::line("    ").style(NOTE, line).end());
                lines.for_each(|line| self.data(&line));
                self.data(&Printable::default().end());
                continue;
            }
            let prose = paragraphs(part);
            if !prose.is_empty() {
                for line in prose.lines() {
                    // What follows an asterisk stays below the text beside it.
                    let indent = if line.starts_with("* ") { 2 } else { 0 };
                    let line = Printable::line(line);
                    self.data(&if line.as_str().is_empty() { line.end() } else { line.wrapped(self.width(), indent) });
                }
                self.data(&Printable::default().end());
            }
        }
    }
}
