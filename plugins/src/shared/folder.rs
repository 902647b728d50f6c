//! The contents of folders.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// An item of a folder.
pub struct FolderItem {
    /// Its path.
    pub path: PathBuf,
    /// Whether it is a folder, or a link to one.
    pub is_folder: bool,
}

impl FolderItem {
    /// Returns the name as that of a release; a file has one if its extension is one of these.
    pub fn title(&self, extensions: &[&str]) -> Option<Cow<'_, str>> {
        let is_one = |of_file: &OsStr| extensions.iter().any(|extension| of_file.eq_ignore_ascii_case(extension));
        let name = if self.is_folder {
            self.path.file_name()
        } else {
            self.path.file_stem().filter(|_| self.path.extension().is_some_and(is_one))
        };
        name.map(OsStr::to_string_lossy)
    }
}

/// Returns the paths of all that is in a folder, sorted.
///
/// # Errors
/// It cannot be read.
pub fn contents(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = std::fs::read_dir(folder)?.map(|item| Ok(item?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Returns the items in a folder (with `recursive` below it, too), or `None` if it is none.
///
/// # Errors
/// The folder or a subfolder cannot be read: a part must not be taken for the whole.
pub fn all_items(folder: &Path, recursive: bool) -> io::Result<Option<Vec<FolderItem>>> {
    let item = |path: PathBuf| FolderItem { is_folder: path.is_dir(), path };
    let mut items: Vec<FolderItem> = match contents(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        paths => paths?.into_iter().map(item).collect(),
    };
    for at in 0.. {
        let Some(FolderItem { path, is_folder }) = items.get(at).filter(|_| recursive) else { break };
        // Links are not followed, so that loops end.
        if *is_folder && !path.is_symlink() {
            let below = contents(path)?;
            items.extend(below.into_iter().map(item));
        }
    }
    Ok(Some(items))
}
