//! Warnings about fields: those that nothing gives, and comparisons that never hold.

use crate::config::lint::catalogue::FieldCatalogue;
use crate::config::lint::tasks::TaskFacts;
use crate::config::lint::uses::{Uses, warning};
use crate::document::diagnostic::{At, Diagnostic};
use crate::expression::{Analysis, Comparison, Operator};
use crate::plugin::registry;
use crate::task::fields::{COMMON_FIELDS, FieldDomain};
use crate::value::Value;

/// Returns a warning for each field that is read and that nothing in the task gives.
pub(super) fn unknown_fields(facts: &TaskFacts, uses: &Uses<'_>, catalogue: &FieldCatalogue) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for read in &uses.reads {
        for field in &read.analysis.reads {
            if !COMMON_FIELDS.contains(&field.as_str()) && !facts.fields.contains(field.as_str()) {
                let about = if read.is_broken { misspelt_field } else { unknown_field };
                warnings.extend(about(field, &read.at, facts, catalogue));
            }
        }
    }
    warnings
}

/// Returns the warning about a field that nothing gives, unless entries may have it.
fn unknown_field(field: &str, at: &At, facts: &TaskFacts, catalogue: &FieldCatalogue) -> Option<Diagnostic> {
    let warning = |message: String| warning(at.clone(), message);
    if let Some(instead) = constant(field, facts.any_fields) {
        let message = format!("`{field}` is read as the name of a field, which nothing in this task gives");
        return Some(warning(message).help(format!("write `{instead}`")));
    }
    let givers = catalogue.givers(field);
    if !givers.is_empty() {
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
    match nearest(field, facts, catalogue) {
        Some(near) => Some(warning(message).help(format!("did you mean `{near}`?"))),
        None if facts.any_fields => None,
        None => {
            let help = format!("write `'{field}'` if it is text, or `{field} is defined and …` if few entries have it");
            Some(warning(message).help(help))
        }
    }
}

/// Returns the warning about a word of a text that cannot be compiled: a misspelt field, if any.
fn misspelt_field(word: &str, at: &At, facts: &TaskFacts, catalogue: &FieldCatalogue) -> Option<Diagnostic> {
    let is_known = !catalogue.givers(word).is_empty();
    let near = nearest(word, facts, catalogue).filter(|_| !is_known)?;
    let is_near = strsim::damerau_levenshtein(word, near) <= word.len() / 5;
    let message = format!("nothing in this task gives the field `{word}`");
    is_near.then(|| warning(at.clone(), message).help(format!("did you mean `{near}`?")))
}

/// Returns the known field whose name is most like this one, if one is.
fn nearest<'f>(field: &str, facts: &'f TaskFacts, catalogue: &FieldCatalogue) -> Option<&'f str> {
    let given = || facts.fields.iter().map(AsRef::as_ref);
    let known = || given().chain(COMMON_FIELDS).chain(catalogue.names().map(|name| name as &str));
    // `year` for `movie_year`: only the prefix was forgotten.
    let prefixed = known().find(|known| known.strip_suffix(field).is_some_and(|prefix| prefix.ends_with('_')));
    prefixed.or_else(|| registry::similar(field, known()).first().copied())
}

/// Returns what a word of YAML or of another language is called in expressions.
///
/// Where entries may have any field, only those words that no field is called.
fn constant(word: &str, any_fields: bool) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "yes" | "on" if !any_fields => Some("true"),
        "no" | "off" if !any_fields => Some("false"),
        "true" => Some("true"),
        "false" => Some("false"),
        "none" | "null" | "nil" | "undefined" => Some("none"),
        _ => None,
    }
}

/// Returns warnings about what expressions calculate with, and about comparisons that never hold.
pub(super) fn comparisons(uses: &Uses<'_>, catalogue: &FieldCatalogue) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for read in &uses.reads {
        let Analysis { comparisons, constants, subtracted_dates, spans_as_text, .. } = &read.analysis;
        let mut warn = |(message, help): (String, String)| {
            warnings.push(warning(read.at.clone(), message).help(help));
        };
        for comparison in comparisons {
            let known = catalogue.givers(&comparison.name).iter();
            let mut domains = known.map(|(_, field)| field.domain).filter(|domain| !matches!(domain, FieldDomain::Any));
            // A date without quotes is told as such.
            let domain = domains.next().filter(|_| subtracted_dates.is_empty());
            domain.and_then(|domain| never_holds(comparison, domain)).into_iter().for_each(&mut warn);
        }
        for date in subtracted_dates {
            let message = format!("`{date}` is a subtraction here, and no date");
            warn((message, format!("write `'{date}'|parsedate`")));
        }
        for text in spans_as_text {
            let days = text.split_whitespace().next().and_then(|number| number.parse::<u32>().ok()).unwrap_or(7);
            let message = format!("a date cannot be moved by the text `'{text}'`");
            warn((message, format!("write `timedelta(days={days})`")));
        }
        // Elsewhere, as in `sort_by`, a constant may stand for what is missing.
        if matches!(read.at, At::Key(_)) {
            constants.iter().for_each(|constant| warn(always(constant, comparisons)));
        }
    }
    warnings
}

/// Returns what is wrong with a constant as a part of a condition, and what to write.
fn always(constant: &Value, comparisons: &[Comparison]) -> (String, String) {
    let shown = quoted(constant);
    let truth = if constant.is_true() { "true" } else { "false" };
    let message = format!("`{shown}` by itself is always {truth}: it is compared with nothing");
    let compared = comparisons.iter().find(|comparison| comparison.operator == Operator::Equals);
    let help = match compared.map(|comparison| (&comparison.name, comparison.values.as_slice())) {
        Some((name, [first])) => format!("write `{name} in [{}, {shown}]`", quoted(first)),
        Some((name, _)) => format!("write `{name} == {shown}`"),
        None => format!("compare a field with it: `field == {shown}`"),
    };
    (message, help)
}

/// Returns a constant as it is written in an expression.
fn quoted(value: &Value) -> String {
    match value.as_str() {
        Some(text) => format!("'{text}'"),
        None => value.display(),
    }
}

/// Returns what is wrong with a comparison of a field of this domain, and what to write.
fn never_holds(comparison: &Comparison, domain: FieldDomain) -> Option<(String, String)> {
    let Comparison { name, operator, values, is_list } = comparison;
    if *is_list && !values.is_empty() && matches!(operator, Operator::Equals | Operator::Differs) {
        let items = values.iter().map(quoted).collect::<Vec<_>>();
        return Some(match domain {
            FieldDomain::Lists => (
                format!("`{name}` equals a list only if it has the same items in the same order"),
                format!("write `{} in {name}`", items.first()?),
            ),
            _ => {
                let word = if *operator == Operator::Equals { "in" } else { "not in" };
                (format!("`{name}` is no list"), format!("write `{name} {word} [{}]`", items.join(", ")))
            }
        });
    }
    let text = values.iter().find_map(Value::as_str);
    match domain {
        FieldDomain::Any => None,
        FieldDomain::Boolean => {
            let text = text?;
            let is_no = ["false", "no", "off", "0", "none", ""].contains(&text.to_lowercase().as_str());
            let negates = is_no != (*operator == Operator::Differs);
            let instead = if negates { format!("not {name}") } else { name.clone() };
            Some((format!("`{name}` is true or false, and never the text `'{text}'`"), format!("write `{instead}`")))
        }
        FieldDomain::Words(words) => {
            let is_possible = |text: &&str| match operator {
                Operator::Holds => words.iter().any(|word| word.contains(text)),
                Operator::Equals | Operator::Differs => words.contains(text),
                Operator::Within | Operator::Orders => true,
            };
            let text = values.iter().filter_map(Value::as_str).find(|text| !is_possible(text))?;
            let help = match registry::similar(text, words.iter().copied()).first() {
                Some(near) => format!("did you mean `'{near}'`?"),
                None => format!("it is one of: {}", words.join(", ")),
            };
            Some((format!("`{name}` is never `'{text}'`"), help))
        }
        FieldDomain::Numbers(least, most) => {
            if let Some(text) = text {
                let help = match text.trim().parse::<f64>() {
                    Ok(_) => format!("write `{}`, without quotes", text.trim()),
                    Err(_) => "compare it with a number".to_owned(),
                };
                return Some((format!("`{name}` is a number, and never the text `'{text}'`"), help));
            }
            let is_possible = |value: &&Value| match value {
                Value::Int(number) => (least..=most).contains(number),
                Value::Float(number) => *number >= least as f64 && *number <= most as f64,
                _ => true,
            };
            let value = values.iter().find(|value| !is_possible(value))?;
            let range = if most == i64::MAX { format!("at least {least}") } else { format!("from {least} to {most}") };
            let message = format!("`{name}` is {range}, and never `{}`", value.display());
            Some((message, format!("compare it with a number that is {range}")))
        }
        FieldDomain::Dates => match (text, values.first()?) {
            (Some(text), _) if text.starts_with(|first: char| first.is_ascii_digit()) && text.contains('-') => {
                Some((format!("`{name}` is a date, and `'{text}'` is text"), format!("write `'{text}'|parsedate`")))
            }
            (Some(text), _) => Some((
                format!("`{name}` is a date, and `'{text}'` is text"),
                "compare it with `now`, such as `now - timedelta(days=7)`".to_owned(),
            )),
            (None, Value::Int(number)) => {
                Some((format!("`{name}` is a date, and `{number}` is a number"), format!("write `{name}.year`")))
            }
            _ => None,
        },
        FieldDomain::Lists => {
            let text = text?;
            let lower = text.to_lowercase().replace([' ', '_'], "-");
            if *operator != Operator::Holds {
                let word = if *operator == Operator::Differs { "not in" } else { "in" };
                let message = format!("`{name}` is a list, and `'{text}'` is text");
                return Some((message, format!("write `'{lower}' {word} {name}`")));
            }
            (lower != text).then(|| {
                (format!("`{name}` never holds `'{text}'`: its words are in lower case"), format!("write `'{lower}'`"))
            })
        }
    }
}
