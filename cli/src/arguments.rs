//! The arguments of contributed commands, made from their JSON Schemas.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, value_parser};
use flexget_core::plugin::command::CommandRegistration;
use flexget_core::plugin::manual::first_paragraph;
use flexget_core::plugin::registry;
use serde_json::Value;

use crate::args::{FormatOption, key_value};
use crate::candidates;
use crate::render::text::paragraphs;

/// Adds all contributed commands; words that several share become a command with subcommands.
///
/// Those subcommands are made only where they are looked at, as most runs need none of them.
pub(crate) fn add_contributed(program: Command) -> Command {
    let commands = registry::commands();
    commands.chunk_by(|a, b| a.path.first() == b.path.first()).fold(program, |program, commands| {
        match commands.first().map(|first| first.path) {
            Some([word, _, ..]) => program.subcommand(group(word, commands, 1).defer(add_contributed_below)),
            _ => add_below(program, commands, 0),
        }
    })
}

fn add_contributed_below(group: Command) -> Command {
    let mut commands = registry::commands();
    commands.retain(|command| command.path.first() == Some(&group.get_name()));
    add_below(group, &commands, 1)
}

fn add_below(mut parent: Command, commands: &[&'static CommandRegistration], depth: usize) -> Command {
    let below_it = depth.saturating_add(1);
    let mut rest = commands;
    while let Some(word) = rest.first().and_then(|first| first.path.get(depth)) {
        let (group, others) = rest.split_at(rest.partition_point(|command| command.path.get(depth) <= Some(word)));
        rest = others;
        // The shortest path comes first, as the commands are sorted.
        let (own, below) = match group.split_first() {
            Some((own, below)) if own.path.len() == below_it => (Some(own), below),
            _ => (None, group),
        };
        let command = match own {
            Some(own) => leaf(word, own),
            None => self::group(word, below, below_it),
        };
        parent = parent.subcommand(add_below(command, below, below_it));
    }
    parent
}

/// Returns the command for a word that several commands share, without its subcommands.
///
/// Their words at `below_it` say what it is about.
fn group(word: &'static str, commands: &[&'static CommandRegistration], below_it: usize) -> Command {
    let mut words: Vec<&str> = commands.iter().filter_map(|one| one.path.get(below_it).copied()).collect();
    words.dedup();
    Command::new(word)
        .about(words.join(", "))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .infer_subcommands(true)
}

fn leaf(word: &'static str, registration: &CommandRegistration) -> Command {
    let schema = registration.schema().to_value();
    let mut command =
        FormatOption::augment_args(Command::new(word)).visible_aliases(registration.aliases.iter().copied());
    for field in fields(&schema) {
        let argument = field.argument();
        let service = registration.path.first().copied().unwrap_or_default();
        let values = match field.name {
            "account" => Some(candidates::accounts(service)),
            "task" | "tasks" => Some(candidates::tasks()),
            _ if field.kind == ValueKind::KeyValue => Some(candidates::field_assignments()),
            // Commands of stored lists begin with their kind; the first word they take is a list.
            _ if field.is_positional() && service.ends_with("-list") => Some(candidates::lists(service)),
            _ => None,
        };
        command = command.arg(values.into_iter().fold(argument, Arg::add));
    }
    match schema.get("description").and_then(Value::as_str) {
        Some(manual) => {
            let about = first_paragraph(manual);
            let manual = imperative(&paragraphs(manual));
            command.about(imperative(about.trim_end_matches('.'))).long_about(manual)
        }
        None => command,
    }
}

/// Returns a summary in the imperative, as help is written: `Show` for `Shows`.
fn imperative(summary: &str) -> String {
    let (verb, rest) = summary.split_once(' ').unwrap_or((summary, ""));
    let stem = |ending: &str| verb.strip_suffix(ending);
    let is_long = ["ches", "shes", "sses", "xes", "oes"].iter().any(|ending| verb.ends_with(ending));
    let verb = match (stem("ies"), stem("es").filter(|_| is_long), stem("s")) {
        (Some(stem), ..) => format!("{stem}y"),
        (None, Some(stem), _) => stem.to_owned(),
        (None, None, Some(stem)) if !stem.ends_with('s') => stem.to_owned(),
        _ => verb.to_owned(),
    };
    format!("{verb} {rest}").trim_end().to_owned()
}

/// Returns the arguments that were given, by the names of the command's fields.
pub(crate) fn arguments_of(registration: &CommandRegistration, matches: &ArgMatches) -> Value {
    let schema = registration.schema().to_value();
    let given = |field: Field<'_>| Some((field.name.to_owned(), field.value(matches)?));
    Value::Object(fields(&schema).filter_map(given).collect())
}

/// The kind of value that a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueKind {
    /// None: the field is a flag.
    Flag,
    Integer,
    Number,
    Text,
    /// `K=V`.
    KeyValue,
}

/// A field of a command.
struct Field<'a> {
    name: &'a str,
    schema: &'a Value,
    required: bool,
    kind: ValueKind,
    many: bool,
    /// The allowed words, each with its description.
    words: Vec<(&'a str, Option<&'a str>)>,
}

/// Returns the fields of a command, in order.
fn fields(schema: &Value) -> impl Iterator<Item = Field<'_>> {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let required = schema.get("required").and_then(Value::as_array);
    properties.map(move |(name, field)| {
        let field = resolve(schema, field);
        let is = |field: &Value, kind: &str| field.get("type").is_some_and(|named| named == kind);
        let many = is(field, "array");
        let one = field.get("items").filter(|_| many).map_or(field, |items| resolve(schema, items));
        let kind = match one.get("type").and_then(Value::as_str) {
            Some("boolean") => ValueKind::Flag,
            Some("integer") => ValueKind::Integer,
            Some("number") => ValueKind::Number,
            Some("object") => ValueKind::KeyValue,
            _ => ValueKind::Text,
        };
        Field {
            name,
            schema: field,
            required: required.is_some_and(|required| required.iter().any(|one| one == name)),
            kind,
            many: many || kind == ValueKind::KeyValue,
            words: words(one),
        }
    })
}

/// Returns the schema that a reference leads to, or the schema itself.
pub(crate) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|target| root.pointer(target)).unwrap_or(schema)
}

/// Returns the words of an enumeration, each with its description if there is one.
pub(crate) fn words(schema: &Value) -> Vec<(&str, Option<&str>)> {
    let named = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let described = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let described = described.flat_map(|branch| {
        let help = branch.get("description").and_then(Value::as_str);
        let named = branch.get("enum").and_then(Value::as_array).into_iter().flatten();
        branch.get("const").into_iter().chain(named).filter_map(move |word| Some((word.as_str()?, help)))
    });
    named.filter_map(|word| Some((word.as_str()?, None))).chain(described).collect()
}

impl Field<'_> {
    /// Returns the name within clap, which no argument of the program itself has.
    fn id(&self) -> String {
        format!("field {}", self.name)
    }

    /// Returns whether it is given by its place, without a name.
    fn is_positional(&self) -> bool {
        self.schema.get("positional") == Some(&Value::Bool(true))
    }

    fn argument(&self) -> Arg {
        let mut argument = Arg::new(self.id());
        let description = self.schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let mut help = first_paragraph(description).trim_end_matches('.').to_owned();
        match self.schema.get("default") {
            None | Some(Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_)) => {}
            Some(Value::String(default)) => help.push_str(&format!(" [default: {default}]")),
            Some(default) => help.push_str(&format!(" [default: {default}]")),
        }
        argument = argument.help(help).required(self.required && self.kind != ValueKind::Flag);
        if self.is_positional() {
            argument = argument.value_name(self.name.to_uppercase());
        } else {
            argument = argument.long(self.name.replace('_', "-"));
            argument = argument.value_name(if self.kind == ValueKind::KeyValue {
                "K=V".into()
            } else {
                self.name.to_uppercase()
            });
            let short = self.schema.get("short").and_then(Value::as_str).and_then(|short| short.chars().next());
            argument = short.into_iter().fold(argument, Arg::short);
        }
        argument = match self.kind {
            ValueKind::Flag => return argument.action(ArgAction::SetTrue),
            ValueKind::Integer => {
                let limit = |keyword: &str| self.schema.get(keyword).and_then(Value::as_i64);
                let range = limit("minimum").unwrap_or(i64::MIN)..=limit("maximum").unwrap_or(i64::MAX);
                argument.value_parser(value_parser!(i64).range(range)).allow_negative_numbers(true)
            }
            ValueKind::Number => argument.value_parser(value_parser!(f64)).allow_negative_numbers(true),
            ValueKind::KeyValue => argument.value_parser(key_value),
            ValueKind::Text if self.words.is_empty() => argument,
            ValueKind::Text => {
                argument.value_parser(PossibleValuesParser::new(self.words.iter().map(|(word, help)| {
                    let word = PossibleValue::new(String::from(*word));
                    help.map(first_paragraph).into_iter().fold(word, PossibleValue::help)
                })))
            }
        };
        if self.many { argument.num_args(1..).action(ArgAction::Append) } else { argument }
    }

    /// Returns the value that was given.
    fn value(&self, matches: &ArgMatches) -> Option<Value> {
        let id = &self.id();
        fn typed<T: Clone + Into<Value> + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Option<Vec<Value>> {
            Some(matches.get_many::<T>(id)?.cloned().map(Into::into).collect())
        }
        let mut values = match self.kind {
            ValueKind::Flag => return matches.get_flag(id).then_some(Value::Bool(true)),
            ValueKind::Integer => typed::<i64>(matches, id),
            ValueKind::Number => typed::<f64>(matches, id),
            ValueKind::Text => typed::<String>(matches, id),
            ValueKind::KeyValue => {
                let values = matches.get_many::<(String, String)>(id)?.cloned();
                return Some(Value::Object(values.map(|(key, value)| (key, Value::String(value))).collect()));
            }
        }?;
        if self.many { Some(Value::Array(values)) } else { values.pop() }
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::plugin::command::Output;
    use flexget_core::prelude::*;
    use serde_json::json;

    use super::{CommandRegistration, add_below, arguments_of, imperative};

    #[test]
    fn help_is_imperative() {
        for (summary, expected) in [
            ("Shows the lists", "Show the lists"),
            ("Undoes a change", "Undo a change"),
            ("Searches them", "Search them"),
            ("Copies it", "Copy it"),
            ("Approves an entry", "Approve an entry"),
            ("Pass it on", "Pass it on"),
        ] {
            assert_eq!(imperative(summary), expected);
        }
    }

    /// Tries everything.
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema is looked at")]
    struct Everything {
        /// Where.
        #[schemars(extend("positional" = true))]
        place: String,
        /// What else.
        #[schemars(extend("positional" = true))]
        #[serde(default)]
        more: Vec<String>,
        /// Now.
        #[serde(default)]
        right_now: bool,
        /// How many.
        #[schemars(range(min = 1))]
        limit: Option<u32>,
        /// In which way.
        way: Option<Way>,
        /// Fields.
        #[serde(default)]
        set: BTreeMap<String, String>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Way {
        /// Up.
        Up,
        /// Down.
        Down,
    }

    impl flexget_core::plugin::command::Command for Everything {
        const PATH: &'static [&'static str] = &["try", "everything"];
        async fn run(&self, _: &Context, _: &mut Output) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_struct_is_a_command_line() {
        let registration: &'static CommandRegistration =
            Box::leak(Box::new(flexget_core::plugin::command::command::<Everything>()));
        let program = || add_below(clap::Command::new("p"), &[registration], 0);
        let typed = |line: &str| {
            let matches = program().try_get_matches_from(line.split(' '))?;
            let leaf = matches.subcommand().and_then(|(_, group)| group.subcommand()).map(|(_, leaf)| leaf.clone());
            Ok::<_, clap::Error>(arguments_of(registration, &leaf.unwrap()))
        };
        assert_eq!(typed("p try everything here").unwrap(), json!({ "place": "here" }));
        assert_eq!(
            typed("p try ever here a b --right-now --limit 3 --way up --set k=v l=w").unwrap(),
            json!({ "place": "here", "more": ["a", "b"], "right_now": true, "limit": 3, "way": "up", "set": { "k": "v", "l": "w" } })
        );
        for wrong in ["p try everything", "p try everything here --limit 0", "p try everything here --way left"] {
            assert!(typed(wrong).is_err(), "{wrong}");
        }
    }
}
