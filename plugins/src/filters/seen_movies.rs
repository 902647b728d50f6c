use flexget_core::prelude::*;

use crate::shared::seen_record::{BY_HAND, SeenRecord, new_record};

/// Rejects movies that an earlier run accepted, by `imdb_id`, `tmdb_id` or `trakt_movie_id`.
///
/// A movie that two entries of one run are of is accepted once. `strict` also rejects entries
/// without any of these ids. Fields of a lookup are fetched. The ids are remembered among the
/// entries of `seen`; here, unlike in FlexGet, a `tmdb_id` never equals a `trakt_movie_id`.
///
/// ```yaml
/// mock:
///   - { title: Solaris 720p, imdb_id: tt0069293 }
///   - { title: Solaris 1080p, imdb_id: tt0069293 }
/// accept_all: yes
/// seen_movies: strict
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SeenMovies(WithShorthand<SeenMoviesOptions>);

/// Whether an id is required.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Default)]
#[serde(rename_all = "lowercase")]
pub enum Matching {
    /// Rejects entries without an id.
    Strict,
    /// Ignores entries without an id.
    #[default]
    Loose,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeenMoviesOptions {
    /// The tasks whose movies count.
    #[serde(default)]
    scope: Scope,
    /// Whether an id is required.
    #[serde(default)]
    matching: Matching,
}

impl Shorthand for SeenMoviesOptions {
    type Short = Matching;
    const SHORT: &'static str = "Whether an id is required.";

    fn from_short(matching: Matching) -> Self {
        Self { matching, scope: Scope::default() }
    }
}

/// The tasks whose movies count.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Default)]
#[serde(rename_all = "lowercase")]
enum Scope {
    /// All tasks of the config.
    #[default]
    Global,
    /// This task alone.
    Local,
}

/// The fields that identify a movie.
const FIELDS: [&str; 3] = ["imdb_id", "tmdb_id", "trakt_movie_id"];

submit! { plugin::<SeenMovies>() }

impl Plugin for SeenMovies {
    const NAME: &'static str = "seen_movies";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::reject_seen).priority(-255), Step::at(Phase::Learn, Self::learn)]
    }
}

impl SeenMovies {
    fn is_local(&self) -> bool {
        self.0.scope == Scope::Local
    }

    async fn reject_seen(&self, task: &mut Task) -> Result<()> {
        task.need(&FIELDS).await;
        for at in task.live() {
            if self.0.matching == Matching::Strict && ids(&task.entries[at]).is_empty() {
                let is_lost = FIELDS.iter().any(|field| task.is_unavailable(&task.entries[at], field));
                let reason = if is_lost {
                    "movie (imdb, tmdb or trakt) id could not be looked up, strict"
                } else {
                    "missing movie (imdb, tmdb or trakt) id, strict"
                };
                task.entries[at].reject(Self::NAME, Some(reason.to_owned()));
            }
        }
        let live: Vec<usize> = task.live().collect();
        let ids: Vec<Vec<(&str, String)>> = live.iter().map(|at| ids(&task.entries[*at])).collect();
        let mut records: Vec<SeenRecord> = Vec::new();
        let values = ids.iter().flatten().map(|(_, value)| value.as_str());
        SeenRecord::each_of(task, self.is_local(), values, |record| records.push(record))?;
        let clock = task.cx.clock.clone();
        let mut accepted: HashSet<(&str, &str)> = HashSet::new();
        for (at, ids) in live.into_iter().zip(&ids) {
            let entry = &mut task.entries[at];
            if let Some((field, value, record)) =
                ids.iter().find_map(|(field, value)| Some((field, value, seen_in(&records, field, value)?)))
            {
                entry.reject(Self::NAME, Some(already_seen(field, value, &record.task, &clock.local(record.added))));
            } else if entry.state() == State::Accepted {
                match ids.iter().find(|(field, value)| accepted.contains(&(*field, value.as_str()))) {
                    Some((field, value)) => {
                        let reason = format!("already accepted {field} {value} once in task");
                        entry.reject(Self::NAME, Some(reason));
                    }
                    None => accepted.extend(ids.iter().map(|(field, value)| (*field, value.as_str()))),
                }
            }
        }
        Ok(())
    }

    async fn learn(&self, task: &mut Task) -> Result<()> {
        let added = task.cx.clock.now();
        let records: Vec<_> = task
            .accepted()
            .filter_map(|entry| {
                let ids = ids(entry);
                let fields = ids.iter().map(|(field, value)| (*field, value.as_str()));
                (!ids.is_empty()).then(|| new_record(entry.title(), &task.name, self.is_local(), fields, added))
            })
            .collect();
        SeenRecord::collection(&task.cx).insert(&records)?;
        Ok(())
    }
}

/// Returns the ids of an entry with their fields.
fn ids(entry: &Entry) -> Vec<(&'static str, String)> {
    let id = |field: &&'static str| Some((*field, entry.peek(field).filter(|value| value.is_true())?.display()));
    FIELDS.iter().filter_map(id).collect()
}

/// Returns the record of a movie with this id.
fn seen_in<'r>(records: &'r [SeenRecord], field: &str, value: &str) -> Option<&'r SeenRecord> {
    let is_it = |(name, known): &(Name, String)| (name == field || name == BY_HAND) && known == value;
    records.iter().find(|record| record.fields.iter().any(is_it))
}

fn already_seen(field: &str, value: &str, task: &str, when: &str) -> String {
    format!("entry with {field} `{value}` is already marked seen in the task {task} at {when}")
}

#[cfg(test)]
mod tests {
    use flexget_core::testing::{self, context, next_run};

    /// FlexGet 3.22.7 decides the same, but rejects F as well: there, a TMDB id equals a Trakt id.
    #[test]
    fn movies_are_accepted_once() {
        let cx = context();
        let run = |task: &str, mock: &str, options: &str| {
            let config =
                format!("tasks: {{ {task}: {{ mock: {mock}, accept_all: yes, seen_movies: {options}, seen: no }} }}");
            testing::decisions(&testing::run_config(&config, &next_run(&cx)).tasks[0])
        };
        assert_eq!(
            run("a", "[ { title: A, imdb_id: tt1, tmdb_id: 5 }, { title: B, imdb_id: tt1 }, C ]", "strict"),
            [
                "A: accepted",
                "B: rejected (already accepted imdb_id tt1 once in task)",
                "C: rejected (missing movie (imdb, tmdb or trakt) id, strict)"
            ]
        );
        assert_eq!(
            run(
                "b",
                "[ { title: D, imdb_id: tt1 }, { title: F, trakt_movie_id: 5 }, { title: E, tmdb_id: 5 }, G ]",
                "loose"
            ),
            [
                "D: rejected (entry with imdb_id `tt1` is already marked seen in the task a at 2026-11-24 00:00)",
                "F: accepted",
                "E: rejected (entry with tmdb_id `5` is already marked seen in the task a at 2026-11-24 00:00)",
                "G: accepted"
            ]
        );
        assert_eq!(run("c", "[ { title: H, imdb_id: tt1 } ]", "{ scope: local }"), ["H: accepted"]);
    }
}
