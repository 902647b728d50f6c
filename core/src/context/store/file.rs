//! The file of a database, which only its owner can read.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, OUT_OF_FILES, Result, is_out_of_files};

/// Creates the file and its folder if missing, and warns if others can read credentials.
///
/// SQLite gives `-wal` and `-shm` the permissions of the database itself, whatever the umask is.
pub(super) fn prepare(path: &Path, has_accounts: bool) -> Result<()> {
    if path.exists() {
        if !path.is_file() {
            return Err(Error::new(format!("the database `{}` is not a regular file", path.display()))
                .hint("name another file with `--database`"));
        }
        if let Some(warning) = exposed(path).filter(|_| has_accounts) {
            tracing::warn!("{warning}");
        }
        return Ok(());
    }
    match create(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done.map_err(|error| {
            let error_of = Error::new(format!("the database `{}` cannot be created", path.display()));
            let error_of = if is_out_of_files(&error) { error_of.hint(OUT_OF_FILES) } else { error_of };
            error_of.hint("check the permissions of the folder, or name another file with `--database`").cause(error)
        }),
    }
}

/// Returns the real path of a file, which need not exist yet.
pub(super) fn canonical(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_path_buf(),
    }
}

fn create(path: &Path) -> io::Result<()> {
    make_folder(path)?;
    private(OpenOptions::new().write(true).create_new(true), path).map(drop)
}

/// Creates the folder of a file if it is missing.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    Ok(())
}

/// Returns whether the process has too few file descriptors left for a database and its log.
pub(super) fn cannot_open_more(path: &Path) -> bool {
    const NEEDED: usize = 4;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let opened: io::Result<Vec<fs::File>> = (0..NEEDED).map(|_| fs::File::open(folder)).collect();
    opened.is_err_and(|error| is_out_of_files(&error))
}

/// Opens a file; if that creates it, only its owner can read and write it.
pub(super) fn private(options: &mut OpenOptions, path: &Path) -> io::Result<fs::File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// Returns a warning for a file that others can read; `None` where permissions are of another kind.
#[cfg(unix)]
pub(super) fn exposed(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let path = path.display();
        format!(
            "the database `{path}` holds credentials and others can read it (mode {mode:o}): run `chmod 600 {path}`"
        )
    })
}

/// Returns a warning for a file that others can read; `None` where permissions are of another kind.
#[cfg(not(unix))]
pub(super) fn exposed(_path: &Path) -> Option<String> {
    None
}
