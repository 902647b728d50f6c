use flexget_core::prelude::*;

use crate::lists::stored_list::{StoredItem, StoredList};
use crate::shared::non_empty::NonEmpty;
use crate::titles::media::{Kind, Media, ids};
use crate::titles::parsing;

/// A list of movies, kept by this program: name, year and ids.
///
/// An entry is on the list if it has an id of an item (`imdb_id`, `tmdb_id`, `trakt_movie_id`,
/// `trakt_movie_slug`), else if name and year are the same and no id speaks against it. Name and
/// year are `movie_name` and `movie_year`, or else what the title says, also that of a release
/// (`Solaris.1972.1080p.BluRay`); upper and lower case are the same. A name without a year is not
/// the movie of that name with one.
///
/// Better than in FlexGet: an id is the same whether it is a number or text, so that items of an
/// online list are found by their ids; adding a movie again keeps its place and the ids that are
/// known of it; the entry that is looked for is left as it is; an entry that is a show, a season or
/// an episode is failed with that reason and not taken for a movie.
///
/// ```yaml
/// mock: [ { title: Solaris (1972), imdb_id: tt0069293 } ]
/// accept_all: yes
/// list_add:
///   - movie_list: to watch
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MovieList(WithShorthand<MovieListOptions>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MovieListOptions {
    /// The list's name.
    #[schemars(length(min = 1))]
    list_name: String,
    /// Whether titles are names alone, without the year behind them.
    #[serde(default)]
    strip_year: bool,
}

impl Shorthand for MovieListOptions {
    type Short = NonEmpty;
    const SHORT: &'static str = "The list's name.";

    fn from_short(NonEmpty(list_name): NonEmpty) -> Self {
        Self { list_name, strip_year: false }
    }
}

submit! { list::<MovieList>() }

/// Returns the list of this name in the store.
pub fn stored_list(cx: &Context, name: &str) -> StoredList {
    StoredList::new(cx, MovieList::NAME, name, keys)
}

/// The fields with ids that the commands take and show.
pub const IDS: [&str; 4] = ["imdb_id", "trakt_movie_id", "trakt_movie_slug", "tmdb_id"];

/// Returns the movie that an entry is.
///
/// Without the field `movie_name` it is read from the title, which may be that of a release.
pub fn movie(entry: &Entry) -> Result<Media, String> {
    let mut media = Media::of(entry, Some(Kind::Movie)).ok_or("this is not a movie")?;
    if media.kind != Kind::Movie {
        return Err(format!(
            "it is of the type {0}, not movie: set `type: movies` for the input, or reject {0}s",
            media.kind.word()
        ));
    }
    let is_named = ["movie_name", "trakt_movie_name"].iter().any(|field| entry.has(field));
    if media.year.is_none() && !is_named {
        let read = parsing::movie::movie(entry.title());
        media.name = Some(read.name).filter(|name| !name.is_empty());
        media.year = read.year;
    }
    if media.name.is_none() && media.ids.is_empty() {
        return Err("it has neither a movie's id nor a name".to_owned());
    }
    Ok(media)
}

fn keys(entry: &Entry) -> Keys {
    movie(entry).map(|movie| movie.keys()).unwrap_or_default()
}

/// Returns the name, the year and the ids of an entry, over those of the item before.
pub fn kept(entry: &Entry, before: Option<&Entry>) -> Entry {
    let now = movie(entry).ok();
    let old = before.and_then(|before| movie(before).ok());
    let year = now.as_ref().and_then(|movie| movie.year).or(old.as_ref().and_then(|movie| movie.year));
    let name = now.as_ref().and_then(|movie| movie.name.clone()).unwrap_or_else(|| entry.title().to_owned());
    let mut ids = now.map(|movie| movie.ids).unwrap_or_default();
    ids.fill(&old.map(|movie| movie.ids).unwrap_or_default());
    let kept = Entry::new(&name, "").with("movie_name", name).with("movie_year", year);
    ids.fields(Kind::Movie).fold(kept, |kept, (field, id)| kept.with(field, id))
}

impl MovieList {
    /// Returns an item as a task sees it.
    ///
    /// The title of a movie without a year is its name.
    fn entry(&self, item: &StoredItem) -> Entry {
        let stored = &item.entry;
        let mut entry = Entry::new(stored.title(), format!("mock://localhost/movie_list/{}", item.id));
        if let Some(year) = stored.int("movie_year").filter(|_| !self.0.strip_year) {
            entry.set("title", format!("{} ({year})", stored.title()));
        }
        let fields = ["movie_name", "movie_year"].into_iter().chain(ids::id_fields(Kind::Movie)).chain(["added"]);
        fields.for_each(|field| {
            if let Some(value) = stored.peek(field) {
                entry.set(field, value.clone());
            }
        });
        entry
    }
}

impl List for MovieList {
    const NAME: &'static str = "movie_list";

    fn gives() -> Vec<KnownField> {
        let ids = ids::id_fields(Kind::Movie);
        KnownField::all(&["movie_name", "movie_year", "added"]).into_iter().chain(ids.map(KnownField::new)).collect()
    }

    fn id(&self) -> ListId {
        ListId::local(self.0.list_name.as_str())
    }

    fn keys(&self, entry: &Entry) -> Keys {
        keys(entry)
    }

    fn accepts(&self, entry: &Entry) -> Result<(), String> {
        movie(entry).map(drop)
    }

    fn fields(&self, entry: &Entry, adding: bool) -> Vec<Name> {
        if adding { ids::id_fields(Kind::Movie).map(Name::Borrowed).collect() } else { ids::missing_ids(entry) }
    }

    async fn items(&self, _limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        Ok(stored_list(cx, &self.0.list_name).items()?.iter().map(|item| self.entry(item)).collect())
    }

    async fn find(&self, entries: &[&Entry], cx: &Context) -> Result<Option<Vec<Option<Entry>>>> {
        let found = stored_list(cx, &self.0.list_name).find(entries)?;
        Ok(Some(found.iter().map(|item| item.as_ref().map(|item| self.entry(item))).collect()))
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        stored_list(cx, &self.0.list_name).put(entries, kept)
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        stored_list(cx, &self.0.list_name).remove(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::test_lookup::asked;
    use flexget_core::testing;
    use flexget_core::testing::{config_errors, context, run, titles};

    const ADD: &str = "accept_all: yes\nseen: no\nlist_add: [ movie_list: m ]\nmock: ";

    fn matched(entry: &str, cx: &Context) -> bool {
        let task =
            format!("seen: no\nlist_match: {{ from: [ movie_list: m ], remove_on_match: no }}\nmock: [ {entry} ]");
        titles(&run(&task, cx), State::Accepted).len() == 1
    }

    #[test]
    fn movies_are_matched_by_ids_and_then_by_name_and_year() {
        let cx = context();
        run(
            &format!("{ADD}[ {{ title: Solaris (1972), imdb_id: tt0069293, tmdb_id: '593' }}, Inception (2010) ]"),
            &cx,
        );
        for (entry, expected) in [
            ("{ title: Solyaris, imdb_id: TT0069293 }", true),
            ("{ title: x, tmdb_id: 593 }", true),
            ("{ title: x, tmdb_id: 593, series_name: A show }", false),
            ("solaris (1972)", true),
            ("Solaris.1972.1080p.BluRay.x264-GROUP", true),
            ("Solaris.2002.1080p.BluRay.x264-GROUP", false),
            ("{ title: x, movie_name: SOLARIS, movie_year: '1972' }", true),
            ("Solaris (2002)", false),
            ("{ title: Solaris (1972), imdb_id: tt1 }", false),
            ("Inception", false),
            ("inception (2010)", true),
        ] {
            assert_eq!(matched(entry, &cx), expected, "{entry}");
        }
    }

    #[test]
    fn name_year_and_ids_are_kept_and_ids_are_numbers_again() {
        let cx = context();
        run(&format!("{ADD}[ {{ title: Solaris (1972), imdb_id: tt0069293, quality: 720p }} ]"), &cx);
        run(&format!("{ADD}[ {{ title: x, imdb_id: tt0069293, movie_name: Solyaris, tmdb_id: '593' }} ]"), &cx);
        let read = run("movie_list: m\naccept_all: yes\nseen: no", &cx);
        let [entry] = read.entries.as_slice() else { panic!("{read:?}") };
        assert_eq!(
            serde_json::to_value(entry.fields()).unwrap(),
            serde_json::json!({
                "title": "Solyaris (1972)", "original_title": "Solyaris", "movie_name": "Solyaris", "movie_year": 1972,
                "url": "mock://localhost/movie_list/1", "original_url": "mock://localhost/movie_list/1",
                "imdb_id": "tt0069293", "tmdb_id": 593, "added": "2026-11-24T00:00:00Z",
            })
        );
        let read = run("movie_list: { list_name: m, strip_year: yes }\naccept_all: yes\nseen: no", &cx);
        assert_eq!(titles(&read, State::Accepted), ["Solyaris"]);
    }

    #[test]
    fn an_episode_is_no_movie() {
        let added =
            run(&format!("{ADD}[ {{ title: e, series_name: S, series_season: 1, series_episode: 2 }} ]"), &context());
        assert_eq!(titles(&added, State::Failed), ["e"]);
        assert_eq!(
            added.changes[0].failed[0].to_string(),
            "e: it is of the type episode, not movie: set `type: movies` for the input, or reject episodes"
        );
    }

    #[test]
    fn options_are_explained() {
        for (options, expected) in [
            ("{ list_name: x, strip: yes }", "the key `strip` is not valid here; did you mean `strip_year`?"),
            ("{ list_name: x, strip_year: maybe }", "got `maybe`, expected: boolean; write `yes` or `no`"),
            ("{ strip_year: yes }", "`list_name` is a required property"),
            ("[ x ]", "got `[\"x\"]`, expected: "),
            ("''", "should be non-empty"),
        ] {
            let mistakes = config_errors(&format!("movie_list: {options}"));
            assert_eq!(mistakes.len(), 1, "{options}: {mistakes:?}");
            assert!(mistakes[0].starts_with(expected), "{options}: {mistakes:?}");
        }
    }

    #[test]
    fn reads_the_ids_that_a_lookup_offers_in_one_batch() {
        let cx = testing::context();
        let lookup = |answers: &str| format!("test_lookup: {{ answers: {{ {answers} }} }}\nseen: no\n");
        let known = lookup("A: { imdb_id: tt1 }, B: { imdb_id: tt2 }");
        testing::run(&format!("mock: [ A, B ]\n{known}accept_all: yes\nlist_add: [ movie_list: m ]"), &cx);
        assert_eq!(asked(&cx), [["A", "B"]]);
        let read = || testing::run("movie_list: m\naccept_all: yes\nseen: no", &testing::next_run(&cx));
        assert_eq!(read().entries[1].fields()["imdb_id"], "tt2");
        let other = lookup("X: { imdb_id: tt2 }");
        let from = "list_match: { from: [ movie_list: m ], remove_on_match: no }";
        let matched = testing::run(&format!("mock: [ X, Y ]\n{other}{from}"), &testing::next_run(&cx));
        assert_eq!(testing::titles(&matched, State::Accepted), ["X"]);
        let remove = "accept_all: yes\nlist_remove: [ movie_list: m ]";
        testing::run(&format!("mock: [ X ]\n{other}{remove}"), &testing::next_run(&cx));
        assert_eq!(testing::titles(&read(), State::Accepted), ["A"]);
    }
}
