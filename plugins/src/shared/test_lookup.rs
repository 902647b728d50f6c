//! A lookup for tests: it offers the fields in its options and records the entries of each batch.

use std::cell::RefCell;

use flexget_core::prelude::*;

/// Offers fields of entries, given by their titles.
///
/// ```yaml
/// mock: [ A ]
/// test_lookup: { answers: { A: { trakt_watched: yes } } }
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestLookup {
    /// The fields by the titles of the entries.
    answers: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// The titles for which the lookup fails.
    #[serde(default)]
    fails: Vec<String>,
}

submit! { plugin::<TestLookup>() }

/// Titles of each batch that was fetched.
#[derive(Default)]
pub struct Asked(pub RefCell<Vec<Vec<String>>>);

/// Returns the batches that were fetched in this run.
pub fn asked(cx: &Context) -> Vec<Vec<String>> {
    cx.run_cache.of::<Asked>("").0.borrow().clone()
}

impl Plugin for TestLookup {
    const NAME: &'static str = "test_lookup";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Metainfo, Self::make_offer).priority(110)]
    }
}

/// The fields that are offered, whatever the answers are.
const FIELDS: [&str; 9] = [
    "imdb_id",
    "trakt_watched",
    "trakt_collected",
    "trakt_ep_first_aired",
    "trakt_series_status",
    "trakt_movie_user_rating",
    "trakt_genres",
    "trakt_series_name",
    "trakt_ep_id",
];

struct Fields {
    answers: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    fails: Vec<String>,
}

impl TestLookup {
    async fn make_offer(&self, task: &mut Task) -> Result<()> {
        task.offer(Rc::new(Fields { answers: self.answers.clone(), fails: self.fails.clone() }));
        Ok(())
    }
}

impl Offer for Fields {
    fn plugin(&self) -> &'static str {
        TestLookup::NAME
    }

    fn fields(&self) -> &[&'static str] {
        &FIELDS
    }

    fn fetch<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Vec<FetchedFields>> {
        let titles = entries.iter().map(|entry| entry.title().to_owned()).collect();
        cx.run_cache.of::<Asked>("").0.borrow_mut().push(titles);
        let answer = |entry: &&Entry| {
            if self.fails.iter().any(|title| title == entry.title()) {
                return Err("the service is down".to_owned());
            }
            let known = self.answers.get(entry.title()).into_iter().flatten();
            Ok(known.map(|(name, value)| (Name::Owned(name.clone()), Value::from_stored(value))).collect())
        };
        let answers = entries.iter().map(answer).collect();
        Box::pin(async move { answers })
    }
}
