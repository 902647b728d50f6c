//! Deferred fields: rendered from a template when they are read.

use crate::document::position::Place;
use crate::expression::Template;

/// Template of a field that is rendered when it is first read.
#[derive(Debug, Clone)]
pub struct DeferredField {
    /// The template, whose value becomes the field's.
    pub template: Template,
    /// The plugin that asked for it, for messages.
    pub by: &'static str,
    /// Where that plugin is written.
    pub(crate) place: Option<Place>,
}

impl DeferredField {
    /// Creates a deferred field for the plugin `by`.
    pub fn new(template: Template, by: &'static str) -> Self {
        Self { template, by, place: None }
    }
}

impl PartialEq for DeferredField {
    fn eq(&self, other: &Self) -> bool {
        self.template.text() == other.template.text() && self.by == other.by
    }
}
