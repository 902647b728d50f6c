use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path as FilePath, PathBuf};

use flexget_core::prelude::*;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::shared::{folder, source};

/// Produces entries from the files, folders and links in folders, in the order of their paths.
///
/// The title is the name, without the extension of a file. Other fields: `location` (the path),
/// `filename` (the name), `content_size` (the size of a file in bytes, unless it is a `.torrent` or
/// `.nzb`), and the times `atime` (last access), `mtime` (last modification, also as
/// `timestamp`) and `ctime` (last change of anything about it); they are also named `accessed`,
/// `modified` and `created`. A folder that does not exist gives a warning.
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
#[serde(transparent)]
pub struct Filesystem(WithShorthand<FilesystemOptions>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FilesystemOptions {
    /// The folder, or several.
    path: OneOrMany<String>,
    /// Whether subfolders are read, or down to which level; the folder itself is level 1.
    recursive: Option<Depth>,
    /// Takes only paths that match this mask, with `*`, `?` and `[…]`.
    mask: Option<Mask>,
    /// Takes only paths that match this regular expression from their beginning.
    regexp: Option<Start>,
    /// The kinds that are taken; all by default.
    retrieve: Option<OneOrMany<Kind>>,
}

impl Shorthand for FilesystemOptions {
    type Short = OneOrMany<String>;
    const SHORT: &'static str = "The folder, or several.";

    fn from_short(path: OneOrMany<String>) -> Self {
        Self { path, recursive: None, mask: None, regexp: None, retrieve: None }
    }
}

/// A kind of directory entry.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// Files.
    Files,
    /// Folders, and links to folders.
    Dirs,
    /// Links.
    Symlinks,
}

/// The depth to which folders are read.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(untagged)]
enum Depth {
    /// Whether subfolders are read.
    Toggle(bool),
    /// The number of levels.
    Levels(#[schemars(range(min = 2))] usize),
}

/// A mask for paths.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct Mask(Pattern);

impl TryFrom<String> for Mask {
    type Error = String;
    fn try_from(mask: String) -> Result<Self, String> {
        Pattern::mask(&mask).map(Self)
    }
}

/// A regular expression that matches at the beginning of paths.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "Pattern")]
struct Start(Pattern);

impl TryFrom<String> for Start {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Pattern::at_start(&text).map(Self)
    }
}

/// The characters of a path that are escaped in a URL.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':');

submit! { plugin::<Filesystem>() }

impl Plugin for Filesystem {
    const NAME: &'static str = "filesystem";
    const INPUT: bool = true;

    fn gives() -> Vec<KnownField> {
        KnownField::all(&[
            "location",
            "filename",
            "content_size",
            "timestamp",
            "atime",
            "mtime",
            "ctime",
            "accessed",
            "modified",
            "created",
        ])
    }

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce)]
    }
}

impl Filesystem {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        let depth = match self.0.recursive {
            None | Some(Depth::Toggle(false)) => 1,
            Some(Depth::Toggle(true)) => usize::MAX,
            Some(Depth::Levels(levels)) => levels,
        };
        let mut urls = HashSet::new();
        for folder in &self.0.path {
            let path = source::expand_home(folder, &task.cx);
            let path = std::path::absolute(&path).unwrap_or(path);
            match folder::contents(&path) {
                Ok(contents) => self.produce_from(contents, depth, &mut urls, task)?,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    task.warn(Self::NAME, format!("`{folder}` does not exist"));
                }
                Err(error) => return Err(source::unreadable(&path, error)),
            }
        }
        Ok(())
    }

    /// Produces the entries of a folder and of its subfolders down to `depth`, each once.
    fn produce_from(
        &self,
        paths: Vec<PathBuf>,
        depth: usize,
        urls: &mut HashSet<String>,
        task: &mut Task,
    ) -> Result<()> {
        for path in paths {
            let Ok(own) = path.symlink_metadata() else { continue };
            let target = path.metadata().ok();
            let is_dir = target.as_ref().is_some_and(Metadata::is_dir);
            let is_file = own.is_file();
            if self.takes(is_dir, own.is_symlink(), is_file) && self.matches(&path)? {
                let is_file = target.as_ref().is_some_and(Metadata::is_file);
                let entry = entry(&path, target.as_ref().unwrap_or(&own), is_file);
                if urls.insert(entry.url().to_owned()) {
                    task.produce([entry]);
                }
            }
            if is_dir && !own.is_symlink() && depth > 1 {
                match folder::contents(&path) {
                    Ok(contents) => self.produce_from(contents, depth.saturating_sub(1), urls, task)?,
                    Err(error) if flexget_core::error::is_out_of_files(&error) => {
                        return Err(source::unreadable(&path, error));
                    }
                    // A subfolder without permission must not hide the others.
                    Err(error) => task.warn(Self::NAME, format!("`{}` cannot be read: {error}", path.display())),
                }
            }
        }
        Ok(())
    }

    fn takes(&self, is_dir: bool, is_link: bool, is_file: bool) -> bool {
        let retrieve = self.0.retrieve.as_ref();
        let wants = |kind: Kind| retrieve.is_none_or(|kinds| kinds.contains(&kind));
        is_dir && wants(Kind::Dirs) || is_link && wants(Kind::Symlinks) || is_file && wants(Kind::Files)
    }

    fn matches(&self, path: &FilePath) -> Result<bool> {
        let mask = self.0.mask.as_ref().map(|mask| &mask.0);
        let wanted = mask.or(self.0.regexp.as_ref().map(|start| &start.0));
        wanted.map_or(Ok(true), |wanted| wanted.is_match(&path.to_string_lossy()))
    }
}

fn entry(path: &FilePath, metadata: &Metadata, is_file: bool) -> Entry {
    let text = |name: Option<&std::ffi::OsStr>| name.unwrap_or_default().to_string_lossy().into_owned();
    let name = text(path.file_name());
    let title = if is_file { text(path.file_stem()) } else { name.clone() };
    let time = |time: std::io::Result<_>| time.ok().and_then(|at| Timestamp::try_from(at).ok());
    let accessed = time(metadata.accessed());
    let modified = time(metadata.modified());
    let changed = changed(metadata).or_else(|| time(metadata.created()));
    // The size of what is downloaded by such a file is another one.
    let is_content = is_file && !path.extension().is_some_and(|extension| extension == "torrent" || extension == "nzb");
    let size = is_content.then(|| i64::try_from(metadata.len()).ok()).flatten();
    Entry::new(title, file_url(path))
        .with("location", path.to_string_lossy().into_owned())
        .with("filename", name)
        .with("content_size", size)
        .with("timestamp", modified)
        .with("atime", accessed)
        .with("mtime", modified)
        .with("ctime", changed)
        .with("accessed", accessed)
        .with("modified", modified)
        .with("created", changed)
}

/// Returns when anything about a file last changed.
#[cfg(unix)]
fn changed(metadata: &Metadata) -> Option<Timestamp> {
    use std::os::unix::fs::MetadataExt;
    Timestamp::new(metadata.ctime(), i32::try_from(metadata.ctime_nsec()).ok()?).ok()
}

/// Returns `None`: this system does not say when anything about a file last changed.
#[cfg(not(unix))]
fn changed(_: &Metadata) -> Option<Timestamp> {
    None
}

/// Returns the URL of a file.
fn file_url(path: &FilePath) -> String {
    let path = path.to_string_lossy().replace('\\', "/");
    let start = if path.starts_with('/') { "file://" } else { "file:///" };
    format!("{start}{}", utf8_percent_encode(&path, ESCAPED))
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
    fn paths_are_selected_as_in_flexget() {
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
    fn fields_give_location_and_times() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a b.mkv"), "abc").unwrap();
        std::fs::write(folder.path().join("c.torrent"), "abc").unwrap();
        let task = format!("filesystem: [ {}, /nowhere/at/all ]\naccept_all: yes", folder.path().display());
        let report = testing::run(&task, &testing::context());
        let fields = &report.entries[0].fields();
        assert_eq!(fields["location"], folder.path().join("a b.mkv").display().to_string());
        assert_eq!(fields["filename"], "a b.mkv");
        // FlexGet 3.22.7 sets it in `metainfo_content_size`.
        assert_eq!((&fields["content_size"], report.entries[1].fields().get("content_size")), (&3.into(), None));
        assert!(report.entries[0].url().starts_with("file:///") && report.entries[0].url().ends_with("/a%20b.mkv"));
        for (name, flexget_name) in [("accessed", "atime"), ("modified", "mtime"), ("created", "ctime")] {
            assert!(fields[name].as_str().unwrap().ends_with('Z'));
            assert_eq!(fields[name], fields[flexget_name]);
        }
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
            assert_eq!(
                testing::config_errors(&format!("filesystem: {options}\naccept_all: yes")).len(),
                1,
                "{options}"
            );
        }
    }
}
