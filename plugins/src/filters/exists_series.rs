use std::collections::btree_map::Entry as MapEntry;

use flexget_core::expression::Template;
use flexget_core::prelude::*;

use crate::shared::existing_copies::{AllowedQualities, comparable_name, items_in, quality_of};
use crate::titles::parsing::series::episode_id::EpisodeId;
use crate::titles::parsing::series::{Series, series};
use crate::titles::parsing::today;

/// Rejects accepted episodes of which a copy is in a folder.
///
/// The names of files and folders are read as titles of series and compared with `series_name` and
/// `series_id` of the entry. Files must be videos. An entry that is a better `PROPER` than the copy
/// stays accepted. A file of several episodes is a copy of each, and an entry of several is
/// rejected for a file of the same ones; FlexGet compares only the first. A folder that does not
/// exist, or whose template cannot be rendered, gives a warning.
///
/// ```yaml
/// metainfo_series: yes
/// mock: [ Some.Show.S01E02.1080p ]
/// accept_all: yes
/// exists_series:
///   path: ~/shows/{{ series_name }}
///   allow_different_qualities: better
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ExistsSeries(WithShorthand<ExistsSeriesOptions>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExistsSeriesOptions {
    /// The folder, or several; text may be a template.
    path: OneOrMany<Template>,
    /// Whether to accept another quality (`yes`) or only a better one (`better`) than the copies.
    allow_different_qualities: Option<AllowedQualities>,
    /// Whether subfolders are read.
    #[serde(default)]
    recursive: bool,
}

impl Shorthand for ExistsSeriesOptions {
    type Short = OneOrMany<Template>;
    const SHORT: &'static str = "The folder, or several; text may be a template.";

    fn from_short(path: OneOrMany<Template>) -> Self {
        Self { path, allow_different_qualities: None, recursive: false }
    }
}

/// The extensions of videos.
const VIDEOS: [&str; 8] = ["avi", "mkv", "mp4", "mpg", "m4v", "ts", "wmv", "webm"];

submit! { plugin::<ExistsSeries>() }

impl Plugin for ExistsSeries {
    const NAME: &'static str = "exists_series";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::reject_existing).priority(-1)]
    }
}

impl ExistsSeries {
    async fn reject_existing(&self, task: &mut Task) -> Result<()> {
        let accepted = task.positions(|entry| entry.state() == State::Accepted);
        if accepted.len() == 0 {
            return Ok(());
        }
        let episodes: Vec<usize> = accepted.filter(|at| has_series(&task.entries[*at])).collect();
        if episodes.is_empty() {
            task.warn(Self::NAME, "no accepted entries have series information, so none is filtered");
            return Ok(());
        }
        task.need(&["quality"]).await;
        let allowed = self.0.allow_different_qualities;
        let mut copies: BTreeMap<String, Vec<Series>> = BTreeMap::new();
        for template in &self.0.path {
            let (mut paths, mut errors) = (BTreeSet::new(), Vec::new());
            for (at, path) in task.evaluate(episodes.clone(), |fields, now| template.render(fields, now)).await {
                match path {
                    Ok(path) => drop(paths.insert(path)),
                    Err(error) => errors.push((at, error)),
                }
            }
            task.warn_of_errors(Self::NAME, template.text(), &errors);
            for path in paths {
                if let MapEntry::Vacant(place) = copies.entry(path) {
                    let found = copies_in(place.key(), self.0.recursive, task)?;
                    place.insert(found);
                }
            }
        }
        let copies: Vec<(String, &Series)> =
            copies.values().flatten().map(|copy| (comparable_name(&copy.name), copy)).collect();
        for at in episodes {
            let entry = &mut task.entries[at];
            let name = comparable_name(entry.text("series_name").unwrap_or_default());
            let id = entry.peek("series_id").map(Value::display).unwrap_or_default();
            let (quality, propers) = (quality_of(entry), entry.int("proper_count").unwrap_or_default());
            let exists = |(of, copy): &(String, &Series)| {
                *of == name
                    && is_copy_of(&copy.id, &id)
                    && !allowed.is_some_and(|allowed| allowed.accepts(&quality, &copy.quality))
                    && copy.propers >= propers
            };
            if copies.iter().any(exists) {
                entry.reject(Self::NAME, Some("episode already exists".into()));
            }
        }
        Ok(())
    }
}

fn has_series(entry: &Entry) -> bool {
    ["series_name", "series_id"].iter().all(|field| entry.peek(field).is_some_and(Value::is_true))
}

/// Returns whether a copy with this identifier holds the episodes of an entry's `series_id`.
fn is_copy_of(copy: &EpisodeId, id: &str) -> bool {
    let is_one_of_them = || match *copy {
        EpisodeId::Episode { season, first, last } => {
            (first..=last).any(|at| EpisodeId::Episode { season, first: at, last: at }.to_string() == id)
        }
        _ => false,
    };
    copy.to_string() == id || is_one_of_them()
}

/// Reads the names in a folder as episodes.
fn copies_in(path: &str, recursive: bool, task: &mut Task) -> Result<Vec<Series>> {
    let Some(items) = items_in(path, recursive, &task.cx)? else {
        task.warn(ExistsSeries::NAME, format!("directory `{path}` does not exist"));
        return Ok(Vec::new());
    };
    let today = today(&task.cx);
    Ok(items.iter().filter_map(|item| series(&item.title(&VIDEOS)?, today)).collect())
}

#[cfg(test)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    fn run(titles: &str, options: &str) -> (String, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("Some Show")).unwrap();
        for name in [
            "Some.Show.S01E01.720p.HDTV.mkv",
            "some show 1x02 720p.mkv",
            "Some.Show.S01E03.txt",
            "Some.Show.S01E05E06.720p.mkv",
            "Some Show/Some.Show.S02E01.mkv",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let options = options.replace("HERE", &folder.path().display().to_string());
        let task = format!("metainfo_series: yes\nmock: [ {titles} ]\naccept_all: yes\nexists_series: {options}");
        let report = testing::run(&task, &testing::context());
        let reasons: Vec<_> = report.entries.iter().filter_map(|entry| entry.reason()).collect();
        assert!(reasons.iter().all(|reason| *reason == "episode already exists"), "{reasons:?}");
        (testing::titles(&report, State::Accepted).join(", "), report.warnings)
    }

    /// FlexGet 3.22.7 decides the same.
    #[test]
    fn episodes_on_disk_are_rejected() {
        let all = "Some.Show.S01E01.1080p, Some.Show.S01E01.PROPER.720p.HDTV, Some.Show.S01E02.720p, Some.Show.S01E03.720p, \
                   Some.Show.S02E01, Other.Show.S01E01";
        let (left, warnings) = run(all, "HERE");
        assert_eq!(
            left,
            "Some.Show.S01E01.PROPER.720p.HDTV, Some.Show.S01E03.720p, Some.Show.S02E01, Other.Show.S01E01"
        );
        assert!(warnings.is_empty(), "{warnings:?}");
        let qualities = "Some.Show.S01E01.1080p, Some.Show.S01E01.480p, Some.Show.S02E01";
        let options = "{ path: HERE, allow_different_qualities: better, recursive: yes }";
        assert_eq!(run(qualities, options).0, "Some.Show.S01E01.1080p");
        assert_eq!(run("Some.Show.S02E01", "'HERE/{{ series_name }}'").0, "");
    }

    /// FlexGet 3.22.7 accepts the sixth episode, and rejects `S01E01E02` for `S01E01` alone.
    #[test]
    fn a_file_of_several_episodes_is_a_copy_of_each() {
        let titles = "Some.Show.S01E05, Some.Show.S01E06, Some.Show.S01E07, Some.Show.S01E05E06, Some.Show.S01E06E07";
        assert_eq!(run(titles, "HERE").0, "Some.Show.S01E07, Some.Show.S01E06E07");
    }

    #[test]
    fn what_cannot_be_compared_gives_a_warning() {
        let (left, warnings) = run("A.Show.S01E01", "[ '/nowhere/{{ series_name }}', '{{ nothing }}' ]");
        assert_eq!(left, "A.Show.S01E01");
        assert_eq!(warnings[0], "exists_series: directory `/nowhere/A Show` does not exist");
        assert!(warnings[1].contains("could not be evaluated for `A.Show.S01E01`"), "{warnings:?}");
        assert_eq!(
            run("A", "HERE").1,
            ["exists_series: no accepted entries have series information, so none is filtered"]
        );
    }
}
