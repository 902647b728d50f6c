//! Files that the program writes besides its database: the log, and pages.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Size after which a log file is moved away.
const LOG_SIZE: u64 = 1 << 20;

/// Number of older log files that are kept.
const LOGS: usize = 9;

/// A log file that is moved away when it is large: `x.log.1` is the one before `x.log`.
pub(crate) struct RotatingFile {
    path: PathBuf,
    file: File,
    size: u64,
    limit: u64,
}

impl RotatingFile {
    /// Opens a log file, and creates it and its folder if they are missing.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::with_limit(path, LOG_SIZE)
    }

    fn with_limit(path: &Path, limit: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let file = open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_path_buf(), file, size, limit })
    }

    /// Returns the path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        let line = format!("{line}\n");
        if self.size > 0 && self.size.saturating_add(line.len() as u64) > self.limit {
            self.rotate()?;
        }
        // One write, so that lines of two processes do not mix.
        self.file.write_all(line.as_bytes())?;
        self.size = self.size.saturating_add(line.len() as u64);
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let numbered = |number: usize| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        for (number, next) in (1..LOGS).rev().zip((2..=LOGS).rev()) {
            // Those that are not there yet need not be moved.
            let _ = fs::rename(numbered(number), numbered(next));
        }
        fs::rename(&self.path, numbered(1))?;
        self.file = open(&self.path)?;
        self.size = 0;
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().append(true).create(true), path)
}

/// Opens a file; if that creates it, only its owner can read and write it.
fn private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// Writes a file as a whole: who reads it sees the text before or the new one, and no part.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        fs::create_dir_all(folder)?;
    }
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    name.push(".new");
    let new = folder.unwrap_or(Path::new("")).join(name);
    let opened = private(OpenOptions::new().write(true).create(true).truncate(true), &new);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    let done = written.and_then(|()| fs::rename(&new, path));
    if done.is_err() {
        // Nothing is left behind; the error is what matters.
        let _ = fs::remove_file(&new);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_log_is_moved_away_and_only_some_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/x.log");
        let mut log = RotatingFile::with_limit(&path, 10).unwrap();
        for at in 0..LOGS + 5 {
            log.line(&format!("line {at:04}")).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path().join("logs")).unwrap().count(), LOGS + 1);
        assert_eq!(fs::read_to_string(&path).unwrap(), "line 0013\n");
        assert_eq!(fs::read_to_string(folder.path().join("logs/x.log.9")).unwrap(), "line 0004\n");
        drop(log);
        RotatingFile::with_limit(&path, 100).unwrap().line("more").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "line 0013\nmore\n", "a log is continued");
    }

    #[test]
    fn a_page_is_replaced_as_a_whole_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        replace(&path, "one").unwrap();
        replace(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert!(replace(&folder.path().join("page.html/below"), "x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
