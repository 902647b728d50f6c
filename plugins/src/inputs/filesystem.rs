use std::collections::HashSet;
use std::fs::Metadata;
use std::path::{Path as FilePath, PathBuf};

use flexget_core::prelude::*;
use jiff::Timestamp;

use crate::inputs::source;

/// Produces entries from the files, folders and links in folders.
///
/// The title is the name, of a file without its ending. Other fields: `location` (the path), `filename` (the name), and the times
/// `accessed`, `modified` (also as `timestamp`) and `created` (as in FlexGet, when anything about it last changed). The entries are in the order of their paths. A folder that is not there is a warning.
///
/// ```yaml
/// filesystem:
///   path: ~/films
///   recursive: yes
///   mask: '*.mkv'
///   retrieve: files
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Filesystem {
    /// The folder, or several.
    Paths(OneOrMany<String>),
    /// Folders with options.
    Options(Box<Options>),
}

/// The options.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Options {
    /// The folder, or several.
    path: OneOrMany<String>,
    /// Whether folders within are read as well, or down to which level; the folder itself is the first.
    #[serde(default)]
    recursive: Depth,
    /// Takes only what has a path like this, with `*`, `?` and `[…]`.
    mask: Option<Mask>,
    /// Takes only what has a path that begins like this.
    regexp: Option<Start>,
    /// What is taken; all kinds if it is not said.
    retrieve: Option<OneOrMany<Kind>>,
}

/// What is taken.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Kind {
    /// Files.
    Files,
    /// Folders, and links to folders.
    Dirs,
    /// Links.
    Symlinks,
}

/// How deep folders are read.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(untagged)]
#[schemars(inline)]
enum Depth {
    /// Whether folders within are read.
    Toggle(bool),
    /// So many levels.
    Levels(#[schemars(range(min = 2))] usize),
}

impl Default for Depth {
    fn default() -> Self {
        Self::Toggle(false)
    }
}

/// A mask for paths.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
struct Mask(Pattern);

impl TryFrom<String> for Mask {
    type Error = String;
    fn try_from(mask: String) -> Result<Self, String> {
        Pattern::mask(&mask).map(Self)
    }
}

/// A regular expression for the beginning of paths.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "Pattern")]
struct Start(Pattern);

impl TryFrom<String> for Start {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Pattern::at_start(&text).map(Self)
    }
}

submit! { plugin::<Filesystem>() }

impl Plugin for Filesystem {
    const NAME: &'static str = "filesystem";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce)]
    }
}

impl Filesystem {
    fn paths(&self) -> &[String] {
        match self {
            Self::Paths(paths) => paths,
            Self::Options(options) => &options.path,
        }
    }

    fn options(&self) -> Option<&Options> {
        match self {
            Self::Paths(_) => None,
            Self::Options(options) => Some(options),
        }
    }

    async fn produce(&self, task: &mut Task) -> Result<()> {
        let depth = match self.options().map(|options| options.recursive).unwrap_or_default() {
            Depth::Toggle(false) => 1,
            Depth::Toggle(true) => usize::MAX,
            Depth::Levels(levels) => levels,
        };
        let mut met = HashSet::new();
        for folder in self.paths() {
            let path = source::path(folder, &task.cx);
            let path = std::path::absolute(&path).unwrap_or(path);
            match std::fs::read_dir(&path) {
                Ok(_) => self.read(&path, depth, &mut met, task)?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    task.warn(Self::NAME, format!("`{folder}` does not exist"));
                }
                Err(error) => {
                    return Err(Error::new(format!("`{folder}` cannot be read"))
                        .hint("it must be a folder that this user may read")
                        .cause(error));
                }
            }
        }
        Ok(())
    }

    /// Reads what is in a folder, and in those within it down to `depth`; what was `met` in another folder is there once.
    fn read(&self, folder: &FilePath, depth: usize, met: &mut HashSet<String>, task: &mut Task) -> Result<()> {
        let found: Result<Vec<PathBuf>, std::io::Error> =
            std::fs::read_dir(folder).and_then(|items| items.map(|item| Ok(item?.path())).collect());
        let mut paths = match found {
            Ok(paths) => paths,
            // A folder below that is closed to us must not hide the others.
            Err(error) => {
                task.warn(Self::NAME, format!("`{}` cannot be read: {error}", folder.display()));
                return Ok(());
            }
        };
        paths.sort();
        for path in paths {
            let Ok(own) = path.symlink_metadata() else { continue };
            let target = path.metadata().ok();
            let is_dir = target.as_ref().is_some_and(Metadata::is_dir);
            let is_file = own.is_file();
            if self.takes(is_dir, own.is_symlink(), is_file) && self.matches(&path)? {
                let is_file = target.as_ref().is_some_and(Metadata::is_file);
                let entry = entry(&path, target.as_ref().unwrap_or(&own), is_file);
                if met.insert(entry.url().to_owned()) {
                    task.produce([entry]);
                }
            }
            if is_dir && !own.is_symlink() && depth > 1 {
                self.read(&path, depth - 1, met, task)?;
            }
        }
        Ok(())
    }

    fn takes(&self, is_dir: bool, is_link: bool, is_file: bool) -> bool {
        let retrieve = self.options().and_then(|options| options.retrieve.as_ref());
        let wants = |kind: Kind| retrieve.is_none_or(|kinds| kinds.contains(&kind));
        is_dir && wants(Kind::Dirs) || is_link && wants(Kind::Symlinks) || is_file && wants(Kind::Files)
    }

    fn matches(&self, path: &FilePath) -> Result<bool> {
        let Some(options) = self.options() else { return Ok(true) };
        let mask = options.mask.as_ref().map(|mask| &mask.0);
        let wanted = mask.or(options.regexp.as_ref().map(|start| &start.0));
        wanted.map_or(Ok(true), |wanted| wanted.is_match(&path.to_string_lossy()))
    }
}

fn entry(path: &FilePath, metadata: &Metadata, is_file: bool) -> Entry {
    let text = |name: Option<&std::ffi::OsStr>| name.unwrap_or_default().to_string_lossy().into_owned();
    let name = text(path.file_name());
    let title = if is_file { text(path.file_stem()) } else { name.clone() };
    let accessed = metadata.accessed().ok().and_then(|at| Timestamp::try_from(at).ok());
    let modified = metadata.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
    let created = || metadata.created().ok().and_then(|at| Timestamp::try_from(at).ok());
    Entry::new(title, file_url(path))
        .with("location", path.to_string_lossy().into_owned())
        .with("filename", name)
        .with("timestamp", modified)
        .with("accessed", accessed)
        .with("modified", modified)
        .with("created", changed(metadata).or_else(created))
}

/// When anything about it last changed.
#[cfg(unix)]
fn changed(metadata: &Metadata) -> Option<Timestamp> {
    use std::os::unix::fs::MetadataExt;
    Timestamp::new(metadata.ctime(), i32::try_from(metadata.ctime_nsec()).ok()?).ok()
}

/// When anything about it last changed, which this system does not say.
#[cfg(not(unix))]
fn changed(_: &Metadata) -> Option<Timestamp> {
    None
}

/// The address of a file.
fn file_url(path: &FilePath) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let start = if text.starts_with('/') { "file://" } else { "file:///" };
    text.bytes().fold(start.to_owned(), |mut url, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' | b':' => {
                url.push(char::from(byte))
            }
            other => url += &format!("%{other:02X}"),
        }
        url
    })
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    fn names(options: &str, folder: &std::path::Path) -> Vec<String> {
        let options = options.replace("HERE", &folder.display().to_string());
        let report =
            testing::run(&format!("filesystem: {options}\naccept_all: yes\nno_entries_ok: yes"), &testing::context());
        report.entries.iter().map(|entry| entry.title().to_owned()).collect()
    }

    #[test]
    fn what_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("Show/Season 1")).unwrap();
        for file in ["Solaris (1972).mkv", "b.txt", "Show/e1.mkv", "Show/Season 1/e2.MKV", ".hidden"] {
            std::fs::write(at(file), "").unwrap();
        }
        for (options, expected) in [
            ("HERE", vec![".hidden", "Show", "Solaris (1972)", "b"]),
            ("[ HERE, HERE/Show ]", vec![".hidden", "Show", "Solaris (1972)", "b", "Season 1", "e1"]),
            ("{ path: HERE, retrieve: dirs }", vec!["Show"]),
            ("{ path: HERE, retrieve: [files], mask: '*.mkv' }", vec!["Solaris (1972)"]),
            ("{ path: HERE, recursive: yes, mask: '*.mkv' }", vec!["e2", "e1", "Solaris (1972)"]),
            ("{ path: HERE, recursive: 2, mask: '*.mkv' }", vec!["e1", "Solaris (1972)"]),
            ("{ path: HERE, regexp: '.*/s[^/]*$' }", vec!["Show", "Solaris (1972)"]),
            ("{ path: HERE, mask: '*/[!Ss]*.t?t' }", vec!["b"]),
        ] {
            assert_eq!(names(options, folder.path()), expected, "{options}");
        }
    }

    #[test]
    fn fields_say_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a b.mkv"), "").unwrap();
        let task = format!("filesystem: [ {}, /nowhere/at/all ]\naccept_all: yes", folder.path().display());
        let report = testing::run(&task, &testing::context());
        let fields = &report.entries[0].fields();
        assert_eq!(fields["location"], folder.path().join("a b.mkv").display().to_string());
        assert_eq!(fields["filename"], "a b.mkv");
        assert!(report.entries[0].url().starts_with("file:///") && report.entries[0].url().ends_with("/a%20b.mkv"));
        assert!(fields["modified"].as_str().unwrap().ends_with('Z'));
        assert_eq!(report.warnings, ["filesystem: `/nowhere/at/all` does not exist"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_into_circles() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("d/up")).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", folder.path().join("gone")).unwrap();
        assert_eq!(names("{ path: HERE, recursive: yes }", folder.path()), ["d", "up", "gone"]);
        assert_eq!(names("{ path: HERE, recursive: yes, retrieve: symlinks }", folder.path()), ["up", "gone"]);
    }

    #[test]
    fn mistakes_are_explained() {
        for options in [
            "{ recursive: yes }",
            "{ path: x, regexp: '(' }",
            "{ path: x, retrieve: file }",
            "{ path: x, recursive: 1 }",
        ] {
            assert_eq!(testing::mistakes(&format!("filesystem: {options}\naccept_all: yes")).len(), 1, "{options}");
        }
    }
}
