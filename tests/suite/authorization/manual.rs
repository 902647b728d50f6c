//! What FlexGet's page on authorizing Trakt promises to users, sentence by sentence.

use flexget_core::config::schema;
use flexget_core::plugin::registry;
use flexget_tests::Sandbox;
use secrecy::ExposeSecret;

use super::{authorize_expired, stored};

fn sandbox(tasks: &str) -> Sandbox {
    let sandbox = Sandbox::new(&format!("tasks:\n{tasks}")).with_sim();
    sandbox.sim().auto_approve(Some("ann-kay"), 1);
    sandbox
}

#[test]
fn plugins_that_ask_trakt_have_the_options_account_and_username() {
    let asking: Vec<&str> = registry::all().keys().copied().filter(|name| name.contains("trakt")).collect();
    assert!(asking.contains(&"trakt_list") && asking.contains(&"trakt_lookup"), "{asking:?}");
    for name in asking {
        let schema = schema::plugin(name).unwrap_or_default().to_string();
        assert!(schema.contains("\"account\":"), "{name}");
        // Trakt has no calendar of another user.
        assert_eq!(schema.contains("\"username\":"), name != "trakt_calendar", "{name}");
    }
}

#[test]
fn an_account_reads_what_is_private_and_edits_lists() {
    let sandbox = sandbox(
        "
  read: { trakt_list: { account: mine, list: Hidden Gems }, accept_all: yes, seen: no }
  look:
    mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]
    trakt_lookup: { account: mine }
    seen: no
    if: [ { trakt_watched: accept }, { not trakt_watched: accept } ]
  add:
    mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]
    accept_all: yes
    seen: no
    list_add: [ trakt_list: { account: mine, list: Hidden Gems } ]
  remove:
    mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]
    accept_all: yes
    seen: no
    list_remove: [ trakt_list: { account: mine, list: Hidden Gems } ]
  clear:
    mock: [ A ]
    list_clear: { what: [ trakt_list: { account: mine, list: Hidden Gems } ] }
",
    );
    sandbox.sim().with(|world| world.add_list(Some("ann-kay"), "Hidden Gems", trakt_sim::Privacy::Private));
    let list = || {
        sandbox.sim().with(|world| {
            let list = world.list_id("ann-kay", "Hidden Gems").unwrap();
            world.contents(&trakt_sim::Place::List(list)).unwrap().items.len()
        })
    };
    // Without the account every one of them says what to run.
    for task in ["read", "look", "add", "remove", "clear"] {
        let ran = sandbox.run(&format!("execute --tasks {task}"));
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains("account `mine` has not been authorized"), "{task}: {said}");
        assert!(said.contains("run `flexget-rs trakt auth mine`"), "{task}: {said}");
    }
    assert!(sandbox.sim().requests().is_empty());
    sandbox.run("trakt auth mine").good();
    for (task, items) in [("add", 1), ("read", 1), ("look", 1), ("remove", 0), ("add", 1), ("clear", 0)] {
        let ran = sandbox.run(&format!("execute --tasks {task} --format json")).good();
        assert_eq!(list(), items, "{task}: {}", ran.stdout);
        if task != "clear" {
            assert_eq!(ran.titles(task, "accepted").len(), 1, "{task}: {}", ran.stdout);
        }
    }
}

#[test]
fn a_username_means_what_is_public_or_what_a_friend_shares() {
    let sandbox = sandbox(
        "
  public: { trakt_list: { username: bob, list: Public Gems }, accept_all: yes, seen: no }
  nobody: { trakt_list: { username: bob, list: For Friends }, accept_all: yes, seen: no }
  friend: { trakt_list: { account: ann, username: bob, list: For Friends }, accept_all: yes, seen: no }
  stranger: { trakt_list: { account: dan, username: bob, list: For Friends }, accept_all: yes, seen: no }
  own: { trakt_list: { account: ann, list: watchlist }, accept_all: yes, seen: no }
  same: { trakt_list: { account: ann, username: Ann.Kay, list: watchlist }, accept_all: yes, seen: no }
  share:
    mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]
    accept_all: yes
    list_add: [ trakt_list: { account: ann, username: bob, list: Movie Night } ]
",
    );
    sandbox.authorize("ann", "ann-kay");
    sandbox.authorize("dan", "dan");
    let titles = |task: &str| sandbox.run(&format!("execute --tasks {task} --format json")).titles(task, "accepted");
    assert!(!titles("public").is_empty());
    assert!(!titles("friend").is_empty());
    for task in ["nobody", "stranger"] {
        let ran = sandbox.run(&format!("execute --tasks {task}"));
        assert!(
            ran.code == 1 && ran.stderr.contains("`bob` has no Trakt list `For Friends`"),
            "{task}: {}",
            ran.stderr
        );
    }
    assert_eq!(titles("own"), titles("same"), "the account's own user is meant where none is named");
    assert_eq!(titles("own").len(), 8);
    assert_eq!(titles("share"), ["Fight Club"]);
}

#[test]
fn authorizing_gives_an_address_and_a_code_waits_and_stores_the_token() {
    let sandbox =
        sandbox("  read: { trakt_list: { account: any name, list: watchlist }, accept_all: yes, seen: no }\n");
    // The name has nothing to do with the Trakt user.
    let ran = sandbox.run("trakt auth 'any name'").good();
    let code = sandbox.sim().with(|world| world.oauth.devices[0].user_code.clone());
    let visit = format!("visit {}/activate and enter the code {code}\n", sandbox.sim().auth_url());
    assert!(ran.stdout.contains(&visit), "{}", ran.stdout);
    assert!(sandbox.sim().count("POST", "/oauth/device/token") > 1, "it waits");
    sandbox.run("execute").good();
    // And again, when something went wrong.
    sandbox.sim().revoke("ann-kay");
    let ran = sandbox.run("execute");
    assert!(ran.code == 1 && ran.stderr.contains("`flexget-rs trakt auth 'any name'`"), "{}", ran.stderr);
    sandbox.run("trakt auth 'any name'").good();
    sandbox.run("execute").good();
}

#[test]
fn a_token_is_renewed_by_hand_or_when_it_has_expired() {
    let sandbox = sandbox("  read: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }\n");
    authorize_expired(&sandbox);
    let token = || stored(&sandbox).unwrap().tokens.access.expose_secret().to_owned();
    let first = token();
    sandbox.run("execute").good();
    let second = token();
    assert_ne!(first, second);
    sandbox.run("trakt refresh me").good();
    assert_ne!(second, token());
}

#[test]
fn accounts_are_reviewed_and_deleted_one_by_one() {
    let sandbox = sandbox("  a: { mock: [ A ] }\n");
    sandbox.authorize("me", "ann-kay");
    sandbox.authorize("you", "bob");
    let all = sandbox.run("trakt list").good().stdout;
    assert_eq!(all.matches("2026-12-01 00:00 (in 7 days)").count(), 2, "{all}");
    let one = sandbox.run("trakt list you").good().stdout;
    assert!(one.contains("you") && !one.contains("ann-kay"), "{one}");
    let ran = sandbox.run("trakt delete me").good();
    assert!(
        ran.stdout.contains("does not revoke access on Trakt's side; to do that, visit https://"),
        "{}",
        ran.stdout
    );
    assert_eq!(sandbox.sim().with(|world| world.oauth.live_refresh_tokens("ann-kay")), 1);
    assert_eq!(sandbox.run("trakt delete").code, 2);
    assert_eq!(sandbox.run("trakt list --format json").good().json().as_array().map(Vec::len), Some(1));
}
