use flexget_core::prelude::*;

use crate::shared::existing_copies::{AllowedQualities, comparable_name, items_in, quality_of};
use crate::shared::folder::FolderItem;
use crate::titles::parsing::movie::movie;
use crate::titles::parsing::quality::Quality;

/// Rejects accepted movies of which a copy is in a folder.
///
/// The names of folders, or of files, are read as titles of movies and compared with `movie_name`
/// and `movie_year` of the entry, or with its title. Other than in FlexGet, upper and lower case
/// are equal, and a copy or an entry without a year equals one with any. Folders named like `cd 1`,
/// `subs` or `sample` are skipped; files must be videos. A folder that does not exist gives a
/// warning.
///
/// ```yaml
/// mock: [ Solaris 1972 1080p ]
/// accept_all: yes
/// exists_movie:
///   path: ~/films
///   allow_different_qualities: better
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ExistsMovie(WithShorthand<ExistsMovieOptions>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExistsMovieOptions {
    /// The folder, or several.
    path: OneOrMany<String>,
    /// Whether to accept another quality (`yes`) or only a better one (`better`) than all copies.
    allow_different_qualities: Option<AllowedQualities>,
    /// The kind of copies.
    #[serde(default, rename = "type")]
    kind: CopyKind,
    /// Not supported: names and years are compared.
    lookup: Option<Lookup>,
    /// Whether subfolders are read.
    #[serde(default)]
    recursive: bool,
}

impl Shorthand for ExistsMovieOptions {
    type Short = OneOrMany<String>;
    const SHORT: &'static str = "The folder, or several.";

    fn from_short(path: OneOrMany<String>) -> Self {
        Self { path, allow_different_qualities: None, kind: CopyKind::default(), lookup: None, recursive: false }
    }
}

/// The kind of copies.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Default)]
#[serde(rename_all = "lowercase")]
enum CopyKind {
    /// Folders.
    #[default]
    Dirs,
    /// Files.
    Files,
}

/// The service that identifies movies.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Lookup {
    /// None.
    None(bool),
    /// A service.
    Service(LookupService),
}

/// A service that identifies movies.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum LookupService {
    /// IMDb.
    Imdb,
}

/// The extensions of videos.
const VIDEOS: [&str; 5] = ["avi", "mkv", "mp4", "mpg", "webm"];

submit! { plugin::<ExistsMovie>() }

impl Plugin for ExistsMovie {
    const NAME: &'static str = "exists_movie";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::reject_existing).priority(-1)]
    }

    fn check(&self) -> Vec<Problem> {
        if matches!(self.0.lookup, None | Some(Lookup::None(false))) {
            return Vec::new();
        }
        let message = "`lookup` needs `imdb_lookup`, which flexget-rs does not have";
        vec![Problem::at(Path::root().key("lookup"), message).help("remove it: names and years are compared")]
    }
}

/// The copies on disk, by name: the year and the quality of each.
type Copies = HashMap<String, Vec<(Option<i64>, Quality)>>;

impl ExistsMovie {
    async fn reject_existing(&self, task: &mut Task) -> Result<()> {
        if task.accepted().next().is_none() {
            return Ok(());
        }
        let allowed = self.0.allow_different_qualities;
        let mut copies = Copies::new();
        for path in &self.0.path {
            match items_in(path, self.0.recursive, &task.cx)? {
                Some(items) => add_copies(&items, self.0.kind, &mut copies),
                None => task.warn(Self::NAME, format!("path `{path}` does not exist")),
            }
        }
        task.need(&["quality"]).await;
        for entry in task.live_entries().filter(|entry| entry.state() == State::Accepted) {
            if !entry.has("movie_name") {
                let movie = movie(entry.title());
                entry.set("movie_name", movie.name);
                entry.set("movie_year", movie.year);
            }
            let (year, quality) = (entry.int("movie_year"), quality_of(entry));
            let name = comparable_name(entry.text("movie_name").unwrap_or_default());
            let is_copy = |(of, _): &&(Option<i64>, Quality)| of.is_none() || year.is_none() || *of == year;
            let mut copies = copies.get(&name).into_iter().flatten().filter(is_copy);
            if copies.any(|(_, copy)| !allowed.is_some_and(|allowed| allowed.accepts(&quality, copy))) {
                entry.reject(Self::NAME, Some("movie exists".into()));
            }
        }
        Ok(())
    }
}

fn add_copies(items: &[FolderItem], kind: CopyKind, copies: &mut Copies) {
    for item in items.iter().filter(|item| item.is_folder == (kind == CopyKind::Dirs)) {
        let Some(name) = item.title(&VIDEOS) else { continue };
        if kind == CopyKind::Files || !is_part_of_a_movie(&name) {
            let movie = movie(&name);
            copies.entry(comparable_name(&movie.name)).or_default().push((movie.year, movie.quality));
        }
    }
}

/// Returns whether a folder is named like a part of a movie: `cd 1`, `subs`, `samples`.
fn is_part_of_a_movie(name: &str) -> bool {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let is_disc = |pair: &[&str]| matches!(pair, ["cd", number] if number.len() == 1 && number.parse::<u8>().is_ok());
    words.iter().any(|word| matches!(*word, "sub" | "subs" | "sample" | "samples")) || words.windows(2).any(is_disc)
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    /// FlexGet 3.22.7 decides the same, but accepts `solaris 1972` and `Mirror 1975`: there, case
    /// and years must agree.
    #[test]
    fn movies_on_disk_are_rejected() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["Solaris (1972) 720p", "Stalker.1979.1080p.BluRay", "subs", "Mirror", "cd 1"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("Ivans.Childhood.1962.mkv"), "").unwrap();
        let left = |titles: &str, options: &str| {
            let options = options.replace("HERE", &folder.path().display().to_string());
            let task = format!("mock: [ {titles} ]\naccept_all: yes\nexists_movie: {options}");
            let report = testing::run(&task, &testing::context());
            let reasons: Vec<_> = report.entries.iter().filter_map(|entry| entry.reason()).collect();
            assert!(reasons.iter().all(|reason| *reason == "movie exists"), "{reasons:?}");
            testing::titles(&report, flexget_core::prelude::State::Accepted).join(", ")
        };
        let all = "Solaris 1972 1080p, Solaris 1972 720p, Solaris 2002, Stalker 1979 2160p, Mirror 1975, subs, cd 1, solaris 1972";
        assert_eq!(left(all, "HERE"), "Solaris 2002, subs, cd 1");
        let qualities = "Solaris 1972 1080p, Solaris 1972 720p, Solaris 1972 480p, Mirror";
        let options = |allowed: &str| format!("{{ path: [ HERE ], allow_different_qualities: {allowed} }}");
        assert_eq!(left(qualities, &options("better")), "Solaris 1972 1080p");
        assert_eq!(left(qualities, &options("yes")), "Solaris 1972 1080p, Solaris 1972 480p");
        assert_eq!(left("Ivans Childhood 1962, Mirror", "{ path: HERE, type: files }"), "Mirror");
    }

    #[test]
    fn a_missing_folder_gives_a_warning_and_lookup_a_mistake() {
        let report = testing::run("mock: [A]\naccept_all: yes\nexists_movie: /nowhere/at/all", &testing::context());
        assert_eq!(report.warnings, ["exists_movie: path `/nowhere/at/all` does not exist"]);
        let mistakes = testing::config_errors("mock: [A]\naccept_all: yes\nexists_movie: { path: /, lookup: imdb }");
        assert!(mistakes[0].starts_with("`lookup` needs `imdb_lookup`"), "{mistakes:?}");
    }
}
