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
//!               parse       bind     run     render
//! ```
//!
//! Four plain values, three functions, no way back. Ten words carry everything:
//! [`Document`](document::Document), [`Plan`](plan::Plan), [`Report`](report::Report) (the line);
//! [`Task`](task::Task), [`Entry`](entry::Entry), [`Step`](plugin::Step) (what runs);
//! [`Plugin`](plugin::Plugin), [`List`](list::List), [`Command`](command::Command) (what is
//! contributed); [`Context`](context::Context) (the world).
//!
//! Read in this order:
//!
//! * The line. [`document`]: YAML to values, and where each stands. [`template`]: variables,
//!   includes and templates, until every task is whole. [`schema`]: one JSON Schema for it all, and
//!   the check. [`plan`]: options of the right types, steps in order. [`run`]: tasks one after the
//!   other. [`report`]: what was done, as data. [`diagnostic`]: a mistake, by its place.
//! * What runs. [`task`], [`entry`], [`value`], [`phase`]; [`lookup`]: fields that are fetched when
//!   they are read; [`expression`]: the one engine for conditions and templates.
//! * What is contributed. [`plugin`], [`list`], [`command`], [`registry`] (who is there); for
//!   options: [`nested`] (plugins inside plugins), [`several`] (one or many), [`pairs`] (maps in
//!   order), [`pattern`] (regular expressions). [`prelude`] is all that a plugin imports.
//! * The world. [`context`], [`http`], [`store`], [`auth`] (credentials), [`journal`] (changes to
//!   remote lists), [`error`]. [`testing`]: a small one for tests.
//!
//! What always holds, and the tests see to it (`tests/suite/house.rs`):
//!
//! * No config mistake reaches the network: a plan is made of options that are right, or there is
//!   no plan.
//! * Only [`document`] knows lines; everything else names places by path.
//! * Only [`store`] speaks SQL, only [`http`] touches the network, only [`context::Clock`] reads
//!   the clock and sleeps.
//! * A list is changed only through [`list::writable::WritableList`]: dry runs, the journal, the
//!   copy of this run and the report are its business. To clear a list is to read it and to remove
//!   what was read, so that there is one way for failures and for undoing.
//! * What goes with an item and does not show on it is in the journal before it is taken off, and
//!   what was there before something was added stays when that is undone
//!   ([`list::List::snapshot`]).
//! * A part of a list is never taken for the whole: reading gives all of it or an error.
//! * What was not written is a failed entry, with the reason. What is not known is not known: a
//!   failed lookup leaves no field, and a condition that reads it decides nothing.
//! * New tokens are on disk before they are used, and no secret can be formatted.

pub mod config;
pub mod context;
pub mod document;
pub mod entry;
pub mod error;
pub mod expression;
pub mod list;
pub mod pattern;
pub mod plugin;
pub mod prelude;
pub mod run;
pub mod task;
pub mod testing;
pub mod value;
