use serde_json::json;

use super::*;
use crate::seed::{CLIENT_SECRET, REDIRECT_URI};
use crate::{Fault, Trouble};

struct Code {
    device: String,
    user: String,
}

fn code(bench: &Bench) -> Code {
    let got = bench.oauth("/oauth/device/code", json!({ "client_id": CLIENT_ID }));
    assert_eq!(got.status, 200);
    let body = got.json();
    assert_eq!((&body["expires_in"], &body["interval"]), (&json!(600), &json!(5)));
    Code {
        device: body["device_code"].as_str().unwrap().to_owned(),
        user: body["user_code"].as_str().unwrap().to_owned(),
    }
}

fn poll(bench: &Bench, device: &str) -> Got {
    bench.oauth("/oauth/device/token", json!({ "code": device, "client_id": CLIENT_ID }))
}

fn renew(bench: &Bench, refresh: &str) -> Got {
    let body = json!({
        "refresh_token": refresh, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "redirect_uri": REDIRECT_URI, "grant_type": "refresh_token",
    });
    bench.oauth("/oauth/token", body)
}

#[test]
fn a_device_code_goes_through_its_states() {
    let bench = Bench::new();
    let approved = code(&bench);
    assert_eq!(poll(&bench, &approved.device).status, 400);
    bench.sim.approve(&approved.user, "Ann.Kay");
    let token = poll(&bench, &approved.device).json();
    assert_eq!(
        bench.sim.with(|world| world.oauth.user_of(token["access_token"].as_str().unwrap())),
        Some("ann-kay".into())
    );
    assert_eq!(poll(&bench, &approved.device).status, 409);

    let denied = code(&bench);
    bench.sim.deny(&denied.user);
    assert_eq!(poll(&bench, &denied.device).status, 418);

    let expired = code(&bench);
    bench.sim.expire(&expired.user);
    assert_eq!(poll(&bench, &expired.device).status, 410);
    let late = code(&bench);
    bench.pass(600);
    assert_eq!(poll(&bench, &late.device).status, 410);
    assert_eq!(poll(&bench, "unknown").status, 404);

    bench.sim.auto_approve(Some("bob"), 2);
    let auto = code(&bench);
    let statuses: Vec<u16> = (0..4).map(|_| poll(&bench, &auto.device).status).collect();
    assert_eq!(statuses, [400, 400, 200, 409]);
}

#[test]
fn polls_that_are_too_fast_are_refused_if_limits_hold() {
    let bench = Bench::with(Seed::small(), Limits::real());
    let code = code(&bench);
    assert_eq!(poll(&bench, &code.device).status, 400);
    assert_eq!(poll(&bench, &code.device).status, 429);
    bench.pass(5);
    assert_eq!(poll(&bench, &code.device).status, 400);
}

#[test]
fn a_refresh_token_works_once() {
    let bench = Bench::new();
    let first = bench.sim.token_for("ann-kay");
    let got = renew(&bench, &first.refresh_token);
    assert_eq!(got.status, 200);
    let second = got.json();
    let again = renew(&bench, &first.refresh_token);
    assert_eq!((again.status, again.json()["error"].as_str()), (400, Some("invalid_grant")));
    assert_eq!(again.json()["error_description"], "session not found");
    assert_eq!(renew(&bench, second["refresh_token"].as_str().unwrap()).status, 200);
    assert_eq!(bench.sim.with(|world| world.oauth.live_refresh_tokens("ann-kay")), 1);
}

#[test]
fn a_lost_answer_leaves_a_dead_token() {
    let bench = Bench::new();
    let token = bench.sim.token_for("ann-kay");
    bench.sim.fail(Fault::on("POST", "/oauth/token").with(Trouble::CloseAfter).once());
    let headers = [("User-Agent", "test"), ("Content-Type", "application/json")];
    let body = json!({
        "refresh_token": token.refresh_token, "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI,
        "grant_type": "refresh_token",
    });
    assert!(send(&bench.sim.auth_url(), "POST", "/oauth/token", &headers, &body.to_string()).is_err());
    assert!(!bench.sim.with(|world| world.oauth.refresh_is_live(&token.refresh_token)));
    assert_eq!(renew(&bench, &token.refresh_token).status, 400);
}

#[test]
fn clients_must_be_who_they_say() {
    let bench = Bench::new();
    let refresh = bench.sim.token_for("ann-kay").refresh_token;
    for (path, body, status, error) in [
        ("/oauth/device/code", json!({}), 400, "invalid_client"),
        ("/oauth/device/code", json!({ "client_id": "deleted" }), 401, "invalid_client"),
        (
            "/oauth/device/token",
            json!({ "client_id": CLIENT_ID, "client_secret": "wrong", "code": "x" }),
            401,
            "invalid_client",
        ),
        (
            "/oauth/token",
            json!({ "client_id": CLIENT_ID, "grant_type": "refresh_token", "refresh_token": refresh }),
            400,
            "invalid_grant",
        ),
        ("/oauth/token", json!({ "client_id": CLIENT_ID }), 400, "invalid_request"),
    ] {
        let got = bench.oauth(path, body);
        assert_eq!((got.status, got.json()["error"].as_str()), (status, Some(error)), "{path}");
    }
    bench.sim.with(|world| world.oauth.secret_required = true);
    let body = json!({ "client_id": CLIENT_ID, "code": "x" });
    assert_eq!(bench.oauth("/oauth/device/token", body).status, 401);
    assert_eq!(renew(&bench, &refresh).status, 200);
}

#[test]
fn a_renewal_may_end_the_old_access_token() {
    let mut bench = Bench::new();
    for (ends, status) in [(false, 200), (true, 401)] {
        bench.sim.with(|world| world.oauth.renewal_ends_access = ends);
        let token = bench.sim.token_for("ann-kay");
        bench.token = Some(token.access_token);
        assert_eq!(renew(&bench, &token.refresh_token).status, 200);
        assert_eq!(bench.get("/users/settings").status, status);
    }
}

#[test]
fn a_person_can_answer_on_the_page() {
    let bench = Bench::new();
    let (yes, no) = (code(&bench), code(&bench));
    let headers = [("User-Agent", "browser"), ("Content-Type", "application/x-www-form-urlencoded")];
    let page = |method, path: &str, body| send(&bench.sim.auth_url(), method, path, &headers, body).unwrap();
    assert!(page("GET", "/activate", "").body.contains("<form>"));
    assert!(page("GET", &format!("/activate/{}", yes.user), "").body.contains("Yes, as Ann.Kay"));
    assert_eq!(page("POST", &format!("/activate/{}", yes.user), "user=bob").status, 200);
    assert_eq!(page("POST", &format!("/activate/{}", no.user), "deny=1").status, 200);
    assert_eq!(page("GET", "/activate/NOSUCH", "").status, 404);
    assert_eq!((poll(&bench, &yes.device).status, poll(&bench, &no.device).status), (200, 418));
}

#[test]
fn revoking_kills_the_pair() {
    let mut bench = Bench::new();
    let token = bench.sim.token_for("ann-kay");
    bench.token = Some(token.access_token.clone());
    assert_eq!(bench.get("/users/settings").status, 200);
    assert_eq!(
        bench.oauth("/oauth/revoke", json!({ "client_id": CLIENT_ID, "token": token.access_token })).status,
        200
    );
    assert_eq!(bench.get("/users/settings").status, 401);
    assert_eq!(renew(&bench, &token.refresh_token).status, 400);
}
