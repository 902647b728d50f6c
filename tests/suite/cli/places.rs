//! Where the config and the database are.

use flexget_tests::Sandbox;

use super::TWO_TASKS;

#[test]
fn without_a_config_it_says_where_it_looked_and_how_to_begin() {
    let sandbox = Sandbox::empty();
    let ran = sandbox.run("execute");
    assert_eq!(ran.code, 2);
    let here = sandbox.folder().display();
    assert_eq!(
        ran.stderr,
        format!(
            "error: there is no config `config.yml`: looked for {here}/config.yml, ~/.flexget/config.yml, ~/.config/flexget/config.yml
  = help: run `flexget-rs init` to write one, or name another one with `-c FILE`
"
        )
    );
}

#[test]
fn a_config_is_found_where_flexget_would_look() {
    let mut sandbox = Sandbox::empty();
    let config = |name: &str| format!("tasks:\n  {name}: {{ mock: [ A ], accept_all: yes }}\n");
    let ran_task = |sandbox: &Sandbox, line: &str| sandbox.run(line).json()["tasks"][0]["name"].clone();
    sandbox.write("home/.config/flexget/config.yml", &config("usual"));
    assert_eq!(ran_task(&sandbox, "execute --format json"), "usual");
    sandbox.write("home/.flexget/config.yml", &config("old"));
    assert_eq!(ran_task(&sandbox, "execute --format json"), "old");
    sandbox.write("config.yml", &config("here"));
    assert_eq!(ran_task(&sandbox, "execute --format json"), "here");
    sandbox.write("home/named.yml", &config("named"));
    sandbox.environment.insert("FLEXGET_CONFIG".into(), "~/named.yml".into());
    assert_eq!(ran_task(&sandbox, "execute --format json"), "named");
    assert_eq!(ran_task(&sandbox, "-c config.yml execute --format json"), "here");
}

#[test]
fn the_database_is_beside_the_config_or_where_it_is_wanted() {
    let mut sandbox = Sandbox::new(TWO_TASKS);
    sandbox.run("execute").good();
    assert!(sandbox.folder().join("flexget-rs.sqlite").exists());
    sandbox.environment.insert("FLEXGET_DATABASE".into(), "~/other.sqlite".into());
    sandbox.run("execute").good();
    assert!(sandbox.folder().join("home/other.sqlite").exists());
    sandbox.run("execute --database third.sqlite").good();
    assert!(sandbox.folder().join("third.sqlite").exists());
}

#[test]
fn two_configs_in_one_folder_do_not_see_what_the_other_has_seen() {
    let sandbox = Sandbox::new(TWO_TASKS);
    sandbox.write("sorting.yml", TWO_TASKS);
    sandbox.run("execute --tasks movies").good();
    let other = sandbox.run("-c sorting.yml execute --tasks movies --format json").good();
    assert_eq!(other.titles("movies", "accepted").len(), 2);
}

#[test]
fn commands_of_plugins_work_without_a_config_and_say_so() {
    let sandbox = Sandbox::empty().with_sim();
    let ran = sandbox.run("trakt list").good();
    assert!(
        ran.stderr.contains("note: there is no config yet: using the database ~/.config/flexget/flexget-rs.sqlite\n")
    );
    assert_eq!(sandbox.run("trakt list --format json").good().json(), serde_json::json!([]));
    let named = sandbox.run("-c nope.yml trakt list");
    assert_eq!(named.code, 2, "{}", named.stderr);
}
