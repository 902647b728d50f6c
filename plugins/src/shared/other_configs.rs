//! Rows of other configs, for commands that show the rows of one.

use flexget_core::prelude::*;

/// Returns the name of this config with its world, followed by the others if `all` are wanted.
pub fn configs(others: &[(String, usize)], all: bool, cx: &Context) -> Vec<(Option<String>, Context)> {
    let own = (cx.store.config_name().map(str::to_owned), cx.clone());
    let other =
        |(name, _): &(String, usize)| (Some(name.clone()), Context { store: cx.store.scoped(name), ..cx.clone() });
    let others = others.iter().filter(|_| all).map(other);
    std::iter::once(own).chain(others).collect()
}

/// A table of rows that says of which config they are.
pub struct ConfigTable {
    table: Table,
    all: bool,
}

impl ConfigTable {
    /// Creates a table with these columns; the config is the second one if `all` are shown.
    pub fn new(columns: &[&str], all: bool, cx: &Context) -> Self {
        let mut columns = columns.to_vec();
        if all {
            columns.insert(1, "Config");
        }
        let mut table = Table::new(&columns);
        table.title = cx.store.config_name().filter(|_| !all).map(|config| format!("by `{config}.yml`"));
        Self { table, all }
    }

    /// Adds a row of a config.
    pub fn row(&mut self, config: Option<&str>, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        if self.all {
            cells.insert(1, config.map(|name| format!("{name}.yml")).unwrap_or_default());
        }
        self.table.row(cells);
    }

    /// Prints it.
    ///
    /// # Errors
    /// It could not be written.
    pub fn print(self, out: &mut Output) -> Result<()> {
        out.table(&self.table)
    }
}

/// Notes how many rows are of this config, and which others have some, unless all are shown.
///
/// # Errors
/// It could not be written.
pub fn note(found: usize, others: &[(String, usize)], all: bool, cx: &Context, out: &mut Output) -> Result<()> {
    if all || others.is_empty() {
        return Ok(());
    }
    out.note(summary(found, others, cx))
}

/// Returns where rows are: "7 by `tidy.yml`: `-c tidy.yml`".
pub fn counts_of(others: &[(String, usize)]) -> String {
    let counts: Vec<String> = others.iter().map(|(name, count)| format!("{count} by `{name}.yml`")).collect();
    let ways: Vec<String> = others.iter().map(|(name, _)| format!("`-c {name}.yml`")).collect();
    format!("{}: {}", counts.join(", "), ways.join(", "))
}

/// Returns who has rows: "none by `config.yml`; 7 by `tidy.yml`: `-c tidy.yml` or `--all`".
pub fn summary(found: usize, others: &[(String, usize)], cx: &Context) -> String {
    let own = cx.store.config_name().unwrap_or("config");
    let found = if found == 0 { "none".to_owned() } else { found.to_string() };
    format!("{found} by `{own}.yml`; {} or `--all`", counts_of(others))
}
