//! Tables: with borders and as wide as the terminal, or in plain columns for a pipe.

use comfy_table::{ContentArrangement, presets};
use flexget_core::plugin::command::Table;

use super::text::{self, Shown};
use super::{STRONG, Screen};

impl Screen {
    /// Shows a table as data.
    pub(crate) fn table(&self, table: &Table) {
        let shown = match self.width() {
            Some(width) => bordered(table, width),
            None => plain(table),
        };
        self.data(&shown);
    }
}

/// Below this width borders would leave no room for words: each row is shown as a list of its cells.
const NARROW: usize = 50;

fn bordered(table: &Table, width: usize) -> String {
    let mut shown = title(table);
    if width < NARROW && table.columns.len() > 2 {
        shown.push_str(&listed(table, width));
        return shown;
    }
    let mut drawn = comfy_table::Table::new();
    drawn
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(&table.columns);
    for row in &table.rows {
        drawn.add_row(row.iter().map(|cell| Shown(cell).to_string()));
    }
    shown.push_str(&drawn.to_string());
    shown.push('\n');
    shown
}

/// Each row as `name: value` lines.
fn listed(table: &Table, width: usize) -> String {
    let mut shown = String::new();
    for (at, row) in table.rows.iter().enumerate() {
        if at > 0 {
            shown.push('\n');
        }
        for (name, cell) in table.columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            shown.push_str(&text::wrap(&format!("{STRONG}{name}{STRONG:#}: {}", Shown(cell)), Some(width), 2));
        }
    }
    shown
}

/// Columns two spaces apart; the last is as long as it is.
fn plain(table: &Table) -> String {
    let mut shown = title(table);
    let rows: Vec<Vec<String>> = std::iter::once(&table.columns)
        .chain(&table.rows)
        .map(|row| row.iter().map(|cell| Shown(cell).to_string()).collect())
        .collect();
    let wide = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| text::columns(cell)).max();
    let widths: Vec<usize> = (0..table.columns.len()).map(|column| wide(column).unwrap_or(0)).collect();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(text::columns(cell)) + 2));
        }
        shown.push_str(line.trim_end());
        shown.push('\n');
    }
    shown
}

fn title(table: &Table) -> String {
    table.title.as_ref().map(|title| format!("{STRONG}{}{STRONG:#}\n", Shown(title))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_gets_columns_without_borders() {
        let mut table = Table::new(&["Name", "Title"]);
        table.row(["a".into(), "電影".into()]);
        table.row(["longer".into(), String::new()]);
        assert_eq!(plain(&table), "Name    Title\na       電影\nlonger\n");
    }
}
