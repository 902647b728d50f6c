//! Tokens and accounts: none is lost, and each is where it is looked for.

use flexget_core::context::auth::{AccountState, Auth};
use flexget_core::context::store::Store;
use flexget_tests::Sandbox;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use trakt_sim::{Fault, Reply};

use super::{authorize_expired, stored};

const READ: &str = "
    tasks:
      read: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }
    ";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(READ).with_sim();
    sandbox.sim().auto_approve(Some("ann-kay"), 0);
    sandbox
}

fn access(sandbox: &Sandbox) -> String {
    stored(sandbox).unwrap().tokens.access.expose_secret().to_owned()
}

/// A response with new tokens, one field of which is this.
fn with(field: &str, value: &Value) -> Reply {
    let mut body = json!({
        "access_token": "planted-access", "refresh_token": "planted-refresh", "token_type": "bearer",
        "expires_in": 604_800, "created_at": 1_795_500_000, "scope": "public",
    });
    if value == "missing" {
        body.as_object_mut().unwrap().remove(field);
    } else {
        body[field] = value.clone();
    }
    Reply::json(200, &body)
}

#[test]
fn new_tokens_are_kept_whatever_is_beside_them() {
    let sandbox = sandbox();
    let numbers = [json!("604800"), json!(604_800.5), json!(null), json!("missing"), json!("soon"), json!([1])];
    let far = [json!(1e300), json!(9_223_372_036_854_775_807_i64), json!(-5)];
    let scopes = [json!(["public", "private"]), json!(null), json!("missing"), json!({ "a": 1 }), json!(7)];
    let mut cases: Vec<(&str, Value)> = Vec::new();
    for field in ["expires_in", "created_at"] {
        cases.extend(numbers.iter().chain(&far).map(|value| (field, value.clone())));
    }
    cases.extend(scopes.iter().map(|value| ("scope", value.clone())));
    cases.extend([json!(null), json!("missing"), json!("")].map(|value| ("refresh_token", value)));
    for (field, value) in &cases {
        authorize_expired(&sandbox);
        sandbox.sim().fail(Fault::on("POST", "/oauth/token").once().answers(with(field, value)));
        sandbox.run("trakt refresh me").good();
        let account = stored(&sandbox).unwrap();
        assert_eq!(account.tokens.access.expose_secret(), "planted-access", "{field}: {value}");
        assert!(!account.tokens.refresh.expose_secret().is_empty(), "{field}: {value}");
        assert!(account.tokens.expires > sandbox.clock.now(), "{field}: {value}: {}", account.tokens.expires);
        sandbox.run("trakt list").good();
        if *field != "refresh_token" {
            sandbox.sim().fail(Fault::on("POST", "/oauth/device/token").once().answers(with(field, value)));
            sandbox.run("trakt auth me").good();
            assert_eq!(access(&sandbox), "planted-access", "{field}: {value}");
        }
    }
}

#[test]
fn new_tokens_are_kept_however_their_response_is_written() {
    let sandbox = sandbox();
    let tokens = r#""access_token": "planted-access", "refresh_token": "planted-refresh""#;
    let text = |text: String| Reply::text(200, &text);
    for reply in [
        text(format!("\u{feff}{{ {tokens} }}")),
        text(format!("{{ {tokens}, \"scope\": \"public\", \"scope\": \"public\" }}")),
        text(format!("{{ {tokens}, \"expires_in\": 1e400, \"created_at\": 1{} }}", "0".repeat(400))),
        text(format!("{{ {tokens}, \"more\": {}{} }}", "[".repeat(9_000), "]".repeat(9_000))),
        Reply::html(200, &format!("{{ {tokens} }}")),
    ] {
        authorize_expired(&sandbox);
        sandbox.sim().fail(Fault::on("POST", "/oauth/token").once().answers(reply.clone()));
        sandbox.run("trakt refresh me").good();
        assert_eq!(access(&sandbox), "planted-access", "{reply:?}");
        sandbox.sim().fail(Fault::on("POST", "/oauth/device/token").once().answers(reply.clone()));
        sandbox.run("trakt auth other").good();
    }
}

#[test]
fn tokens_that_cannot_be_sent_never_replace_good_ones() {
    let sandbox = sandbox();
    for token in ["", " ", "two\nlines", "töken"] {
        sandbox.authorize("me", "ann-kay");
        let before = access(&sandbox);
        let reply = with("access_token", &json!(token));
        sandbox.sim().fail(Fault::on("POST", "/oauth/token").times(2).answers(reply));
        let ran = sandbox.run("trakt refresh me");
        assert!(ran.code == 1 && ran.stderr.contains("tokens that cannot be used"), "{token:?}: {}", ran.stderr);
        assert_eq!(access(&sandbox), before, "{token:?}");
        sandbox.sim().heal();
        sandbox.run("execute").good();
    }
}

#[test]
fn a_user_name_is_saved_without_the_tokens_that_a_renewal_has_replaced() {
    let sandbox = sandbox();
    // The first token is refused, so that it is renewed while the user is asked for.
    sandbox.sim().with(|world| world.oauth.renewal_ends_access = true);
    sandbox.sim().fail(Fault::on("GET", "/users/settings").once().answers(Reply::empty(401)));
    sandbox.run("trakt auth me").good();
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1);
    assert_eq!(stored(&sandbox).unwrap().user.as_deref(), Some("Ann.Kay"));
    sandbox.run("execute").good();
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1, "the tokens that are stored are alive");
}

#[test]
fn a_dead_refresh_token_is_known_by_the_text_of_the_standard() {
    let text = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI \
                used in the authorization request, or was issued to another client.";
    let sandbox = sandbox();
    authorize_expired(&sandbox);
    let reply = Reply::json(400, &json!({ "error": "invalid_grant", "error_description": text }));
    sandbox.sim().fail(Fault::on("POST", "/oauth/token").answers(reply));
    for line in ["execute", "execute", "trakt refresh me"] {
        let ran = sandbox.run(line);
        assert!(ran.code == 1 && ran.stderr.contains("run `flexget-rs trakt auth me`"), "{line}: {}", ran.stderr);
    }
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1, "nobody exchanges it again");
    assert!(matches!(stored(&sandbox).unwrap().state, AccountState::NeedsAuthorization(_)));
    assert!(sandbox.run("trakt list").good().stdout.contains("needs authorization again"));
    let ran = sandbox.run("trakt list --verify");
    assert!(ran.code == 1 && ran.stderr.contains("not confirmed: account `me`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("run `flexget-rs trakt auth me`"), "{}", ran.stderr);
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().heal();
    sandbox.run("trakt list --verify").good();
}

#[test]
fn an_account_is_found_by_every_config_and_its_application_outlives_it() {
    let mut sandbox = sandbox();
    sandbox.write("elsewhere/tidy.yml", READ);
    sandbox.run("trakt auth me").good();
    sandbox.run("-c elsewhere/tidy.yml execute").good();
    assert!(sandbox.run("-c elsewhere/tidy.yml trakt list").good().stdout.contains("Ann.Kay"));
    // One file for everything, if that is wanted.
    assert!(!sandbox.run("--database one.sqlite trakt list").good().stdout.contains("Ann.Kay"));
    sandbox.run("trakt delete me").good();
    for variable in ["FLEXGET_TRAKT_CLIENT_ID", "FLEXGET_TRAKT_CLIENT_SECRET"] {
        sandbox.environment.remove(variable);
    }
    sandbox.run("trakt auth me").good();
    assert_eq!(stored(&sandbox).unwrap().client_id, trakt_sim::CLIENT_ID);
}

#[test]
fn accounts_beside_a_config_are_moved_and_that_is_said_once() {
    let sandbox = sandbox();
    sandbox.authorize("me", "ann-kay");
    let account = stored(&sandbox).unwrap();
    std::fs::remove_file(sandbox.accounts()).unwrap();
    let beside = Store::at(sandbox.folder().join("flexget-rs.sqlite"));
    Auth::new(beside, sandbox.clock.clone()).save(&account).unwrap();
    let ran = sandbox.run("--test execute");
    assert!(ran.code == 1 && ran.stderr.contains("are not used: me; without `--test` they move to"), "{}", ran.stderr);
    let in_auth_store = Auth::new(Store::at(sandbox.accounts()), sandbox.clock.clone()).account("trakt", "me");
    assert!(in_auth_store.unwrap().is_none());
    let ran = sandbox.run("execute").good();
    assert!(ran.stderr.contains("moved account `me` from the database"), "{}", ran.stderr);
    let ran = sandbox.run("execute").good();
    assert!(!ran.stderr.contains("moved"), "{}", ran.stderr);
    sandbox.write("elsewhere/tidy.yml", READ);
    sandbox.run("-c elsewhere/tidy.yml execute").good();
}

/// Lets the files of the program grow to some size only, as a full disk does.
#[cfg(unix)]
#[test]
fn nothing_is_exchanged_that_the_disk_has_no_room_for() {
    let mut sandbox = Sandbox::new(READ);
    sandbox.clock = flexget_core::context::Clock::system();
    let sandbox = sandbox.with_sim();
    let mut refused = 0;
    for blocks in (0..400).step_by(16) {
        let _ = std::fs::remove_file(sandbox.accounts());
        sandbox.authorize("me", "ann-kay");
        let before = (access(&sandbox), sandbox.sim().count("POST", "/oauth/token"));
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {} trakt refresh me", crate::PROGRAM);
        let mut command = sandbox.process("/bin/sh", "");
        let output = command.arg("-c").arg(script).output().unwrap();
        let exchanged = sandbox.sim().count("POST", "/oauth/token") - before.1;
        let is_new = access(&sandbox) != before.0;
        assert_eq!((exchanged == 1, output.status.success()), (is_new, is_new), "{blocks}");
        refused += usize::from(!is_new);
    }
    assert!((1..25).contains(&refused), "{refused}");
}
