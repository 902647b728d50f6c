//! Commands that plugins contribute, as arguments: their JSON Schema says what they take.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, value_parser};
use flexget_core::plugin::command::CommandRegistration;
use flexget_core::plugin::manual::first_paragraph;
use flexget_core::plugin::registry;
use serde_json::Value;

use super::Form;
use crate::render::text::paragraphs;

/// Adds all contributed commands; a shared first word becomes a command with subcommands.
pub(crate) fn add_to(program: Command) -> Command {
    add_below(program, &registry::commands(), 0)
}

fn add_below(mut parent: Command, commands: &[&'static CommandRegistration], depth: usize) -> Command {
    let mut rest = commands;
    while let Some(word) = rest.first().and_then(|first| first.path.get(depth)) {
        let (group, others) = rest.split_at(rest.partition_point(|command| command.path.get(depth) <= Some(word)));
        rest = others;
        // The shortest path comes first, as the commands are sorted.
        let (own, below) = match group.split_first() {
            Some((own, below)) if own.path.len() == depth + 1 => (Some(own), below),
            _ => (None, group),
        };
        let command = match own {
            Some(own) => leaf(word, own),
            None => {
                let mut words: Vec<&str> = below.iter().filter_map(|one| one.path.get(depth + 1).copied()).collect();
                words.dedup();
                Command::new(*word)
                    .about(words.join(", "))
                    .subcommand_required(true)
                    .arg_required_else_help(true)
                    .infer_subcommands(true)
                    .disable_help_subcommand(true)
            }
        };
        parent = parent.subcommand(add_below(command, below, depth + 1));
    }
    parent
}

fn leaf(word: &'static str, registration: &CommandRegistration) -> Command {
    let schema = registration.schema().to_value();
    let mut command = Form::augment_args(Command::new(word));
    for field in fields(&schema) {
        command = command.arg(field.argument());
    }
    match schema.get("description").and_then(Value::as_str) {
        Some(manual) => {
            let about = first_paragraph(manual);
            command.about(about.trim_end_matches('.').to_owned()).long_about(paragraphs(manual))
        }
        None => command,
    }
}

/// Returns the arguments of a command by field name; those that were not given are absent.
pub(crate) fn arguments_of(registration: &CommandRegistration, matches: &ArgMatches) -> Value {
    let schema = registration.schema().to_value();
    let given = |field: Field<'_>| Some((field.name.to_owned(), field.value(matches)?));
    Value::Object(fields(&schema).filter_map(given).collect())
}

/// Kind of argument that a field of a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Nothing: it is there or not.
    Nothing,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// Text.
    Text,
    /// `K=V`.
    Pair,
}

/// A field of a command.
struct Field<'a> {
    name: &'a str,
    schema: &'a Value,
    required: bool,
    takes: Takes,
    many: bool,
    /// The words that may stand there, each with what it means.
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
        let takes = match one.get("type").and_then(Value::as_str) {
            Some("boolean") => Takes::Nothing,
            Some("integer") => Takes::Integer,
            Some("number") => Takes::Number,
            Some("object") => Takes::Pair,
            _ => Takes::Text,
        };
        Field {
            name,
            schema: field,
            required: required.is_some_and(|required| required.iter().any(|one| one == name)),
            takes,
            many: many || takes == Takes::Pair,
            words: words(one),
        }
    })
}

/// Returns the schema that a reference leads to, or the schema itself.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|target| root.pointer(target)).unwrap_or(schema)
}

/// Returns the words of an enumeration, which may be described one by one.
fn words(schema: &Value) -> Vec<(&str, Option<&str>)> {
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

    fn argument(&self) -> Arg {
        let has = |keyword: &str| self.schema.get(keyword) == Some(&Value::Bool(true));
        let mut argument = Arg::new(self.id());
        let said = self.schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let mut help = first_paragraph(said).trim_end_matches('.').to_owned();
        match self.schema.get("default") {
            None | Some(Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_)) => {}
            Some(Value::String(default)) => help.push_str(&format!(" [default: {default}]")),
            Some(default) => help.push_str(&format!(" [default: {default}]")),
        }
        argument = argument.help(help).required(self.required && self.takes != Takes::Nothing);
        if has("positional") {
            argument = argument.value_name(self.name.to_uppercase());
        } else {
            argument = argument.long(self.name.replace('_', "-"));
            argument =
                argument.value_name(if self.takes == Takes::Pair { "K=V".into() } else { self.name.to_uppercase() });
            let short = self.schema.get("short").and_then(Value::as_str).and_then(|short| short.chars().next());
            argument = short.into_iter().fold(argument, Arg::short);
        }
        argument = match self.takes {
            Takes::Nothing => return argument.action(ArgAction::SetTrue),
            Takes::Integer => {
                let limit = |keyword: &str| self.schema.get(keyword).and_then(Value::as_i64);
                let range = limit("minimum").unwrap_or(i64::MIN)..=limit("maximum").unwrap_or(i64::MAX);
                argument.value_parser(value_parser!(i64).range(range)).allow_negative_numbers(true)
            }
            Takes::Number => argument.value_parser(value_parser!(f64)).allow_negative_numbers(true),
            Takes::Pair => argument.value_parser(super::pair),
            Takes::Text if self.words.is_empty() => argument,
            Takes::Text => argument.value_parser(PossibleValuesParser::new(self.words.iter().map(|(word, help)| {
                let word = PossibleValue::new(String::from(*word));
                help.map(first_paragraph).into_iter().fold(word, PossibleValue::help)
            }))),
        };
        match self.many {
            true => argument.num_args(1..).action(ArgAction::Append),
            false => argument,
        }
    }

    /// Returns the value that was given for the argument.
    fn value(&self, matches: &ArgMatches) -> Option<Value> {
        let id = &self.id();
        fn typed<T: Clone + Into<Value> + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Option<Vec<Value>> {
            Some(matches.get_many::<T>(id)?.cloned().map(Into::into).collect())
        }
        let mut values = match self.takes {
            Takes::Nothing => return matches.get_flag(id).then_some(Value::Bool(true)),
            Takes::Integer => typed::<i64>(matches, id),
            Takes::Number => typed::<f64>(matches, id),
            Takes::Text => typed::<String>(matches, id),
            Takes::Pair => {
                let pairs = matches.get_many::<(String, String)>(id)?.cloned();
                return Some(Value::Object(pairs.map(|(key, value)| (key, Value::String(value))).collect()));
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

    use super::{CommandRegistration, add_below, arguments_of};

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
