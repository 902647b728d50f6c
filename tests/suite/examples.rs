//! The configs in `examples/` do what their comments say.

use std::fs;

use flexget_tests::{Sandbox, repository};
use serde_json::json;
use trakt_sim::{Ids, Media, Place, Privacy, Work, World};

const ANN: &str = "ann-kay";

/// The recipes of the user guide, in its order.
pub(crate) const RECIPES: [&str; 13] = [
    "clean-up",
    "trending",
    "tips-of-a-friend",
    "up-next",
    "this-week",
    "next-show",
    "coming-soon",
    "at-home",
    "to-rate",
    "best-of-mine",
    "collect-files",
    "watched-elsewhere",
    "sync",
];

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

/// Returns the number of lines of files that are no tests.
fn lines_of(paths: &[&str]) -> usize {
    let files = paths.iter().flat_map(|path| {
        let path = repository().join("examples").join(path);
        if path.is_file() {
            return vec![path];
        }
        fs::read_dir(&path).unwrap().map(|item| item.unwrap().path()).collect()
    });
    let files = files.filter(|file| file.file_name().is_some_and(|name| name != "tests.rs"));
    files.map(|file| fs::read_to_string(file).unwrap().lines().count()).sum()
}

#[test]
fn a_service_of_ones_own_takes_few_lines() {
    let code = lines_of(&["own-service/src"]);
    assert!(code < 250, "{code} lines for accounts, a list, an input, a lookup and an output");
    // With a filter it is all that a crate took 851 lines for.
    let all = lines_of(&["own-service/src", "own-service/Cargo.toml", "own_plugin.rs"]);
    assert!(all <= 851 / 2, "{all} lines");
}

#[test]
fn no_example_is_warned_of() {
    let files = fs::read_dir(repository().join("examples")).unwrap().flatten().map(|file| file.path());
    for path in files.filter(|path| path.extension().is_some_and(|ending| ending == "yml")) {
        let ran = Sandbox::new(&fs::read_to_string(&path).unwrap()).run("check").good();
        assert_eq!(ran.stderr, "", "{}", path.display());
    }
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

/// Runs a recipe that adds to a list of this name, and returns what was added to it and what left the watchlist.
fn effect(recipe: &str, list: &str, prepare: impl FnOnce(&mut World)) -> (Vec<Media>, Vec<Media>) {
    let sandbox = sandbox(&format!("{recipe}.yml"), |world| {
        if list != "watchlist" {
            world.add_list(Some(ANN), list, Privacy::Private);
        }
        prepare(world);
    });
    let before = (listed(&sandbox, ANN, list), listed(&sandbox, ANN, "watchlist"));
    sandbox.run("execute --test").good();
    assert_eq!((listed(&sandbox, ANN, list), listed(&sandbox, ANN, "watchlist")), before, "{recipe}: a dry run");
    sandbox.run("execute").good();
    let mut added = listed(&sandbox, ANN, list);
    added.retain(|media| !before.0.contains(media));
    let after = listed(&sandbox, ANN, "watchlist");
    (added, before.1.into_iter().filter(|media| !after.contains(media)).collect())
}

#[test]
fn recipes_put_the_right_items_on_a_list() {
    let nothing = |_: &mut World| {};
    let (movie, episode) = (Media::Movie, |number| Media::Episode(3_001, 2, number));
    // Bob's list has The Thing (8.1), TRON: Legacy (6.8), and Inception, which is on the watchlist already.
    assert_eq!(effect("tips-of-a-friend", "watchlist", nothing), (vec![movie(140)], vec![]));
    // Three episodes of the season are watched, six have aired, the seventh comes this week.
    assert_eq!(effect("up-next", "Up Next", nothing).0, [episode(4)]);
    assert_eq!(effect("this-week", "This Week", nothing).0, [episode(7)]);
    assert_eq!(effect("next-show", "Next Show", nothing).0, [Media::Show(1388)]);
    assert_eq!(effect("coming-soon", "Coming Soon", nothing), (vec![movie(2_006)], vec![]));
    // Inception is collected and not watched.
    assert_eq!(effect("at-home", "At Home", nothing), (vec![movie(16662)], vec![movie(16662)]));
    // The Dark Knight is rated with 10, Fight Club with 7; The Matrix is watched and not rated.
    assert_eq!(effect("best-of-mine", "My Best", nothing).0, [movie(6)]);
    let watch = |world: &mut World| world.watch(ANN, Media::Movie(481), world.now() - 1_000);
    assert_eq!(effect("to-rate", "To Rate", watch).0, [movie(481)]);
}

#[test]
fn recipes_for_files_reach_the_collection_and_the_history() {
    for (recipe, list, file, text) in [
        ("collect-files", "collection", "home/films/The Thing (1982) 1080p.mkv", ""),
        ("watched-elsewhere", "watched", "home/watched.csv", "The Thing,https://example.org/the-thing,tt0084787\n"),
    ] {
        let mut sandbox = sandbox(&format!("{recipe}.yml"), |_| {});
        let home = sandbox.folder().join("home").display().to_string();
        sandbox.environment.insert("HOME".into(), home);
        sandbox.write(file, text);
        sandbox.write(
            "read.yml",
            &format!("tasks:\n  read: {{ trakt_list: {{ account: me, list: {list}, type: movies }}, accept_all: yes, seen: no }}\n"),
        );
        let titles = || sandbox.run("-c read.yml execute --format json").good().titles("read", "accepted");
        let before = titles();
        assert!(!before.iter().any(|title| title.starts_with("The Thing")), "{before:?}");
        sandbox.run("execute").good();
        let added: Vec<_> = titles().into_iter().filter(|title| !before.contains(title)).collect();
        assert_eq!(added, ["The Thing (1982)"], "{recipe}");
    }
}

#[test]
fn every_example_is_a_recipe_that_is_tested() {
    let files = fs::read_dir(repository().join("examples")).unwrap().flatten();
    let names = files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".yml")?.to_owned()));
    let mut names: Vec<String> = names.filter(|name| name != "quickstart").collect();
    names.sort();
    let mut recipes = RECIPES.map(str::to_owned);
    recipes.sort();
    assert_eq!(names, recipes);
}
