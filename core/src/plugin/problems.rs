//! Mistakes in what is registered, which would say nothing if nobody looked for them.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::Node;
use crate::error::Error;
use crate::plugin::command::CommandRegistration;
use crate::plugin::documentation::undocumented;
use crate::plugin::options::settings;
use crate::plugin::registration::Registration;
use crate::plugin::registry;

/// Finds mistakes in what is registered, each with its files and the way out.
///
/// These are mistakes of a developer, which the compiler cannot see: two plugins of one name, or a
/// plugin for every task whose options are not optional. Doc comments, which become manuals and
/// help, are looked at in debug builds only.
///
/// The program calls it when it starts.
pub fn problems() -> Vec<Error> {
    let plugins: Vec<&Registration> = inventory::iter::<Registration>.into_iter().collect();
    of(&plugins, &registry::commands(), cfg!(debug_assertions))
}

/// Finds mistakes in these plugins and commands.
fn of(plugins: &[&Registration], commands: &[&CommandRegistration], documentation: bool) -> Vec<Error> {
    let mut problems = Vec::new();
    let named = plugins.iter().map(|one| (one.name.to_owned(), one.file));
    problems.extend(duplicates("plugins or lists", "give one of them another `NAME`", named));
    let named = commands.iter().map(|one| (one.path.join(" "), one.file));
    problems.extend(duplicates("commands", "give one of them another `PATH`", named));
    for builtin in plugins.iter().filter(|one| one.builtin) {
        if let Err(found) = builtin.bind(&Node::yes()) {
            let reason = found.first().map(|problem| problem.message.as_str()).unwrap_or_default();
            problems.push(
                Error::new(format!(
                    "the plugin `{}` ({}) runs in every task, and cannot do so without options: {reason}",
                    builtin.name, builtin.file
                ))
                .hint("give each option a default, such as `#[serde(default)]`, or remove `BUILTIN`"),
            );
        }
    }
    if documentation {
        problems.extend(undescribed(plugins, commands));
    }
    problems
}

/// Finds plugins and commands without doc comments.
fn undescribed(plugins: &[&Registration], commands: &[&CommandRegistration]) -> Vec<Error> {
    let plugins = plugins.iter().map(|one| {
        let mut generator = settings().into_generator();
        let mut schema = (one.schema)(&mut generator).to_value();
        schema["$defs"] = generator.take_definitions(false).into();
        (format!("the plugin `{}`", one.name), one.file, schema)
    });
    let commands = commands.iter();
    let commands =
        commands.map(|one| (format!("the command `{}`", one.path.join(" ")), one.file, one.schema().to_value()));
    let missing = plugins.chain(commands).filter_map(|(what, file, schema)| {
        let missing = undocumented(&schema);
        (!missing.is_empty()).then(|| {
            Error::new(format!("{what} ({file}) is not documented: {}", missing.join(", ")))
                .hint("write `///` comments above the struct and its fields: they are the manual and the help")
        })
    });
    missing.collect()
}

/// Finds names that are taken twice.
fn duplicates<'f>(what: &str, hint: &str, named: impl Iterator<Item = (String, &'f str)>) -> Vec<Error> {
    let mut files: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    named.for_each(|(name, file)| files.entry(name).or_default().push(file));
    let twice = files.into_iter().filter(|(_, files)| files.len() > 1);
    let problem = |(name, files): (String, Vec<&str>)| {
        let shown: BTreeSet<&str> = files.iter().copied().collect();
        let shown: Vec<&str> = shown.into_iter().collect();
        Error::new(format!("{} {what} have the name `{name}`: {}", files.len(), shown.join(", "))).hint(hint)
    };
    twice.map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    /// Runs everywhere.
    #[derive(Deserialize, JsonSchema)]
    struct Everywhere {
        /// Has no default.
        #[serde(rename = "needed")]
        _needed: usize,
    }

    impl Plugin for Everywhere {
        const NAME: &'static str = "everywhere";
        const BUILTIN: bool = true;
        fn steps(&self) -> Vec<Step<Self>> {
            Vec::new()
        }
    }

    #[derive(Deserialize, JsonSchema)]
    struct Silent {
        #[serde(rename = "option")]
        _option: Option<usize>,
    }

    impl Plugin for Silent {
        const NAME: &'static str = "silent";
        fn steps(&self) -> Vec<Step<Self>> {
            Vec::new()
        }
    }

    impl Command for Silent {
        const PATH: &'static [&'static str] = &["silent"];
        async fn run(&self, _: &Context, _: &mut Output) -> Result<()> {
            Ok(())
        }
    }

    fn messages(plugins: &[&Registration], commands: &[&CommandRegistration], documentation: bool) -> Vec<String> {
        of(plugins, commands, documentation).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn two_of_one_name_are_told_with_their_files() {
        let (mut one, mut other) = (plugin::<Silent>(), plugin::<Silent>());
        (one.file, other.file) = ("a.rs", "b.rs");
        assert_eq!(messages(&[&one, &other], &[], false), ["2 plugins or lists have the name `silent`: a.rs, b.rs"]);
        let (mut one, mut other) = (command::<Silent>(), command::<Silent>());
        (one.file, other.file) = ("a.rs", "b.rs");
        assert_eq!(messages(&[], &[&one, &other], false), ["2 commands have the name `silent`: a.rs, b.rs"]);
        assert_eq!(messages(&[&plugin::<Silent>()], &[&one], false), [""; 0]);
    }

    #[test]
    fn a_builtin_with_required_options_is_told() {
        let found = messages(&[&plugin::<Everywhere>()], &[], false);
        assert!(
            found[0].starts_with("the plugin `everywhere` (core/src/plugin/problems.rs) runs in every task"),
            "{found:?}"
        );
        assert!(found[0].contains("needed"), "{found:?}");
    }

    #[test]
    fn what_is_not_documented_is_told() {
        let found = messages(&[&plugin::<Silent>()], &[&command::<Silent>()], true);
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("it has no doc comment, its option `option` has no doc comment"), "{found:?}");
        assert!(found[1].starts_with("the command `silent`"), "{found:?}");
    }

    #[test]
    fn names_are_keys() {
        use crate::plugin::registration::{is_key, is_language_key};
        assert!(is_key("trakt_list2") && !is_key("two words") && !is_key("Upper") && !is_key("") && !is_key("2nd"));
        assert!(is_language_key("priority") && !is_language_key("priorities"));
        let mut keys = crate::plugin::registration::LANGUAGE_KEYS.map(str::to_owned).to_vec();
        let mut of_schema = crate::config::schema::language_keys();
        keys.sort();
        of_schema.sort();
        assert_eq!(keys, of_schema);
    }

    #[test]
    fn an_unknown_option_is_an_error_even_if_the_struct_allows_it() {
        inventory::submit! { plugin::<Forgetful>() }
        assert_eq!(crate::testing::config_errors("forgetful: { lenght: 5 }").len(), 1);
        assert_eq!(crate::testing::config_errors("forgetful: { length: 5 }").len(), 0);
    }

    /// Forgets `deny_unknown_fields`.
    #[derive(Deserialize, JsonSchema)]
    struct Forgetful {
        /// An option.
        #[serde(rename = "length")]
        _length: Option<usize>,
    }

    impl Plugin for Forgetful {
        const NAME: &'static str = "forgetful";
        fn steps(&self) -> Vec<Step<Self>> {
            Vec::new()
        }
    }
}
