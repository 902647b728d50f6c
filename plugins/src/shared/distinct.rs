//! Entries of several inputs, each once.

use flexget_core::prelude::*;

/// The titles and URLs of the entries so far.
#[derive(Default)]
pub struct DistinctEntries {
    titles: HashSet<String>,
    urls: HashSet<String>,
}

impl DistinctEntries {
    /// Adds the entry, and returns whether it has neither the title nor a URL of one before it.
    pub fn insert(&mut self, entry: &Entry) -> bool {
        let mirrors = match entry.peek("urls") {
            Some(Value::List(urls)) => urls.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let urls = || mirrors.iter().copied().chain([entry.url()]).filter(|url| !url.is_empty());
        let is_new = !self.titles.contains(entry.title()) && !urls().any(|url| self.urls.contains(url));
        if is_new {
            self.titles.insert(entry.title().to_owned());
            self.urls.extend(urls().map(str::to_owned));
        }
        is_new
    }
}
