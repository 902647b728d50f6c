//! What is kept of Trakt's answers does not grow without end.

use std::sync::atomic::Ordering;

use flexget_core::context::store::NewRecord;
use flexget_core::prelude::*;
use flexget_core::testing::run;
use trakt_sim::Seed;

use crate::trakt::cache;
use crate::trakt::sandbox::Sandbox;
use crate::trakt::{seasons, titles};

const DAY: i64 = 86_400_000;

/// The topics of kept answers, each with its user.
fn kept(sandbox: &Sandbox) -> Vec<(String, Option<String>)> {
    let records = sandbox.cx.store.shared_collection(cache::RESPONSES, "").all().unwrap();
    let keys = records.iter().filter_map(|record| serde_json::from_str(&record.keys[0]).ok());
    keys.map(|(_, user, topic, _): (Option<String>, Option<String>, String, String)| (topic, user)).collect()
}

#[test]
fn what_nobody_reads_any_more_goes_after_ninety_days() {
    let sandbox = Sandbox::new(Seed::small());
    let read = |list: &str, who: &str| {
        let task = format!(
            "trakt_list: {{ account: ann, list: {list}, type: movies }}
trakt_lookup: {{ {who} }}
if: [ trakt_watched: accept ]"
        );
        assert!(run(&task, &sandbox.next_run()).is_ok(), "{list}");
    };
    let watchlist = ("watchlist".to_owned(), None);
    let watched_by_bob = ("watched".to_owned(), Some("bob".to_owned()));
    read("watchlist", "username: bob");
    assert_eq!(kept(&sandbox), [watchlist.clone(), watched_by_bob.clone()]);
    for days in [89, 2] {
        sandbox.cx.clock.shared().unwrap().fetch_add(days * DAY, Ordering::SeqCst);
        read("ratings", "account: ann");
        let kept = kept(&sandbox);
        assert_eq!(kept.contains(&watchlist), days == 89, "{days}: {kept:?}");
        assert_eq!(kept.contains(&watched_by_bob), days == 89, "{days}: {kept:?}");
        // What was read now is read anew, so that it is there however old the earlier answer is.
        sandbox.sim.with(|world| {
            let now = world.now();
            world.rate("ann-kay", trakt_sim::Media::Movie(481), 9, now);
            world.watch("ann-kay", trakt_sim::Media::Movie(140), now);
        });
    }
}

#[test]
fn titles_and_seasons_are_counted_and_the_oldest_go() {
    let sandbox = Sandbox::new(Seed::small());
    let cx = &sandbox.cx;
    let fill = |kind: &str, count: usize| {
        let record = |at: usize| NewRecord {
            keys: vec![format!("filled {at}")],
            data: NewRecord::data(&()),
            added: cx.clock.now(),
            expires: cx.clock.now().checked_add(jiff::SignedDuration::from_hours(24)).ok(),
        };
        cx.store.shared_collection(kind, "").insert((0..count).map(record).collect::<Vec<_>>()).unwrap();
    };
    fill(titles::stored::COLLECTION, 10_050);
    fill(seasons::COLLECTION, 600);
    let task =
        "mock: [ { title: A, series_name: Harbour Lights, series_season: 2, series_episode: 1, tvdb_id: 430001 } ]
trakt_lookup: yes
require_field: trakt_ep_name
accept_all: yes";
    assert_eq!(run(task, &sandbox.next_run()).entries[0].state(), State::Accepted);
    for (kind, most) in [(titles::stored::COLLECTION, 10_000), (seasons::COLLECTION, 500)] {
        let collection = cx.store.shared_collection(kind, "");
        assert_eq!(collection.len().unwrap(), most, "{kind}");
        assert!(collection.find(&["filled 0"]).unwrap().is_empty(), "{kind}: the oldest went");
    }
    run(task, &sandbox.next_run());
    assert_eq!(sandbox.requests(), Vec::<String>::new(), "the newest stayed");
}
