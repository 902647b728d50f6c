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
    for found in ["ok: config: ", "ok: database: ", "ok: Trakt: ", "ok: clock: ", "ok: account `me`: valid"] {
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
    sandbox.typed = vec!["4".to_owned()];
    assert_eq!(sandbox.run("-c other.yml init").code, 1);
    sandbox.terminal = None;
    let nobody = sandbox.run("-c other.yml init --format json");
    assert!(nobody.code == 1 && nobody.json()["error"]["hint"].is_string());
    let dry = sandbox.run("-c other.yml --test init --recipe hello").good();
    assert!(dry.stdout.contains("would write") && !sandbox.folder().join("other.yml").exists());
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
}

#[test]
fn purge_asks_on_a_terminal() {
    let mut sandbox = Sandbox::new("tasks:\n  a: { mock: [ A ], accept_all: yes, list_add: [ entry_list: x ] }\n");
    sandbox.run("execute").good();
    sandbox.terminal = Some(80);
    sandbox.typed = vec!["n".to_owned()];
    let refused = sandbox.run("entry-list purge x");
    assert!(refused.code == 1 && refused.stderr.contains("delete entry list `x` with 1 items? [y/N]"), "{refused:?}");
    sandbox.run("entry-list list x").good();
    sandbox.run("entry-list purge x --yes").good();
    assert_eq!(sandbox.run("entry-list list x").code, 1);
}
