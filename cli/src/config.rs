//! Where the config and the database are, and what the config means.

use std::path::{Path, PathBuf};

use flexget_core::context::Environment;
use flexget_core::context::store::Store;

/// The name of a config that is not named.
const USUAL_NAME: &str = "config.yml";

/// The name of the database.
const DATABASE: &str = "flexget-rs.sqlite";

/// The name of the auth store.
const ACCOUNTS: &str = "accounts.sqlite";

/// The folders that matter.
pub(crate) struct Folders {
    /// The current one.
    pub current: PathBuf,
    /// The user's.
    pub home: Option<PathBuf>,
    /// Where a config is expected: `$XDG_CONFIG_HOME/flexget`, or `~/.config/flexget`.
    pub usual: Option<PathBuf>,
}

/// A config that is not there.
#[derive(Debug)]
pub(crate) struct NoConfig {
    /// The name that was looked for.
    pub name: PathBuf,
    /// Whether the user named it.
    pub named: bool,
    /// The files that were looked for, in this order.
    pub looked_at: Vec<PathBuf>,
}

impl Folders {
    pub(crate) fn new(current: PathBuf, home: Option<PathBuf>, environment: &Environment) -> Self {
        let xdg = environment.path("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        let usual = xdg.or_else(|| Some(home.as_ref()?.join(".config"))).map(|path| path.join("flexget"));
        Self { current, home, usual }
    }

    /// Finds the config: from the command line, else the environment, else `config.yml`.
    ///
    /// An absolute path (or one that begins with `~`) is used as it is; any other is looked for in
    /// the current and the usual folders.
    pub(crate) fn config(&self, named: Option<&Path>, environment: &Environment) -> Result<PathBuf, NoConfig> {
        let named = named.map(Path::to_path_buf).or_else(|| environment.path("FLEXGET_CONFIG"));
        let name = self.expand(named.as_deref().unwrap_or(Path::new(USUAL_NAME)));
        if name.is_absolute() {
            // What is wrong with it is told when it is read.
            return Ok(name);
        }
        let old = self.home.as_ref().map(|home| home.join(".flexget"));
        let folders = std::iter::once(self.current.clone()).chain(old).chain(self.usual.clone());
        let looked_at: Vec<PathBuf> = folders.map(|folder| folder.join(&name)).collect();
        match looked_at.iter().find(|path| path.exists()) {
            Some(path) => Ok(path.clone()),
            None => Err(NoConfig { named: named.is_some(), name, looked_at }),
        }
    }

    /// Finds the database: from the command line, else the environment, else beside the config.
    pub(crate) fn database(&self, named: Option<&Path>, environment: &Environment, folder: &Path) -> PathBuf {
        match named.map(Path::to_path_buf).or_else(|| environment.path("FLEXGET_DATABASE")) {
            Some(path) => self.current.join(self.expand(&path)),
            None => folder.join(DATABASE),
        }
    }

    /// Returns the path of `accounts.sqlite`, or `None` if one file is named for everything.
    pub(crate) fn accounts(&self, named: Option<&Path>, environment: &Environment) -> Option<PathBuf> {
        let is_named = named.is_some() || environment.path("FLEXGET_DATABASE").is_some();
        self.usual.as_ref().filter(|_| !is_named).map(|folder| folder.join(ACCOUNTS))
    }

    /// Returns the store of the config at `path`.
    pub(crate) fn store(&self, named: Option<&Path>, environment: &Environment, path: &Path) -> Store {
        let folder = path.parent().unwrap_or(Path::new(""));
        let store = Store::at(self.database(named, environment, folder)).scoped(&name_of(path));
        match self.accounts(named, environment) {
            Some(accounts) => store.with_auth_at(accounts),
            None => store,
        }
    }

    fn expand(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_path_buf(),
        }
    }

    /// Returns a whole path as it is shown: short only where it is below the home folder.
    pub(crate) fn absolute(&self, path: &Path) -> String {
        match self.home.as_ref().and_then(|home| path.strip_prefix(home).ok()) {
            Some(rest) => Path::new("~").join(rest).display().to_string(),
            None => path.display().to_string(),
        }
    }

    /// Returns a path for display: relative to the current folder, or with `~` for the home folder.
    pub(crate) fn shown(&self, path: &Path) -> String {
        if let Ok(rest) = path.strip_prefix(&self.current) {
            return rest.display().to_string();
        }
        self.absolute(path)
    }
}

/// Returns whether there is something at a path.
pub(crate) fn exists(path: &Path) -> bool {
    path.exists()
}

/// Returns the name of a config: its file's name without the ending.
///
/// What tasks remember belongs to it.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
