use flexget_core::list::index::Index;
use flexget_core::prelude::*;

use crate::lists::stored_list::{entry_keys, removed_or_absent};
use crate::shared::file_encoding::FileEncoding;
use crate::shared::non_empty::NonEmpty;
use crate::shared::yaml_file::{YamlFile, YamlItem, url_of};
use crate::titles::media::ids::missing_ids;

/// List in a YAML file that people can read and edit.
///
/// The file is a sequence of entries, each with a `title`.
///
/// The path is relative to the folder in which the program is started; a file that is not there is
/// an empty list and is made when something is added. Entries are the same as on an `entry_list`.
/// All fields of an entry are written, or those in `fields` and the title.
///
/// Better than in FlexGet: a file is written once for all entries, at once (never half), and only
/// if something changes; a file that cannot be read is an error and is left alone; `--test` does
/// not write; items that are not touched stay as they stand, and an item that is added again keeps
/// the fields that the entry has not; an item without a `url` has the same one in each run.
/// Comments are lost when the file is written.
///
/// ```yaml
/// mock: [ { title: Solaris (1972), imdb_id: tt0069293 } ]
/// accept_all: yes
/// list_add:
///   - yaml_list: { path: to-watch.yml, fields: [ imdb_id ] }
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct YamlList(WithShorthand<YamlListOptions>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct YamlListOptions {
    /// The file.
    #[schemars(length(min = 1))]
    path: String,
    /// The fields that are written, besides the title; all where this is left out.
    fields: Option<Vec<String>>,
    /// The encoding of the file, such as `latin-1`, `utf-16` or `windows-1251`; `utf-8` by default.
    #[serde(default)]
    encoding: FileEncoding,
}

impl Shorthand for YamlListOptions {
    type Short = NonEmpty;
    const SHORT: &'static str = "The file.";

    fn from_short(NonEmpty(path): NonEmpty) -> Self {
        Self { path, fields: None, encoding: FileEncoding::default() }
    }
}

submit! { list::<YamlList>() }

impl YamlList {
    fn file(&self, cx: &Context) -> YamlFile {
        YamlFile::new(&self.0.path, self.0.encoding, cx)
    }

    fn is_written(&self, entry: &Entry, field: &str, value: &Value) -> bool {
        let is_known = match field {
            "url" => entry.url() == url_of(entry.title()),
            "original_title" => value.as_str() == Some(entry.title()),
            "original_url" => value.as_str() == Some(entry.url()),
            _ => false,
        };
        match &self.0.fields {
            Some(fields) => field == "title" || fields.iter().any(|f| f == field),
            _ => !is_known && !field.starts_with('_') && !value.is_null(),
        }
    }

    /// Returns the row of an entry over the row in the file; title and URL come first.
    fn row(&self, entry: &Entry, before: Option<&YamlItem>) -> YamlItem {
        let mut fields = before.map(|row| row.fields.clone()).unwrap_or_default();
        let mut known: Vec<(&str, &Value)> =
            entry.fields().filter(|(name, value)| self.is_written(entry, name, value)).collect();
        known.sort_by_key(|(name, _)| (*name != "title", *name != "url", *name));
        for (name, value) in known {
            // What `to_json` makes can always stand in YAML.
            fields.insert(name.into(), serde_yaml::to_value(value).unwrap_or_default());
        }
        YamlItem { fields, entry: entry.fresh() }
    }
}

impl List for YamlList {
    const NAME: &'static str = "yaml_list";

    fn id(&self) -> ListId {
        ListId::local(self.0.path.as_str())
    }

    fn keys(&self, entry: &Entry) -> Keys {
        entry_keys(entry)
    }

    fn fields(&self, entry: &Entry, adding: bool) -> Vec<Name> {
        let written = match &self.0.fields {
            Some(fields) if adding => fields.as_slice(),
            _ => &[],
        };
        missing_ids(entry).into_iter().chain(written.iter().cloned().map(Name::Owned)).collect()
    }

    async fn items(&self, _limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        Ok(self.file(cx).read(cx)?.into_iter().map(|row| row.entry).collect())
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        let file = self.file(cx);
        let mut rows = file.read(cx)?;
        let mut index = Index::new(rows.iter().map(|row| entry_keys(&row.entry)));
        let mut outcomes = Vec::with_capacity(entries.len());
        let mut is_changed = false;
        for entry in entries {
            let keys = entry_keys(entry);
            match index.find(&keys) {
                Some(at) => {
                    let row = self.row(entry, Some(&rows[at]));
                    is_changed |= row.fields != rows[at].fields;
                    rows[at] = row;
                    outcomes.push(Outcome::Unchanged);
                }
                None => {
                    index.push(&keys);
                    rows.push(self.row(entry, None));
                    is_changed = true;
                    outcomes.push(Outcome::Done);
                }
            }
        }
        if is_changed {
            file.write(rows, cx)?;
        }
        Ok(Change::new(outcomes))
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        let file = self.file(cx);
        let mut rows = file.read(cx)?;
        let there = Index::new(rows.iter().map(|row| entry_keys(&row.entry)));
        let keys: Vec<Keys> = entries.iter().map(|entry| entry_keys(entry)).collect();
        let (removed, is_removed) = there.removal(keys.iter().map(Keys::iter));
        let mut number = 0..;
        rows.retain(|_| number.next().is_none_or(|row| !removed.contains(&row)));
        if !removed.is_empty() {
            file.write(rows, cx)?;
        }
        Ok(removed_or_absent(is_removed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{config_errors, context, dry_run, run, titles};
    use std::fs;

    fn task(path: &std::path::Path, options: &str, mock: &str) -> String {
        let path = path.display();
        format!("accept_all: yes\nseen: no\nlist_add: [ yaml_list: {{ path: '{path}'{options} }} ]\nmock: {mock}")
    }

    #[test]
    fn it_is_a_file_for_people() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.yml");
        fs::write(&path, "- title: Solaris (1972)\n  note: mine\n- {title: 1917, url: http://x/1917}\n").unwrap();
        let cx = context();
        let mock = "[ { title: solaris (1972), year: 1972, url: 'http://x/s', _hidden: 1 }, { title: \"Yes\" } ]";
        let added = run(&task(&path, "", mock), &cx);
        assert_eq!((added.changes[0].done, added.changes[0].existing), (1, 1), "{added:?}");
        let text = "- title: solaris (1972)\n  note: mine\n  url: http://x/s\n  year: 1972\n- title: 1917\n  url: http://x/1917\n- title: 'Yes'\n  url: mock://localhost/mock/yes\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), text);

        run(&task(&path, ", fields: [ year ]", "[ { title: Dune, year: 2021, imdb_id: tt1 } ]"), &cx);
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{text}- title: Dune\n  year: 2021\n"));
        let read = run(&format!("yaml_list: '{}'\naccept_all: yes\nseen: no", path.display()), &cx);
        assert_eq!(titles(&read, State::Accepted), ["solaris (1972)", "1917", "Yes", "Dune"]);
        assert_eq!(read.entries[3].url(), "mock://localhost/yaml_list/dune");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_cannot_be_read_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.yml");
        for (text, expected) in [
            (&b"- title: [\n"[..], "in line"),
            (b"title: x\n", "expected items that each begin with `- title: `, in line 1"),
            (b"- a\n", "expected a mapping with a `title`, in line 1"),
            (b"- title: a\n- url: b\n", "an entry needs a `title`, in line 2"),
            (b"- title: \xff\n", "is not UTF-8"),
        ] {
            fs::write(&path, text).unwrap();
            let added = run(&task(&path, "", "[ A ]"), &context());
            assert_eq!(titles(&added, State::Failed), ["A"], "{added:?}");
            let reason = &added.changes[0].failed[0].to_string();
            assert!(reason.contains(expected) && reason.contains("it is not changed"), "{reason}");
            assert_eq!(fs::read(&path).unwrap(), text);
        }
    }

    #[test]
    fn what_a_person_wrote_twice_is_removed_with_one_entry_and_what_only_has_the_name_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.yml");
        let rows = "- title: A\n- title: Solaris\n  movie_name: Solaris\n  imdb_id: tt1\n- title: a\n- title: Solaris\n  movie_name: Solaris\n  imdb_id: tt2\n";
        fs::write(&path, rows).unwrap();
        let remove = format!("accept_all: yes\nseen: no\nlist_remove: [ yaml_list: '{}' ]\nmock: ", path.display());
        let change = &run(&format!("{remove}[ A, B, Solaris ]"), &context()).changes[0];
        assert_eq!((change.done, change.existing), (2, 1), "both rows of A go with one entry");
        assert_eq!(fs::read_to_string(&path).unwrap(), "- title: Solaris\n  movie_name: Solaris\n  imdb_id: tt2\n");
    }

    #[test]
    fn a_dry_run_sees_what_it_would_write_and_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.yml");
        let dry = dry_run(&context());
        run(&task(&path, "", "[ A ]"), &dry);
        assert_eq!(run(&task(&path, "", "[ A, B ]"), &dry).changes[0].done, 1);
        assert!(!path.exists());
    }

    #[test]
    fn other_encodings_hold_what_they_can() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.yml");
        run(&task(&path, ", encoding: latin-1, fields: [ title ]", "[ Amélie ]"), &context());
        assert_eq!(fs::read(&path).unwrap(), b"- title: Am\xe9lie\n");
        let added = run(&task(&path, ", encoding: latin-1, fields: [ title ]", "[ Сталкер ]"), &context());
        assert!(added.changes[0].failed[0].reason.contains("cannot hold `С`"), "{added:?}");
        assert_eq!(fs::read(&path).unwrap(), b"- title: Am\xe9lie\n");
        let said = config_errors("yaml_list: { path: x, encoding: klingon }");
        assert!(said[0].starts_with("unknown encoding `klingon`"), "{said:?}");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("list.yml"), folder.path().join("link.yml"));
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        run(&task(&link, "", "[ A ]"), &context());
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::read_to_string(&path).unwrap().starts_with("- title: A\n"));
    }
}
