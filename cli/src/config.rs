//! Where the config and the database are, and what the config means.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flexget_core::config::plan::{self, Plan};
use flexget_core::config::template::{self, Origin};
use flexget_core::context::Environment;
use flexget_core::document::diagnostic::{At, Diagnostic, Path as ConfigPath, Segment, Severity, Span};
use flexget_core::document::{Document, Sources};
use flexget_core::plugin::registry;
use serde::Serialize;

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
        let xdg = environment("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let usual = xdg.or_else(|| Some(home.as_ref()?.join(".config"))).map(|path| path.join("flexget"));
        Self { current, home, usual }
    }

    /// Finds the config: from the command line, else the environment, else `config.yml`.
    ///
    /// An absolute path (or one that begins with `~`) is used as it is; any other is looked for in
    /// the current and the usual folders.
    pub(crate) fn config(&self, named: Option<&Path>, environment: &Environment) -> Result<PathBuf, NoConfig> {
        let from_environment = || environment("FLEXGET_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        let named = named.map(Path::to_path_buf).or_else(from_environment);
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
        let from_environment = || environment("FLEXGET_DATABASE").filter(|path| !path.is_empty()).map(PathBuf::from);
        match named.map(Path::to_path_buf).or_else(from_environment) {
            Some(path) => self.current.join(self.expand(&path)),
            None => folder.join(DATABASE),
        }
    }

    /// Returns the user's auth store, `accounts.sqlite` in the usual folder; `None` if one file is named
    /// for everything.
    pub(crate) fn accounts(&self, named: Option<&Path>, environment: &Environment) -> Option<PathBuf> {
        let is_named = named.is_some() || environment("FLEXGET_DATABASE").is_some_and(|path| !path.is_empty());
        self.usual.as_ref().filter(|_| !is_named).map(|folder| folder.join(ACCOUNTS))
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

/// A config that was read, and everything that there is to say about it.
pub(crate) struct Config {
    /// The texts.
    pub sources: Rc<Sources>,
    /// The document after templates and includes, if the text could be read at all.
    pub document: Option<Document>,
    /// Plan of the config, if it has no errors.
    pub plan: Option<Plan>,
    /// Errors, warnings and notices.
    pub diagnostics: Vec<Diagnostic>,
}

impl Config {
    /// Reads a config.
    pub(crate) fn read(path: &Path, replacements: Vec<(String, String)>) -> Self {
        let (document, sources, mut diagnostics) = match Document::read(path) {
            Ok(document) => (Some(document.clone()), Rc::clone(document.sources()), Vec::new()),
            Err(unreadable) => (unreadable.rest, unreadable.sources, unreadable.diagnostics),
        };
        let Some(document) = document else {
            return Self { sources, document: None, plan: None, diagnostics };
        };
        let is_readable = diagnostics.is_empty();
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let expanded = template::expand(document, &Origin { folder, replacements });
        let plan = match plan::plan(&expanded) {
            Ok(plan) => {
                diagnostics.extend(plan.diagnostics.iter().cloned());
                diagnostics.extend(plan.tasks.iter().flat_map(|task| task.unusable.iter().cloned()));
                Some(plan).filter(|_| is_readable)
            }
            Err(mistakes) => {
                diagnostics.extend(mistakes);
                None
            }
        };
        without_consequences(&mut diagnostics, &expanded.document);
        let sources = Rc::clone(expanded.document.sources());
        Self { sources, document: Some(expanded.document), plan, diagnostics }
    }

    /// Returns the plugins that tasks name and this program lacks, in the order of the config.
    ///
    /// Each comes with whether the task can do without it.
    pub(crate) fn missing(&self) -> Vec<(&str, Vec<MissingPlugin<'_>>)> {
        let Some(document) = &self.document else { return Vec::new() };
        let named = self.diagnostics.iter().filter_map(|diagnostic| {
            let At::Key(path) = &diagnostic.at else { return None };
            let (Some(("task", task)), Some(Segment::Key(plugin))) = (path.owner(), path.0.last()) else { return None };
            let known = registry::unsupported(plugin).filter(|_| diagnostic.severity == Severity::Warning)?;
            let missing = MissingPlugin { plugin, note: known.note, help: known.help, needed: !known.optional };
            let place = |path: &[Segment]| document.span(&At::Key(ConfigPath(path.to_vec())));
            let (task_at, at) = (place(&path.0[..2]), place(&path.0));
            Some(((task_at.bytes.start, task, at.file, at.bytes.start), missing))
        });
        let mut named: Vec<_> = named.collect();
        named.sort_by_key(|(place, _)| *place);
        let mut found: Vec<(&str, Vec<MissingPlugin<'_>>)> = Vec::new();
        for ((_, task, ..), missing) in named {
            match found.last_mut().filter(|(name, _)| *name == task) {
                Some((_, plugins)) if plugins.iter().any(|known| known.plugin == missing.plugin) => {}
                Some((_, plugins)) => plugins.push(missing),
                None => found.push((task, vec![missing])),
            }
        }
        found
    }

    /// Returns whether anything in it is wrong.
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// A plugin that a task names and that this program does not have.
#[derive(Debug, Serialize)]
pub(crate) struct MissingPlugin<'a> {
    /// Its name.
    pub plugin: &'a str,
    /// Note about the plugin, as the end of a sentence.
    pub note: &'a str,
    /// Replacement to use instead.
    pub help: Option<&'a str>,
    /// Whether the task cannot run without it.
    pub needed: bool,
}

/// Drops errors that only follow from another error at the same place.
///
/// For example, the text of an undefined variable has the wrong type, too.
fn without_consequences(diagnostics: &mut Vec<Diagnostic>, document: &Document) {
    let told: HashSet<Span> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .filter_map(|diagnostic| match &diagnostic.at {
            At::Span(span) => Some(span.clone()),
            _ => None,
        })
        .collect();
    diagnostics.retain(|diagnostic| match &diagnostic.at {
        At::Span(_) => true,
        At::Key(path) | At::Value(path) => !told.contains(&document.span(&At::Value(path.clone()))),
    });
}
