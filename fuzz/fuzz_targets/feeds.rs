//! Any bytes → the items of a feed or an error of the task; never a panic, never a hang.

#![no_main]

use std::cell::OnceCell;
use std::path::PathBuf;

use flexget_core::context::store::Store;
use flexget_core::testing;
use flexget_plugins as _;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static FILE: OnceCell<PathBuf> = const { OnceCell::new() };
}

fuzz_target!(|bytes: &[u8]| {
    let path = FILE.with(|file| {
        let path = || std::env::temp_dir().join(format!("flexget-fuzz-feed-{}.xml", std::process::id()));
        file.get_or_init(path).clone()
    });
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    let body = format!("rss: {{ url: '{}', all_entries: yes, group_links: yes }}\naccept_all: yes\n", path.display());
    testing::run(&body, &testing::context_with(Store::in_memory()));
});
