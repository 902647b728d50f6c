use flexget_core::prelude::*;

use crate::shared::source::SourceLocation;

/// Produces entries from the rows of a CSV table at a URL or in a file.
///
/// A row that lacks a column is an error, as in FlexGet. There, the column 0 is the last one; here
/// it is a mistake.
///
/// ```yaml
/// csv:
///   url: ~/films.csv
///   values:
///     title: 1
///     url: 2
///     imdb_id: 3
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Csv {
    /// The URL, or the path of a file.
    url: SourceLocation,
    /// The fields, each with the number of its column, counted from 1.
    values: Columns,
}

/// The column numbers of the fields.
#[derive(Deserialize, JsonSchema)]
struct Columns {
    /// The column of the title.
    #[schemars(range(min = 1))]
    title: usize,
    /// The column of the URL.
    #[schemars(range(min = 1))]
    url: usize,
    /// The columns of other fields.
    #[serde(flatten)]
    others: BTreeMap<String, usize>,
}

submit! { plugin::<Csv>() }

impl Plugin for Csv {
    const NAME: &'static str = "csv";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![
            Step::at(Phase::Input, Self::produce)
                .gives(|csv| csv.values.others.keys().cloned().map(Name::Owned).collect()),
        ]
    }

    fn check(&self) -> Vec<Problem> {
        let zero = self.values.others.iter().find(|(_, column)| **column == 0);
        let problem = |(name, _): (&String, &usize)| {
            Problem::at(Path::root().key("values").key(name), "`0` is less than the minimum of 1")
        };
        zero.map(problem).into_iter().collect()
    }
}

impl Csv {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        task.read_from(&self.url);
        let text = self.url.open(None, task).await?;
        let mut rows = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
        let mut row = ::csv::StringRecord::new();
        for number in 1_usize.. {
            if task.wanted.is_some_and(|wanted| task.entries.len() >= wanted) {
                break;
            }
            let of_row = |problem: &str| format!("row {number} of {} {problem}", self.url);
            if !rows.read_record(&mut row).map_err(|error| Error::new(of_row("is not CSV")).cause(error))? {
                break;
            }
            let cell = |name: &str, column: usize| {
                row.get(column.saturating_sub(1)).map(str::trim).ok_or_else(|| {
                    Error::new(of_row(&format!("has no column {column} for `{name}`")))
                        .hint("columns are counted from 1")
                })
            };
            let mut entry = Entry::new(cell("title", self.values.title)?, cell("url", self.values.url)?);
            let others = self.values.others.iter().map(|(name, column)| Ok((name, cell(name, *column)?.into())));
            entry.extend(others.collect::<Result<Vec<_>>>()?);
            task.produce([entry]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    #[test]
    fn rows_become_entries() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            &file,
            "\"Solaris, 1972\",http://x/1, tt0069293\n\n\"Stalker \"\"1979\"\"\",http://x/2,tt0079944\n",
        )
        .unwrap();
        let run = |values: &str| {
            let task = format!("csv: {{ url: {}, values: {{ {values} }} }}\naccept_all: yes", file.path().display());
            testing::run(&task, &testing::context())
        };
        let report = run("title: 1, url: 2, imdb_id: 3");
        assert_eq!(
            report.entries.iter().map(|entry| entry.title()).collect::<Vec<_>>(),
            ["Solaris, 1972", "Stalker \"1979\""]
        );
        assert_eq!(
            (report.entries[0].url(), &report.entries[0].fields()["imdb_id"]),
            ("http://x/1", &"tt0069293".into())
        );
        let error = run("title: 1, url: 2, imdb_id: 4").error.unwrap();
        assert!(
            error.message.contains("row 1 of") && error.message.contains("has no column 4 for `imdb_id`"),
            "{}",
            error.message
        );
    }

    #[test]
    fn columns_are_counted_from_one() {
        assert_eq!(testing::config_errors("csv: { url: x, values: { title: 0, url: 1 } }\naccept_all: yes").len(), 1);
        assert_eq!(
            testing::config_errors("csv: { url: x, values: { title: 1, url: 1, n: 0 } }\naccept_all: yes").len(),
            1
        );
    }
}
