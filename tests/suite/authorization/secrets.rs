//! No secret reaches anybody but Trakt and the database.

use std::fs;

use flexget_tests::{Ran, Sandbox};
use secrecy::ExposeSecret;
use serde_json::json;
use trakt_sim::{CLIENT_SECRET, Fault, Reply, Trouble};

use super::stored;

const CONFIG: &str = "
    tasks:
      read:
        trakt_list: { account: me, list: watchlist }
        trakt_lookup: { account: me }
        if: [ { trakt_watched: reject } ]
        accept_all: yes
        seen: no
        list_add: [ trakt_list: { account: me, list: ratings } ]
        list_remove: [ trakt_list: { account: me, list: favorites } ]
    ";

/// All secrets that there were so far.
#[derive(Default)]
struct Planted(Vec<String>);

impl Planted {
    fn look(&mut self, sandbox: &Sandbox) {
        self.0.push(CLIENT_SECRET.to_owned());
        if let Some(account) = stored(sandbox) {
            let tokens = &account.tokens;
            self.0.extend([&tokens.access, &tokens.refresh].map(|token| token.expose_secret().to_owned()));
        }
        self.0.extend(
            sandbox
                .sim()
                .with(|world| world.oauth.devices.iter().map(|device| device.device_code.clone()).collect::<Vec<_>>()),
        );
        // A service may give no refresh token.
        self.0.retain(|secret| !secret.is_empty());
        self.0.sort();
        self.0.dedup();
    }

    fn in_none_of(&self, what: &str, texts: &[&str]) {
        for secret in &self.0 {
            for text in texts {
                assert!(!text.contains(secret.as_str()), "{what} shows a secret: {text}");
            }
        }
    }
}

#[test]
fn no_secret_is_shown_whatever_happens_and_however_much_is_told() {
    let mut sandbox = Sandbox::new(CONFIG).with_sim();
    sandbox.sim().auto_approve(Some("ann-kay"), 1);
    let mut planted = Planted::default();
    let run = |sandbox: &Sandbox, planted: &mut Planted, line: &str| -> Ran {
        planted.look(sandbox);
        let ran = sandbox.run(line);
        planted.look(sandbox);
        planted.in_none_of(line, &[&ran.stdout, &ran.stderr]);
        ran
    };
    for level in ["", "-v ", "-vv ", "-vvv "] {
        for (line, code) in [
            ("trakt auth me", 0),
            ("trakt list", 0),
            ("trakt list --verify --format json", 0),
            ("trakt refresh me", 0),
            ("execute --test --dump eval", 0),
            ("execute --format json", 0),
            ("check", 0),
            ("trakt delete me --revoke", 0),
            ("trakt list me", 1),
        ] {
            let ran = run(&sandbox, &mut planted, &format!("{level}{line}"));
            assert!(ran.code == code || line.starts_with("execute"), "{line}: {}", ran.stderr);
        }
    }
    run(&sandbox, &mut planted, "-vvv trakt auth me").good();
    let account = stored(&sandbox).unwrap();
    planted.in_none_of("Debug", &[&format!("{account:?} {account:#?} {:?}", sandbox.store())]);

    // A service that repeats what it was sent, in every field that is shown.
    for path in ["/oauth/token", "/oauth/device/token", "/oauth/device/code", "/oauth/revoke"] {
        for (status, error) in
            [(400, "invalid_grant"), (400, "other"), (401, "invalid_client"), (403, "x"), (422, "x"), (500, "x")]
        {
            sandbox.authorize("me", "ann-kay");
            let account = stored(&sandbox).unwrap();
            let echo = format!(
                "you sent {} and {CLIENT_SECRET} and {}",
                account.tokens.refresh.expose_secret(),
                account.tokens.access.expose_secret()
            );
            let reply = Reply::json(status, &json!({ "error": error, "error_description": echo, "message": echo }));
            for trouble in [Trouble::Instead(reply), Trouble::Instead(Reply::text(status, &echo)), Trouble::CloseAfter]
            {
                sandbox.sim().fail(Fault::on("POST", path).times(3).with(trouble));
                for line in
                    ["-vvv trakt refresh me", "-vvv trakt auth me", "-vvv trakt delete me --revoke", "trakt list"]
                {
                    run(&sandbox, &mut planted, line);
                }
                sandbox.sim().heal();
                sandbox.authorize("me", "ann-kay");
            }
        }
    }
    // Tokens in an answer that is not as expected.
    for body in [json!({ "access_token": "planted-token-1", "refresh_token": 7 }), json!(["planted-token-1"])] {
        planted.0.push("planted-token-1".to_owned());
        for path in ["/oauth/token", "/oauth/device/token", "/oauth/device/code"] {
            sandbox.authorize("me", "ann-kay");
            sandbox.sim().fail(Fault::on("POST", path).times(2).answers(Reply::json(200, &body)));
            for line in ["-vvv trakt refresh me", "-vvv trakt auth me"] {
                run(&sandbox, &mut planted, line);
            }
            sandbox.sim().heal();
        }
    }
    for said in [
        "trace",
        "flexget_core::context::http=trace,flexget_core=trace",
        "reqwest=trace,hyper=trace,hyper_util=trace,trace",
    ] {
        sandbox.environment.insert("FLEXGET_LOG".into(), said.to_owned());
        run(&sandbox, &mut planted, "trakt auth me");
        run(&sandbox, &mut planted, "execute");
    }
    assert!(planted.0.len() > 20, "there were secrets to be found");
}

#[test]
fn a_crash_shows_no_secret() {
    let mut sandbox = Sandbox::new(CONFIG).with_sim();
    sandbox.authorize("me", "ann-kay");
    let mut planted = Planted::default();
    planted.look(&sandbox);
    for backtrace in ["0", "1", "full"] {
        sandbox.environment.insert("RUST_BACKTRACE".into(), backtrace.to_owned());
        let ran = sandbox.run_process(env!("CARGO_BIN_EXE_flexget-rs-that-crashes"), "-vvv crash me");
        assert_eq!(ran.code, 101, "{}", ran.stderr);
        assert!(ran.stderr.contains("REDACTED") && ran.stderr.contains("crash.rs"), "{}", ran.stderr);
        assert!(
            ran.stderr.starts_with("error: this is a bug in flexget-rs")
                || ran.stderr.contains("\nerror: this is a bug")
        );
        assert_eq!(ran.stderr.contains("please report it"), backtrace == "0", "{}", ran.stderr);
        planted.in_none_of("a crash", &[&ran.stdout, &ran.stderr]);
    }
}

#[cfg(unix)]
#[test]
fn the_database_is_for_its_owner_only_and_whoever_can_read_it_is_told_of() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new(CONFIG).with_sim();
    sandbox.sim().auto_approve(Some("ann-kay"), 0);
    let ran = sandbox.run("trakt auth me").good();
    assert!(!ran.stderr.contains("chmod"), "{}", ran.stderr);
    let accounts = sandbox.accounts();
    for folder in [sandbox.folder(), accounts.parent().unwrap()] {
        for file in fs::read_dir(folder).unwrap().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if name.contains("sqlite") {
                let mode = file.metadata().unwrap().permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{name}");
            }
        }
    }
    fs::set_permissions(&accounts, fs::Permissions::from_mode(0o644)).unwrap();
    for line in ["trakt list", "execute --test"] {
        let ran = sandbox.run(line);
        assert_eq!(
            ran.stderr.matches("holds credentials and others can read it (mode 644): run `chmod 600").count(),
            1,
            "{line}: {}",
            ran.stderr
        );
    }
}

#[test]
fn no_input_shows_what_its_url_holds() {
    const URL: &str = "http://s3cret:s3cret@127.0.0.1:9/s3cret/feed?passkey=s3cret#s3cret";
    for input in [
        format!("rss: '{URL}'"),
        format!("rss: {{ url: '{URL}', username: me, password: s3cret }}"),
        format!("csv: {{ url: '{URL}', values: {{ title: 1, url: 2 }} }}"),
        format!("text: {{ url: '{URL}', entry: {{ title: '(.*)', url: '(.*)' }} }}"),
        format!("inputs: [ csv: {{ url: '{URL}', values: {{ title: 1, url: 2 }} }} ]"),
    ] {
        let sandbox = Sandbox::new(&format!("tasks: {{ a: {{ {input}, accept_all: yes, seen: no }} }}\n"));
        for line in [
            "execute -vvv",
            "execute --format json",
            "execute --trace",
            "--log run.log -L trace execute",
            "explain a",
            "history --run 1",
            "history --run 1 --format json",
            "history --entries",
            "status",
            "status --format json",
            "check",
        ] {
            let ran = sandbox.run(line);
            let log = fs::read_to_string(sandbox.folder().join("run.log")).unwrap_or_default();
            let said = format!("{}{}{log}", ran.stdout, ran.stderr);
            assert!(!said.contains("s3cret"), "{input}, {line}: {said}");
            assert!(!line.starts_with("execute") || said.contains("127.0.0.1:9"), "{input}, {line}: {said}");
        }
    }
}
