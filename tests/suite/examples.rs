//! The configs in `examples/` do what their comments say.

use std::fs;

use flexget_tests::{Sandbox, repository};
use serde_json::json;
use trakt_sim::{Ids, Media, Place, Privacy, Work, World};

const ANN: &str = "ann-kay";

/// Returns a sandbox with an example as its config, an account `me`, and a world that is prepared.
fn sandbox(example: &str, prepare: impl FnOnce(&mut World)) -> Sandbox {
    let config = fs::read_to_string(repository().join("examples").join(example)).unwrap();
    let sandbox = Sandbox::new(&config).with_sim();
    sandbox.authorize("me", ANN);
    sandbox.sim().with(prepare);
    sandbox
}

/// Returns what is on a list of a user at Trakt; `watchlist` is the watchlist.
fn listed(sandbox: &Sandbox, owner: &str, name: &str) -> Vec<Media> {
    sandbox.sim().with(|world| {
        let place = match name {
            "watchlist" => Place::Watchlist(owner.into()),
            _ => Place::List(world.list_id(owner, name).expect("a list")),
        };
        let mut media = world.contents(&place).expect("a list").media();
        media.sort();
        media
    })
}

#[test]
fn clean_up_takes_off_watched_movies_and_files_finished_shows() {
    let sandbox = sandbox("clean-up.yml", |world| {
        world.add_list(Some(ANN), "Finished", Privacy::Private);
        let now = world.now();
        // A movie of the watchlist, and an ended show of `Following TV`.
        world.watch(ANN, Media::Movie(481), now - 1_000);
        world.watch(ANN, Media::Show(1388), now - 1_000);
        world.put(&Place::Watchlist(ANN.into()), &[Media::Movie(481)]);
    });
    let before = listed(&sandbox, ANN, "watchlist");
    assert!(before.contains(&Media::Movie(481)));
    sandbox.run("execute").good();
    let after = listed(&sandbox, ANN, "watchlist");
    assert_eq!(after, before.into_iter().filter(|media| *media != Media::Movie(481)).collect::<Vec<_>>());
    assert_eq!(listed(&sandbox, ANN, "Finished"), [Media::Show(1388)]);
    let following = listed(&sandbox, ANN, "Following TV");
    assert!(!following.contains(&Media::Show(1388)) && following.contains(&Media::Show(3001)), "{following:?}");
}

#[test]
fn trending_puts_new_well_rated_movies_on_the_watchlist() {
    let sandbox = sandbox("trending.yml", |world| {
        for (trakt, title, rating) in [(9_001, "New and Good", 7.9), (9_002, "New and Bad", 6.1)] {
            let full = json!({ "released": "2026-10-01", "rating": rating, "votes": 900, "genres": ["drama"] });
            world.add_movie(Work {
                ids: Ids { trakt, tmdb: Some(trakt), ..Ids::default() },
                title: Some(title.into()),
                year: Some(2026),
                full: full.as_object().expect("an object").clone(),
                ..Work::default()
            });
        }
    });
    let mut wanted = listed(&sandbox, ANN, "watchlist");
    sandbox.run("execute").good();
    wanted.push(Media::Movie(9_001));
    wanted.sort();
    assert_eq!(listed(&sandbox, ANN, "watchlist"), wanted);
}

#[test]
fn sync_copies_a_list_and_gives_two_lists_what_the_other_has() {
    let sandbox = sandbox("sync.yml", |world| {
        world.add_list(Some(ANN), "Gems", Privacy::Private);
    });
    sandbox.run("execute").good();
    assert_eq!(listed(&sandbox, ANN, "Gems"), listed(&sandbox, "bob", "Public Gems"));
    let shown = sandbox.run("movie-list list wanted").good().stdout;
    assert!(shown.contains("The Matrix") && shown.contains("Inception"), "{shown}");
}
