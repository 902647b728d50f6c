//! Laws of matching: the rule in plain code, compared with the keys.

use flexget_core::list::index::Index;
use flexget_core::prelude::*;
use proptest::option::of;
use proptest::prelude::*;

use super::{Kind, keys};

/// Facts about an entry, independent of how its fields are written.
#[derive(Debug, Clone)]
struct Facts {
    kind: Kind,
    trakt: Option<i64>,
    slug: Option<i64>,
    imdb: Option<i64>,
    tmdb: Option<i64>,
    tvdb: Option<i64>,
    own: Option<i64>,
    name: &'static str,
    year: Option<i64>,
    season: i64,
    episode: i64,
}

/// How it is written.
#[derive(Debug, Clone, Copy)]
struct Writing {
    ids_are_text: bool,
    loud: bool,
    year_in_name: bool,
}

fn facts() -> impl Strategy<Value = Facts> {
    let id = || of(1i64..4);
    let kind = prop_oneof![Just(Kind::Movie), Just(Kind::Show), Just(Kind::Season), Just(Kind::Episode)];
    let name = prop_oneof![Just("Kung Fu"), Just("Solaris")];
    let work = (kind, id(), id(), id(), id(), id());
    (work, id(), name, of(prop_oneof![Just(1972i64), Just(2021)]), 0i64..2, 0i64..2).prop_map(
        |((kind, trakt, slug, imdb, tmdb, tvdb), own, name, year, season, episode)| Facts {
            kind,
            trakt,
            slug,
            imdb,
            tmdb,
            tvdb: tvdb.filter(|_| kind != Kind::Movie),
            own: own.filter(|_| matches!(kind, Kind::Season | Kind::Episode)),
            name,
            year,
            season,
            episode,
        },
    )
}

fn writing() -> impl Strategy<Value = Writing> {
    any::<(bool, bool, bool)>().prop_map(|(ids_are_text, loud, year_in_name)| Writing {
        ids_are_text,
        loud,
        year_in_name,
    })
}

fn entry(facts: &Facts, writing: Writing) -> Entry {
    let number = |id: Option<i64>| match id {
        Some(id) if writing.ids_are_text => Value::from(id.to_string()),
        id => Value::from(id),
    };
    let text = |id: Option<i64>, prefix: &str| {
        let text = id.map(|id| format!("{prefix}{id}"));
        if writing.loud { text.map(|text| text.to_uppercase()) } else { text }
    };
    let mut name = if writing.loud { facts.name.to_uppercase() } else { facts.name.to_owned() };
    let in_name = facts.year.filter(|_| writing.year_in_name);
    name.extend(in_name.map(|year| format!(" ({year})")));
    let year = facts.year.filter(|_| !writing.year_in_name);
    let entry = Entry::new("any title", "mock://any")
        .with("imdb_id", text(facts.imdb, "tt"))
        .with("tmdb_id", number(facts.tmdb));
    if facts.kind == Kind::Movie {
        return entry
            .with("movie_name", name)
            .with("movie_year", number(year))
            .with("trakt_movie_id", number(facts.trakt))
            .with("trakt_movie_slug", text(facts.slug, "s"));
    }
    let entry = entry
        .with("series_name", name)
        .with("series_year", number(year))
        .with("trakt_show_id", number(facts.trakt))
        .with("trakt_show_slug", text(facts.slug, "s"))
        .with("tvdb_id", number(facts.tvdb));
    match facts.kind {
        Kind::Movie | Kind::Show => entry,
        Kind::Season => entry.with("series_season", facts.season).with("trakt_season_id", number(facts.own)),
        Kind::Episode => entry
            .with("series_season", facts.season)
            .with("series_episode", number(Some(facts.episode)))
            .with("trakt_episode_id", number(facts.own)),
    }
}

/// Returns the rule: nothing is of another kind.
///
/// The id of a season or an episode itself decides where both have it; else its numbers must be the
/// same. Then the surest id that both have decides, Trakt's number first; and only where no id
/// tells, the name decides: that of a movie with its year, which is the same or unknown on both
/// sides; that of a show where no two years differ.
fn are_same(a: &Facts, b: &Facts) -> bool {
    let is_season = a.kind == Kind::Season && a.season == b.season;
    let is_episode = a.kind == Kind::Episode && (a.season, a.episode) == (b.season, b.episode);
    let has_numbers = matches!(a.kind, Kind::Movie | Kind::Show) || is_season || is_episode;
    let ids =
        [(a.own, b.own), (a.trakt, b.trakt), (a.slug, b.slug), (a.imdb, b.imdb), (a.tmdb, b.tmdb), (a.tvdb, b.tvdb)];
    let surest = ids.into_iter().find_map(|(a, b)| Some(a? == b?));
    let name = match (a.kind, a.year.zip(b.year)) {
        (Kind::Movie, _) => a.name == b.name && a.year == b.year,
        (_, Some((one, other))) => a.name == b.name && one == other,
        (_, None) => a.name == b.name,
    };
    if a.kind != b.kind {
        return false;
    }
    match a.own.zip(b.own) {
        Some((a, b)) => a == b,
        None if !has_numbers => false,
        None => surest.unwrap_or(name),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn entries_are_the_same_by_the_rule_however_they_are_written(
        a in facts(), b in facts(), one in writing(), other in writing(),
    ) {
        let (left, right) = (keys(&entry(&a, one), None), keys(&entry(&b, other), None));
        prop_assert_eq!(Index::same(&left, &right), are_same(&a, &b));
        prop_assert_eq!(Index::same(&right, &left), are_same(&b, &a));
        prop_assert!(Index::same(&left, &keys(&entry(&a, other), None)), "everything is itself");
    }

    #[test]
    fn a_list_finds_what_is_on_it_and_an_id_before_a_name(
        items in proptest::collection::vec((facts(), writing()), 0..10), wanted in facts(), how in writing(),
    ) {
        let index = Index::new(items.iter().map(|(facts, writing)| keys(&entry(facts, *writing), None)));
        let found = index.find(&keys(&entry(&wanted, how), None));
        prop_assert_eq!(found.is_some(), items.iter().any(|(item, _)| are_same(item, &wanted)));
        let nameless = Facts { name: "something else", ..wanted.clone() };
        let by_id = items.iter().position(|(item, _)| are_same(item, &nameless));
        if let (Some(found), Some(by_id)) = (found, by_id) {
            prop_assert_eq!(found, by_id, "the first that has an id in common");
        }
    }
}
