//! The scripts beside a config, as plugins.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::Path as Folder;
use std::sync::{Mutex, PoisonError};

use crate::document::diagnostic::{Diagnostic, Path, Problem, Severity};
use crate::list;
use crate::plugin::registration::{Registration, is_key, is_language_key};
use crate::plugin::registry;
use crate::plugin::script::folder::{self, FoundScript};
use crate::plugin::script::{Script, ScriptKind, steps};

/// The folder beside the config.
const FOLDER: &str = "plugins";

/// Plugins by name.
type Catalogue = BTreeMap<&'static str, &'static Registration>;

/// Makes the scripts in a config's folder known as plugins to this thread.
///
/// They replace those of the config before. Their descriptions are read, and none is run. A script
/// that cannot be used is an error where a task names it.
///
/// Returns warnings about files that nothing can name.
pub fn use_scripts_of(folder: &Folder) -> Vec<Diagnostic> {
    let scripts = folder.join(FOLDER);
    let found = match folder::read(&scripts) {
        Ok(found) => found,
        Err(error) => {
            registry::use_scripts(None);
            return vec![warning(format!("the folder of scripts `{}` cannot be read: {error}", scripts.display()))];
        }
    };
    let (named, nameless): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|script| is_key(&script.name) && !is_language_key(&script.name));
    let warnings = nameless.iter().map(|script| {
        warning(format!("the script `{}` cannot be used: its name is no key of a task", script.file))
            .help("name it with lower-case letters, digits and `_`")
    });
    let warnings = warnings.collect();
    registry::use_scripts((!named.is_empty()).then(|| catalogue(named)));
    warnings
}

/// Makes no script known to this thread.
pub(super) fn use_none() {
    registry::use_scripts(None);
}

fn warning(message: String) -> Diagnostic {
    Diagnostic::key(Path::root(), message).severity(Severity::Warning)
}

/// Returns the catalogue with these scripts.
///
/// Plugins live as long as the program. A config that is loaded again has the same ones, unless a
/// script has changed.
fn catalogue(found: Vec<FoundScript>) -> &'static Catalogue {
    static KNOWN: Mutex<Option<HashMap<String, &'static Catalogue>>> = Mutex::new(None);
    let key = format!("{found:?}");
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(catalogue) = known.get(&key) {
        return catalogue;
    }
    let mut files: BTreeMap<String, Vec<FoundScript>> = BTreeMap::new();
    found.into_iter().for_each(|script| files.entry(script.name.clone()).or_default().push(script));
    let mut all = registry::compiled().clone();
    for (name, mut scripts) in files {
        let compiled = registry::compiled().get(name.as_str());
        let paths = compiled.map(|one| one.file.to_owned()).into_iter();
        let paths: Vec<String> = paths.chain(scripts.iter().map(|script| script.file.clone())).collect();
        let name: &'static str = name.leak();
        let registration = match (scripts.pop(), paths.as_slice()) {
            (Some(FoundScript { script: Ok(script), .. }), [_]) => of_script(script),
            (Some(FoundScript { script: Err(problem), file, .. }), [_]) => steps::refused(name, file, problem),
            _ => {
                let message = format!("two plugins have the name `{name}`: {}", paths.join(", "));
                let problem = Problem::at(Path::root(), message).help("rename the script");
                let refused = steps::refused(name, paths.join(", "), problem);
                Registration { builtin: compiled.is_some_and(|one| one.builtin), ..refused }
            }
        };
        all.insert(name, Box::leak(Box::new(registration)));
    }
    let all: &'static Catalogue = Box::leak(Box::new(all));
    known.insert(key, all);
    all
}

fn of_script(script: Script) -> Registration {
    let script: &'static Script = Box::leak(Box::new(script));
    match &script.kind {
        ScriptKind::List(description) => list::script::registration(script, description),
        _ => steps::registration(script),
    }
}
