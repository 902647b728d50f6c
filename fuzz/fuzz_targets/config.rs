//! Any bytes → a plan or diagnostics whose places exist; never a panic, never a hang.

#![no_main]

use flexget_core::config::load::load_text;
use flexget_core::config::template::Origin;
use flexget_core::document::diagnostic::{At, Diagnostic};
use flexget_core::document::{Document, Sources, to_yaml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(document) = Document::parse("config.yml", text) {
        let value = document.value();
        let written = Document::parse("written.yml", &to_yaml(&value)).expect("what is written can be read");
        assert_eq!(to_yaml(&written.value()), to_yaml(&value));
    }
    // A folder that does not exist: nothing outside is read, whatever the text includes by a relative name.
    let origin = Origin { folder: "/nonexistent".into(), replacements: vec![("a".into(), "b".into())] };
    let loaded = load_text("config.yml", text, &origin);
    assert!(loaded.plan.is_some() || loaded.has_errors());
    check(&loaded.diagnostics, &loaded.sources);
    if let Some(document) = &loaded.document {
        loaded.diagnostics.iter().for_each(|diagnostic| {
            document.locate(&diagnostic.at);
        });
    }
});

fn check(diagnostics: &[Diagnostic], sources: &Sources) {
    for diagnostic in diagnostics {
        for at in std::iter::once(&diagnostic.at).chain(diagnostic.related.iter().map(|(at, _)| at)) {
            let At::Span(span) = at else { continue };
            assert!(sources.text(span.file).get(span.bytes.clone()).is_some(), "{diagnostic:?}");
            sources.location(span);
        }
    }
}
