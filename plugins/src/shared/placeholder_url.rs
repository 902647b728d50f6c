//! URLs of entries that have none of their own.

/// Returns the URL of an entry without one, the same in each run so that `seen` knows it.
pub fn placeholder_url(plugin: &str, title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    format!("mock://localhost/{plugin}/{}", words.collect::<Vec<_>>().join("-").to_lowercase())
}
