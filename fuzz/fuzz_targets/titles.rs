//! Any text → what it says as a title; never a panic.

#![no_main]

use flexget_core::entry::Entry;
use flexget_core::list::identity::Keys;
use flexget_plugins::titles::media::{Kind, Media, keys, keys_of_any_kind};
use flexget_plugins::titles::parsing::movie::movie;
use flexget_plugins::titles::parsing::quality::Quality;
use flexget_plugins::titles::parsing::quality::requirement::Requirement;
use flexget_plugins::titles::parsing::series::{is_of_series, series};
use jiff::civil::date;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(title) = std::str::from_utf8(bytes) else { return };
    let today = date(2026, 11, 24);
    let _ = series(title, today);
    let _ = is_of_series(title, today);
    let _ = movie(title);
    let quality = Quality::of_title(title);
    let _ = Quality::read(title);
    let _ = Quality::from_names(title);
    if let Ok(requirement) = Requirement::parse(title) {
        let _ = requirement.allows(&quality);
    }
    let entry = Entry::new(title, "mock://title").with("movie_name", title).with("imdb_id", title);
    let _: Keys = keys_of_any_kind(&entry);
    for kind in [Kind::Movie, Kind::Show, Kind::Season, Kind::Episode] {
        let _ = keys(&entry, Some(kind));
        let _ = Media::of(&entry, Some(kind));
    }
});
