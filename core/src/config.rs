//! From a path to a plan: templates, the schema and its check, and the plan.

pub mod lint;
pub mod load;
pub mod migration;
pub mod plan;
pub mod schedule;
pub mod schema;
pub mod scripts;
pub mod template;
