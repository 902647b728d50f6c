//! Hostile texts on every way to a terminal: none is obeyed, none makes a line of its own.

use flexget_tests::{Ran, Sandbox};
use serde_json::json;
use trakt_sim::{Fault, Reply};

/// What a terminal would obey, or what would begin a line of its own.
const PAYLOADS: [&str; 27] = [
    "x\u{1b}[31mred",
    "x\u{1b}]0;owned\u{7}",
    "x\u{1b}]8;;http://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "x\u{1b}]52;c;cm0gLXJm\u{7}",
    "x\u{1b}[2J\u{1b}[H",
    "x\u{1b}c",
    "x\u{1b}P1$r\u{1b}\\",
    "x\u{1b}[6n",
    "x\u{1b}[?1049h",
    "x\u{1b}(0",
    "x\u{1b}",
    "x\u{9b}31m",
    "x\u{9d}0;owned\u{9c}",
    "x\u{90}q\u{9c}",
    "x\u{85}FAKE",
    "x\rFAKE",
    "x\nFAKE",
    "x\r\n\r\nFAKE",
    "x\u{2028}FAKE",
    "x\u{b}\u{c}y",
    "x\u{8}\u{8}\u{8}y",
    "x\u{7}\u{e}\u{f}",
    "x\u{7f}",
    "x\u{202e}gnp.exe",
    "x\u{2066}y\u{2069}",
    "x\u{202d}\u{202a}\u{202b}\u{202c}\u{2067}\u{2068}",
    "x\u{200f}y\u{200e}z\u{61c}",
];

/// Writes a text as a double-quoted scalar of YAML and JSON, in ASCII.
fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
        .collect();
    format!("\"{escaped}\"")
}

fn is_obeyed(c: char) -> bool {
    let is_bidi = matches!(
        c,
        '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{61c}'
    );
    is_bidi || (c.is_control() && c != '\n')
}

/// Checks what a run has written. Status lines of a terminal are the program's own.
fn check(what: &str, payload: &str, ran: &Ran) {
    for stream in [&ran.stdout, &ran.stderr] {
        let own = stream.replace("\r\u{1b}[2K", "");
        let obeyed: Vec<char> = own.chars().filter(|c| is_obeyed(*c)).collect();
        assert!(obeyed.is_empty(), "{what}: {payload:?}: {obeyed:?} in {stream:?}");
        let fake = own.lines().find(|line| line.starts_with("FAKE"));
        assert_eq!(fake, None, "{what}: {payload:?}: {stream}");
    }
}

#[test]
fn no_name_title_or_argument_is_obeyed() {
    for (number, payload) in PAYLOADS.into_iter().enumerate() {
        let text = quoted(payload);
        let config = format!(
            "
            tasks:
              {text}:
                mock: [ {{ title: {text}, url: 'mock://x', note: {text} }} ]
                seen: no
                set: {{ said: {text} }}
                if: [ {{ 'note == 1': reject }}, {{ title: accept }} ]
                list_add: [ entry_list: {text} ]
              wrong: {{ mock: [ A ], {text}: yes, if: [ {{ {text}: accept }} ], exists_movie: {text} }}
            "
        );
        let sandbox = Sandbox::new(&config);
        // A pipe and a terminal in turn, because each is slow.
        let mut sandbox = if number % 2 == 0 { sandbox.on_terminal(100) } else { sandbox };
        sandbox.environment.insert("NO_COLOR".into(), "1".into());
        let file = format!("{}.yml", payload.replace(['/', '\0'], ""));
        std::fs::write(sandbox.folder().join(&file), "tasks: { a: { mock: [ A ], nope: 1 } }").unwrap();
        for line in [
            "execute -v".to_owned(),
            "execute --dump -v".to_owned(),
            "execute --dump-config".to_owned(),
            "execute --trace".to_owned(),
            format!("execute '{payload}'"),
            format!("execute --tasks 'no{payload}'"),
            "check".to_owned(),
            "execute --format json".to_owned(),
            format!("explain '{payload}'"),
            format!("explain '{payload}' '{payload}'"),
            format!("explain 'no{payload}'"),
            "doctor".to_owned(),
            "entry-list all".to_owned(),
            format!("entry-list list '{payload}'"),
            format!("entry-list show '{payload}' '{payload}'"),
            format!("entry-list del '{payload}' 'no{payload}'"),
            format!("movie-list add '{payload}'"),
            "movie-list list".to_owned(),
            format!("seen add '{payload}' --task '{payload}'"),
            "seen search x".to_owned(),
            format!("seen search 'no{payload}'"),
            format!("plugins '{payload}'"),
            format!("undo '{payload}'"),
            format!("trakt auth '{payload}'"),
            format!("trakt list '{payload}'"),
            format!("trakt app delete '{payload}'"),
            format!("trakt app set '{payload}' --client-secret s"),
            "trakt app".to_owned(),
            format!("'{payload}'"),
            format!("execute --'{payload}'"),
            format!("execute --color '{payload}'"),
            format!("check --format '{payload}'"),
            format!("changes list --limit '{payload}'"),
            format!("-c '{file}' check"),
            format!("-c 'no{file}' check"),
            format!("--database '{payload}.sqlite' seen search x"),
            format!("completions '{payload}'"),
            format!("import flexget-db '{payload}'"),
        ] {
            check(&line, payload, &sandbox.run(&line));
        }
        let accepted = sandbox.run("execute -v").stdout;
        assert!(accepted.contains("ACCEPTED"), "{payload:?}: {accepted}");
        sandbox.environment.insert("FLEXGET_LOG".into(), format!("{payload}="));
        check("FLEXGET_LOG", payload, &sandbox.run("check"));
    }
}

#[test]
fn nothing_that_a_service_says_is_obeyed() {
    for payload in PAYLOADS {
        let sandbox = Sandbox::new(
            "
            tasks:
              a: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }
              b:
                mock: [ { title: Up, imdb_id: tt1049413, movie_name: Up } ]
                accept_all: yes
                seen: no
                list_add: [ trakt_list: { account: me, list: favorites } ]
            ",
        )
        .with_sim();
        let mut sandbox = sandbox.on_terminal(100);
        sandbox.environment.insert("NO_COLOR".into(), "1".into());
        sandbox.authorize("me", "ann-kay");
        let said = |method: &str, path: &str, status: u16, body: serde_json::Value, line: &str| {
            sandbox.sim().fail(Fault::on(method, path).answers(Reply::json(status, &body)));
            let ran = sandbox.run(line);
            sandbox.sim().heal();
            check(&format!("{line} ({path}: {status})"), payload, &ran);
        };
        let movie = json!([{ "type": "movie", "movie": { "title": payload, "year": 1999, "ids": { "trakt": 1, "slug": payload } } }]);
        let error = json!({ "error": payload, "error_description": payload, "message": payload });
        said("GET", "/sync/watchlist", 200, movie, "execute -v --dump --no-cache");
        for status in [400, 401, 403, 409, 420, 422, 423, 426, 500] {
            said("GET", "/sync/watchlist", status, error.clone(), "execute --no-cache");
        }
        said("POST", "/sync/favorites", 422, error.clone(), "execute --tasks b");
        let lists = json!([{ "name": payload, "ids": { "trakt": 7, "slug": payload }, "item_count": 3 }]);
        said("GET", "/users/me/lists", 200, lists, "trakt lists me");
        let settings = json!({ "user": { "username": payload, "ids": { "slug": payload }, "vip": true } });
        said("GET", "/users/settings", 200, settings.clone(), "trakt list --verify");
        said("GET", "/users/settings", 200, settings.clone(), "doctor");
        said("GET", "/users/settings", 422, error.clone(), "trakt list --verify");
        let device = json!({ "device_code": "d", "user_code": payload, "verification_url": payload, "expires_in": 5, "interval": 5 });
        said("POST", "/oauth/device/code", 200, device, "trakt auth new");
        said("POST", "/oauth/device/code", 400, error.clone(), "trakt auth new");
        said("POST", "/oauth/device/token", 400, error.clone(), "trakt auth new");
        sandbox.sim().auto_approve(Some("ann-kay"), 0);
        said("GET", "/users/settings", 200, settings, "trakt auth new");
        said("POST", "/oauth/token", 400, error.clone(), "trakt refresh me");
        said("POST", "/oauth/revoke", 400, error, "trakt delete me --revoke");
        check("trakt list", payload, &sandbox.run("trakt list"));
        check("changes", payload, &sandbox.run("changes"));
    }
}
