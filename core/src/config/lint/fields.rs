//! Warnings about fields: those that nothing gives, and comparisons that never hold.

use std::collections::BTreeMap;

use crate::config::lint::tasks::TaskFacts;
use crate::config::lint::uses::{Uses, warning};
use crate::document::diagnostic::{At, Diagnostic};
use crate::expression::{Comparison, Operator};
use crate::plugin::registry;
use crate::task::fields::{COMMON_FIELDS, FieldDomain, KnownField};
use crate::value::Value;

/// The fields that plugins declare, with the plugins that give each.
pub(super) struct FieldCatalogue(BTreeMap<&'static str, Vec<(&'static str, KnownField)>>);

impl Default for FieldCatalogue {
    fn default() -> Self {
        let mut fields: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for registration in registry::all().values() {
            for field in (registration.gives)() {
                fields.entry(field.name).or_default().push((registration.name, field));
            }
        }
        Self(fields)
    }
}

/// Returns a warning for each field that is read and that nothing in the task gives.
pub(super) fn unknown_fields(facts: &TaskFacts, uses: &Uses<'_>, catalogue: &FieldCatalogue) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for read in &uses.reads {
        for field in &read.analysis.reads {
            if !COMMON_FIELDS.contains(&field.as_str()) && !facts.fields.contains(field.as_str()) {
                warnings.extend(unknown_field(field, &read.at, facts, catalogue));
            }
        }
    }
    warnings
}

/// Returns the warning about a field that nothing gives, unless entries may have it.
fn unknown_field(field: &str, at: &At, facts: &TaskFacts, catalogue: &FieldCatalogue) -> Option<Diagnostic> {
    let warning = |message: String| warning(at.clone(), message);
    if let Some(givers) = catalogue.0.get(field) {
        if let Some((plugin, known)) = givers.iter().find(|(plugin, _)| facts.plugins.contains(plugin)) {
            let option = known.needs?;
            let message = format!("`{field}` is offered by `{plugin}` only with `{option}`");
            return Some(warning(message).help(format!("set `{option}` of `{plugin}`")));
        }
        if facts.any_fields {
            return None;
        }
        // An input would change what the task is about.
        let is_input = |plugin: &str| registry::find(plugin).is_some_and(|registration| registration.input);
        let lookups: Vec<&str> = givers.iter().map(|(plugin, _)| *plugin).filter(|plugin| !is_input(plugin)).collect();
        let all = || givers.iter().map(|(plugin, _)| *plugin).collect();
        let mut givers: Vec<&str> = if lookups.is_empty() { all() } else { lookups };
        givers.dedup();
        let plugins: Vec<String> = givers.iter().map(|plugin| format!("`{plugin}`")).collect();
        let plugins = match plugins.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => return None,
        };
        let message = format!("`{field}` is offered by {plugins}, which this task lacks");
        let first = givers.first()?;
        return Some(warning(message).help(format!("add `{first}` to the task")));
    }
    let message = format!("nothing in this task gives the field `{field}`");
    let given = || facts.fields.iter().map(AsRef::as_ref);
    let known = || given().chain(COMMON_FIELDS).chain(catalogue.0.keys().copied());
    // `year` for `movie_year`: only the prefix was forgotten.
    let prefixed = known().find(|known| known.strip_suffix(field).is_some_and(|prefix| prefix.ends_with('_')));
    match prefixed.or_else(|| registry::similar(field, known()).first().copied()) {
        Some(near) => Some(warning(message).help(format!("did you mean `{near}`?"))),
        None if facts.any_fields => None,
        None => {
            let help = format!("write `'{field}'` if it is text, or `{field} is defined and …` if few entries have it");
            Some(warning(message).help(help))
        }
    }
}

/// Returns a warning for each comparison of a known field with a value that it never has.
pub(super) fn comparisons(uses: &Uses<'_>, catalogue: &FieldCatalogue) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for read in &uses.reads {
        for comparison in &read.analysis.comparisons {
            let known = catalogue.0.get(comparison.name.as_str()).into_iter().flatten();
            let mut domains = known.map(|(_, field)| field.domain).filter(|domain| !matches!(domain, FieldDomain::Any));
            let found = domains.next().and_then(|domain| never_equal(comparison, domain));
            warnings.extend(found.map(|(message, help)| warning(read.at.clone(), message).help(help)));
        }
    }
    warnings
}

/// Returns what is wrong with a comparison of a field of this domain, and what to write.
fn never_equal(comparison: &Comparison, domain: FieldDomain) -> Option<(String, String)> {
    let Comparison { name, operator, values } = comparison;
    let texts = values.iter().filter_map(Value::as_str);
    match domain {
        FieldDomain::Any => None,
        FieldDomain::Boolean => {
            let text = texts.into_iter().next()?;
            let is_no = ["false", "no", "off", "0", "none", ""].contains(&text.to_lowercase().as_str());
            let negates = is_no != (*operator == Operator::Differs);
            let instead = if negates { format!("not {name}") } else { name.clone() };
            Some((format!("`{name}` is true or false, and never the text `'{text}'`"), format!("write `{instead}`")))
        }
        FieldDomain::Words(words) => {
            let is_possible = |text: &str| match operator {
                Operator::Holds => words.iter().any(|word| word.contains(text)),
                Operator::Equals | Operator::Differs => words.contains(&text),
            };
            let text = texts.into_iter().find(|text| !is_possible(text))?;
            let help = match registry::similar(text, words.iter().copied()).first() {
                Some(near) => format!("did you mean `'{near}'`?"),
                None => format!("it is one of: {}", words.join(", ")),
            };
            Some((format!("`{name}` is never `'{text}'`"), help))
        }
    }
}
