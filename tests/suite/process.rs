//! The program as a process: what only the system can show.

use std::process::Stdio;

use flexget_tests::Sandbox;

use crate::PROGRAM;

const CONFIG: &str = "tasks:\n  a: { mock: [ A ], accept_all: yes, seen: no }\n";

#[test]
fn the_program_runs_a_task() {
    let ran = Sandbox::new(CONFIG).run_process(PROGRAM, "execute -v").good();
    assert!(ran.stdout.contains("ACCEPTED: `A` by accept_all plugin\n"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn exit_codes_reach_the_shell() {
    let sandbox = Sandbox::new(CONFIG);
    assert_eq!(sandbox.run_process(PROGRAM, "execute --tasks nope").code, 2);
    assert_eq!(sandbox.run_process(PROGRAM, "-c nope.yml execute").code, 2);
}

#[test]
fn a_closed_pipe_is_no_mistake() {
    let sandbox = Sandbox::new(CONFIG);
    let mut child = sandbox.process(PROGRAM, "schema").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// 400 MB are those of the program itself, which is large with its debug information, and of a few hundred thousand values.
#[cfg(target_os = "linux")]
#[test]
fn a_bomb_of_anchors_takes_little_memory() {
    let sandbox = Sandbox::empty();
    sandbox.write("config.yml", &crate::language::bomb());
    let mut command = sandbox.process("/bin/sh", "");
    command.args(["-c", "ulimit -v 400000; exec \"$0\" check", PROGRAM]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: anchors are repeated too often"), "{said}");
}

/// Pipes and devices, which have no end, are refused wherever a file is expected.
#[cfg(unix)]
#[test]
fn files_without_an_end_are_refused() {
    let mut sandbox = Sandbox::new(CONFIG);
    let made = std::process::Command::new("mkfifo").arg(sandbox.folder().join("fifo")).status().unwrap();
    assert!(made.success());
    sandbox.environment.insert("FLEXGET_TRAKT_CLIENT_ID".into(), "id".into());
    sandbox.environment.insert("FLEXGET_TRAKT_API_URL".into(), "http://127.0.0.1:9".into());
    let task = |body: &str| format!("tasks:\n  a: {{ {body}, accept_all: yes, seen: no }}\n");
    for file in ["fifo", "/dev/zero"] {
        sandbox.write("variables.yml", &format!("variables: {file}\n{CONFIG}"));
        sandbox.write("include.yml", &task(&format!("mock: [ A ], include: [ {file} ]")));
        sandbox.write("csv.yml", &task(&format!("csv: {{ url: {file}, values: {{ title: 1, url: 2 }} }}")));
        sandbox.write("rss.yml", &task(&format!("rss: {file}")));
        sandbox.write("yaml.yml", &task(&format!("yaml_list: {file}")));
        sandbox.write("add.yml", &task(&format!("mock: [ A ], list_add: [ yaml_list: {file} ]")));
        sandbox.write("online.yml", &task("trakt_list: { username: x, list: watchlist }"));
        for line in [
            format!("-c {file} execute"),
            format!("-c {file} check"),
            "-c variables.yml check".to_owned(),
            "-c include.yml check".to_owned(),
            "-c csv.yml execute".to_owned(),
            "-c rss.yml execute".to_owned(),
            "-c yaml.yml execute".to_owned(),
            "-c add.yml execute".to_owned(),
            format!("--database {file} seen search x"),
            format!("--database {file} trakt list"),
            "-c online.yml execute".to_owned(),
        ] {
            let mut command = sandbox.process(PROGRAM, &line);
            let mut child =
                command.env("SSL_CERT_FILE", file).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
            let start = std::time::Instant::now();
            while child.try_wait().unwrap().is_none() {
                if start.elapsed().as_secs() > 60 {
                    child.kill().unwrap();
                    panic!("{line} does not end");
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && said.contains("not a regular file"), "{line}: {said}");
        }
    }
}

/// However few files it may open, it says so, and no task is lost by a panic.
#[cfg(unix)]
#[test]
fn too_few_file_descriptors_are_told() {
    let mut sandbox = Sandbox::new(
        "
        tasks:
          a: { mock: [ A ], accept_all: yes }
          b: { csv: { url: in.csv, values: { title: 1, url: 2 } }, accept_all: yes, seen: no }
          c: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }
        ",
    )
    .with_sim();
    sandbox.write("in.csv", "B,http://x/b\n");
    sandbox.environment.insert("FLEXGET_TRAKT_CLIENT_ID".into(), trakt_sim::CLIENT_ID.into());
    let (mut told, mut good) = (0, 0);
    for limit in 4..32 {
        let _ = std::fs::remove_dir_all(sandbox.folder().join("home"));
        sandbox.authorize("me", "ann-kay");
        let mut command = sandbox.process("/bin/sh", "");
        command.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" execute"), PROGRAM]);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("bug") && !said.contains("panic"), "{limit}: {said}");
        if output.status.success() {
            good += 1;
        } else {
            assert!(said.contains("raise the limit with `ulimit -n`"), "{limit}: {said}");
            told += 1;
        }
        for line in ["execute", "status"] {
            let mut command = sandbox.process("/bin/sh", "");
            command.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" {line} --format json"), PROGRAM]);
            let output = command.output().unwrap();
            let document: serde_json::Result<serde_json::Value> = serde_json::from_slice(&output.stdout);
            assert!(document.is_ok_and(|document| document.is_object()), "{limit}, {line}: {output:?}");
        }
    }
    assert!(told > 5 && good > 5, "{told} {good}");
}

/// A client cannot be made with this: whoever tries says so.
#[test]
fn nothing_is_set_up_for_the_network_where_it_is_not_needed() {
    let mut sandbox =
        Sandbox::new(&format!("{CONFIG}  b: {{ trakt_list: {{ account: me, list: watchlist }} }}\n")).with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.environment.insert("SSL_CERT_FILE".into(), "/nowhere/at/all.pem".into());
    for line in [
        "execute --tasks a",
        "execute --test --tasks a",
        "check",
        "plugins",
        "schema",
        "trakt list",
        "trakt list me",
        "entry-list all",
        "trakt delete me",
    ] {
        let ran = sandbox.run_process(PROGRAM, line).good();
        assert!(!ran.stderr.contains("certificates"), "{line}: {}", ran.stderr);
    }
    assert!(sandbox.sim().requests().is_empty());
    sandbox.authorize("me", "ann-kay");
    let ran = sandbox.run_process(PROGRAM, "execute --tasks b");
    assert!(
        ran.code == 1 && ran.stderr.contains("the certificates in `/nowhere/at/all.pem` cannot be read"),
        "{}",
        ran.stderr
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_130() {
    let sandbox = Sandbox::new(
        "
        tasks:
          slow: { trakt_list: { account: me, list: watchlist, type: movies }, accept_all: yes }
        ",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().fail(trakt_sim::Fault::on("GET", "/").with(trakt_sim::Trouble::Hang));
    let mut child = sandbox.process(PROGRAM, "execute").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while sandbox.sim().requests().is_empty() {
        std::thread::yield_now();
        assert_eq!(child.try_wait().unwrap().and_then(|status| status.code()), None, "it ended by itself");
    }
    // The second one counts only when the first has been heard.
    while child.try_wait().unwrap().is_none() {
        let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

/// A command that only reads files is stopped as one that sends requests: with one document.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_leaves_one_document_of_every_command() {
    let sandbox = Sandbox::new(CONFIG);
    sandbox.run("execute").good();
    let database = sandbox.folder().join("flexget-rs.sqlite");
    // Nobody else can read the database while this connection is open.
    let holder = rusqlite::Connection::open(&database).unwrap();
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; DELETE FROM run; ROLLBACK").unwrap();
    for line in ["history", "history --search x", "status", "seen search x", "entry-list all", "execute", "seen add x"]
    {
        let is_json = line != "seen add x";
        let mut command = sandbox.process(PROGRAM, line);
        command.args(is_json.then_some(["--format", "json"]).into_iter().flatten());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let folder = format!("/proc/{}/fd", child.id());
        let waits = || {
            let mut files = std::fs::read_dir(&folder).unwrap().flatten();
            files.any(|file| std::fs::read_link(file.path()).is_ok_and(|opened| opened == database))
        };
        while !waits() {
            std::thread::yield_now();
        }
        let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let output = child.wait_with_output().unwrap();
        if !is_json {
            assert_eq!(output.status.code(), None, "{line}: the signal is not waited out: {output:?}");
            continue;
        }
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert_eq!((output.status.code(), &document["interrupted"]), (Some(130), &true.into()), "{line}: {output:?}");
    }
}

/// Returns what a shell completes after typing `words`, or `None` if there is no such shell.
#[cfg(unix)]
fn complete_in(shell: &str, sandbox: &Sandbox, words: &[&str]) -> Option<Vec<String>> {
    let path = std::env::var("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join(shell).exists()) {
        flexget_tests::skipped(format_args!("there is no {shell}"));
        return None;
    }
    let bin = sandbox.folder().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let link = bin.join("flexget-rs");
    if !link.exists() {
        std::os::unix::fs::symlink(PROGRAM, &link).unwrap();
    }
    let script = match shell {
        "bash" => {
            "
        source <(flexget-rs completions bash)
        COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMP_TYPE=9
        handler=$(complete -p flexget-rs | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        $handler flexget-rs \"${COMP_WORDS[$COMP_CWORD]}\" \"${COMP_WORDS[$COMP_CWORD - 1]}\"
        printf '%s\\n' \"${COMPREPLY[@]}\""
        }
        // The completion system of zsh works in its line editor only: what it is given is printed.
        "zsh" => {
            "
        typed=(\"$@\")
        compdef() { completer=$1 }
        compadd() { while [[ $1 == -* ]]; do shift; done; print -rl -- \"$@\" }
        _describe() { while [[ $1 == -* ]]; do shift; done; print -rl -- \"${(@P)2}\" }
        source <(flexget-rs completions zsh)
        words=(\"${typed[@]}\"); CURRENT=${#words}
        $completer"
        }
        _ => {
            "
        flexget-rs completions fish | source
        complete --do-complete (string join ' ' -- $argv)"
        }
    };
    let mut command = sandbox.process(shell, "");
    command.env("PATH", format!("{}:{path}", bin.display()));
    match shell {
        "bash" => command.args(["-c", script, "bash"]).args(words),
        "zsh" => command.args(["-f", "-c", script, "zsh"]).args(words),
        _ => command.args(["--no-config", "-c", script]).args(words),
    };
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.stderr.is_empty(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
    // Descriptions follow a tab or a colon.
    Some(text.lines().map(|line| line.trim().split(['\t', ':']).next().unwrap_or_default().to_owned()).collect())
}

#[cfg(unix)]
#[test]
fn shells_complete_commands_options_and_the_names_in_the_config() {
    let sandbox = Sandbox::new(
        "
        templates:
          common: { seen: no }
        tasks:
          a: { mock: [ { title: A, shelf: x } ], accept_all: yes, seen: no, list_add: [ entry_list: mine ] }
        ",
    )
    .with_sim();
    sandbox.authorize("ann", "ann-kay");
    for shell in ["bash", "zsh", "fish"] {
        for (words, expected) in [
            (vec!["flexget-rs", "exec"], "execute"),
            (vec!["flexget-rs", "execute", "--dum"], "--dump"),
            (vec!["flexget-rs", "execute", ""], "a"),
            (vec!["flexget-rs", "execute", "--tasks", ""], "a"),
            (vec!["flexget-rs", "explain", ""], "a"),
            (vec!["flexget-rs", "execute", "--template", ""], "common"),
            (vec!["flexget-rs", "plugins", "trakt_cal"], "trakt_calendar"),
            (vec!["flexget-rs", "trakt", "ref"], "refresh"),
            (vec!["flexget-rs", "trakt", "refresh", ""], "ann"),
            (vec!["flexget-rs", "entry-list", "pur"], "purge"),
            (vec!["flexget-rs", "entry-list", "purge", ""], "mine"),
            (vec!["flexget-rs", "entry-list", "add", "mine", "A", "http", "--attributes", "sh"], "shelf="),
            (vec!["flexget-rs", "seen", "forget", "A", "--task", ""], "a"),
        ] {
            let Some(found) = complete_in(shell, &sandbox, &words) else { break };
            assert!(found.iter().any(|one| one == expected), "{shell}: {words:?}: {found:?}");
        }
    }
}

#[test]
fn man_pages_are_written_for_every_command() {
    let sandbox = Sandbox::new(CONFIG);
    let page = sandbox.run("man").good().stdout;
    assert!(page.contains(".TH flexget-rs 1"), "{page}");
    sandbox.run("man --folder pages").good();
    for name in ["flexget-rs.1", "flexget-rs-execute.1", "flexget-rs-trakt-auth.1"] {
        assert!(sandbox.folder().join("pages").join(name).exists(), "{name}");
    }
}
