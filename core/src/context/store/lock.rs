//! The lock under which credentials are renewed, across tasks, threads and processes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::database::Store;
use super::file;
use crate::context::clock::Clock;
use crate::error::{Error, Result};

/// Interval and time limit for trying a lock that another process holds.
const POLL: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(600);

/// Right to renew credentials of an auth store; released on drop or when the process ends.
pub(crate) struct Lock {
    /// Before the file's, because a process that waits for itself would poll.
    _here: OwnedMutexGuard<()>,
    _file: Option<File>,
}

impl Store {
    /// Waits for the lock of the auth store, which another task, store or process may hold.
    ///
    /// # Errors
    ///
    /// The lock file cannot be created, or another process has held it for ten minutes, longer than
    /// any renewal takes.
    pub(crate) async fn lock(&self, clock: &Clock) -> Result<Lock> {
        let Some(path) = self.path() else {
            let name = format!("memory {:p}", Rc::as_ptr(self.auth_database()));
            return Ok(Lock { _here: here(name.into()).lock_owned().await, _file: None });
        };
        // The real path: who comes by a symlink takes the same lock.
        let mut path = file::canonical(path).into_os_string();
        path.push(".lock");
        let here = here(path.clone()).lock_owned().await;
        Ok(Lock { _here: here, _file: across_processes(Path::new(&path), clock).await? })
    }
}

/// Returns the lock of this name in this process.
pub(super) fn here(name: OsString) -> Arc<tokio::sync::Mutex<()>> {
    static LOCKS: Mutex<BTreeMap<OsString, Weak<tokio::sync::Mutex<()>>>> = Mutex::new(BTreeMap::new());
    let mut locks = LOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    locks.retain(|_, lock| lock.strong_count() > 0);
    if let Some(lock) = locks.get(&name).and_then(Weak::upgrade) {
        return lock;
    }
    let lock = Arc::default();
    locks.insert(name, Arc::downgrade(&lock));
    lock
}

/// Locks the file; returns `None` on a file system without locks.
async fn across_processes(path: &Path, clock: &Clock) -> Result<Option<File>> {
    let failed = |cause| {
        Error::new(format!("the lock `{}` cannot be taken", path.display()))
            .hint("check the permissions of the folder of the database")
            .cause(cause)
    };
    let file = file::private(OpenOptions::new().write(true).create(true).truncate(false), path).map_err(failed)?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if waited < PATIENCE => {
                clock.sleep(POLL).await;
                waited = waited.saturating_add(POLL);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(format!("another process has held the lock `{}` for minutes", path.display()))
                    .hint("look for a `flexget-rs` that hangs, end it, and try again"));
            }
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                tracing::warn!("the file system of `{}` has no locks: run one process at a time", path.display());
                return Ok(None);
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}
