use std::cell::Cell;
use std::fs::File;
use std::path::Path;
use std::rc::Rc;

use jiff::{Timestamp, ToSpan};
use secrecy::ExposeSecret;
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet, yield_now};

use super::{Account, AccountState, Auth, RenewError, Tokens, renew_at};
use crate::context::Clock;
use crate::context::store::Store;
use crate::error::Error;

/// An account of the service `site`, whose tokens are made of `word`.
pub(crate) fn account(name: &str, word: &str) -> Account {
    Account {
        service: "site".to_owned(),
        name: name.to_owned(),
        client_id: "the-application".to_owned(),
        client_secret: Some(format!("{word}-client-secret").into()),
        tokens: tokens(word),
        user: Some("Me Myself".to_owned()),
        user_slug: Some("me-myself".to_owned()),
        state: AccountState::Ok,
    }
}

fn tokens(word: &str) -> Tokens {
    let created = "2026-11-24T10:00:00Z".parse::<Timestamp>().unwrap();
    Tokens {
        access: format!("{word}-access").into(),
        refresh: format!("{word}-refresh").into(),
        scope: Some("public".to_owned()),
        created,
        expires: created + 168.hours(),
    }
}

fn access(account: &Account) -> &str {
    account.tokens.access.expose_secret()
}

fn is_new(account: &Account) -> bool {
    access(account) == "new-access"
}

fn auth_at(path: &Path) -> Auth {
    Auth::new(Store::at(path), Clock::fixed(Timestamp::UNIX_EPOCH))
}

/// Runs in the way of the program: one thread, tasks that cannot be sent to another.
fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, work)
}

#[test]
fn accounts_are_kept_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    auth_at(&path).save(&account("me", "old")).unwrap();
    auth_at(&path).save(&account("alice", "a")).unwrap();
    let without = Account {
        client_id: "another".to_owned(),
        client_secret: None,
        user: None,
        user_slug: None,
        ..account("me", "new")
    };
    auth_at(&path).save(&without).unwrap();

    let auth = auth_at(&path);
    let found = auth.account("site", "me").unwrap().unwrap();
    let whole = |account: &Account| {
        let Account { client_id, client_secret, tokens, user, user_slug, state, .. } = account.clone();
        let secrets = [tokens.access, tokens.refresh].map(|secret| secret.expose_secret().to_owned());
        let client = (client_id, client_secret.map(|secret| secret.expose_secret().to_owned()));
        (client, secrets, tokens.scope, tokens.created, tokens.expires, user, user_slug, state)
    };
    assert_eq!(whole(&found), whole(&without));
    assert_eq!(whole(&auth.account("site", "alice").unwrap().unwrap()), whole(&account("alice", "a")));
    assert!(auth.account("elsewhere", "me").unwrap().is_none());
    assert_eq!(auth.accounts("site").unwrap().len(), 2);
    assert!(auth.delete("site", "me").unwrap() && !auth.delete("site", "me").unwrap());
    assert!(auth_at(&path).account("site", "me").unwrap().is_none());
}

#[test]
fn tokens_are_renewed_before_their_end() {
    let hours = |count: i64| Timestamp::UNIX_EPOCH + count.hours();
    // The life in hours, and the hour of renewal.
    for (life, renewed) in [(168, 144), (96, 72), (24, 18), (4, 3), (0, 0)] {
        assert_eq!(renew_at(hours(0), hours(life)), hours(renewed), "{life}");
    }
}

/// Twenty that need new tokens at the same time, on as many stores as there are.
async fn renew_at_once(stores: &[Store]) -> (u32, Vec<String>) {
    let refreshes = Rc::new(Cell::new(0));
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let auth = Auth::new(stores[number % stores.len()].clone(), Clock::fixed(Timestamp::UNIX_EPOCH));
        let refreshes = Rc::clone(&refreshes);
        tasks.spawn_local(async move {
            let refresh = async |old: &Account| {
                assert_eq!(old.tokens.refresh.expose_secret(), "old-refresh");
                refreshes.set(refreshes.get() + 1);
                for _ in 0..50 {
                    yield_now().await;
                }
                Ok(tokens("new"))
            };
            access(&auth.renew("site", "me", is_new, refresh).await.unwrap()).to_owned()
        });
    }
    let used = tasks.join_all().await;
    (refreshes.get(), used)
}

#[test]
fn of_many_one_renews() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let cases = [
        ("one store", vec![Store::at(path("one"))]),
        ("two stores on one file", vec![Store::at(path("two")), Store::at(path("two"))]),
        ("a dry run beside another", vec![Store::at(path("dry")).scratch(), Store::at(path("dry"))]),
        ("in memory", vec![Store::in_memory()]),
    ];
    for (name, stores) in cases {
        Auth::new(stores[0].clone(), Clock::system()).save(&account("me", "old")).unwrap();
        let (refreshes, used) = run(renew_at_once(&stores));
        assert_eq!(refreshes, 1, "{name}");
        assert_eq!(used, vec!["new-access"; 20], "{name}");
    }
}

#[test]
fn threads_renew_once_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("db");
    auth_at(path).save(&account("me", "old")).unwrap();
    let refreshes: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(move || run(renew_at_once(&[Store::at(path)])).0)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(refreshes, 1);
}

#[test]
fn another_process_is_waited_for_but_not_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let auth = auth_at(&path);
    auth.save(&account("me", "old")).unwrap();
    let lock = File::create(folder.path().join("db.lock")).unwrap();
    lock.lock().unwrap();

    run(async {
        let start = auth.clock.now();
        let error = auth.renew("site", "me", is_new, async |_: &Account| Ok(tokens("new"))).await.unwrap_err();
        assert!(error.message().contains("another process") && error.hint_text().is_some(), "{error}");
        assert_eq!(auth.clock.now().duration_since(start).as_secs(), 600);

        let release = async {
            for _ in 0..100 {
                yield_now().await;
            }
            // The other process has renewed.
            auth_at(&path).save(&account("me", "new")).unwrap();
            lock.unlock().unwrap();
        };
        let renew = auth.renew("site", "me", is_new, async |_: &Account| panic!("renewed twice"));
        assert!(is_new(&tokio::join!(renew, release).0.unwrap()));
    });
}

#[test]
fn a_renewal_that_is_cut_off_leaves_the_lock_free_and_the_old_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let auth = auth_at(&folder.path().join("db"));
    auth.save(&account("me", "old")).unwrap();
    run(async {
        let begun = Notify::new();
        let hanging = auth.renew("site", "me", is_new, async |_: &Account| {
            begun.notify_one();
            std::future::pending().await
        });
        tokio::select! {
            _ = hanging => panic!("it hangs"),
            () = begun.notified() => (),
        }
        assert_eq!(access(&auth.account("site", "me").unwrap().unwrap()), "old-access");
        auth.renew("site", "me", is_new, async |_: &Account| Ok(tokens("new"))).await.unwrap();
    });
    assert!(is_new(&auth.account("site", "me").unwrap().unwrap()));
}

#[test]
fn a_dead_grant_is_remembered_until_the_user_authorizes_again() {
    let auth = Auth::new(Store::in_memory(), Clock::system());
    auth.save(&account("me", "old")).unwrap();
    run(async {
        let dead = async |_: &Account| Err(RenewError::Dead("session not found".to_owned()));
        let first = auth.renew("site", "me", is_new, dead).await.unwrap_err();
        assert_eq!(first.message(), "the site account `me` needs to be authorized again: session not found");
        assert_eq!(first.hint_text(), Some("run `flexget-rs site auth me`"));
        let state = auth.account("site", "me").unwrap().unwrap().state;
        assert_eq!(state, AccountState::NeedsAuthorization("session not found".to_owned()));

        let again = auth.renew("site", "me", is_new, async |_: &Account| panic!("asked again")).await.unwrap_err();
        assert_eq!(again.message(), first.message());

        auth.save(&account("me", "newer")).unwrap();
        auth.renew("site", "me", is_new, async |_: &Account| Ok(tokens("new"))).await.unwrap();
    });
    assert_eq!(auth.account("site", "me").unwrap().unwrap().state, AccountState::Ok);
}

#[test]
fn a_failure_changes_nothing_and_an_unknown_account_is_named() {
    let auth = Auth::new(Store::in_memory(), Clock::system());
    auth.save(&account("me", "old")).unwrap();
    run(async {
        let failing = async |_: &Account| Err(Error::new("site is down").into());
        assert_eq!(auth.renew("site", "me", is_new, failing).await.unwrap_err().message(), "site is down");
        assert_eq!(auth.account("site", "me").unwrap().unwrap().state, AccountState::Ok);
        let unknown = auth.renew("site", "you", is_new, async |_: &Account| panic!("asked")).await.unwrap_err();
        assert_eq!(unknown.message(), "there is no site account named `you`");
    });
}

/// Lets no account be changed until it is dropped.
const REFUSE: &str = "CREATE TRIGGER refuse BEFORE UPDATE ON account BEGIN SELECT RAISE(FAIL, 'not today'); END";
const ALLOW: &str = "DROP TRIGGER refuse";

#[test]
fn nothing_is_exchanged_that_could_not_be_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let auth = auth_at(&path);
    auth.save(&account("me", "old")).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch(REFUSE).unwrap();
    let refused = run(auth.renew("site", "me", is_new, async |_: &Account| panic!("exchanged"))).unwrap_err();
    assert!(refused.to_string().contains("not today"), "{refused}");
}

#[test]
fn new_tokens_are_not_lost_to_a_database_that_fails_for_a_while() {
    for (patience, is_kept) in [(3, true), (1000, false)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let auth = auth_at(&path);
        auth.save(&account("me", "old")).unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        let renewed = run(async {
            let renew = auth.renew("site", "me", is_new, async |_: &Account| {
                other.execute_batch(REFUSE).unwrap();
                Ok(tokens("new"))
            });
            let allow = async {
                for _ in 0..patience {
                    yield_now().await;
                }
                other.execute_batch(ALLOW).unwrap();
            };
            tokio::join!(renew, allow).0
        });
        match renewed {
            Ok(renewed) => assert!(is_kept && is_new(&renewed)),
            Err(error) => {
                assert!(!is_kept);
                assert_eq!(error.message(), "the new tokens of site account `me` could not be stored");
                assert!(error.to_string().contains("not today"), "{error}");
                assert!(error.hint_text().unwrap().contains("`flexget-rs site auth me`"), "{error}");
            }
        }
        assert_eq!(is_new(&auth.account("site", "me").unwrap().unwrap()), is_kept);
    }
}

#[test]
fn tokens_that_the_user_gets_meanwhile_win() {
    let auth = Auth::new(Store::in_memory(), Clock::system());
    for dead in [false, true] {
        auth.save(&account("me", "old")).unwrap();
        let renewed = run(auth.renew("site", "me", is_new, async |_: &Account| {
            auth.save(&account("me", "by-hand")).unwrap();
            if dead { Err(RenewError::Dead("used".to_owned())) } else { Ok(tokens("new")) }
        }));
        assert_eq!(access(&renewed.unwrap()), "by-hand-access");
        assert_eq!(access(&auth.account("site", "me").unwrap().unwrap()), "by-hand-access");
    }
    auth.save(&account("me", "old")).unwrap();
    let deleted = run(auth.renew("site", "me", is_new, async |_: &Account| {
        auth.delete("site", "me").unwrap();
        Ok(tokens("new"))
    }));
    assert_eq!(deleted.unwrap_err().message(), "there is no site account named `me`");
    assert!(auth.account("site", "me").unwrap().is_none());
}

#[test]
fn a_user_name_never_replaces_tokens() {
    let auth = Auth::new(Store::in_memory(), Clock::system());
    let read = Account { user: None, user_slug: None, ..account("me", "old") };
    auth.save(&read).unwrap();
    assert!(auth.set_user(&read, Some("Ann"), Some("ann")).unwrap());
    // A renewal in between wins, and so does a deletion.
    run(auth.renew("site", "me", is_new, async |_: &Account| Ok(tokens("new")))).unwrap();
    assert!(!auth.set_user(&read, Some("Bob"), Some("bob")).unwrap());
    let stored = auth.account("site", "me").unwrap().unwrap();
    assert!(is_new(&stored) && stored.user.as_deref() == Some("Ann"));
    auth.delete("site", "me").unwrap();
    assert!(!auth.set_user(&stored, Some("Bob"), Some("bob")).unwrap());
    assert!(auth.account("site", "me").unwrap().is_none());
}

#[test]
fn an_application_survives_its_accounts() {
    let auth = Auth::new(Store::in_memory(), Clock::system());
    let older = Account { client_id: "older".to_owned(), client_secret: None, ..account("you", "old") };
    let created = older.tokens.created - 1.hour();
    auth.save(&Account { tokens: Tokens { created, ..older.tokens.clone() }, ..older }).unwrap();
    auth.save(&account("me", "old")).unwrap();
    auth.delete("site", "me").unwrap();
    auth.delete("site", "you").unwrap();
    let known = auth.applications("site").unwrap();
    assert_eq!(known.iter().map(|known| known.id.as_str()).collect::<Vec<_>>(), ["the-application", "older"]);
    assert_eq!(known[0].secret.as_ref().unwrap().expose_secret(), "old-client-secret");
    assert!(auth.delete_application("site", "older").unwrap() && !auth.delete_application("site", "older").unwrap());
}

#[test]
fn an_account_that_never_expires_can_be_read() {
    let auth = Auth::new(Store::in_memory(), Clock::system());
    for expires in [Timestamp::MAX, Timestamp::MIN] {
        let old = account("me", "old");
        auth.save(&Account { tokens: Tokens { expires, ..old.tokens.clone() }, ..old }).unwrap();
        let stored = auth.account("site", "me").unwrap().unwrap();
        assert_eq!(stored.tokens.expires.as_second(), expires.as_second());
        assert!(stored.renew_at() <= stored.tokens.expires);
    }
}

#[test]
fn a_deleted_account_leaves_no_secret_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let auth = auth_at(&folder.path().join("db"));
    for number in 0..50 {
        auth.save(&account(&format!("me {number}"), &format!("planted-{number}"))).unwrap();
    }
    run(auth.renew("site", "me 7", is_new, async |_: &Account| Ok(tokens("planted-new")))).unwrap();
    for number in 0..50 {
        auth.delete("site", &format!("me {number}")).unwrap();
    }
    auth.delete_application("site", "the-application").unwrap();
    drop(auth);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"planted"), "{}", path.display());
    }
}

#[test]
fn what_the_user_has_agreed_to_outlives_a_busy_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let auth = auth_at(&path);
    auth.prepare().unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TRIGGER refuse BEFORE INSERT ON account BEGIN SELECT RAISE(FAIL, 'busy'); END")
        .unwrap();
    let tries = Cell::new(0);
    run(auth.save_new(&account("me", "new"), |error| {
        assert!(error.to_string().contains("busy"));
        tries.set(tries.get() + 1);
        if tries.get() == 30 {
            other.execute_batch(ALLOW).unwrap();
        }
    }))
    .unwrap();
    assert!(tries.get() == 30 && is_new(&auth.account("site", "me").unwrap().unwrap()));
}

#[test]
fn accounts_beside_a_config_are_moved_to_the_auth_store_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    auth_at(&path("one")).save(&account("me", "old")).unwrap();
    auth_at(&path("two")).save(&account("me", "newer")).unwrap();
    let newer = account("me", "newer");
    let created = newer.tokens.created + 1.hour();
    auth_at(&path("two")).save(&Account { tokens: Tokens { created, ..newer.tokens.clone() }, ..newer }).unwrap();
    let stranger = Account { user: Some("Bob".to_owned()), user_slug: Some("bob".to_owned()), ..account("me", "bob") };
    auth_at(&path("three")).save(&stranger).unwrap();
    let shared = |name: &str| {
        let store = Store::at(path(name)).with_auth_at(path("accounts"));
        Auth::new(store, Clock::fixed(Timestamp::UNIX_EPOCH))
    };
    for (name, stored) in
        [("one", "old-access"), ("two", "newer-access"), ("one", "newer-access"), ("three", "newer-access")]
    {
        assert_eq!(access(&shared(name).account("site", "me").unwrap().unwrap()), stored, "{name}");
        assert!(auth_at(&path(name)).accounts("site").unwrap().is_empty(), "{name}");
    }
    assert_eq!(access(&shared("one").account("site", "me (Bob)").unwrap().unwrap()), "bob-access");
    // Nothing is made where nothing was.
    assert!(shared("four").accounts("site").unwrap().len() == 2 && !path("four").exists());
    // The same file by another name is not another store.
    assert_eq!(
        access(
            &Auth::new(Store::at(path("accounts")).with_auth_at(path("accounts")), Clock::system())
                .account("site", "me")
                .unwrap()
                .unwrap()
        ),
        "newer-access"
    );
}

#[cfg(unix)]
#[test]
fn one_lock_guards_a_store_by_whatever_path_it_is_reached() {
    use std::os::unix::ffi::OsStringExt;
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join(std::ffi::OsString::from_vec(b"f\xffg".to_vec()));
    std::fs::create_dir(&odd).unwrap();
    std::os::unix::fs::symlink(&odd, folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink(odd.join("db"), folder.path().join("file")).unwrap();
    let paths = [odd.join("db"), folder.path().join("link/db"), folder.path().join("file")];
    auth_at(&paths[0]).save(&account("me", "old")).unwrap();
    let stores: Vec<Store> = paths.iter().map(Store::at).collect();
    let (refreshes, used) = run(renew_at_once(&stores));
    assert_eq!((refreshes, used), (1, vec!["new-access".to_owned(); 20]));
    assert!(odd.join("db.lock").exists());
}

#[test]
fn names_are_quoted_as_a_shell_wants_them() {
    for (name, typed) in [
        ("ann.kay", "flexget-rs site auth ann.kay"),
        ("Ann Kay", "flexget-rs site auth 'Ann Kay'"),
        ("it's $HOME", r"flexget-rs site auth 'it'\''s $HOME'"),
        ("", "flexget-rs site auth ''"),
    ] {
        assert_eq!(super::command("site", name), typed);
    }
}

#[test]
fn secrets_are_never_formatted() {
    let auth = Auth::new(Store::in_memory(), Clock::system());
    let account = account("me", "planted");
    auth.save(&account).unwrap();
    let dead = run(auth.renew("site", "me", |_| false, async |_: &Account| Err(RenewError::Dead("no".to_owned()))));
    let shown = format!("{account:?} {auth:?} {:?} {:?}", auth.accounts("site").unwrap(), dead.unwrap_err());
    assert!(shown.contains("REDACTED") && !shown.contains("planted"), "{shown}");
}
