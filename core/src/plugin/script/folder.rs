//! The scripts in a folder: which files are plugins, and which may not be.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path as Folder;

use super::{Script, description};
use crate::document::diagnostic::{Path, Problem};

/// The bytes of a file in which its description has to be.
const HEAD: u64 = 16 << 10;

/// A file that is a script or should be one.
#[derive(Debug)]
pub(crate) struct FoundScript {
    /// The name of its plugin.
    pub name: String,
    /// The file, as it is shown.
    pub file: String,
    /// The script, or why it cannot be used.
    pub script: Result<Script, Problem>,
}

/// Reads the scripts in a folder, by name; there are none if there is no folder.
///
/// A file is a script if it has a description. One that has none is another's, unless it can be
/// executed.
///
/// # Errors
/// The folder is there and cannot be read.
pub(crate) fn read(folder: &Folder) -> io::Result<Vec<FoundScript>> {
    let about_folder = match fs::metadata(folder) {
        Ok(about) if about.is_dir() => about,
        _ => return Ok(Vec::new()),
    };
    let mut files: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    let mut found = Vec::new();
    for file in files {
        let path = file.path();
        let (Some(name), Ok(about)) = (path.file_stem().and_then(|name| name.to_str()), fs::metadata(&path)) else {
            continue;
        };
        if !about.is_file() || name.starts_with('.') {
            continue;
        }
        let shown = path.display().to_string();
        let no = |message: String, help: &str| Problem::at(Path::root(), message).help(help);
        let text = head(&path);
        let text = match text.as_deref().map(description::find) {
            Ok(Some(text)) => text,
            Ok(None) if is_executable(&about) => {
                let problem = no(
                    format!("`{shown}` has no description, a comment that begins with `# /// flexget`"),
                    "`docs/scripts.md` says what stands in it",
                );
                found.push(FoundScript { name: name.to_owned(), file: shown, script: Err(problem) });
                continue;
            }
            Ok(None) => continue,
            Err(error) => {
                let problem = no(format!("`{shown}` cannot be read: {error}"), "let the user who runs this read it");
                found.push(FoundScript { name: name.to_owned(), file: shown, script: Err(problem) });
                continue;
            }
        };
        let script = if let Some(problem) = unsafe_to_run(folder, &about_folder, &shown, &about) {
            Err(problem)
        } else if !is_executable(&about) {
            Err(no(format!("the script `{shown}` is not executable"), "`chmod +x` makes it so"))
        } else {
            description::read(name, &path, &text)
        };
        found.push(FoundScript { name: name.to_owned(), file: shown, script });
    }
    Ok(found)
}

/// Reads the beginning of a file as text.
fn head(path: &Folder) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(unix)]
fn is_executable(about: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(about) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    true
}

/// Finds out whether somebody else could change the script.
#[cfg(unix)]
fn unsafe_to_run(folder: &Folder, about_folder: &Metadata, file: &str, about: &Metadata) -> Option<Problem> {
    use std::os::unix::fs::MetadataExt;

    let folder = folder.display().to_string();
    for (kind, name, about) in [("script", file, about), ("folder of scripts", folder.as_str(), about_folder)] {
        if about.mode() & 0o022 != 0 {
            let message = format!("the {kind} `{name}` can be written by others, and is not run");
            return Some(Problem::at(Path::root(), message).help(format!("run `chmod go-w '{name}'`")));
        }
    }
    if ![0, about_folder.uid()].contains(&about.uid()) {
        let message = format!("the script `{file}` belongs to another user than its folder, and is not run");
        return Some(Problem::at(Path::root(), message).help(format!("run `chown` on it, or copy it: cp '{file}' …")));
    }
    None
}

#[cfg(not(unix))]
fn unsafe_to_run(_: &Folder, _: &Metadata, _: &str, _: &Metadata) -> Option<Problem> {
    None
}
