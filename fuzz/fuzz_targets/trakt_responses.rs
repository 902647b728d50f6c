//! Any bytes as responses of Trakt → entries, outcomes or errors; never a panic, never a hang.
//!
//! The first byte says which plugin or command asks, the second how the responses are. The rest are the bodies,
//! divided by `\x1e`, of which the last repeats. Everything is asked for through the public door, so all types of
//! responses are read, and what is made of them is made.

#![no_main]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use flexget_core::config::plan::Plan;
use flexget_core::context::auth::{Account, Application, Auth, Tokens};
use flexget_core::context::http::{Http, HttpOptions};
use flexget_core::context::store::Store;
use flexget_core::context::{Context, Environment, Progress};
use flexget_core::plugin::command::Format;
use flexget_core::run;
use flexget_core::run::select::{Selection, select};
use flexget_core::testing;
use flexget_plugins as _;
use jiff::SignedDuration;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const LOOKUP: &str = "trakt_lookup: { account: me }\nset: { everything: '{{ trakt_watched }}{{ trakt_collected }}\
                      {{ trakt_rating }}{{ trakt_actors }}{{ trakt_translations }}{{ trakt_series_episodes }}\
                      {{ trakt_movie_user_rating }}{{ trakt_ep_name }}' }\naccept_all: yes\n";

/// The tasks, by the first byte of an input.
fn tasks() -> Vec<String> {
    let list = |options: &str| format!("trakt_list: {{ account: me, {options} }}\naccept_all: yes\n");
    let write = |plugin: &str, options: &str| {
        format!(
            "mock: [ {{ title: Up, trakt_movie_id: 1, movie_name: Up, movie_year: 2009 }} ]\naccept_all: yes\n\
             {plugin}: [ trakt_list: {{ account: me, {options} }} ]\n"
        )
    };
    vec![
        list("list: watchlist"),
        list("list: favorites, language: de"),
        list("list: watched, type: shows"),
        list("list: watched, type: episodes"),
        list("list: collection, type: movies"),
        list("list: collection, type: episodes"),
        list("list: history, type: episodes"),
        list("list: ratings, type: seasons"),
        list("list: trending, type: shows"),
        list("list: mine"),
        "trakt_calendar: { account: me, type: episodes, days: 7 }\naccept_all: yes\n".to_owned(),
        "trakt_calendar: { account: me, type: movies, days: 7 }\naccept_all: yes\n".to_owned(),
        "next_trakt_episodes: { account: me, list: watched }\naccept_all: yes\n".to_owned(),
        "next_trakt_episodes: { account: me, list: mine }\naccept_all: yes\n".to_owned(),
        format!("mock: [ {{ title: Up, trakt_movie_id: 1 }}, {{ title: Up, movie_name: Up, movie_year: 2009 }} ]\n{LOOKUP}"),
        format!("mock: [ A.Show.S01E02.720p, {{ title: x, trakt_show_id: 7 }} ]\nmetainfo_series: yes\n{LOOKUP}"),
        write("list_add", "list: watchlist"),
        write("list_add", "list: mine"),
        write("list_remove", "list: collection, type: movies"),
        write("list_remove", "list: history, type: movies"),
        "list_sync: { from: { trakt_list: { account: me, list: watchlist } }, to: { trakt_list: { account: me, list: \
         mine } } }\n"
            .to_owned(),
        write("list_add", "list: ratings, type: movies"),
    ]
}

/// The commands, by the first byte of an input that names no task.
const COMMANDS: [(&str, &str); 6] = [
    ("trakt lists", "{}"),
    ("trakt list", r#"{ "verify": true }"#),
    ("trakt doctor", "{}"),
    ("trakt auth", r#"{ "account": "new" }"#),
    ("trakt refresh", r#"{ "account": "me" }"#),
    ("trakt delete", r#"{ "account": "me", "revoke": true }"#),
];

/// The bodies of the next responses, and how they are sent.
#[derive(Default)]
struct Replies {
    bodies: Vec<Vec<u8>>,
    next: usize,
    style: u8,
}

struct Setup {
    plans: Vec<Plan>,
    http: Http,
    base: Context,
    replies: Arc<Mutex<Replies>>,
}

thread_local! {
    static SETUP: Setup = Setup::new();
}

fuzz_target!(|bytes: &[u8]| {
    let [scenario, style, bodies @ ..] = bytes else { return };
    SETUP.with(|setup| setup.run(usize::from(*scenario), *style, bodies));
});

impl Setup {
    fn new() -> Self {
        let replies = Arc::<Mutex<Replies>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::clone(&replies);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        let base = testing::context();
        let base = Context {
            environment: Environment::new(move |name| match name {
                "FLEXGET_TRAKT_API_URL" | "FLEXGET_TRAKT_AUTH_URL" => Some(address.clone()),
                "FLEXGET_TRAKT_CLIENT_ID" => Some("id".to_owned()),
                _ => None,
            }),
            ..base
        };
        let http = Http::new(HttpOptions::default(), Store::in_memory(), base.clock.clone(), Progress::none());
        let plan = |body: String| {
            let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
            testing::plan_of(&format!("tasks:\n  test:\n{body}")).unwrap_or_else(|errors| panic!("{errors:?}\n{body}"))
        };
        Self { plans: tasks().into_iter().map(plan).collect(), http, base, replies }
    }

    fn run(&self, scenario: usize, style: u8, bodies: &[u8]) {
        let bodies = bodies.split(|byte| *byte == 0x1e).map(<[u8]>::to_vec).collect();
        *self.replies.lock().unwrap_or_else(PoisonError::into_inner) = Replies { bodies, next: 0, style };
        let cx = self.context();
        let scenario = scenario % (self.plans.len() + COMMANDS.len());
        if let Some(plan) = self.plans.get(scenario) {
            let selection = Selection::default();
            let tasks = select(plan, &selection).expect("tasks");
            testing::block_on(run::run(&tasks, &selection, &cx, |_| ()));
            return;
        }
        let (words, arguments) = COMMANDS[scenario - self.plans.len()];
        let arguments: Value = serde_json::from_str(arguments).expect("arguments");
        let _ = testing::command(words, arguments, Format::Json, &cx);
    }

    fn context(&self) -> Context {
        let store = Store::in_memory();
        let auth = Auth::new(store.clone(), self.base.clock.clone());
        let now = self.base.clock.now();
        let expires = now + SignedDuration::from_hours(24 * 7);
        let tokens = Tokens::new("access".into(), "refresh".into(), now, expires);
        let mut account = Account::new("trakt", "me", Application::new("id", None), tokens);
        (account.user, account.user_slug) = (Some("Me".to_owned()), Some("me".to_owned()));
        auth.save(&account).expect("a stored account");
        Context { store, auth, http: self.http.clone(), ..testing::next_run(&self.base) }
    }
}

/// Answers the requests of a connection.
fn serve(stream: TcpStream, replies: &Mutex<Replies>) {
    let Ok(mut writer) = stream.try_clone() else { return };
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line).unwrap_or_default() == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or_default();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() || writer.write_all(&reply(replies)).is_err() {
            return;
        }
    }
}

fn reply(replies: &Mutex<Replies>) -> Vec<u8> {
    let mut replies = replies.lock().unwrap_or_else(PoisonError::into_inner);
    let body = replies.bodies.get(replies.next).or(replies.bodies.last()).cloned().unwrap_or_default();
    replies.next += 1;
    let status = match replies.style >> 5 {
        0..=4 => 200,
        5 => [201, 400, 401, 403][usize::from(replies.style & 3)],
        6 => [404, 409, 420, 422][usize::from(replies.style & 3)],
        _ => [423, 426, 429, 503][usize::from(replies.style & 3)],
    };
    let mut head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
    if replies.style & 4 != 0 {
        let pages = json!(replies.style & 3);
        head += &format!("x-pagination-page-count: {pages}\r\nx-pagination-item-count: {pages}\r\nx-pagination-limit: 250\r\n");
    }
    if replies.style & 8 != 0 {
        head += "retry-after: 1\r\ndate: Tue, 24 Nov 2026 00:00:00 GMT\r\n";
    }
    let mut reply = (head + "\r\n").into_bytes();
    reply.extend_from_slice(&body);
    reply
}
