//! The conversation with the process of a script.

use serde_json::Value;

use super::http::RequestError;
use super::protocol::{EntryLine, Opening, ResponseLine, ScriptMessage, VERSION, message};
use super::{Question, Script, http};
use crate::context::Context;
use crate::context::dialogue::{Dialogue, DialogueError};
use crate::entry::Entry;
use crate::error::{Error, Result};

/// The work that a process is started for.
pub(crate) struct ScriptWork<'a> {
    /// The verb.
    pub verb: &'static str,
    /// The name of the task, if there is one.
    pub task: Option<&'a str>,
    /// The options.
    pub options: &'a Value,
    /// Number of entries that are enough.
    pub limit: Option<usize>,
}

/// A conversation with a process that works on entries.
pub(crate) struct Conversation<'a> {
    script: &'static Script,
    cx: &'a Context,
    dialogue: Dialogue,
    /// Number of messages so far.
    messages: usize,
    /// Whether a change was sent for the script whose outcome is not known.
    pub is_uncertain: bool,
}

impl<'a> Conversation<'a> {
    /// Starts the process of a script and tells it what to do.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) async fn start(
        script: &'static Script,
        work: &ScriptWork<'_>,
        entries: &[&Entry],
        cx: &'a Context,
    ) -> Result<Self> {
        let name = script.name.as_str();
        let log = Box::new(move |line: &str| tracing::info!(target: "script", "{name}: {line}"));
        let dialogue = Dialogue::start(&script.file, script.limit, log).await.map_err(|error| {
            Error::new(format!("the script `{}` cannot be started: {error}", script.file.display()))
                .hint("check its first line (`#!`), and that the program which is named there is installed")
        })?;
        let mut conversation = Self { script, cx, dialogue, messages: 0, is_uncertain: false };
        let opening = Opening {
            flexget: VERSION,
            work: work.verb,
            task: work.task,
            options: work.options,
            dry_run: cx.dry_run,
            limit: work.limit,
            entries: entries.len(),
        };
        conversation.send(&opening);
        conversation.send_entries(entries);
        if script.asks.is_empty() {
            conversation.dialogue.close();
        }
        Ok(conversation)
    }

    fn send(&mut self, line: &impl serde::Serialize) {
        // What is sent has no maps with other keys than texts, so that it can be written.
        self.dialogue.send(&serde_json::to_string(line).unwrap_or_default());
    }

    /// Sends entries: those to work on, or all of them again with the fields that were asked for.
    pub(crate) fn send_entries(&mut self, entries: &[&Entry]) {
        for (id, entry) in entries.iter().enumerate() {
            self.send(&EntryLine::new(id, entry));
        }
    }

    /// Returns the next message that is the caller's to act on; `None` when the script is done.
    ///
    /// Requests and warnings are served here.
    ///
    /// # Errors
    /// The script crashed, took too long, or wrote what is no message.
    pub(crate) async fn next(&mut self) -> Result<Option<ScriptMessage>> {
        loop {
            let line = match self.dialogue.line().await {
                Ok(Some(line)) => line,
                Ok(None) => return self.end().await.map(|()| None),
                Err(error) => return Err(self.broken(&error)),
            };
            self.messages = self.messages.saturating_add(1);
            if line.trim().is_empty() {
                continue;
            }
            let message = message(&line).map_err(|error| self.not_a_message(&format!("{error}: {}", shown(&line))))?;
            match message {
                ScriptMessage::Http(_) if !self.script.asks(Question::Http) => {
                    return Err(self.not_a_message("it asks for a request without `asks: [http]` in its description"));
                }
                ScriptMessage::Need(_) if !self.script.asks(Question::Fields) => {
                    return Err(self.not_a_message("it asks for fields without `asks: [fields]` in its description"));
                }
                ScriptMessage::Http(request) => {
                    let sent = http::send(self.script, *request, self.cx).await;
                    let sent = sent.map_err(|error| match error {
                        RequestError::Invalid(error) => self.not_a_message(&error),
                        RequestError::Account(error) => error,
                    })?;
                    self.is_uncertain |= sent.is_uncertain;
                    self.send(&ResponseLine { http: sent.result });
                }
                ScriptMessage::Warn(warning) => self.cx.warn(warning),
                message => return Ok(Some(message)),
            }
        }
    }

    /// Returns the error of a message that makes no sense.
    pub(crate) fn not_a_message(&self, what: &str) -> Error {
        Error::new(format!("the script wrote nonsense in line {} of its output: {what}", self.messages))
            .hint("only messages may be written to stdout; everything else goes to stderr")
    }

    async fn end(&mut self) -> Result<()> {
        let ended = self.dialogue.end().await.map_err(|error| self.broken(&error))?;
        if ended.is_success {
            return Ok(());
        }
        let last = self.dialogue.last_log_line().map(|line| format!(": {line}")).unwrap_or_default();
        Err(Error::new(format!("the script ended with {}{last}", ended.status))
            .hint(format!("`-v` shows all that {} wrote to stderr", self.script.file.display())))
    }

    fn broken(&self, error: &DialogueError) -> Error {
        let message = format!("the script `{}` failed: {error}", self.script.name);
        match error {
            DialogueError::Late => {
                Error::new(format!("the script did not end within {} s and was stopped", self.script.limit.as_secs()))
                    .hint("`timeout` in its description allows it more seconds")
            }
            _ => Error::new(message),
        }
    }
}

/// Returns the beginning of a line, for a message.
fn shown(line: &str) -> String {
    match line.char_indices().nth(80) {
        Some((end, _)) => format!("`{}…`", &line[..end]),
        None => format!("`{line}`"),
    }
}
