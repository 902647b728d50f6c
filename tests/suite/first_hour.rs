//! The first hour of a new user: `init`, `trakt auth`, `doctor`, `trakt lists`, `execute`, `undo last`.

use flexget_tests::Sandbox;

#[test]
fn the_way_from_nothing_to_a_changed_list_and_back() {
    let sandbox = Sandbox::empty().with_sim();
    let nothing = sandbox.run("execute");
    assert!(nothing.code == 2 && nothing.stderr.contains("flexget-rs init"), "{}", nothing.stderr);
    let wrote = sandbox.run("init --account me").good();
    assert_eq!(wrote.stdout, "wrote ~/.config/flexget/config.yml\n");
    assert_eq!(wrote.stderr, "next: `flexget-rs trakt auth me`\n");
    assert_eq!(sandbox.run("init --account me").code, 1, "a config is never overwritten");
    assert_eq!(sandbox.run("check").good().stderr, "");
    let unauthorized = sandbox.run("execute");
    assert!(unauthorized.stderr.contains("flexget-rs trakt auth me"), "{}", unauthorized.stderr);
    sandbox.sim().auto_approve(Some("ann-kay"), 0);
    sandbox.run("trakt login me").good();
    let doctor = sandbox.run("doctor").good().stdout;
    for found in [
        "ok: config: ",
        "ok: database: ~/.config/flexget/flexget-rs.sqlite holds ",
        "ok: Trakt: ",
        "ok: clock: ",
        "ok: account `me`: valid",
    ] {
        assert!(doctor.contains(found), "{found}: {doctor}");
    }
    let size = |list: &str| {
        let lists = sandbox.run("trakt lists --format json").good().json();
        let list = lists.as_array().unwrap().iter().find(|one| one["list"] == list).unwrap().clone();
        list["items"].as_u64().unwrap()
    };
    // In the simulator, no watched movie is on the watchlist.
    sandbox.write(
        "watch.yml",
        "
        tasks:
          watch:
            trakt_list: { account: me, list: watched, type: movies, limit: 1 }
            accept_all: yes
            list_add: [ trakt_list: { account: me, list: watchlist } ]
        ",
    );
    sandbox.run("-c watch.yml execute").good();
    let before = size("watchlist");
    let ran = sandbox.run("run").good();
    let removed = before - size("watchlist");
    assert!(removed > 0, "nothing was watched: {}", ran.stdout);
    assert!(ran.stdout.contains(&format!("{removed} removed from trakt_list `watchlist`")), "{}", ran.stdout);
    sandbox.run("undo last").good();
    assert_eq!(size("watchlist"), before);
}

#[test]
fn init_asks_and_its_recipes_are_right() {
    let mut sandbox = Sandbox::empty().on_terminal(80);
    for (number, (answers, account)) in
        [(vec!["2", "ann kay"], "'ann kay'"), (vec!["3"], "first"), (vec!["", "me"], "me")].into_iter().enumerate()
    {
        sandbox.typed = answers.into_iter().map(str::to_owned).collect();
        let file = format!("{number}.yml");
        sandbox.run(&format!("-c {file} init")).good();
        let config = std::fs::read_to_string(sandbox.folder().join(&file)).unwrap();
        assert!(config.starts_with("# yaml-language-server: $schema=") && config.contains(account), "{config}");
        assert_eq!(sandbox.run(&format!("check {file}")).good().stderr, "");
    }
    sandbox.typed = vec!["4".to_owned(), "3".to_owned()];
    let asked_again = sandbox.run("-c again.yml init").good();
    assert!(asked_again.stderr.contains("`4` is not 1, 2 or 3"), "{}", asked_again.stderr);
    sandbox.terminal = None;
    let nobody = sandbox.run("-c other.yml init --format json");
    assert!(nobody.code == 1 && nobody.json()["error"]["hint"].is_string());
    let dry = sandbox.run("-c other.yml --test init --recipe hello").good();
    assert!(dry.stdout.contains("would write") && !sandbox.folder().join("other.yml").exists());
}

#[cfg(unix)]
#[test]
fn init_stands_wrong_answers_and_ctrl_c_on_a_narrow_terminal() {
    use crate::authorization::terminal::Terminal;
    let sandbox = Sandbox::empty();
    let config = sandbox.folder().join("home/.config/flexget/config.yml");
    let mut terminal = Terminal::start(&sandbox, 40, "init", false);
    terminal.until("Type a number [1]:");
    terminal.type_line("nine");
    terminal.until("`nine` is not 1, 2 or 3");
    terminal.type_line("1");
    terminal.until("Name of your Trakt account");
    terminal.stop();
    assert_eq!(terminal.end().0, Some(130));
    assert!(!config.exists());
    let mut terminal = Terminal::start(&sandbox, 40, "init", false);
    terminal.until("Type a number [1]:");
    terminal.type_line("3");
    assert_eq!(terminal.end().0, Some(0));
    assert!(config.exists());
}

#[test]
fn doctor_finds_what_is_wrong() {
    let mut sandbox = Sandbox::new("tasks:\n  a: { acept_all: yes }\n").with_sim();
    let ran = sandbox.run("doctor --format json");
    assert_eq!(ran.code, 1);
    let checks = ran.json()["checks"].clone();
    let state = |name: &str| {
        let found = checks.as_array().unwrap().iter().find(|check| check["name"] == name);
        found.map(|check| check["state"].clone()).unwrap_or_default()
    };
    assert_eq!(
        (state("config"), state("Trakt"), state("Trakt accounts")),
        ("error".into(), "ok".into(), "warning".into())
    );
    sandbox.environment.insert("FLEXGET_TRAKT_API_URL".into(), "http://127.0.0.1:9".into());
    let offline = sandbox.run("doctor");
    assert!(offline.code == 1 && offline.stdout.contains("error: Trakt: "), "{}", offline.stdout);
    let misspelt = Sandbox::new(
        "tasks:\n  a: { trakt_list: { account: mee, list: x }, if: [ trakt_watched: accept ], seen: no }\n",
    )
    .with_sim();
    misspelt.authorize("me", "ann-kay");
    let found = misspelt.run("doctor").stdout;
    for line in ["warning: config: config.yml has 1 warning\n", "error: account `mee`: config.yml names it"] {
        assert!(found.contains(line), "{line}: {found}");
    }
}

#[test]
fn purge_asks_on_a_terminal() {
    let mut sandbox = Sandbox::new("tasks:\n  a: { mock: [ A ], accept_all: yes, list_add: [ entry_list: x ] }\n");
    sandbox.run("execute").good();
    sandbox.terminal = Some(80);
    sandbox.typed = vec!["n".to_owned()];
    let refused = sandbox.run("entry-list purge x");
    assert!(refused.code == 1 && refused.stderr.contains("delete entry list `x` with 1 item? [y/N]"), "{refused:?}");
    sandbox.run("entry-list list x").good();
    sandbox.run("entry-list purge x --yes").good();
    assert_eq!(sandbox.run("entry-list list x").code, 1);
    for title in ["B", "C"] {
        sandbox.run(&format!("seen add {title}")).good();
    }
    let refused = sandbox.run("seen forget '*'");
    assert!(refused.code == 1 && refused.stderr.contains("forget 3 titles? [y/N]"), "{refused:?}");
    sandbox.run("seen forget B").good();
    sandbox.run("seen forget '*' --yes").good();
}

#[test]
fn bad_input_gets_a_clear_message_and_the_next_step() {
    let trakt = "tasks:\n  a: { trakt_list: { account: me, list: watchlist }, accept_all: yes }\n";
    let mut refused = Sandbox::new(trakt).with_sim();
    refused.environment.insert("FLEXGET_TRAKT_CLIENT_ID".into(), "nobody-knows-me".into());
    let revoked = Sandbox::new(trakt).with_sim();
    revoked.authorize("me", "ann-kay");
    revoked.sim().revoke("ann-kay");
    let mut shell = Sandbox::empty();
    shell.environment.insert("SHELL".into(), "/bin/tcsh".into());
    for (sandbox, line, code, told) in [
        (&Sandbox::empty(), "execute", 2, ["there is no config", "flexget-rs init"]),
        (&Sandbox::empty(), "explain a", 2, ["there is no config", "flexget-rs init"]),
        (&Sandbox::new("tasks: {}\n"), "check", 0, ["config.yml has no tasks", "add one below `tasks`"]),
        (&Sandbox::new("tasks: {}\n"), "execute", 0, ["config.yml has no tasks", "add one below `tasks`"]),
        (&Sandbox::new("templates: {}\n"), "execute", 2, ["a config needs `tasks`", "add `tasks`"]),
        (&refused, "trakt auth me", 1, ["client id", "https://app.trakt.tv/settings/apps/api"]),
        (&revoked, "execute", 1, ["`me`", "flexget-rs trakt auth me"]),
        (&shell, "completions", 2, ["the shell `/bin/tcsh`", "bash, elvish, fish, powershell, zsh"]),
        (&Sandbox::empty(), "completions", 2, ["SHELL is not set", "bash, elvish, fish, powershell, zsh"]),
        (&Sandbox::empty(), "completions tcsh", 2, ["tcsh", "bash, elvish, fish, powershell, zsh"]),
    ] {
        let ran = sandbox.run(line);
        assert_eq!(ran.code, code, "{line}: {}", ran.stderr);
        for word in told {
            assert!(ran.stderr.contains(word), "{line}: `{word}` is missing: {}", ran.stderr);
        }
    }
}

#[test]
fn forty_columns_are_enough() {
    let sandbox = Sandbox::new(
        "
        tasks:
          some films:
            mock: [ { title: The Assassination of Jesse James by the Coward Robert Ford, year: 2007 } ]
            if:
              - year > 2000 and 'Coward' in title: accept
            list_add: [ entry_list: films that are worth watching ]
        ",
    )
    .with_sim()
    .on_terminal(40);
    sandbox.authorize("me", "ann-kay");
    for line in [
        "check",
        "execute --test",
        "execute --test -v",
        "explain 'some films'",
        "doctor",
        "plugins",
        "plugins trakt_list",
        "trakt list",
        "help",
        "execute --help",
        "seen search Jesse",
        "changes list",
    ] {
        let ran = sandbox.run(&format!("--color never {line}"));
        for shown in ran.stdout.lines().chain(ran.stderr.lines()) {
            // Examples are shown as they are, and a word that is longer than a line stays whole.
            let is_whole = shown.starts_with("    ") || shown.starts_with("Usage:") || !shown.trim().contains(' ');
            assert!(shown.chars().count() <= 40 || is_whole, "{line}: {shown:?}");
        }
    }
}

#[test]
fn times_are_those_of_the_users_clock() {
    let mut sandbox =
        Sandbox::new("tasks:\n  a: { mock: [ A ], accept_all: yes, list_add: [ entry_list: x ] }\n").with_sim();
    sandbox.authorize("me", "ann-kay");
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    sandbox.clock = sandbox.clock.in_zone(zone);
    sandbox.run("execute").good();
    // The clock stands at midnight, UTC.
    for line in ["seen search A", "explain a A", "entry-list list x", "execute -v"] {
        let shown = sandbox.run(line).stdout;
        assert!(!shown.contains("00:00"), "{line}: {shown}");
    }
    for line in ["seen search A", "explain a A", "execute -v"] {
        let shown = sandbox.run(line).stdout;
        assert!(shown.contains("2026-11-24 09:00"), "{line}: {shown}");
    }
}

#[test]
fn what_people_type_is_understood_or_points_to_the_command() {
    let sandbox = Sandbox::new("tasks:\n  a: { mock: [ A ], accept_all: yes, seen: no }\n");
    for line in
        ["run", "run a", "execute a", "help", "help run", "check config.yml", "trakt login --help", "undo --help"]
    {
        assert_eq!(sandbox.run(line).code, 0, "{line}");
    }
    let undo = sandbox.run("undo last");
    assert!(undo.code == 1 && undo.stderr.contains("there is no change to undo"), "{}", undo.stderr);
    for (word, command) in
        [("login", "trakt auth NAME"), ("lists", "trakt lists"), ("test", "execute --test"), ("why", "explain")]
    {
        let ran = sandbox.run(word);
        assert!(ran.code == 2 && ran.stderr.contains(&format!("`flexget-rs {command}")), "{word}: {}", ran.stderr);
    }
}
