//! The locks of running tasks and of the daemon, across processes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::database::Store;
use super::file;
use super::lock::here;
use crate::context::clock::Clock;
use crate::error::{Error, Result};

/// Interval for trying the lock of a task that another process runs.
const POLL: Duration = Duration::from_millis(100);

/// The right to run a task; released on drop or when the process ends.
pub struct TaskLock {
    _here: OwnedMutexGuard<()>,
    _file: Option<LockFile>,
}

/// The right to be the daemon of a database; released on drop or when the process ends.
pub struct DaemonLock {
    _file: Option<LockFile>,
}

impl Store {
    /// Waits until no other run of this task is under way, here or in another process.
    ///
    /// `on_wait` is called once if there is one, with the number of its process.
    ///
    /// # Errors
    ///
    /// The lock file cannot be made.
    pub async fn lock_task(&self, task: &str, clock: &Clock, on_wait: impl FnOnce(Option<u32>)) -> Result<TaskLock> {
        let Some(path) = self.task_lock_path(task) else {
            let name = format!("run {} {task} in memory", self.scope());
            return Ok(TaskLock { _here: here(name.into()).lock_owned().await, _file: None });
        };
        let mut on_wait = Some(on_wait);
        let mutex = here(path.clone().into_os_string());
        let here = match std::sync::Arc::clone(&mutex).try_lock_owned() {
            Ok(guard) => guard,
            Err(_) => {
                on_wait.take().into_iter().for_each(|on_wait| on_wait(Some(std::process::id())));
                mutex.lock_owned().await
            }
        };
        loop {
            match LockFile::take(&path)? {
                Attempt::Taken(file) => return Ok(TaskLock { _here: here, _file: file }),
                Attempt::Refused(process) => {
                    on_wait.take().into_iter().for_each(|on_wait| on_wait(process));
                    clock.sleep(POLL).await;
                }
            }
        }
    }

    /// Returns whether a task is running, here or in another process.
    pub fn is_running(&self, task: &str) -> bool {
        self.task_lock_path(task).is_some_and(|path| holder(&path).is_some())
    }

    /// Takes the right to be the daemon of this database.
    ///
    /// # Errors
    ///
    /// Another daemon has it, or the lock file cannot be made.
    pub fn lock_daemon(&self) -> Result<DaemonLock> {
        let Some(path) = self.lock_path("daemon") else { return Ok(DaemonLock { _file: None }) };
        match LockFile::take(&path)? {
            Attempt::Taken(file) => Ok(DaemonLock { _file: file }),
            Attempt::Refused(process) => {
                let process = process.map(|process| format!(" (process {process})")).unwrap_or_default();
                Err(Error::new(format!(
                    "a daemon{process} runs already with the database {}",
                    self.task_database().place()
                ))
                .hint("end it first, or give this one a database of its own with `--database FILE`"))
            }
        }
    }

    /// Returns the process of the daemon, or 0 if it is unknown; `None` if no daemon runs.
    pub fn daemon_process(&self) -> Option<u32> {
        holder(&self.lock_path("daemon")?)
    }

    fn task_lock_path(&self, task: &str) -> Option<PathBuf> {
        // Names of tasks may hold anything.
        let mut hasher = fnv::FnvHasher::default();
        (&**self.scope(), task).hash(&mut hasher);
        self.lock_path(&format!("task-{:016x}", hasher.finish()))
    }

    /// Returns the path of a lock beside the database of tasks; `None` in memory.
    fn lock_path(&self, name: &str) -> Option<PathBuf> {
        let mut path = file::canonical(self.task_database().path()?).into_os_string();
        path.push(format!(".{name}.lock"));
        Some(path.into())
    }
}

/// Outcome of a try to take a lock.
enum Attempt {
    /// It was taken; `None` on a file system without locks.
    Taken(Option<LockFile>),
    /// Another process has it; its number, if that could be read.
    Refused(Option<u32>),
}

/// A locked file, which is removed when the lock is released.
struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    fn take(path: &Path) -> Result<Attempt> {
        let failed = |cause| {
            Error::new(format!("the lock `{}` cannot be taken", path.display()))
                .hint("check the permissions of the folder of the database")
                .cause(cause)
        };
        file::make_folder(path).map_err(failed)?;
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let mut file = file::private(&mut options, path).map_err(failed)?;
            match file.try_lock() {
                // The one who had it may have removed the file after it was opened here.
                Ok(()) if !is_at(&file, path) => continue,
                Ok(()) => {
                    // For messages only.
                    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                    return Ok(Attempt::Taken(Some(Self { file, path: path.to_path_buf() })));
                }
                Err(TryLockError::WouldBlock) => return Ok(Attempt::Refused(process(&mut file))),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    tracing::warn!("the file system of `{}` has no locks: run one process at a time", path.display());
                    return Ok(Attempt::Taken(None));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Removed while it is held: whoever opened it finds out that it is gone.
        let _ = fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

/// Returns the process that holds a lock, or 0 if it is unknown; `None` if nobody does.
fn holder(path: &Path) -> Option<u32> {
    let mut file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(process(&mut file).unwrap_or_default()),
        _ => None,
    }
}

fn process(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Returns whether an open file is still the one at its path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Returns whether an open file is still the one at its path: files that are open stay.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, block_on};

    #[test]
    fn a_task_runs_once_at_a_time_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = || Store::at(folder.path().join("x.sqlite")).scoped("config");
        let clock = Clock::fixed(NOW);
        block_on(async {
            let first = store().lock_task("a/b", &clock, |_| panic!("nobody has it")).await.unwrap();
            assert!(store().is_running("a/b") && !store().is_running("c"));
            let mut waited = None;
            let second = store();
            let second = second.lock_task("a/b", &clock, |process| waited = Some(process));
            let release = async {
                tokio::task::yield_now().await;
                drop(first);
            };
            let (second, ()) = futures_util::future::join(second, release).await;
            assert!(second.is_ok());
            assert_eq!(waited, Some(Some(std::process::id())));
        });
        assert!(!store().is_running("a/b"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_database_has_one_daemon() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("x.sqlite"));
        let lock = store.lock_daemon().unwrap();
        let refused = store.scoped("other").lock_daemon().err().expect("an error").to_string();
        assert!(refused.contains(&format!("a daemon (process {}) runs already", std::process::id())), "{refused}");
        assert_eq!(store.daemon_process(), Some(std::process::id()));
        drop(lock);
        assert_eq!(store.daemon_process(), None);
        store.lock_daemon().unwrap();
    }
}
