//! The order of qualities, their attributes, and requirements; the expected values are FlexGet's.

use std::cmp::Ordering;

use super::components::{Category, Component};
use super::requirement::Requirement;
use super::{Quality, order};

#[test]
fn orders_only_texts_that_are_qualities() {
    for (worse, better) in [
        ("720p", "1080p"),
        ("720p", "720p hdtv"),
        ("unknown", "360p"),
        ("480p dvdrip xvid", "720p webdl"),
        ("1080p cam", "480p dvdrip"),
        ("web-dl", "bluray"),
        ("720p hdtv", "1080"),
    ] {
        assert_eq!(order(worse, better), Some(Ordering::Less), "{worse} {better}");
        assert_eq!(order(better, worse), Some(Ordering::Greater), "{worse} {better}");
    }
    for (a, b) in [("720p", "A Movie 1080p"), ("1080", "720"), ("b", "a"), ("", "720p"), ("S01E02", "S01E01")] {
        assert_eq!(order(a, b), None, "{a} {b}");
    }
}

#[test]
fn attributes_are_components_and_unknown_ones_are_empty() {
    let quality = Quality::of_title("A.Film.720p.HDTV.x264");
    let attribute = |name: &str| quality.attribute(name).map(|value| value.as_str().unwrap_or_default().to_owned());
    assert_eq!(attribute("name").as_deref(), Some("720p hdtv h264"));
    assert_eq!(attribute("resolution").as_deref(), Some("720p"));
    assert_eq!(attribute("audio").as_deref(), Some(""));
    assert_eq!(attribute("color"), None);
}

#[test]
fn contains_the_known_components_of_a_part() {
    let quality = Quality::of_title("A.Film.720p.HDTV.x264");
    assert!(quality.contains(&Quality::of_title("hdtv 720p")));
    assert!(!quality.contains(&Quality::of_title("1080p hdtv")));
    assert!(!quality.contains(&Quality::of_title("nothing")));
}

#[test]
fn components_step_within_their_category_and_stop_at_its_ends() {
    let named = |text: &str| Component::named(text).unwrap();
    assert_eq!(named("720p").step(1).name, "1080i");
    assert_eq!(named("720p").step(-1).name, "720i");
    assert_eq!(named("2160p").step(1).name, "2160p");
    assert_eq!(named("360p").step(-9).name, "360p");
    assert_eq!(named("4K").name, "2160p");
    assert!(Component::named("720p hdtv").is_none());
    assert!(Category::ALL.iter().all(|category| category.components().is_sorted()));
}

#[test]
fn requirements_allow_what_flexget_allows() {
    for (requirement, allowed, refused) in [
        ("any", &["unknown", "720p", "cam"][..], &[][..]),
        ("720p", &["720p", "720p hdtv"], &["1080p", "hdtv", "unknown"]),
        ("720p|1080p", &["720p", "1080p"], &["1080i"]),
        ("720p 1080p", &["720p", "1080p"], &["1080i"]),
        ("720p-1080p", &["720p", "1080i", "1080p"], &["2160p", "480p", "unknown"]),
        ("720p+", &["720p", "2160p"], &["480p", "unknown"]),
        (">=720p", &["720p", "2160p"], &["480p", "unknown"]),
        (">720p", &["1080i"], &["720p", "unknown"]),
        ("<720p", &["720i", "unknown"], &["720p"]),
        ("<=720p", &["720p", "unknown"], &["1080p"]),
        (">720p <2160p", &["1080p"], &["720p", "2160p"]),
        ("!cam", &["720p hdtv", "unknown"], &["720p cam"]),
        ("720p+ !cam h264|h265", &["1080p bluray h265"], &["1080p cam h265", "1080p bluray", "480p h264"]),
        ("720p, webdl", &["720p webdl"], &["720p hdtv", "webdl"]),
        ("hdr+", &["hdr", "dolbyvision"], &["10bit"]),
        ("web-dl", &["webdl"], &["webrip"]),
        ("dts-hd+", &["truehd", "dtshd"], &["dts"]),
        ("4K", &["2160p"], &["1080p"]),
        (">2160p", &["2160p"], &["1080p"]),
    ] {
        let parsed = Requirement::parse(requirement).unwrap();
        let allows = |text: &&str| parsed.allows(&Quality::of_title(text));
        assert!(allowed.iter().all(allows), "{requirement}");
        assert!(!refused.iter().any(allows), "{requirement}");
    }
}

#[test]
fn requirements_that_say_nothing_are_errors() {
    for (requirement, message) in [
        ("", "no quality given: `any` allows all"),
        ("720p any", "`any` stands alone, without other components"),
        ("foo", "`foo` is not a valid quality component"),
        ("720pp", "`720pp` is not a valid quality component: did you mean `720p`?"),
        ("=720p", "`=720p` is not a valid quality component: did you mean `720p`?"),
        ("720p!", "`720p!` is not a valid quality component: did you mean `720p`?"),
        ("1080p-720p", "the range `1080p-720p` is reversed: write `720p-1080p`"),
        ("720p-hdtv", "the range `720p-hdtv` mixes resolution and source"),
    ] {
        assert_eq!(Requirement::parse(requirement).err().as_deref(), Some(message), "{requirement}");
    }
}
