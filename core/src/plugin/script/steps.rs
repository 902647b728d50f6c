//! Scripts as plugins: their registration, options and steps.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::conversation::{Conversation, ScriptWork};
use super::protocol::{ScriptMessage, WrittenFields};
use super::{Script, ScriptKind};
use crate::context::Context;
use crate::document::diagnostic::Problem;
use crate::document::{Node, Scalar};
use crate::entry::{Entry, Name, State};
use crate::error::Result;
use crate::plugin::registration::{Open, Registration};
use crate::task::Task;
use crate::task::offer::{FetchedFields, Offer};
use crate::task::phase::Phase;
use crate::task::step::{BoundStep, Step};

/// A script with its options.
struct ScriptPlugin {
    script: &'static Script,
    options: Value,
}

/// Returns the registration of a script that is no list.
pub(crate) fn registration(script: &'static Script) -> Registration {
    let bind = move |options: &Node| Ok(steps(script, read_options(script, options)));
    described(script, Box::leak(Box::new(bind)), None)
}

/// Returns the registration of a script with what makes its steps and opens its list.
pub(crate) fn described(
    script: &'static Script,
    bind: &'static crate::plugin::registration::Bind,
    list: Option<&'static Open>,
) -> Registration {
    let schema = move |_: &mut SchemaGenerator| {
        let mut schema = script.options.clone();
        schema["description"] = script.about.as_str().into();
        Schema::try_from(schema).unwrap_or_default()
    };
    Registration {
        name: &script.name,
        file: script.file.to_string_lossy().into_owned().leak(),
        type_name: || "",
        builtin: false,
        input: matches!(script.kind, ScriptKind::Input | ScriptKind::List(_)),
        accepts: matches!(script.kind, ScriptKind::Phase(Phase::Filter)),
        gives: Vec::new,
        schema: Box::leak(Box::new(schema)),
        bind,
        list,
    }
}

/// Returns the registration of a script that cannot be used: naming it is an error in the config.
pub(crate) fn refused(name: &'static str, file: String, problem: Problem) -> Registration {
    let about = format!("Script that cannot be used: {}.", problem.message);
    let schema = move |_: &mut SchemaGenerator| {
        let mut schema = Schema::default();
        schema.insert("description".to_owned(), about.as_str().into());
        schema
    };
    let bind = move |_: &Node| Err(vec![problem.clone()]);
    Registration {
        name,
        file: file.leak(),
        type_name: || "",
        builtin: false,
        input: true,
        accepts: true,
        gives: Vec::new,
        schema: Box::leak(Box::new(schema)),
        bind: Box::leak(Box::new(bind)),
        list: None,
    }
}

/// Returns options as a script gets them, with the defaults of the schema; `yes` is none.
pub(crate) fn read_options(script: &Script, options: &Node) -> Value {
    let mut options = match options.as_scalar() {
        Some(Scalar::Bool(true)) => Value::Object(serde_json::Map::new()),
        _ => serde_json::to_value(options).unwrap_or_default(),
    };
    let properties = script.options.get("properties").and_then(Value::as_object);
    if let (Some(options), Some(properties)) = (options.as_object_mut(), properties) {
        for (name, property) in properties {
            if let Some(default) = property.get("default").filter(|_| !options.contains_key(name)) {
                options.insert(name.clone(), default.clone());
            }
        }
    }
    options
}

fn steps(script: &'static Script, options: Value) -> Vec<BoundStep> {
    let plugin = Rc::new(ScriptPlugin { script, options });
    let step = match &script.kind {
        ScriptKind::Phase(phase) => Step::at(*phase, ScriptPlugin::work).gives_any(),
        ScriptKind::Lookup(_) => Step::at(Phase::Metainfo, ScriptPlugin::offer).gives(ScriptPlugin::offered),
        ScriptKind::Input | ScriptKind::List(_) => Step::at(Phase::Input, ScriptPlugin::produce),
    };
    vec![step.priority(script.priority).bind(&script.name, &plugin)]
}

impl ScriptPlugin {
    /// Returns the fields that it offers.
    fn offered(&self) -> Vec<Name> {
        match &self.script.kind {
            ScriptKind::Lookup(fields) => fields.iter().map(|field| Name::Borrowed(field)).collect(),
            _ => Vec::new(),
        }
    }

    /// Works on the entries of a phase: those that are not rejected, or are accepted.
    async fn work(&self, task: &mut Task) -> Result<()> {
        let script = self.script;
        let ScriptKind::Phase(phase) = script.kind else { return Ok(()) };
        let positions: Vec<usize> = match phase {
            Phase::Metainfo | Phase::Filter => task.live().collect(),
            _ => task.positions(|entry| entry.state() == State::Accepted).collect(),
        };
        let cx = task.cx.clone();
        if positions.is_empty() {
            return Ok(());
        }
        if cx.dry_run && phase == Phase::Output {
            tracing::info!(target: "script", "{}: would get {} entries", script.name, positions.len());
            return Ok(());
        }
        let task_name = Rc::clone(&task.name);
        let work = ScriptWork { verb: phase.name(), task: Some(&task_name), options: &self.options, limit: None };
        let entries: Vec<&Entry> = positions.iter().map(|at| &task.entries[*at]).collect();
        let mut conversation = Conversation::start(script, &work, &entries, &cx).await?;
        let mut decided = Vec::new();
        while let Some(message) = conversation.next().await? {
            match message {
                ScriptMessage::Need(fields) => {
                    let wanted: Vec<_> = positions.iter().map(|at| (*at, fields.iter().cloned().collect())).collect();
                    task.fetch(&wanted).await;
                    let entries: Vec<&Entry> = positions.iter().map(|at| &task.entries[*at]).collect();
                    conversation.send_entries(&entries);
                }
                ScriptMessage::Accept(id, _)
                | ScriptMessage::Reject(id, _)
                | ScriptMessage::Fail(id, _)
                | ScriptMessage::Set(id, _)
                    if id >= positions.len() =>
                {
                    return Err(conversation.not_a_message(&format!("there is no entry {id}")));
                }
                message @ (ScriptMessage::Accept(..)
                | ScriptMessage::Reject(..)
                | ScriptMessage::Fail(..)
                | ScriptMessage::Set(..)) => {
                    decided.push(message);
                }
                _ => return Err(conversation.not_a_message("this is no message of a script that acts on entries")),
            }
        }
        // Only now: a script that crashes half way has decided nothing.
        let by: &'static str = &script.name;
        for message in decided {
            match message {
                ScriptMessage::Accept(id, reason) => task.entries[positions[id]].accept_because(by, reason),
                ScriptMessage::Reject(id, reason) => task.entries[positions[id]].reject(by, reason),
                ScriptMessage::Fail(id, reason) => task.entries[positions[id]].fail(by, reason),
                ScriptMessage::Set(id, fields) => {
                    task.entries[positions[id]].extend(fields);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Produces the entries of an input.
    async fn produce(&self, task: &mut Task) -> Result<()> {
        let (cx, name) = (task.cx.clone(), Rc::clone(&task.name));
        let work = ScriptWork { verb: "input", task: Some(&name), options: &self.options, limit: task.wanted };
        let mut conversation = Conversation::start(self.script, &work, &[], &cx).await?;
        let mut produced = Vec::new();
        while let Some(message) = conversation.next().await? {
            match message {
                ScriptMessage::Entries(entries) => {
                    produced.extend(entries_of(&conversation, &self.script.name, entries)?)
                }
                _ => return Err(conversation.not_a_message("an input only produces `entries`")),
            }
        }
        produced.truncate(task.wanted.unwrap_or(usize::MAX));
        task.produce(produced);
        Ok(())
    }

    async fn offer(&self, task: &mut Task) -> Result<()> {
        task.offer(Rc::new(ScriptOffer { script: self.script, options: self.options.clone() }));
        Ok(())
    }
}

/// Creates the entries that a script wrote.
///
/// # Errors
/// An entry has no title.
pub(crate) fn entries_of(
    conversation: &Conversation<'_>,
    name: &str,
    written: Vec<WrittenFields>,
) -> Result<Vec<Entry>> {
    let entry = |fields: WrittenFields| {
        Entry::from_fields(fields, |title| format!("script://{name}/{title}"))
            .map_err(|error| conversation.not_a_message(&error))
    };
    written.into_iter().map(entry).collect()
}

/// The fields that a script offers.
struct ScriptOffer {
    script: &'static Script,
    options: Value,
}

impl Offer for ScriptOffer {
    fn plugin(&self) -> &'static str {
        &self.script.name
    }

    fn fields(&self) -> &[&'static str] {
        match &self.script.kind {
            ScriptKind::Lookup(fields) => fields,
            _ => &[],
        }
    }

    fn fetch<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Vec<FetchedFields>> {
        Box::pin(async move {
            self.look_up(entries, cx).await.unwrap_or_else(|error| vec![Err(error.to_string()); entries.len()])
        })
    }
}

impl ScriptOffer {
    async fn look_up(&self, entries: &[&Entry], cx: &Context) -> Result<Vec<FetchedFields>> {
        let work = ScriptWork { verb: "lookup", task: None, options: &self.options, limit: None };
        let mut conversation = Conversation::start(self.script, &work, entries, cx).await?;
        let mut found: Vec<FetchedFields> = vec![Ok(Vec::new()); entries.len()];
        while let Some(message) = conversation.next().await? {
            let (id, fetched) = match message {
                ScriptMessage::Set(id, fields) => {
                    if let Some(other) = fields.keys().find(|name| !self.fields().contains(&name.as_str())) {
                        return Err(conversation.not_a_message(&format!("it does not offer the field `{other}`")));
                    }
                    (id, Ok(fields.into_iter().map(|(name, value)| (Name::Owned(name), value)).collect()))
                }
                ScriptMessage::Fail(id, reason) => (id, Err(reason)),
                _ => return Err(conversation.not_a_message("a lookup only uses `set` and `fail`")),
            };
            match (found.get_mut(id), fetched) {
                (Some(Ok(known)), Ok::<Vec<_>, String>(fields)) => known.extend(fields),
                (Some(known), fetched) => *known = fetched,
                (None, _) => return Err(conversation.not_a_message(&format!("there is no entry {id}"))),
            }
        }
        Ok(found)
    }
}
