//! Tables: with borders and as wide as the terminal, or in plain columns for a pipe.

use comfy_table::{ContentArrangement, presets};
use flexget_core::plugin::command::Table;

use super::console::Console;
use super::printable::{Printable, STRONG};
use super::text;

/// The least width for borders; below it, each row is a list of its cells.
const NARROW: usize = 50;

impl Console {
    /// Writes a table as data.
    pub(crate) fn table(&self, table: &Table) {
        if let Some(title) = &table.title {
            self.data(&Printable::styled(STRONG, title).end());
        }
        match self.width() {
            Some(width) if width < NARROW && table.columns.len() > 2 => self.data(&list(table, width)),
            Some(width) => self.data(&bordered(table, width, self.can_draw())),
            None => self.data(&plain(table)),
        }
    }
}

fn bordered(table: &Table, width: usize, unicode: bool) -> Printable {
    let filtered = |cells: &[String]| -> Vec<String> {
        cells.iter().map(|cell| cell_lines(cell).collect::<Vec<_>>().join("\n")).collect()
    };
    let mut drawn = comfy_table::Table::new();
    drawn
        .load_style(if unicode { presets::UTF8_FULL_CONDENSED } else { presets::ASCII_FULL_CONDENSED })
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(filtered(&table.columns));
    for row in &table.rows {
        drawn.add_row(filtered(row));
    }
    Printable::block(drawn).end()
}

/// Returns the lines of a cell, filtered one by one.
fn cell_lines(cell: &str) -> impl Iterator<Item = String> {
    cell.lines().map(|line| Printable::line(line).as_str().to_owned())
}

/// Draws each row as `name: value` lines.
fn list(table: &Table, width: usize) -> Printable {
    let mut drawn = Printable::default();
    for (at, row) in table.rows.iter().enumerate() {
        if at > 0 {
            drawn = drawn.end();
        }
        for (name, cell) in table.columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            let line = Printable::styled(STRONG, name).text(format_args!(": {cell}"));
            drawn = drawn.append(&line.wrapped(Some(width), 2));
        }
    }
    drawn
}

/// Draws columns two spaces apart; the last is as long as it is.
fn plain(table: &Table) -> Printable {
    let rows: Vec<Vec<String>> = std::iter::once(&table.columns)
        .chain(&table.rows)
        .map(|row| row.iter().map(|cell| cell_lines(cell).collect::<Vec<_>>().join(", ")).collect())
        .collect();
    let wide = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| text::columns(cell)).max();
    let widths: Vec<usize> = (0..table.columns.len()).map(|column| wide(column).unwrap_or(0)).collect();
    let mut drawn = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_add(2).saturating_sub(text::columns(cell))));
        }
        drawn.push_str(line.trim_end());
        drawn.push('\n');
    }
    Printable::block(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_gets_columns_without_borders() {
        let mut table = Table::new(&["Name", "Title"]);
        table.row(["a".into(), "電影".into()]);
        table.row(["longer".into(), String::new()]);
        assert_eq!(plain(&table).as_str(), "Name    Title\na       電影\nlonger\n");
    }

    #[test]
    fn a_terminal_that_cannot_draw_gets_plain_borders() {
        let mut table = Table::new(&["Name"]);
        table.row(["a".into()]);
        assert!(bordered(&table, 60, false).as_str().is_ascii());
        assert!(!bordered(&table, 60, true).as_str().is_ascii());
    }
}
