//! Environment variables and folders that are no UTF-8.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use flexget_tests::Sandbox;

use crate::PROGRAM;

const CONFIG: &str = "tasks:\n  a: { mock: [ A ], accept_all: yes }\n";

/// A name that is no UTF-8.
fn name(rest: &str) -> OsString {
    OsString::from_vec([b"caf\xe9".as_slice(), rest.as_bytes()].concat())
}

#[test]
fn folders_that_are_no_utf8_hold_configs_and_accounts() {
    let sandbox = Sandbox::empty().with_sim();
    let usual = sandbox.folder().join(name("")).join("flexget");
    std::fs::create_dir_all(&usual).unwrap();
    std::fs::write(usual.join("config.yml"), CONFIG).unwrap();
    sandbox.sim().auto_approve(Some("ann-kay"), 0);
    let run = |line: &str| {
        let mut command = sandbox.process(PROGRAM, line);
        command.env("XDG_CONFIG_HOME", sandbox.folder().join(name("")));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(run("execute -v").contains("ACCEPTED: `A`"));
    assert!(usual.join("flexget-rs.sqlite").exists());
    assert!(!usual.join("accounts.sqlite").exists(), "nothing needed an account");
    run("trakt app set my-app --client-secret s");
    assert!(run("trakt app").contains("my-app"));
    assert!(usual.join("accounts.sqlite").exists() && !sandbox.accounts().exists());
}

#[test]
fn configs_and_databases_that_are_no_utf8_can_be_named() {
    let sandbox = Sandbox::empty();
    let (config, database) = (sandbox.folder().join(name(".yml")), sandbox.folder().join(name(".sqlite")));
    std::fs::write(&config, CONFIG).unwrap();
    for line in ["execute -v", "seen search A"] {
        let mut command = sandbox.process(PROGRAM, line);
        let output = command.env("FLEXGET_CONFIG", &config).env("FLEXGET_DATABASE", &database).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(shown.contains("`A`") || shown.contains("A  "), "{line}: {shown}");
        assert!(database.exists());
    }
}

#[test]
fn a_time_zone_that_is_none_is_told_and_a_device_is_not_read() {
    let sandbox = Sandbox::new(CONFIG);
    sandbox.run("execute").good();
    let relative = format!("{}dev/zero", "../".repeat(20));
    let (device, unknown) = ("dev/zero, which is no file: times are in UTC", "names no time zone that is known");
    for (zone, warning) in [
        (":/dev/zero", Some(device)),
        ("/dev/zero", Some(device)),
        (&*relative, Some(device)),
        ("Nonsense/Zone", Some(unknown)),
        ("EST5EDT,M3.2.0,M99.1.0", Some(unknown)),
        ("Europe/Berlin", None),
        ("", None),
    ] {
        let mut command = sandbox.process(PROGRAM, "history");
        let output = command.env("TZ", zone).output().unwrap();
        let (shown, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && shown.contains("ok"), "{zone}: {shown}{told}");
        assert_eq!(told.lines().count(), usize::from(warning.is_some()), "{zone}: {told}");
        assert!(warning.is_none_or(|warning| told.contains(warning)), "{zone}: {told}");
    }
}
