//! Any bytes → a document or diagnostics whose places exist; never a panic, never a hang.

#![no_main]

use flexget_core::document::diagnostic::{At, Diagnostic};
use flexget_core::document::{Document, Sources, to_yaml};
use flexget_core::config::template::{Origin, expand};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let document = match Document::parse("config.yml", text) {
        Ok(document) => {
            let value = document.value();
            let written = Document::parse("written.yml", &to_yaml(&value)).expect("what is written can be read");
            assert_eq!(to_yaml(&written.value()), to_yaml(&value));
            document
        }
        Err(bad) => {
            assert!(!bad.diagnostics.is_empty());
            check(&bad.diagnostics, &bad.sources);
            let Some(rest) = bad.rest else { return };
            rest
        }
    };
    // A folder that does not exist: nothing outside is read, whatever the text includes by a relative name.
    let origin = Origin { folder: "/nonexistent".into(), replacements: vec![("a".into(), "b".into())] };
    let expanded = expand(document, &origin);
    expanded.document.value();
    check(&expanded.diagnostics, expanded.document.sources());
    for task in &expanded.tasks {
        check(&task.broken, expanded.document.sources());
        expanded.document.locate(&At::Value(task.path.clone()));
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
