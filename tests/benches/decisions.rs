//! Lookups and conditions over many entries: what a task does between its input and its output.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use flexget_core::config::plan::TaskPlan;
use flexget_core::context::store::Store;
use flexget_core::context::{Context, Environment};
use flexget_core::entry::{Entry, State};
use flexget_core::task::Task;
use flexget_core::task::phase::Phase;
use flexget_core::testing;
use flexget_core::value::Value;
use flexget_plugins as _;
use tokio::runtime::{Builder, Runtime};
use trakt_sim::{CLIENT_ID, Options, Seed, Sim};

/// The rules that are measured: three of those that users write, on dates, lists and numbers.
const RULES: &str = "if:
  - trakt_watched: reject
  - \"trakt_released < now - timedelta(days=365) and 'drama' in trakt_genres\": accept
  - trakt_rating > 7 or trakt_movie_year >= now.year - 1: accept
";

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap_or_else(|error| panic!("no runtime: {error}"))
}

/// The only task of a config, given its body.
fn task(body: &str) -> TaskPlan {
    let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
    let plan = testing::plan_of(&format!("tasks:\n  bench:\n{body}"));
    let plan = plan.unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    plan.tasks.into_iter().next().unwrap_or_else(|| panic!("no task"))
}

/// Runs what a task does in these phases with these entries, and gives what became of them.
async fn act(plan: &TaskPlan, phases: &[Phase], entries: Vec<Entry>, cx: &Context) -> Task {
    let mut task = Task::new("bench", cx.clone());
    task.produce(entries);
    for step in plan.steps.iter().filter(|step| phases.contains(&step.phase)) {
        step.run(&mut task).await.unwrap_or_else(|error| panic!("{error}"));
    }
    task
}

/// A movie as a list with all its details gives it.
fn movie(number: i64) -> Entry {
    let genres: Value = if number % 3 == 0 { ["drama", "crime"] } else { ["comedy", "action"] }.into_iter().collect();
    let released = jiff::civil::date(i16::try_from(1990 + number % 37).unwrap_or(1990), 6, 15);
    Entry::new(format!("Movie {number} (1999)"), format!("https://trakt.tv/movies/movie-{number}"))
        .with("movie_name", format!("Movie {number}"))
        .with("movie_year", 1990 + number % 37)
        .with("trakt_movie_name", format!("Movie {number}"))
        .with("trakt_movie_year", 1990 + number % 37)
        .with("trakt_movie_id", number)
        .with("trakt_movie_slug", format!("movie-{number}"))
        .with("imdb_id", format!("tt{number:07}"))
        .with("tmdb_id", number + 100_000)
        .with("trakt_overview", "A story that is told in a sentence or two, as most are.")
        .with("trakt_released", Value::Date(released))
        .with("trakt_runtime", 110i64)
        .with("trakt_votes", 1_000i64)
        .with("trakt_language", "en")
        .with("trakt_genres", genres)
        .with("trakt_rating", 4.0 + (number % 60) as f64 / 10.0)
        .with("trakt_watched", number % 7 == 0)
}

fn conditions(criterion: &mut Criterion) {
    let runtime = runtime();
    // Nothing is asked: all fields are known.
    let cx = with_trakt_at("http://127.0.0.1:1", testing::context());
    let entries: Vec<Entry> = (1..=10_000).map(movie).collect();
    let mut group = criterion.benchmark_group("10,000 entries through `if` with three expressions");
    group.sample_size(20).throughput(Throughput::Elements(10_000));
    for (name, body) in [("known fields", String::new()), ("with a lookup", "trakt_lookup: yes\n".to_owned())] {
        let plan = task(&format!("{body}seen: no\n{RULES}"));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || (entries.clone(), testing::next_run(&cx)),
                |(entries, cx)| {
                    let task = runtime.block_on(act(&plan, &[Phase::Metainfo, Phase::Filter], entries, &cx));
                    assert!(task.accepted().count() > 1_000 && task.warnings().is_empty(), "{:?}", task.warnings());
                    task
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// Returns the context of a user with an application, whose Trakt is at this address.
fn with_trakt_at(url: &str, cx: Context) -> Context {
    let variables = BTreeMap::from([
        ("FLEXGET_TRAKT_API_URL", url.to_owned()),
        ("FLEXGET_TRAKT_AUTH_URL", url.to_owned()),
        ("FLEXGET_TRAKT_CLIENT_ID", CLIENT_ID.to_owned()),
    ]);
    let environment = Environment::new(move |name| variables.get(name).cloned());
    Context { environment, ..cx }
}

/// A world with a simulated Trakt of so many movies, all of which have been looked up before.
fn warm(count: usize, store: Store, runtime: &Runtime, plan: &TaskPlan) -> (Sim, Context, Vec<Entry>) {
    let seed = Seed::empty().and(move |world| drop(world.add_movies(count)));
    let cx = testing::context_with(store);
    let sim = Sim::start(Options { seed, clock: cx.clock.shared(), ..Options::default() });
    let sim = sim.unwrap_or_else(|error| panic!("no simulator: {error}"));
    let cx = with_trakt_at(&sim.api_url(), cx);
    let ids: Vec<u64> = sim.with(|world| world.catalogue.movies.keys().copied().collect());
    let entry = |id: &u64| Entry::new(format!("Movie {id}"), "mock://m").with("trakt_movie_id", *id as i64);
    let entries: Vec<Entry> = ids.iter().map(entry).collect();
    runtime.block_on(look_up(plan, entries.clone(), &cx));
    assert_eq!(sim.requests().len(), count, "every movie is asked for once");
    sim.forget_requests();
    (sim, cx, entries)
}

async fn look_up(plan: &TaskPlan, entries: Vec<Entry>, cx: &Context) -> Task {
    let mut task = act(plan, &[Phase::Metainfo], entries, cx).await;
    task.need(&["trakt_rating"]).await;
    let is_known = |entry: &Entry| entry.has("trakt_rating") && entry.state() == State::Undecided;
    assert!(task.entries.iter().all(is_known), "{:?}", task.warnings());
    task
}

fn lookups(criterion: &mut Criterion) {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
    let plan = task("trakt_lookup: yes\nseen: no\naccept_all: yes\n");
    let (sim, cx, entries) = warm(1_000, Store::at(folder.path().join("bench.sqlite")), &runtime, &plan);
    let mut group = criterion.benchmark_group("lookup of 1,000 movies");
    group.sample_size(20).throughput(Throughput::Elements(1_000));
    group.bench_function("from what is kept", |bencher| {
        bencher.iter_batched(
            || (entries.clone(), testing::next_run(&cx)),
            |(entries, cx)| black_box(runtime.block_on(look_up(&plan, entries, &cx))),
            BatchSize::LargeInput,
        );
    });
    assert_eq!(sim.requests().len(), 0, "nothing is asked again");
    group.finish();
}

criterion_group!(benches, conditions, lookups);
criterion_main!(benches);
