//! The framework of flexget-rs: how a config becomes a report.
//!
//! It names no plugin and no service, and prints nothing.
//!
//! ```text
//!             plugins ──────► core ◄────── cli
//!    (what it can do)   (how it runs)   (how you talk to it)
//!                  └────── linked by cli, listed by inventory
//!
//!    YAML text ─► Document ─► Plan ─► Report ─► terminal / JSON
//!                   config          run     render
//! ```
//!
//! Four plain values, no way back. Ten words carry everything: [`Document`](document::Document),
//! [`Plan`](config::plan::Plan), [`Report`](task::report::Report) (the line); [`Task`](task::Task),
//! [`Entry`](entry::Entry), [`Step`](task::step::Step) (what runs); [`Plugin`](plugin::Plugin),
//! [`List`](list::List), [`Command`](plugin::command::Command) (what is contributed);
//! [`Context`](context::Context) (the world).
//!
//! To write a plugin, begin with the [`guide`]; what plugins have no use for is not shown here.
//!
//! # The tour
//!
//! A module uses only those above it in this list, which is also the order to read them in.
//!
//! * [`error`], [`value`], [`pattern`]: failures with a next step, the values of fields, regular
//!   expressions.
//! * [`document`]: YAML text to nodes that know their positions, and diagnostics at places.
//! * [`expression`]: the one engine for conditions and templates.
//! * [`entry`]: an entry, its fields and its state.
//! * [`context`]: the world. [`http`](context::http) is the only way to the network,
//!   [`store`](context::store) to the database, [`Clock`](context::Clock) to the time;
//!   [`auth`](context::auth) keeps credentials, [`journal`](context::journal) the changes to remote
//!   lists.
//! * [`task`]: a task while it runs. [`phase`](task::phase) and [`step`](task::step) say what runs
//!   when, [`offer`](task::offer) fetches fields when they are read, [`report`](task::report) is
//!   the result as data.
//! * [`plugin`]: what is contributed, with types for options: [`nested`](plugin::nested) plugins,
//!   [`one_or_many`](plugin::one_or_many). [`registry`](plugin::registry) is the catalogue.
//! * [`list`]: lists. [`identity`](list::identity) says when two entries are the same item,
//!   [`writable`](list::writable) is the one way to change a list, [`recovery`](list::recovery)
//!   undoes changes.
//! * [`config`]: from a document to a plan. [`template`](config::template) merges templates and
//!   includes, [`schema`](config::schema) composes and checks one JSON Schema,
//!   [`plan`](config::plan) binds options to steps.
//! * [`run`]: selects tasks and runs them.
//! * [`testing`]: a small world for tests, and the laws of lists. [`prelude`]: what a plugin
//!   imports.
//!
//! # What always holds
//!
//! Tests keep these rules: those about sources are in `tests/suite/house`.
//!
//! * No error of a config reaches the network: a plan is made of options that are right.
//! * Only [`document`] knows lines; everything else names places by path.
//! * Only [`context::store`] speaks SQL, only [`context::http`] opens sockets, only
//!   [`context::Clock`] reads the time and sleeps.
//! * A list is changed only through [`WritableList`](list::writable::WritableList): dry runs, the
//!   journal, the copy of this run and the report are its business.
//! * What an undo needs is in the journal before a change is sent
//!   ([`List::snapshot`](list::List::snapshot)).
//! * A part of a list is never taken for the whole: a read gives all of it or an error.
//! * A failed write is a failed entry with its reason. What is not known is not known: a failed
//!   lookup leaves no field, and a condition that reads it decides nothing.
//! * New tokens are on disk before they are used, and no secret can be formatted.

// Numbers may come from outside: whatever they are, the program does not panic.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

#[doc(hidden)]
pub mod config;
pub mod context;
#[doc(hidden)]
pub mod document;
pub mod entry;
pub mod error;
pub mod expression;
pub mod guide;
pub mod list;
pub mod pattern;
pub mod plugin;
pub mod prelude;
#[doc(hidden)]
pub mod run;
pub mod task;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod value;
