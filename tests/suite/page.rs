//! The page about runs, in a real browser where there is one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use flexget_core::context::Clock;
use flexget_core::context::store::history::{RunCounts, RunDetails, RunEnd, RunOutcome};
use flexget_core::testing::NOW;
use flexget_tests::Sandbox;

/// Titles that try to be more than text.
const HOSTILE: [&str; 4] = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\\\"><svg/onload=document.title='owned'>",
    "</style></details><h1>owned</h1>",
];

/// A sandbox with days of runs: of a task with hostile titles, of one that writes to Trakt, of one that fails.
fn used() -> Sandbox {
    let titles: Vec<String> =
        HOSTILE.iter().map(|title| format!("\"{}\"", title.replace("\"", "\\\"").replace("\\\\", "\\"))).collect();
    let mut sandbox = Sandbox::new(&format!(
        "
        tasks:
          '<b>hostile</b>': {{ mock: [ {} ], if: [ \"'img' in title\": reject, \"'img' not in title\": accept ], seen: no }}
          watchlist:
            mock: [ {{ title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club }} ]
            accept_all: yes
            list_add: [ trakt_list: {{ account: me, list: watchlist }} ]
          broken: {{ csv: {{ url: '/<i>', values: {{ title: 1, url: 1 }} }} }}
        ",
        titles.join(", ")
    ))
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    for day in 0..6 {
        let clock = Clock::fixed(NOW + Duration::from_secs(day * 86_400 / 8));
        sandbox.clock = clock;
        sandbox.run("execute");
    }
    sandbox
}

#[test]
fn the_page_holds_what_happened_as_text() {
    let sandbox = used();
    let ran = sandbox.run("report page.html").good();
    assert_eq!(ran.stdout, "wrote page.html\n");
    let page = std::fs::read_to_string(sandbox.folder().join("page.html")).unwrap();
    for tag in ["<script", "<img", "<svg/", "<b>hostile", "<h1>owned", "<i>"] {
        assert!(!page.contains(tag), "{tag} is markup");
    }
    for part in [
        "&lt;script&gt;",
        "&lt;b&gt;hostile&lt;/b&gt;",
        "+ Fight Club",
        "flexget-rs undo 1",
        "rejected by if",
        "prefers-color-scheme: dark",
        "<svg viewBox",
        "trakt me",
        "6 in a row",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    for reach in ["http://", "https://", "src=", "@import"] {
        assert!(!page.replace("&lt;img src=x", "").contains(reach), "{reach} reaches out");
    }
}

#[test]
fn a_page_is_written_after_a_run_and_what_stops_that_is_said_once() {
    let sandbox = Sandbox::new("tasks:\n  a: { mock: [ A ], accept_all: yes, seen: no }\n");
    sandbox.run("execute --report pages/page.html").good();
    assert!(std::fs::read_to_string(sandbox.folder().join("pages/page.html")).unwrap().contains("1 produced"));
    sandbox.run("execute --report other.html --test").good();
    sandbox.run("report other.html --test").good();
    assert!(!sandbox.folder().join("other.html").exists());
    let ran = sandbox.run("execute --report config.yml/page.html");
    assert_eq!((ran.code, ran.stderr.matches("cannot be written").count()), (1, 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("= help: check the permissions"), "{}", ran.stderr);
}

#[test]
fn the_page_does_not_grow_with_tasks_accounts_and_runs() {
    let sandbox = Sandbox::new("tasks:\n  a: { mock: [ A ], accept_all: yes, seen: no }\n").with_sim();
    let store = sandbox.store();
    let run = |task: &str, days: u64, outcome: RunOutcome| {
        let id = store.begin_run(task, NOW - Duration::from_secs(days * 86_400)).unwrap();
        let counts = RunCounts { produced: 3, changed: 2, requests: 5, ..RunCounts::default() };
        let end = RunEnd {
            outcome,
            elapsed_ms: 5,
            counts,
            details: RunDetails::default(),
            acted_on: Vec::new(),
            others: Vec::new(),
        };
        store.end_run(id, task, &end).unwrap();
    };
    run("long ago", 31, RunOutcome::Ok);
    run("the oldest, which fails", 29, RunOutcome::Aborted);
    for task in 0..300 {
        run(&format!("task {task:03}"), 28 - task / 100, RunOutcome::Ok);
        sandbox.authorize(&format!("a{task:03}"), "ann-kay");
    }
    let page = || {
        sandbox.run("report page.html").good();
        std::fs::read_to_string(sandbox.folder().join("page.html")).unwrap()
    };
    let before = page();
    for part in ["the oldest, which fails", "task 299", "102 more are in", "100 more are well", "<b>602</b><span>items"]
    {
        assert!(before.contains(part), "{part} is missing");
    }
    assert!(!before.contains(">task 000<") && !before.contains(">long ago<"));
    assert_eq!(before.matches("</summary>").count(), 60, "runs with their entries");
    assert_eq!(before.matches("<rect class=\"produced\"").count(), 4, "a bar for each day with runs");
    for at in 0..500 {
        run("task 299", 26 - at % 20, RunOutcome::Ok);
    }
    let after = page();
    assert!(after.contains("<b>500</b><span>runs in 30 days"), "200 of a task are kept");
    assert!(after.len() < before.len() + 10_000, "{} bytes, then {}", before.len(), after.len());
}

/// The browser, if there is one.
fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
}

fn run(browser: &Path, profile: &Path, arguments: &[&str]) -> (String, String) {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"])
        .args(["--no-first-run", "--enable-logging=stderr", "--hide-scrollbars", "--virtual-time-budget=1000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_browser_shows_it_without_an_error_and_runs_none_of_it() {
    let Some(browser) = browser() else {
        flexget_tests::skipped("there is no Chromium; `.ci/run` installs it");
        return;
    };
    let sandbox = used();
    sandbox.run("report page.html").good();
    let page = sandbox.folder().join("page.html");
    let url = format!("file://{}", page.display());
    let profile = sandbox.folder().join("profile");
    let (document, log) = run(&browser, &profile, &["--dump-dom", &url]);
    assert!(document.contains("<title>config · flexget-rs</title>"), "{document}\n{log}");
    assert_eq!(document.matches("<h1>").count(), 1, "{document}");
    let console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{console:#?}");
    // Opened, so that what is in the runs is seen.
    let open = std::fs::read_to_string(&page).unwrap().replacen("<details class=\"run", "<details open class=\"run", 3);
    std::fs::write(&page, open).unwrap();
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    std::fs::create_dir_all(&shots).unwrap();
    for (theme, flag) in
        [("light", "--blink-settings=preferredColorScheme=1"), ("dark", "--blink-settings=preferredColorScheme=0")]
    {
        for (width, height) in [(390, 3000), (1280, 2200)] {
            let shot = shots.join(format!("{theme}-{width}.png"));
            let size = format!("--window-size={width},{height}");
            let (_, log) = run(&browser, &profile, &[flag, &size, &format!("--screenshot={}", shot.display()), &url]);
            let written = std::fs::metadata(&shot).map(|file| file.len()).unwrap_or_default();
            assert!(written > 10_000, "no screenshot: {log}");
        }
    }
    println!("screenshots are in {}", shots.display());
}
