//! Rows of several configs in one database: each says whose they are.

use flexget_tests::Sandbox;

const CONFIG: &str = "
    tasks:
      a:
        mock: [ { title: Fight Club, movie_name: Fight Club, imdb_id: tt0137523 } ]
        accept_all: yes
        list_add: [ entry_list: films, trakt_list: { account: me, list: watchlist } ]
    ";

/// A sandbox where `config.yml` has changed lists, and `tidy.yml` nothing yet.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(CONFIG).with_sim();
    sandbox.sim().with(|world| world.fill_watchlist("ann-kay", 0));
    sandbox.authorize("me", "ann-kay");
    sandbox.write("tidy.yml", CONFIG);
    sandbox.run("execute").good();
    sandbox
}

#[test]
fn commands_that_find_nothing_say_which_other_configs_have_rows() {
    let sandbox = sandbox();
    for (line, found) in [
        ("seen search nothing", "none by `tidy.yml`; 1 by `config.yml`: `-c config.yml` or `--all`"),
        ("entry-list all", "none by `tidy.yml`; 1 by `config.yml`: `-c config.yml` or `--all`"),
        ("changes", "none by `tidy.yml`; 1 by `config.yml`: `-c config.yml` or `--all`"),
    ] {
        let ran = sandbox.run(&format!("-c tidy.yml {line}")).good();
        assert!(ran.stderr.contains(found), "{line}: {}{}", ran.stdout, ran.stderr);
        let own = sandbox.run(line).good();
        assert!(!own.stderr.contains("--all"), "{line}: nobody else has any: {}", own.stderr);
    }
    let alone = sandbox.run("entry-list list films").good();
    assert!(alone.stdout.contains("Fight Club") && !alone.stderr.contains("tidy.yml"), "{alone:?}");
    sandbox.run("-c tidy.yml entry-list add films Solaris http://x/1").good();
    let shown = sandbox.run("entry-list list films").good();
    assert!(shown.stderr.contains("by `config.yml`; 1 by `tidy.yml`: `-c tidy.yml`"), "{shown:?}");
    sandbox.run("-c tidy.yml entry-list purge films --yes").good();
    let missing = sandbox.run("-c tidy.yml entry-list list films");
    assert!(missing.code == 1 && missing.stderr.contains("1 by `config.yml`: `-c config.yml`"), "{}", missing.stderr);
}

#[test]
fn rows_of_all_configs_are_shown_with_their_config() {
    let sandbox = sandbox();
    sandbox.run("trakt list me").good();
    sandbox.run("undo last").good();
    sandbox.run("-c tidy.yml execute").good();
    let configs = |line: &str| -> Vec<String> {
        let shown = sandbox.run(&format!("{line} --format json")).good().json();
        let rows = shown.as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["config"].as_str().unwrap_or("?").to_owned()).collect()
    };
    for (line, own, all) in [
        ("seen search Fight", vec!["config"], vec!["config", "tidy"]),
        ("entry-list all", vec!["config"], vec!["config", "tidy"]),
        ("changes", vec!["config", "config"], vec!["tidy", "config", "config"]),
        ("changes list", vec!["config", "config"], vec!["tidy", "config", "config"]),
    ] {
        assert_eq!(configs(line), own, "{line}");
        assert_eq!(configs(&format!("{line} --all")), all, "{line}");
        let text = sandbox.run(line).good();
        let counted = format!("{} by `config.yml`; 1 by `tidy.yml`: `-c tidy.yml` or `--all`", own.len());
        assert!(text.stdout.contains("by `config.yml`") && text.stderr.contains(&counted), "{line}: {text:?}");
        let text = sandbox.run(&format!("{line} --all")).good();
        assert!(text.stdout.contains("config.yml") && text.stdout.contains("tidy.yml"), "{line}: {}", text.stdout);
        assert!(!text.stderr.contains("--all"), "{line}: {}", text.stderr);
    }
}

#[test]
fn a_change_of_another_config_is_undone_only_where_that_is_said() {
    let sandbox = sandbox();
    let refused = sandbox.run("-c tidy.yml undo 1");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("change 1 was made by `config.yml`"), "{}", refused.stderr);
    assert!(refused.stderr.contains("name it with `-c config.yml`, or say `--all`"), "{}", refused.stderr);
    let nothing = sandbox.run("-c tidy.yml undo last");
    assert!(
        nothing.stderr.contains("none by `tidy.yml`; 1 by `config.yml`: `-c config.yml` or `--all`"),
        "{nothing:?}"
    );
    assert_eq!(sandbox.run("-c tidy.yml changes show 1").code, 1);
    let unknown = sandbox.run("-c tidy.yml undo 77");
    assert!(unknown.stderr.contains("there is no change 77"), "{}", unknown.stderr);

    let shown = sandbox.run("-c tidy.yml changes show 1 --all").good().stdout;
    assert!(shown.contains("by `config.yml`") && shown.contains("Fight Club"), "{shown}");
    sandbox.run("-c tidy.yml undo last --all").good();
    assert!(sandbox.run("undo 1").stderr.contains("change 1 is undone already"));
}

#[test]
fn what_all_configs_have_seen_is_forgotten_where_that_is_said() {
    let sandbox = sandbox();
    sandbox.run("-c tidy.yml execute").good();
    let said = sandbox.run("-c tidy.yml seen forget 'Fight Club'").good().stdout;
    assert!(said.contains("removed 1 titles of `tidy.yml`"), "{said}");
    sandbox.run("-c tidy.yml execute").good();
    assert!(sandbox.run("--test seen forget --all --yes 'Fight Club'").good().stdout.contains("would remove 2 titles"));
    assert!(sandbox.run("seen forget --all --yes 'Fight Club'").good().stdout.contains("removed 2 titles"));
    assert!(sandbox.run("seen search --all Fight").good().stdout.contains("nothing that was seen"));
}
