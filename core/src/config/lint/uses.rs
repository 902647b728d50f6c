//! Expressions, fields, plugins and accounts in the options of a task, found by the schema.

use serde_json::{Map, Value};

use crate::config::lint::catalogue::FieldCatalogue;
use crate::config::plan::names_in;
use crate::config::schema::ACCOUNT;
use crate::document::diagnostic::{At, Diagnostic, Path, Segment, Severity};
use crate::document::{Content, Mapping, Node, Scalar};
use crate::expression::{Analysis, Expression, Template};
use crate::plugin::registry;

/// Everything that the options of a task use.
#[derive(Default)]
pub(super) struct Uses<'n> {
    /// The fields that its expressions, templates and options read.
    pub reads: Vec<FieldReads>,
    /// The plugins within the options of others, with their options.
    pub nested: Vec<NestedPlugin<'n>>,
    /// The accounts that it names.
    pub accounts: Vec<AccountUse>,
    /// Warnings about single values.
    pub warnings: Vec<Diagnostic>,
}

/// The fields that one text of the config reads.
pub(super) struct FieldReads {
    /// Where it is.
    pub at: At,
    /// The names that it reads and compares.
    pub analysis: Analysis,
    /// Whether it cannot be compiled, so that the names are a guess.
    pub is_broken: bool,
}

/// A plugin within the options of another.
pub(super) struct NestedPlugin<'n> {
    /// The plugin.
    pub name: &'static str,
    /// Its options.
    pub options: &'n Node,
}

/// An account of a service that a task names.
#[derive(Debug, Clone)]
pub struct AccountUse {
    /// The service.
    pub service: String,
    /// The name of the account.
    pub account: String,
    /// Where it is named.
    pub at: At,
}

/// The keyword of an option with usual words: a value that is nearly one of them is warned about.
const USUAL_WORDS: &str = "x-usual-words";

/// The keyword of options that are about the task, so that templates read no fields of entries.
const OF_TASK: &str = "x-of-task";

/// The definitions under which plugins act as in a task.
const PLUGINS: [&str; 2] = ["plugins", "input"];

impl<'n> Uses<'n> {
    /// Finds the fields and accounts that a task uses; its body is at `at`.
    pub(super) fn of_task(schema: &Value, body: &'n Node, at: &Path, catalogue: &FieldCatalogue) -> Self {
        let Some(definitions) = schema["$defs"].as_object() else { return Self::default() };
        let mut walk = Walk { definitions, catalogue, uses: Self::default(), is_list: false, path: at.clone() };
        let disabled = names_in(body.get("disable"));
        let plugins = definitions.get("task").and_then(|task| task.get("properties"));
        for (key, options) in body.as_mapping().into_iter().flat_map(Mapping::iter) {
            let schema = plugins.and_then(|all| all.get(&*key.text));
            if let Some(schema) = schema.filter(|_| !disabled.iter().any(|name| **name == *key.text)) {
                walk.below(Segment::Key(key.text.to_string()), |walk| walk.visit(schema, options));
            }
        }
        walk.uses
    }

    fn read(&mut self, at: At, analysis: Analysis, is_broken: bool) {
        if self.reads.iter().all(|known| known.at != at) {
            self.reads.push(FieldReads { at, analysis, is_broken });
        }
    }
}

struct Walk<'s, 'n> {
    definitions: &'s Map<String, Value>,
    catalogue: &'s FieldCatalogue,
    uses: Uses<'n>,
    /// Whether the plugin that comes next is used as a list, not as an input.
    is_list: bool,
    /// The place of the value that is visited.
    path: Path,
}

impl<'n> Walk<'_, 'n> {
    /// Visits something below the present place.
    fn below(&mut self, segment: Segment, visit: impl FnOnce(&mut Self)) {
        self.path.0.push(segment);
        visit(self);
        self.path.0.pop();
    }

    /// Visits the part of a schema that a value has.
    fn visit(&mut self, schema: &Value, node: &'n Node) {
        let schema = Keywords::of(schema);
        if schema.is_of_task || !schema.admits(node) {
            return;
        }
        if let Some(target) = schema.target {
            // A list to change produces no entries; what is within its options may.
            let outer = self.is_list;
            self.is_list = target == "list" || (outer && !PLUGINS.contains(&target));
            if let Some(name) = target.strip_prefix("plugin.").and_then(registry::find).map(|found| found.name)
                && self.path.0.len() > 3
                && !self.is_list
            {
                self.uses.nested.push(NestedPlugin { name, options: node });
            }
            if let Some(schema) = self.definitions.get(target) {
                self.visit(schema, node);
            }
            self.is_list = outer;
        }
        schema.branches.into_iter().flatten().for_each(|branch| self.visit(branch, node));
        match node.content() {
            Content::Scalar(Scalar::Text(text)) => self.text(&schema, text, At::Value),
            Content::Scalar(_) => {}
            Content::Sequence(items) => {
                let Some(schema) = schema.items else { return };
                for (index, item) in items.iter().enumerate() {
                    self.below(Segment::Index(index), |walk| walk.visit(schema, item));
                }
            }
            Content::Mapping(mapping) => {
                let names = schema.names.map(Keywords::of);
                for (key, value) in mapping.iter() {
                    let property = schema.properties.and_then(|all| all.get(&*key.text)).or(schema.other_properties);
                    if names.is_none() && property.is_none() {
                        continue;
                    }
                    self.below(Segment::Key(key.text.to_string()), |walk| {
                        names.iter().for_each(|names| walk.text(names, &key.text, At::Key));
                        property.iter().for_each(|property| walk.visit(property, value));
                    });
                }
            }
        }
    }

    /// Visits a text, which is a value or a key at the present place.
    fn text(&mut self, schema: &Keywords<'_>, text: &str, at: fn(Path) -> At) {
        let at = |walk: &Self| at(walk.path.clone());
        match schema.format {
            Some("expression") => match Expression::compile(text) {
                Ok(expression) => self.uses.read(at(self), expression.analysis(), false),
                Err(_) => self.uses.read(at(self), Analysis::of_broken(text, false), true),
            },
            Some("template") if text.contains("{{") || text.contains("{%") => match Template::compile(text) {
                Ok(template) => self.uses.read(at(self), template.analysis(), false),
                Err(_) => self.uses.read(at(self), Analysis::of_broken(text, true), true),
            },
            Some("template") => self.name_as_text(text, at(self)),
            Some("field") => self.uses.read(at(self), Analysis::of_field(text), false),
            Some("percent") => self.percentage(text, at(self)),
            _ => {}
        }
        if let Some(service) = schema.service {
            let (service, account) = (service.to_owned(), text.to_owned());
            self.uses.accounts.push(AccountUse { service, account, at: at(self) });
        }
        if let Some(words) = schema.usual_words {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            let folded = text.to_lowercase();
            let is_known = words.contains(&folded.as_str());
            if let Some(near) = words.iter().find(|word| !is_known && is_misspelt(&folded, word)) {
                let message = format!("`{text}` is none of the known words, so it is taken for a name");
                self.uses.warnings.push(warning(at(self), message).help(format!("did you mean `{near}`?")));
            }
        }
    }

    /// Warns of a text that is the name of a field, where a template would give its value.
    fn name_as_text(&mut self, text: &str, at: At) {
        let name = text.trim().trim_start_matches('{').trim_end_matches('}').trim();
        if name.contains('_') && !self.catalogue.givers(name).is_empty() {
            let message = format!("this is the text `{text}`, and not the value of the field `{name}`");
            self.uses.warnings.push(warning(at, message).help(format!("write `'{{{{ {name} }}}}'`")));
        }
    }

    fn percentage(&mut self, text: &str, at: At) {
        let number = text.trim_end_matches('%').trim().parse::<f64>();
        if number.is_ok_and(|number| number > 100.0) {
            let message = format!("`{text}` is more than everything, so it limits nothing");
            self.uses.warnings.push(warning(at, message).help("write 100% or less"));
        }
    }
}

/// Returns whether a text in lower case is a word but for blanks, hyphens and a typo.
///
/// A name that only begins with the word, such as `watched soon`, is none of its misspellings.
fn is_misspelt(text: &str, word: &str) -> bool {
    let letters: String = text.chars().filter(|c| !c.is_whitespace() && !"-_".contains(*c)).collect();
    strsim::damerau_levenshtein(&letters, word) <= word.len() / 5
}

/// Returns a warning at a place.
pub(super) fn warning(at: At, message: String) -> Diagnostic {
    Diagnostic { at, ..Diagnostic::key(Path::root(), message) }.severity(Severity::Warning)
}

/// The keywords of a schema that say what a value is for, looked up in one pass.
#[derive(Default)]
struct Keywords<'s> {
    kind: Option<&'s Value>,
    /// The name of the definition that it refers to.
    target: Option<&'s str>,
    branches: [&'s [Value]; 3],
    items: Option<&'s Value>,
    names: Option<&'s Value>,
    properties: Option<&'s Map<String, Value>>,
    other_properties: Option<&'s Value>,
    format: Option<&'s str>,
    service: Option<&'s str>,
    usual_words: Option<&'s [Value]>,
    is_of_task: bool,
}

impl<'s> Keywords<'s> {
    fn of(schema: &'s Value) -> Self {
        let mut found = Self::default();
        let items = |value: &'s Value| value.as_array().map(Vec::as_slice);
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            match keyword.as_str() {
                "type" => found.kind = Some(value),
                "$ref" => found.target = value.as_str().and_then(|target| target.strip_prefix("#/$defs/")),
                "anyOf" => found.branches[0] = items(value).unwrap_or_default(),
                "oneOf" => found.branches[1] = items(value).unwrap_or_default(),
                "allOf" => found.branches[2] = items(value).unwrap_or_default(),
                "items" => found.items = Some(value),
                "propertyNames" => found.names = Some(value),
                "properties" => found.properties = value.as_object(),
                "additionalProperties" => found.other_properties = Some(value),
                "format" => found.format = value.as_str(),
                ACCOUNT => found.service = value.as_str(),
                USUAL_WORDS => found.usual_words = items(value),
                OF_TASK => found.is_of_task = true,
                _ => {}
            }
        }
        found
    }

    /// Returns whether the type that the schema names is that of the value.
    fn admits(&self, node: &Node) -> bool {
        let kind = match node.content() {
            Content::Scalar(Scalar::Text(_)) => "string",
            Content::Scalar(_) => return true,
            Content::Sequence(_) => "array",
            Content::Mapping(_) => "object",
        };
        match self.kind {
            Some(Value::String(named)) => named == kind,
            Some(Value::Array(named)) => named.iter().any(|named| named == kind),
            _ => true,
        }
    }
}
