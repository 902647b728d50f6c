//! The requests of each job: as few as there can be, in a table that is checked in.

use std::fmt::Write;
use std::path::Path;

use flexget_core::list::recovery;
use trakt_sim::{Limits, Options, Privacy, Sim, World};

use super::laws::pass;
use super::*;

/// Something that is done, and the least number of requests that it takes.
struct Job {
    name: &'static str,
    /// Tasks that run before; what was done then may be remembered.
    before: Vec<String>,
    /// Changes that others make on Trakt meanwhile.
    meanwhile: fn(&mut World),
    task: String,
    /// Whether the latest change is undone instead.
    is_undo: bool,
    least: usize,
    /// Purpose of the requests.
    why: &'static str,
}

fn job(name: &'static str, task: String, least: usize, why: &'static str) -> Job {
    Job { name, before: Vec::new(), meanwhile: |_| {}, task, is_undo: false, least, why }
}

impl Job {
    fn after(self, task: &str) -> Self {
        Self { before: vec![task.to_owned()], ..self }
    }

    fn again(self) -> Self {
        let task = self.task.clone();
        self.after(&task)
    }

    fn meanwhile(self, meanwhile: fn(&mut World)) -> Self {
        Self { meanwhile, ..self }
    }

    fn undone(self) -> Self {
        let task = self.task.clone();
        Self { is_undo: true, ..self.after(&task) }
    }

    /// Returns the requests, or what went wrong.
    fn used(&self) -> Result<Vec<String>, String> {
        let sandbox = world();
        for task in &self.before {
            let report = run(task, &sandbox.next_run());
            if let Some(error) = report.error {
                return Err(format!("before: {error:?}"));
            }
            pass(&sandbox, 60);
        }
        sandbox.sim.with(self.meanwhile);
        pass(&sandbox, 60);
        let cx = sandbox.next_run();
        if self.is_undo {
            let id = sandbox.cx.journal().list(1).unwrap()[0].id;
            let undone = testing::block_on(recovery::undo(id, "undo", &cx)).map_err(|error| error.to_string())?;
            if !undone.failed.is_empty() || undone.done == 0 {
                return Err(format!("{undone:?}"));
            }
        } else {
            let report = run(&self.task, &cx);
            if !report.is_ok() {
                return Err(format!("{report:?}"));
            }
        }
        Ok(sandbox.requests())
    }
}

/// Ann has a watchlist and a list of 300 movies each, has seen and collected some, and knows 13 shows.
fn world() -> Sandbox {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        world.switches.tidy_watchlist = false;
        let movies = world.add_movies(300);
        world.put(&Place::Watchlist("ann-kay".into()), &movies);
        let list = world.add_list(Some("ann-kay"), "Long", Privacy::Private);
        world.put(&Place::List(list), &movies);
        let copy = world.add_list(Some("ann-kay"), "Copy", Privacy::Private);
        world.put(&Place::List(copy), &movies[..290]);
        world.add_shows(13, 2, 5);
    }));
    pass(&sandbox, 600);
    sandbox
}

fn lookup(entries: &str, fields: &[&str]) -> String {
    let fields: String = fields.iter().map(|field| format!("  - {field} == 'never': fail\n")).collect();
    format!("mock: [ {entries} ]\ntrakt_lookup: {{ account: ann }}\nseen: no\nif:\n{fields}")
}

fn output(output: &str, entries: &str, list: &str) -> String {
    format!(
        "mock: [ {entries} ]\naccept_all: yes\nseen: no\n{output}: [ trakt_list: {{ account: ann, list: {list} }} ]"
    )
}

fn numbered(count: usize, entry: impl Fn(usize) -> String) -> String {
    (0..count).map(entry).collect::<Vec<_>>().join(", ")
}

fn jobs() -> Vec<Job> {
    let list = |name: &'static str, options: &str, least, why| job(name, read(options), least, why);
    let watchlist = "account: ann, list: watchlist";
    let long = "account: ann, list: Long";
    let title = |name, entry: &str, least, why| job(name, lookup(entry, &["trakt_genres"]), least, why);
    let film = "{ title: x, trakt_movie_id: 120, movie_name: Fight Club }";
    let episode = |id: &str| format!("{{ title: x, series_name: x, series_season: 1, series_episode: 1, {id} }}");
    let of_shows = numbered(100, |at| {
        let (show, number) = (510_000 + at % 13, at / 13);
        format!(
            "{{ title: 'e{at}', series_name: x, trakt_show_id: {show}, series_season: {}, series_episode: {} }}",
            number / 5 + 1,
            number % 5 + 1
        )
    });
    vec![
        list("watchlist of 300, cold", watchlist, 2, "its pages"),
        list("watchlist of 300, unchanged", watchlist, 1, "what has changed").again(),
        list("watchlist of 300, changed by one item", watchlist, 3, "what has changed, and its pages")
            .again()
            .meanwhile(|world| {
                let new = world.add_movies(1);
                world.put(&Place::Watchlist("ann-kay".into()), &new);
            }),
        list("own list of 300 by name, cold", long, 3, "the lists of the account, and its pages"),
        list("own list of 300 by name, unchanged", long, 1, "what has changed").again(),
        list("collected movies, cold", "account: ann, list: collection, type: movies", 1, "its page"),
        list("chart of 100", "list: trending, type: movies", 1, "its page"),
        title("movie by Trakt's number", "{ title: x, trakt_movie_id: 120 }", 1, "its summary"),
        title("movie by slug", "{ title: x, trakt_movie_slug: fight-club-1999 }", 1, "its summary"),
        title("movie by id at IMDb", "{ title: x, imdb_id: tt0137523, movie_name: Fight Club }", 1, "its summary"),
        title("movie by id at TMDB", "{ title: x, tmdb_id: 550, movie_name: Fight Club }", 1, "a search by id"),
        title(
            "movie by name and year",
            "{ title: Fight Club (1999), movie_name: Fight Club, movie_year: 1999 }",
            1,
            "a search",
        ),
        title("movie, known from an earlier run", film, 0, "nothing").again(),
        title("show by id at TVDB", "{ title: x, series_name: Harbour Lights, tvdb_id: 430001 }", 1, "a search by id"),
        title("show by name", "{ title: x, series_name: Harbour Lights }", 1, "a search"),
        job(
            "season of a known show",
            lookup("{ title: x, series_name: x, trakt_show_id: 3001, series_season: 1 }", &["trakt_season_name"]),
            1,
            "the show's seasons",
        ),
        job(
            "episode by its show's number",
            lookup(&episode("trakt_show_id: 3001"), &["trakt_ep_name"]),
            1,
            "the show's seasons",
        ),
        job(
            "episode by its show's id at TVDB",
            lookup(&episode("tvdb_id: 430001"), &["trakt_ep_name"]),
            2,
            "a search by id, and the show's seasons",
        ),
        job(
            "watched state of an episode, cold",
            lookup(&episode("trakt_show_id: 3001"), &["trakt_watched"]),
            2,
            "what has changed, and what was watched",
        ),
        job("100 episodes of 13 shows", lookup(&of_shows, &["trakt_ep_name"]), 13, "the seasons of each show"),
        job(
            "watched state of movies, cold",
            lookup(film, &["trakt_watched"]),
            2,
            "what has changed, and what was watched",
        ),
        job("watched state of movies, unchanged", lookup(film, &["trakt_watched"]), 1, "what has changed").again(),
        job(
            "watched state of a list that is read",
            format!("{}\ntrakt_lookup: {{ account: ann }}\nif: [ trakt_watched: reject ]", read(watchlist)),
            5,
            "its pages, what has changed, and the watched movies and shows",
        ),
        job(
            "next episodes of what was watched, cold",
            "next_trakt_episodes: { account: ann, list: watched }\naccept_all: yes\nseen: no".to_owned(),
            1,
            "the progress with all that was watched",
        ),
        job(
            "calendar of 7 days",
            "trakt_calendar: { account: ann, type: shows, start_day: -7, days: 7 }\naccept_all: yes\nseen: no"
                .to_owned(),
            1,
            "the calendar",
        ),
        job("add to a watchlist", output("list_add", film, "watchlist"), 1, "the change"),
        job(
            "add 450 to a list",
            output(
                "list_add",
                &numbered(450, |at| format!("{{ title: 'm{at}', trakt_movie_id: {} }}", 500_000 + at % 300)),
                "watchlist",
            ),
            2,
            "a change for each 200 different items",
        ),
        job(
            "add a play",
            output("list_add", "{ title: x, trakt_movie_id: 500000 }", "history"),
            3,
            "the history up to an empty page, so that no play is added twice, and the change",
        ),
        job(
            "remove from a watchlist",
            output("list_remove", "{ title: x, trakt_movie_id: 500000 }", "watchlist"),
            3,
            "its pages, so that the change can be undone, and the change",
        ),
        job(
            "remove what is not on a watchlist",
            output("list_remove", "{ title: x, trakt_movie_id: 120, movie_name: Fight Club }", "watchlist"),
            3,
            "its pages, and the change, in case they do not show the item",
        ),
        job(
            "match with a list and remove from it",
            format!(
                "mock: [ {{ title: x, trakt_movie_id: 500000 }} ]\nseen: no\nlist_match: {{ from: [ trakt_list: {{ {watchlist} }} ] }}"
            ),
            4,
            "its pages up to an empty one, and the change",
        ),
        job(
            "clear a list of 300",
            format!("list_clear: {{ what: [ trakt_list: {{ {watchlist} }} ] }}"),
            5,
            "its pages up to an empty one, and two changes",
        ),
        job(
            "mirror a list of 300",
            format!(
                "list_sync: {{ from: {{ trakt_list: {{ {long} }} }}, to: {{ trakt_list: {{ account: ann, list: Copy }} }} }}"
            ),
            8,
            "the lists of the account, the pages of both up to empty ones, and a change",
        ),
        job(
            "undo an addition",
            output("list_add", film, "watchlist"),
            4,
            "its pages up to an empty one, and the change",
        )
        .undone(),
        job(
            "undo a removal",
            output("list_remove", "{ title: x, trakt_movie_id: 500000 }", "watchlist"),
            4,
            "the change, the pages of the list, and its order",
        )
        .undone(),
    ]
}

#[test]
fn each_job_takes_the_least_number_of_requests() {
    let mut table = "# Requests\n\nWhat each job asks Trakt for: the least number of requests that it takes, and the number that is used. \
                     A test writes\nthis table, and fails when a job needs more (`BLESS=1 cargo test -p flexget-plugins requests`).\n\n\
                     | job | least | used | what for |\n|---|---|---|---|\n"
        .to_owned();
    let mut above = Vec::new();
    for job in jobs() {
        let used = match job.used() {
            Ok(used) => used,
            Err(reason) => {
                above.push(format!("{}: {reason}", job.name));
                continue;
            }
        };
        writeln!(table, "| {} | {} | {} | {} |", job.name, job.least, used.len(), job.why).unwrap();
        if used.len() != job.least {
            above.push(format!("{}: {} and not {}: {used:?}", job.name, used.len(), job.least));
        }
    }
    assert!(above.is_empty(), "{above:#?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/REQUESTS.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == table, "{} is not current, `BLESS=1` rewrites it", path.display());
}

#[test]
fn lookups_go_at_once_until_the_window_is_used_and_then_as_fast_as_it_allows() {
    let cx = testing::context();
    let clock = cx.clock.shared();
    let seed = Seed::empty().and(|world| {
        world.add_user("Ann.Kay");
        world.add_movies(1_200);
    });
    let sim = Sim::start(Options { seed, clock, limits: Limits::real(), ..Options::default() }).unwrap();
    let sandbox = Sandbox::of(cx, sim);
    let began = sandbox.cx.clock.now().as_millisecond();
    let entries = numbered(1_200, |at| format!("{{ title: 'm{at}', trakt_movie_id: {} }}", 500_000 + at));
    let report = run(&lookup(&entries, &["trakt_genres"]), &sandbox.next_run());
    assert!(report.entries.iter().all(|entry| entry.traces().is_empty()), "each was found");
    let times: Vec<i64> =
        sandbox.sim.requests().iter().filter(|seen| seen.status == 200).map(|seen| seen.time - began).collect();
    assert_eq!((times.len(), sandbox.sim.count("GET", "/movies/")), (1_200, 1_200), "none was refused");
    // Those that were in flight when the first had to wait came after it on this clock.
    let at_once = times.iter().filter(|at| **at == 0).count();
    assert!((442..=450).contains(&at_once), "all but the reserve of the window goes at once: {at_once}");
    let window = 300_000;
    for at in &times {
        let within = times.iter().filter(|other| (*at..at + window).contains(other)).count();
        assert!(within <= 500, "{within} requests in five minutes");
    }
    // 450 at once, 450 after five minutes, and the rest after ten.
    let least = 2 * window;
    let took = times.iter().max().unwrap();
    assert!(*took <= least + least / 20, "{took} ms, and {least} are the least");
}
