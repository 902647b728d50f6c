//! Fields that are fetched only when somebody reads them, for many entries at once.
//!
//! A plugin makes an [`Offer`] to a task. Whatever reads fields (a condition, a template) reads in
//! *rounds*: every entry is evaluated with what is known; the offered fields that evaluation really
//! touched are fetched as one batch for all entries that touched them; and so on until nothing that
//! was touched is missing. A field that nobody reads costs nothing, and short-circuit is respected:
//! `'x' in title and trakt_watched` asks only about the entries that pass the first half.

use std::collections::{BTreeMap, BTreeSet};

use crate::context::Context;
use crate::entry::{Entry, Name};
use crate::task::Task;
use crate::value::Value;
use futures_util::future::LocalBoxFuture;

/// Result of a lookup for one entry: fields to fill in, or why there are none.
///
/// A field that is absent from the answer, though it was asked for, is known to be nothing
/// afterwards ([`Value::Null`]): the service was asked and has no such thing. After a failure it
/// stays unknown, and a condition that reads it decides nothing.
pub type Answer = Result<Vec<(Name, Value)>, String>;

/// Fields that can be fetched.
pub trait Offer {
    /// Returns the name of the plugin that makes the offer, for messages.
    fn plugin(&self) -> &'static str;

    /// Returns the fields that one fetch fills in.
    ///
    /// A plugin whose fields cost different requests makes an offer for each request.
    fn fields(&self) -> &[&'static str];

    /// Returns whether it can do anything for this entry; the default is that it can.
    fn applies(&self, _entry: &Entry) -> bool {
        true
    }

    /// Fetches for these entries in as few requests as possible; one result per entry, in order.
    fn fetch<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Vec<Answer>>;
}

/// Limit of the reasons in a warning; each entry has its own in its traces.
const MAX_REASONS: usize = 3;

/// Summarizes failed lookups in a few lines: each reason with the number of entries.
fn summarize_failures(failures: &BTreeMap<String, usize>) -> Vec<String> {
    let entries = |count: usize| format!("{count} entries could not be looked up");
    if failures.len() <= MAX_REASONS {
        let one = |(reason, count): (&String, &usize)| match count {
            1 => reason.clone(),
            count => format!("{}: {reason}", entries(*count)),
        };
        return failures.iter().map(one).collect();
    }
    let reasons: Vec<&str> = failures.keys().take(MAX_REASONS).map(String::as_str).collect();
    let more = failures.len() - MAX_REASONS;
    vec![format!("{}: {}; and {more} more reasons", entries(failures.values().sum()), reasons.join("; "))]
}

impl Task {
    /// Returns the offer that could still fill in `field` of this entry.
    fn offer_for(&self, entry: &Entry, field: &str) -> Option<u32> {
        if entry.has(field) {
            return None;
        }
        self.offers().iter().enumerate().find_map(|(number, offer)| {
            let number = number as u32;
            (offer.fields().contains(&field) && !entry.tried(number) && offer.applies(entry)).then_some(number)
        })
    }

    /// Returns whether `field` of this entry has to be fetched or rendered before it can be read.
    pub fn is_pending(&self, entry: &Entry, field: &str) -> bool {
        entry.later(field).is_some() || self.offer_for(entry, field).is_some()
    }

    /// Returns whether `field` of this entry is offered and not fetched yet.
    pub(crate) fn is_offered(&self, entry: &Entry, field: &str) -> bool {
        self.offer_for(entry, field).is_some()
    }

    /// Returns whether `field` of this entry could not be fetched, so that its value is unknown.
    ///
    /// The entry's traces say why.
    pub fn is_unavailable(&self, entry: &Entry, field: &str) -> bool {
        if self.is_pending(entry, field) {
            return false;
        }
        if entry.is_unavailable(field) {
            return true;
        }
        entry.peek(field).is_none()
            && self.offers().iter().enumerate().any(|(number, offer)| {
                offer.fields().contains(&field) && entry.tried(number as u32) && offer.applies(entry)
            })
    }

    /// Returns the fields of this entry that could be fetched.
    pub fn offered<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = &'static str> + 'a {
        let offers = self.offers().iter().enumerate();
        offers
            .filter(|(number, offer)| !entry.tried(*number as u32) && offer.applies(entry))
            .flat_map(|(_, offer)| offer.fields().iter().copied())
    }

    /// Fetches and renders these fields for the entries at these positions, one batch per offer.
    ///
    /// Afterwards each field is known, known to be absent, or has failed, which the entry's traces
    /// say.
    pub async fn fetch(&mut self, wanted: &[(usize, BTreeSet<String>)]) {
        let mut wanted = wanted.to_vec();
        loop {
            self.render(&mut wanted);
            // The offer that serves the most comes first only by number: a fetch may fill in what
            // the next would be asked for.
            let next = wanted
                .iter()
                .flat_map(|(at, fields)| fields.iter().filter_map(|field| self.offer_for(&self.entries[*at], field)))
                .min();
            match next {
                Some(number) => self.fetch_from(number, &wanted).await,
                None => return self.give_up(&wanted),
            }
        }
    }

    /// Fetches from one offer for all the entries that want something of it.
    async fn fetch_from(&mut self, number: u32, wanted: &[(usize, BTreeSet<String>)]) {
        let positions: Vec<usize> = wanted
            .iter()
            .filter(|(at, fields)| fields.iter().any(|field| self.offer_for(&self.entries[*at], field) == Some(number)))
            .map(|(at, _)| *at)
            .collect();
        let offer = self.offers()[number as usize].clone();
        let cx = self.cx.clone();
        let mut answers = {
            let entries: Vec<&Entry> = positions.iter().map(|at| &self.entries[*at]).collect();
            offer.fetch(&entries, &cx).await
        };
        self.report_warnings(offer.plugin());
        answers.resize_with(positions.len(), || Err("no answer".to_owned()));
        let mut failures: BTreeMap<String, usize> = BTreeMap::new();
        for (at, answer) in positions.into_iter().zip(answers) {
            let entry = &mut self.entries[at];
            entry.mark_tried(number);
            match answer {
                Ok(fields) => {
                    fields.into_iter().for_each(|(name, value)| entry.fill(name, value));
                    for field in offer.fields() {
                        if entry.peek(field).is_none() {
                            entry.fill(*field, Value::Null);
                        }
                    }
                }
                Err(reason) => {
                    entry.trace(format!("{}: {reason}", offer.plugin()));
                    *failures.entry(reason).or_default() += 1;
                }
            }
        }
        // A cause that was told before is not told again.
        failures.retain(|reason, _| !self.has_warned(offer.plugin(), reason));
        for warning in summarize_failures(&failures) {
            self.warn(offer.plugin(), warning);
        }
    }

    /// Fetches `fields` for every entry that is not rejected or failed.
    pub async fn need(&mut self, fields: &[&str]) {
        let fields: BTreeSet<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let wanted: Vec<_> = self.live().map(|at| (at, fields.clone())).collect();
        self.fetch(&wanted).await;
    }

    /// Fetches everything that is offered, for every entry.
    pub async fn need_everything(&mut self) {
        let wanted: Vec<(usize, BTreeSet<String>)> = (0..self.entries.len())
            .map(|at| {
                let entry = &self.entries[at];
                let fields = self.offered(entry).map(str::to_owned);
                (at, fields.chain(entry.deferred_fields().map(str::to_owned)).collect())
            })
            .collect();
        self.fetch(&wanted).await;
    }

    /// Reads the entries at these positions in rounds (see the module).
    ///
    /// `read` returns a result and the names of the fields that it touched, and is called again for
    /// an entry once those that were missing have been fetched.
    pub async fn rounds<T>(
        &mut self,
        positions: Vec<usize>,
        mut read: impl FnMut(&Task, &Entry) -> (T, Vec<String>),
    ) -> Vec<(usize, T)> {
        let mut results = Vec::with_capacity(positions.len());
        let mut open = positions;
        while !open.is_empty() {
            let mut wanted = Vec::new();
            for at in std::mem::take(&mut open) {
                let entry = &self.entries[at];
                let (result, touched) = read(self, entry);
                let missing: BTreeSet<String> =
                    touched.into_iter().filter(|field| self.is_pending(entry, field)).collect();
                if missing.is_empty() {
                    results.push((at, result));
                } else {
                    open.push(at);
                    wanted.push((at, missing));
                }
            }
            self.fetch(&wanted).await;
        }
        results.sort_by_key(|(at, _)| *at);
        results
    }
}
