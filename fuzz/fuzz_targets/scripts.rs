//! Any bytes as what a script prints, or as its description; never a panic, never a hang.
//!
//! The first byte says which script of which task prints them.

#![no_main]

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::OnceLock;

use flexget_core::testing::Sandbox;
use flexget_plugins as _;
use libfuzzer_sys::fuzz_target;

/// The scripts by name, with what their descriptions say.
const SCRIPTS: [(&str, &str); 4] = [
    ("decide", "phase: filter\n# asks: [ fields ]"),
    ("letters_of", "offers: [ letters ]"),
    ("produce", "input: yes"),
    ("shelf", "list: { ids: [ imdb_id ] }"),
];

/// The tasks, by the first byte of an input.
const TASKS: [&str; 6] = [
    "mock: [ A, { title: B, year: 1999 } ]\ndecide: yes\naccept_all: yes\n",
    "mock: [ A, B ]\nletters_of: yes\nif: [ letters > 1: accept ]\n",
    "produce: yes\naccept_all: yes\n",
    "mock: [ A, { title: B, imdb_id: tt0000001 } ]\naccept_all: yes\nlist_add: [ shelf: {} ]\n",
    "shelf: {}\naccept_all: yes\nlist_remove: [ shelf: {} ]\n",
    "mock: [ A, B ]\nlist_match: { from: [ shelf: {} ] }\n",
];

/// Returns the folder of a config with the scripts, which is made once.
fn folder() -> io::Result<&'static PathBuf> {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    if let Some(folder) = FOLDER.get() {
        return Ok(folder);
    }
    let folder = std::env::temp_dir().join(format!("flexget-fuzz-scripts-{}", std::process::id()));
    fs::create_dir_all(folder.join("plugins"))?;
    for (name, description) in SCRIPTS {
        let file = folder.join("plugins").join(format!("{name}.sh"));
        let text = format!("#!/bin/sh\n# /// flexget\n# about: Prints a file.\n# {description}\n# ///\nexec cat printed\n");
        fs::write(&file, text)?;
        fs::set_permissions(&file, Permissions::from_mode(0o700))?;
    }
    Ok(FOLDER.get_or_init(|| folder))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let Ok(folder) = folder() else { return };
    let described = folder.join("plugins/described.sh");
    let task = TASKS.get(usize::from(*choice) % (TASKS.len() + 1));
    let written = match task {
        Some(_) => fs::write(folder.join("plugins/printed"), bytes),
        None => fs::write(&described, bytes)
            .and_then(|()| fs::set_permissions(&described, Permissions::from_mode(0o700))),
    };
    if written.is_err() {
        return;
    }
    let sandbox = Sandbox::new().in_folder(folder);
    // A script with any description is checked, and never run.
    match task {
        Some(task) => drop(sandbox.run(task)),
        None => drop(sandbox.errors("mock: [ A ]\ndescribed: yes\n")),
    }
});
