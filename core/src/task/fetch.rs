//! Fetching of offered fields, in rounds and only when they are read.
//!
//! Everything that reads fields (a condition, a template) reads in *rounds*: each entry is
//! evaluated with the fields that are known; the offered fields that the evaluation touched are
//! fetched as one batch for all entries that touched them; and so on until no touched field is
//! missing. A field that is not read costs nothing, and short-circuit is respected:
//! `'x' in title and trakt_watched` asks only about the entries that pass the first half.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::{Entry, Name, State};
use crate::task::Task;
use crate::value::Value;

/// Limit of the reasons in a warning; each entry has its own in its traces.
const MAX_REASONS: usize = 3;

/// Returns a few warnings about entries that could not be looked up, given their number by reason.
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
    let more = failures.len().saturating_sub(MAX_REASONS);
    vec![format!("{}: {}; and {more} more reasons", entries(failures.values().sum()), reasons.join("; "))]
}

/// Number of entries that are evaluated before other work gets its turn.
const TURN: usize = 1_000;

impl Task {
    /// Returns the offer that can still fill in `field` of this entry.
    fn offer_for(&self, entry: &Entry, field: &str) -> Option<u32> {
        if entry.has(field) {
            return None;
        }
        self.offers().iter().enumerate().find_map(|(number, offer)| {
            let number = number as u32;
            (offer.fields().contains(&field) && !entry.tried(number) && offer.applies(entry)).then_some(number)
        })
    }

    /// Checks whether `field` of this entry has to be fetched or rendered before it can be read.
    pub fn is_pending(&self, entry: &Entry, field: &str) -> bool {
        entry.deferred(field).is_some() || self.offer_for(entry, field).is_some()
    }

    /// Checks whether `field` of this entry is offered and not fetched yet.
    pub(crate) fn is_offered(&self, entry: &Entry, field: &str) -> bool {
        self.offer_for(entry, field).is_some()
    }

    /// Checks whether `field` of this entry could not be fetched and is therefore unknown.
    ///
    /// The traces of the entry say why.
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

    /// Iterates over the fields of this entry that are offered and not fetched yet.
    pub fn offered<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = &'static str> + 'a {
        let offers = self.offers().iter().enumerate();
        offers
            .filter(|(number, offer)| !entry.tried(*number as u32) && offer.applies(entry))
            .flat_map(|(_, offer)| offer.fields().iter().copied())
    }

    /// Fetches fields of the entries at these positions, in one batch for each offer.
    ///
    /// Fields that are made of others are rendered.
    ///
    /// Afterwards each field is known, known to be nothing, or has failed, as the entry's traces
    /// say.
    pub async fn fetch(&mut self, wanted: &[(usize, BTreeSet<String>)]) {
        let mut wanted = wanted.to_vec();
        loop {
            self.render(&mut wanted);
            // One offer after the other, because a fetch may fill in fields that another offers
            // too.
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

    /// Fetches from one offer for all entries that want a field of it.
    async fn fetch_from(&mut self, number: u32, wanted: &[(usize, BTreeSet<String>)]) {
        let positions: Vec<usize> = wanted
            .iter()
            .filter(|(at, fields)| fields.iter().any(|field| self.offer_for(&self.entries[*at], field) == Some(number)))
            .map(|(at, _)| *at)
            .collect();
        let offer = self.offers()[number as usize].clone();
        let cx = self.cx.clone();
        let requests = || cx.http.counts().values().sum::<u64>();
        let before = requests();
        let mut results = {
            let entries: Vec<&Entry> = positions.iter().map(|at| &self.entries[*at]).collect();
            let around = self.running.replace(offer.plugin());
            let results = offer.fetch(&entries, &cx).await;
            self.running.set(around);
            results
        };
        let (requests, batch) = (requests().saturating_sub(before), positions.len());
        self.report_warnings(offer.plugin());
        results.resize_with(positions.len(), || Err("no response".to_owned()));
        let mut failures: BTreeMap<String, usize> = BTreeMap::new();
        for (at, result) in positions.into_iter().zip(results) {
            let entry = &mut self.entries[at];
            entry.mark_tried(number);
            if self.tracing {
                entry.record_lookup(offer.plugin(), &result, requests, batch);
            }
            match result {
                Ok(fields) => {
                    let unknown = offer.fields().iter().map(|field| (Name::Borrowed(*field), Value::Null));
                    entry.fill_all(fields.into_iter().chain(unknown));
                    if self.tracing {
                        entry.mark_traced();
                    }
                }
                Err(reason) => {
                    entry.trace(format!("{}: {reason}", offer.plugin()));
                    let count = failures.entry(reason).or_default();
                    *count = count.saturating_add(1);
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

    /// Fetches all fields that are offered, for every entry.
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

    /// Renders the deferred fields of the accepted entries, which are about to be acted on.
    pub(crate) async fn render_accepted(&mut self) {
        let deferred = |at: usize| (at, self.entries[at].deferred_fields().map(str::to_owned).collect::<BTreeSet<_>>());
        let accepted = self.positions(|entry| entry.state() == State::Accepted);
        let wanted: Vec<_> = accepted.map(deferred).filter(|(_, fields)| !fields.is_empty()).collect();
        if !wanted.is_empty() {
            self.fetch(&wanted).await;
        }
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
            for (number, at) in (1_usize..).zip(std::mem::take(&mut open)) {
                if number.is_multiple_of(TURN) {
                    // So that Ctrl-C is heard while many entries are evaluated.
                    tokio::task::yield_now().await;
                }
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
