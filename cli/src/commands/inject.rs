//! `inject`: runs tasks with an entry from the command line.

use flexget_core::document::Document;
use flexget_core::document::read::read;
use flexget_core::entry::Entry;
use flexget_core::error::{Error, Result};
use flexget_core::value::Value;

use crate::args::{FormatOption, key_value};
use crate::candidates;

/// Run tasks with an entry from the command line instead of those of their inputs
///
/// All other plugins of the tasks process the entry as any other. Name the tasks with `--tasks`:
/// without it, all that are not `manual` get it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Inject {
    /// Title of the entry
    #[arg(value_name = "TITLE")]
    pub title: String,
    /// URL of the entry; made from the title if none is given
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// Accept the entry at once
    #[arg(long)]
    pub accept: bool,
    /// Let no plugin reject the entry
    #[arg(long)]
    pub force: bool,
    /// Set fields of the entry; values are read as YAML
    #[arg(long, num_args = 1.., value_name = "NAME=VALUE", value_parser = key_value)]
    pub fields: Vec<(String, String)>,
    /// Run these tasks only, even `manual` ones; `*`, `?` and `[…]` match as in a shell
    #[arg(long, num_args = 1.., value_name = "TASK", add = candidates::tasks())]
    pub tasks: Vec<String>,
    /// Run tasks even if their `interval` is not over
    #[arg(long)]
    pub now: bool,
    /// The output format.
    #[command(flatten)]
    pub format: FormatOption,
}

impl Inject {
    /// Returns the entry.
    ///
    /// # Errors
    /// There is a URL alone, or the value of a field is no YAML.
    pub(crate) fn entry(&self) -> Result<Entry> {
        if self.url.is_none() && self.title.contains("://") {
            return Err(Error::new(format!("`{}` needs a title", self.title))
                .hint("write the title first: `flexget-rs inject TITLE URL`"));
        }
        let address = || format!("http://localhost/inject/{}", self.title);
        let mut entry = Entry::new(self.title.as_str(), self.url.clone().unwrap_or_else(address));
        for (name, text) in &self.fields {
            let value =
                value(text).ok_or_else(|| Error::new(format!("the value of `{name}` is not YAML: `{text}`")))?;
            entry.set(name, value);
        }
        if self.force {
            entry.set("immortal", true);
        }
        if self.accept {
            entry.accept_because("inject", Some("accepted on the command line".to_owned()));
        }
        Ok(entry)
    }
}

/// Reads a value as it would stand in a config.
fn value(text: &str) -> Option<Value> {
    let document = Document::parse("--fields", &format!("value: {text}")).ok()?;
    read(document.root().get("value")?).ok()
}
