//! `init`: writes a first config.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use flexget_core::config::schema;
use flexget_core::error::{Error, Result};
use flexget_core::plugin::command::Format;
use serde_json::json;

use crate::args::FormatOption;
use crate::exit;
use crate::identity::{Identity, with_name};
use crate::render::printable::Printable;
use crate::session::{Exit, Session};

/// The schema that the config names, beside it.
const SCHEMA_FILE: &str = "flexget-rs.schema.json";

/// Write a first config, with comments
///
/// Without options, a few questions are asked. A config that exists is never overwritten.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Init {
    /// Example to write
    #[arg(long, value_name = "RECIPE")]
    pub recipe: Option<Recipe>,
    /// Trakt account that the config uses
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// The output format.
    #[command(flatten)]
    pub format: FormatOption,
}

/// A config to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Recipe {
    /// Take watched movies off the Trakt watchlist
    TidyWatchlist,
    /// Put trending movies with a good rating on the Trakt watchlist
    Trending,
    /// A task that needs no account
    Hello,
}

impl Recipe {
    const CHOICES: [&str; 4] = [
        "What shall the first task do?",
        "  1  take watched movies off your Trakt watchlist",
        "  2  put well rated trending movies on it",
        "  3  just try, without an account",
    ];

    fn from_answer(typed: &str) -> Option<Self> {
        match typed.trim() {
            "" | "1" => Some(Self::TidyWatchlist),
            "2" => Some(Self::Trending),
            "3" => Some(Self::Hello),
            _ => None,
        }
    }

    fn tasks(self, account: &str) -> String {
        let tasks = match self {
            Self::TidyWatchlist => include_str!("init/tidy-watchlist.yml"),
            Self::Trending => include_str!("init/trending.yml"),
            Self::Hello => include_str!("init/hello.yml"),
        };
        tasks.replace("ACCOUNT", account)
    }
}

impl Init {
    /// Writes the config and its schema.
    pub(crate) fn run(&self, session: &Session) -> Exit {
        match self.write(session) {
            Err(_) if session.activity.interrupted.get() => Ok(exit::INTERRUPTED),
            done => Ok(done.map(|()| exit::SUCCESS)?),
        }
    }

    fn write(&self, session: &Session) -> Result<()> {
        let path = target(session)?;
        let name = session.folders.absolute(&path);
        if path.exists() {
            return Err(Error::new(format!("the config {name} exists already"))
                .hint("edit it, or write another one with `-c FILE init`"));
        }
        let recipe = self.recipe(session)?;
        let account = self.account(recipe, session)?;
        let config = format!(
            "# yaml-language-server: $schema={SCHEMA_FILE}\n# Check it with `flexget-rs check`, try it with \
             `flexget-rs execute --test`, run it with `flexget-rs execute`.\n{}",
            recipe.tasks(&scalar(&account))
        );
        let config = with_name(&config);
        if !session.global.test {
            let schema_path = path.with_file_name(SCHEMA_FILE);
            let schema = serde_json::to_string_pretty(&schema::editor::config()).unwrap_or_default();
            create(&path, &config, &name)?;
            let shown = session.folders.absolute(&schema_path);
            fs::write(&schema_path, schema + "\n")
                .map_err(|error| Error::new(format!("cannot write {shown}")).cause(error))?;
        }
        let next = match recipe {
            Recipe::Hello => format!("{} execute -v", Identity::get().name),
            _ => format!("{} trakt auth {account}", Identity::get().name),
        };
        if self.format.format() == Format::Json {
            let document = json!({ "file": name, "config": config, "next": next, "dry_run": session.global.test });
            session.console.json(&document);
        } else if session.global.test {
            session.console.line(&Printable::line(format_args!("would write {name}:")));
            session.console.data(&Printable::block(config));
        } else {
            session.console.line(&Printable::line(format_args!("wrote {name}")));
            session.console.note(&Printable::line(format_args!("next: `{next}`")));
        }
        Ok(())
    }

    fn recipe(&self, session: &Session) -> Result<Recipe> {
        if let Some(recipe) = self.recipe {
            return Ok(recipe);
        }
        if self.account.is_some() {
            return Ok(Recipe::TidyWatchlist);
        }
        if session.console.is_interactive() {
            Recipe::CHOICES.iter().for_each(|line| session.console.note(&Printable::line(line)));
        }
        while let Some(typed) = session.ask("Type a number [1]:", false)? {
            if let Some(recipe) = Recipe::from_answer(&typed) {
                return Ok(recipe);
            }
            session.console.note(&Printable::line(format_args!("`{typed}` is not 1, 2 or 3")));
        }
        Err(Error::new("no recipe given, and nobody to ask")
            .hint("`flexget-rs init --recipe tidy-watchlist --account NAME`, or `--recipe hello`"))
    }

    fn account(&self, recipe: Recipe, session: &Session) -> Result<String> {
        let given = match (&self.account, recipe) {
            (Some(account), _) => Some(account.clone()),
            (None, Recipe::Hello) => Some("me".to_owned()),
            (None, _) => {
                session.ask("Name of your Trakt account, as the config calls it (such as your user name):", false)?
            }
        };
        let named = given.map(|account| account.trim().to_owned()).filter(|account| !account.is_empty());
        named.ok_or_else(|| Error::new("no Trakt account given").hint("name it with `--account NAME`"))
    }
}

/// Returns the path of the new config: the one that is named, or the usual one.
fn target(session: &Session) -> Result<PathBuf> {
    let folders = &session.folders;
    let named = session.global.config.clone().or_else(|| session.environment.path("FLEXGET_CONFIG"));
    match (named, &folders.usual) {
        (Some(path), _) => Ok(folders.current.join(path)),
        (None, Some(usual)) => Ok(usual.join("config.yml")),
        (None, None) => Err(Error::new("there is no home folder").hint("name the file with `-c FILE`")),
    }
}

/// Creates the config; fails if there is one.
fn create(path: &Path, config: &str, name: &str) -> Result<()> {
    let failed = |error: std::io::Error| Error::new(format!("cannot write {name}")).cause(error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(config.as_bytes()).map_err(failed)
}

/// Returns a text as a YAML scalar.
fn scalar(text: &str) -> String {
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        && text.starts_with(char::is_alphabetic)
        && !["yes", "no", "on", "off", "true", "false", "null", "y", "n"].contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}
