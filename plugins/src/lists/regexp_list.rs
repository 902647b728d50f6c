use flexget_core::prelude::*;

use crate::lists::stored_list::{StoredItem, StoredList, removed_or_absent};

/// List of regular expressions in the database; an entry is on it if one matches its title.
///
/// An entry that is added is a regular expression itself: its field `regexp`, or else its title.
/// Upper and lower case are alike where titles are searched; of several expressions that are found
/// the one added last counts. Removing an entry takes off the expression that is the same text, or
/// else the one that is found in its title.
///
/// Better than in FlexGet: what is no regular expression is refused when it is added, with the
/// reason, and does not break every later look at the list; removing an entry never takes off two
/// expressions; one that is added again keeps its place.
///
/// ```yaml
/// mock: [ { title: films of Tarkovsky, regexp: '^(solaris|stalker)\b' } ]
/// accept_all: yes
/// list_add:
///   - regexp_list: wanted
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RegexpList {
    /// The list's name.
    #[schemars(length(min = 1))]
    name: String,
}

submit! { list::<RegexpList>() }

/// Returns the list of this name in the store.
pub fn stored_list(cx: &Context, name: &str) -> StoredList {
    StoredList::new(cx, RegexpList::NAME, name, keys)
}

/// Returns the regular expression that an entry is.
pub fn regexp(entry: &Entry) -> &str {
    entry.text("regexp").unwrap_or(entry.title())
}

/// Its text, in which upper and lower case are not alike: `\d` is not `\D`.
fn keys(entry: &Entry) -> Keys {
    let mut keys = Keys::new();
    keys.exact("regexp", regexp(entry));
    keys
}

/// Returns the stored form of an entry: only the regular expression.
pub fn kept(entry: &Entry, _before: Option<&Entry>) -> Entry {
    let regexp = regexp(entry);
    Entry::new(regexp, "").with("regexp", regexp)
}

fn as_entry(item: &StoredItem) -> Entry {
    let regexp = regexp(&item.entry);
    Entry::new(regexp, format!("mock://localhost/regexp_list/{}", item.id))
        .with("regexp", regexp)
        .with("added", Value::Time(item.added))
}

/// Returns for each entry the last item whose expression matches its title.
fn matching<'a>(items: &'a [StoredItem], entries: &[&Entry]) -> Result<Vec<Option<&'a StoredItem>>> {
    let mut patterns = Vec::with_capacity(items.len());
    for item in items.iter().rev() {
        let text = regexp(&item.entry);
        let pattern = Pattern::new(text).map_err(|reason| {
            Error::new(format!("`{text}` is not a regular expression: {reason}"))
                .hint("take it off the list: `flexget-rs regexp-list del LIST REGEXP`")
        });
        patterns.push((item, pattern?));
    }
    let found = |entry: &&Entry| {
        for (item, pattern) in &patterns {
            if pattern.is_match(entry.title())? {
                return Ok(Some(*item));
            }
        }
        Ok(None)
    };
    entries.iter().map(found).collect()
}

impl List for RegexpList {
    const NAME: &'static str = "regexp_list";

    fn gives() -> Vec<KnownField> {
        KnownField::all(&["regexp", "added"])
    }

    fn id(&self) -> ListId {
        ListId::local(self.name.as_str())
    }

    fn keys(&self, entry: &Entry) -> Keys {
        keys(entry)
    }

    fn accepts(&self, entry: &Entry) -> Result<(), String> {
        let no_pattern = |reason| format!("`{}` is not a regular expression: {reason}", regexp(entry));
        Pattern::new(regexp(entry)).map(drop).map_err(no_pattern)
    }

    async fn items(&self, _limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        Ok(stored_list(cx, &self.name).items()?.iter().map(as_entry).collect())
    }

    async fn find(&self, entries: &[&Entry], cx: &Context) -> Result<Option<Vec<Option<Entry>>>> {
        let items = stored_list(cx, &self.name).items()?;
        Ok(Some(matching(&items, entries)?.into_iter().map(|item| item.map(as_entry)).collect()))
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        stored_list(cx, &self.name).put(entries, kept)
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        let stored_list = stored_list(cx, &self.name);
        let mut found: Vec<Option<StoredItem>> = stored_list.find(entries)?;
        let others: Vec<usize> = (0..entries.len()).filter(|at| found[*at].is_none()).collect();
        if !others.is_empty() {
            let items = stored_list.items()?;
            let titles: Vec<&Entry> = others.iter().map(|at| entries[*at]).collect();
            for (at, item) in others.into_iter().zip(matching(&items, &titles)?) {
                found[at] = item.cloned();
            }
        }
        let items: Vec<&Entry> = found.iter().flatten().map(|item| &item.entry).collect();
        stored_list.remove(&items)?;
        let mut removed = HashSet::new();
        let is_removed = found.iter().map(|item| item.as_ref().is_some_and(|item| removed.insert(item.id)));
        Ok(removed_or_absent(is_removed.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{context, run, titles};

    const ADD: &str = "accept_all: yes\nseen: no\nlist_add: [ regexp_list: r ]\nmock: ";

    #[test]
    fn titles_are_searched_and_the_last_expression_counts() {
        let cx = context();
        run(&format!(r"{ADD}[ 'solaris', {{ title: x, regexp: '\(19\d\d\)$' }} ]"), &cx);
        let found = run(
            "mock: [ Solaris (1972), Solaris (2002), Dune (2021) ]\nseen: no\nlist_match: { from: [ regexp_list: r ], remove_on_match: no }",
            &cx,
        );
        assert_eq!(titles(&found, State::Accepted), ["Solaris (1972)", "Solaris (2002)"]);
        assert_eq!(
            (&found.entries[0].fields()["regexp"], &found.entries[1].fields()["regexp"]),
            (&r"\(19\d\d\)$".into(), &"solaris".into())
        );
    }

    #[test]
    fn what_is_no_expression_is_refused_with_the_reason() {
        let added = run(&format!("{ADD}[ '(', fine ]"), &context());
        assert_eq!(titles(&added, State::Failed), ["("]);
        assert!(
            added.changes[0].failed[0].to_string().starts_with("(: `(` is not a regular expression: "),
            "{:?}",
            added.changes
        );
        assert_eq!(added.changes[0].done, 1);
    }

    #[test]
    fn removing_takes_the_same_text_off_or_else_what_is_found() {
        let cx = context();
        run(&format!("{ADD}[ solaris, 'SOLARIS', 'stalker' ]"), &cx);
        let remove = |title: &str| {
            run(&format!("mock: [ {title} ]\naccept_all: yes\nseen: no\nlist_remove: [ regexp_list: r ]"), &cx);
            titles(&run("regexp_list: r\naccept_all: yes\nseen: no", &cx), State::Accepted).join(" ")
        };
        assert_eq!(remove("solaris"), "SOLARIS stalker");
        assert_eq!(remove("Stalker (1979)"), "SOLARIS");
        assert_eq!(remove("Dune"), "SOLARIS");
    }
}
