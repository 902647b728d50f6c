//! Lists that are scripts.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::context::Context;
use crate::document::Node;
use crate::document::diagnostic::{Path, Problem};
use crate::entry::{Entry, Name};
use crate::error::{Error, Result};
use crate::list::any::{AnyList, opened};
use crate::list::identity::Keys;
use crate::list::input::input;
use crate::list::outcome::{Change, Outcome};
use crate::list::{Adding, List, ListId};
use crate::plugin::registration::{Open, Registration};
use crate::plugin::script::conversation::{Conversation, ScriptWork};
use crate::plugin::script::protocol::ScriptMessage;
use crate::plugin::script::steps::{described, entries_of, read_options};
use crate::plugin::script::{AddingMode, ListDescription, Script};

/// A list that is a script, with its options.
struct ScriptList {
    script: &'static Script,
    list: &'static ListDescription,
    options: Value,
}

/// Returns the registration of a script that is a list.
pub(crate) fn registration(script: &'static Script, list: &'static ListDescription) -> Registration {
    let bind = move |options: &Node| Ok(input(&script.name, open(script, list, options)));
    let open: &'static Open =
        Box::leak(Box::new(move |options: &Node| Ok(Box::new(open(script, list, options)) as Box<dyn std::any::Any>)));
    described(script, Box::leak(Box::new(bind)), Some(open))
}

fn open(script: &'static Script, list: &'static ListDescription, node: &Node) -> AnyList {
    opened(ScriptList { script, list, options: read_options(script, node) }, &script.name, node)
}

impl ScriptList {
    async fn read(&self, limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        let work = ScriptWork { verb: "items", task: None, options: &self.options, limit };
        let mut conversation = Conversation::start(self.script, &work, &[], cx).await?;
        let mut items: Option<Vec<Entry>> = None;
        while let Some(message) = conversation.next().await? {
            match message {
                ScriptMessage::Items(more) => {
                    let more = entries_of(&conversation, &self.script.name, more)?;
                    items.get_or_insert_default().extend(more);
                }
                _ => return Err(conversation.not_a_message("a list answers `items` with `items`")),
            }
        }
        // A part of a list is never taken for the whole, and nothing is not an empty list.
        let items = items.map(|mut items| {
            items.truncate(limit.unwrap_or(usize::MAX));
            items
        });
        items.ok_or_else(|| {
            Error::new("the script did not say which items there are").hint("an empty list is `{\"items\": []}`")
        })
    }

    async fn change(&self, verb: &'static str, entries: &[&Entry], cx: &Context) -> Result<Change> {
        let work = ScriptWork { verb, task: None, options: &self.options, limit: None };
        let mut conversation = Conversation::start(self.script, &work, entries, cx).await?;
        // From here on it may have done it.
        self.outcomes(verb, &mut conversation).await.map_err(Error::after_sending)
    }

    async fn outcomes(&self, verb: &str, conversation: &mut Conversation<'_>) -> Result<Change> {
        let mut change: Option<Change> = None;
        while let Some(message) = conversation.next().await? {
            let ScriptMessage::Outcomes(outcomes, certain) = message else {
                return Err(conversation.not_a_message(&format!("a list answers `{verb}` with `outcomes`")));
            };
            let outcomes: Result<Vec<Outcome>, _> = outcomes.into_iter().map(Outcome::deserialize).collect();
            let outcomes = outcomes.map_err(|error| conversation.not_a_message(&error.to_string()))?;
            let change = change.get_or_insert_with(|| Change::new(Vec::new()));
            change.outcomes.extend(outcomes);
            change.certain &= certain;
        }
        let change = change.ok_or_else(|| Error::new("the script did not say what became of the items"))?;
        let certain = change.certain && !conversation.is_uncertain;
        Ok(change.certain(certain))
    }
}

impl List for ScriptList {
    /// Not its own name, which only its file has.
    const NAME: &'static str = "script";

    fn id(&self) -> ListId {
        // Every option may select another list, so that all of them are its name.
        let name = match &self.options {
            Value::String(name) => name.clone(),
            Value::Object(options) => {
                let mut rest: Vec<_> = options.iter().filter(|(key, _)| *key != "account").collect();
                rest.sort_by_key(|(key, _)| key.as_str());
                match rest.as_slice() {
                    [(_, Value::String(only))] => only.clone(),
                    rest => serde_json::to_string(rest).unwrap_or_default(),
                }
            }
            other => other.to_string(),
        };
        ListId::remote(name).account(self.options.get("account").and_then(Value::as_str).map(str::to_owned))
    }

    fn writable(&self) -> Result<(), Problem> {
        if !self.list.read_only {
            return Ok(());
        }
        let message = format!("`{}` is not modifiable", self.script.name);
        Err(Problem::at(Path::root(), message).help("its description says `read_only: yes`"))
    }

    fn adding(&self) -> Adding {
        match self.list.adding {
            AddingMode::Once => Adding::Once,
            AddingMode::Again => Adding::Again,
            AddingMode::Replaces => Adding::Replaces,
        }
    }

    fn fields(&self, _: &Entry, adding: bool) -> Vec<Name> {
        let stored = self.list.fields.iter().filter(|_| adding);
        self.list.ids.iter().chain(stored).map(|field| Name::Borrowed(field)).collect()
    }

    fn keys(&self, entry: &Entry) -> Keys {
        let mut keys = Keys::new();
        for field in &self.list.ids {
            if let Some(value) = entry.peek(field).filter(|value| !value.is_null()) {
                keys.id(field, value.shown());
            }
        }
        if self.list.ids.is_empty() {
            keys.name("title", entry.title());
        }
        keys
    }

    fn accepts(&self, entry: &Entry) -> Result<(), String> {
        let ids = &self.list.ids;
        if ids.is_empty() || ids.iter().any(|field| entry.has(field)) {
            return Ok(());
        }
        Err(format!("it has no `{}`", ids.join("` or `")))
    }

    fn is_up_to_date(&self, item: &Entry, entry: &Entry) -> bool {
        self.list.adding == AddingMode::Once
            || self.list.fields.iter().all(|field| item.peek(field) == entry.peek(field))
    }

    fn listed_at(&self, item: &Entry) -> Option<Timestamp> {
        item.peek(self.list.listed_at.as_deref()?)?.moment()
    }

    async fn items(&self, limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        self.read(limit, cx).await
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.change("add", entries, cx).await
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.change("remove", entries, cx).await
    }
}
