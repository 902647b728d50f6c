//! `import flexget-db`: takes over what FlexGet has kept.

use flexget_core::context::store::{ForeignDb, NewRecord};
use flexget_core::prelude::*;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::lists::entry_list::{self, EntryList};
use crate::lists::movie_list::{self, IDS, MovieList};
use crate::lists::pending_list::{self, APPROVED, PendingList};
use crate::lists::regexp_list::{self, RegexpList};
use crate::lists::stored_list::StoredList;
use crate::shared::placeholder_url::placeholder_url;
use crate::shared::seen_record::{self, SeenRecord};

/// Imports lists and seen entries from a database of FlexGet.
///
/// Example: `import flexget-db db-config.sqlite`.
///
/// Entry lists, movie lists, regexp lists and pending lists are brought into the lists of the same
/// names, with the times at which their items were added. The database is only read. What is here
/// already stays as it is, so that doing it twice changes nothing. Credentials are not taken over,
/// because they belong to another application.
#[derive(Deserialize, JsonSchema)]
struct ImportFlexgetDb {
    /// The database: `db-config.sqlite` for the config `config.yml`, in the same folder.
    #[schemars(extend("positional" = true))]
    path: String,
}

submit! { command::<ImportFlexgetDb>() }

impl Command for ImportFlexgetDb {
    const PATH: &'static [&'static str] = &["import", "flexget-db"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let source =
            Source { database: ForeignDb::open(self.path.as_ref())?, now: cx.clock.now(), zone: cx.clock.zone() };
        if source.is_foreign()? {
            return Err(Error::new(format!("`{}` is not a database of FlexGet", self.path))
                .hint("it lies beside the config and is named for it: `db-config.sqlite` for `config.yml`"));
        }
        let mut brought = Vec::new();
        let kinds = [&ENTRIES, &MOVIES, &REGEXPS, &PENDING];
        cx.progress.begin("importing from FlexGet", kinds.len().saturating_add(1));
        for kind in kinds {
            brought.extend(source.lists(kind, cx)?);
            cx.progress.advance(1);
        }
        brought.push(source.seen(cx)?);
        cx.progress.end();
        let accounts = source.accounts()?;
        report(cx, out, &brought, &accounts)
    }
}

/// Result for one list.
#[derive(Serialize)]
struct Brought {
    kind: &'static str,
    name: String,
    found: usize,
    new: usize,
    left_out: Vec<String>,
}

fn report(cx: &Context, out: &mut Output, brought: &[Brought], accounts: &[String]) -> Result<()> {
    if out.format == Format::Json {
        return out.data(&json!({ "imported": brought, "accounts_to_authorize": accounts, "dry_run": cx.dry_run }));
    }
    let mut table = Table::new(&["Kind", "Name", "Found", "New"]);
    for one in brought {
        table.row([one.kind.to_owned(), one.name.clone(), one.found.to_string(), one.new.to_string()]);
    }
    out.table(&table)?;
    if cx.dry_run {
        out.note("dry run: nothing was imported; `New` counts what would be")?;
    }
    for one in brought {
        for reason in &one.left_out {
            out.note(format!("left out of {} `{}`: {reason}", one.kind, one.name))?;
        }
    }
    out.note("credentials are not imported, because they belong to another application; authorize again with:")?;
    match accounts {
        [] => out.note("  flexget-rs trakt auth NAME"),
        accounts => accounts.iter().try_for_each(|account| out.note(format!("  flexget-rs trakt auth {account}"))),
    }
}

/// The name of an id and the id.
type Id = (String, Value);

/// An item of a list, or why it is none.
type Item = Result<Entry, String>;

/// How FlexGet keeps the lists of one kind.
struct Tables {
    kind: &'static str,
    /// The table of the lists: `id` and `name`.
    lists: &'static str,
    /// The table of their items, each with `list_id` and `added`.
    items: &'static str,
    /// The further columns of an item that are needed.
    columns: &'static [&'static str],
    stored_list: fn(&Context, &str) -> StoredList,
    /// Builds an item from the further columns and its ids, or returns why it is none.
    entry: fn(&[Value], &[Id]) -> Item,
}

const ENTRIES: Tables = Tables {
    kind: EntryList::NAME,
    lists: "entry_list_lists",
    items: "entry_list_entries",
    columns: &["json"],
    stored_list: entry_list::stored_list,
    entry: |columns, _| stored(&columns[0]),
};

const MOVIES: Tables = Tables {
    kind: MovieList::NAME,
    lists: "movie_list_lists",
    items: "movie_list_movies",
    columns: &["title", "year"],
    stored_list: movie_list::stored_list,
    entry: |columns, ids| {
        let name = Some(columns[0].display()).filter(|_| !columns[0].is_null()).ok_or("a movie without a name")?;
        let mut entry = Entry::new(&name, "").with("movie_name", name).with("movie_year", columns[1].clone());
        for (id, value) in ids.iter().filter(|(id, _)| IDS.contains(&id.as_str())) {
            entry.set(id, value.clone());
        }
        Ok(movie_list::kept(&entry, None))
    },
};

const REGEXPS: Tables = Tables {
    kind: RegexpList::NAME,
    lists: "regexp_list_lists",
    items: "regexp_list_regexps",
    columns: &["regexp"],
    stored_list: regexp_list::stored_list,
    entry: |columns, _| {
        let regexp = columns[0].display();
        Pattern::new(&regexp).map_err(|reason| format!("`{regexp}` is not a regular expression: {reason}"))?;
        Ok(regexp_list::kept(&Entry::new(regexp, ""), None))
    },
};

const PENDING: Tables = Tables {
    kind: PendingList::NAME,
    lists: "pending_list_lists",
    items: "wait_list_entries",
    columns: &["json", "approved"],
    stored_list: pending_list::stored_list,
    entry: |columns, _| Ok(stored(&columns[0])?.with(APPROVED, columns[1].is_true())),
};

/// A database of FlexGet.
struct Source {
    database: ForeignDb,
    /// The time of what has none.
    now: Timestamp,
    /// The zone of FlexGet's local times.
    zone: TimeZone,
}

impl Source {
    /// Returns whether it has none of the tables that are looked for.
    fn is_foreign(&self) -> Result<bool> {
        for table in ["seen_entry", ENTRIES.lists, MOVIES.lists, REGEXPS.lists, PENDING.lists] {
            if self.database.has_table(table)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn lists(&self, tables: &Tables, cx: &Context) -> Result<Vec<Brought>> {
        let columns = [&["id", "list_id", "added"], tables.columns].concat();
        let ids = self.ids_of_movies()?;
        let mut items: HashMap<i64, Vec<(Timestamp, Item)>> = HashMap::new();
        for row in self.database.rows(tables.items, &columns)?.unwrap_or_default() {
            let [id, list, added, further @ ..] = row.as_slice() else { continue };
            let own_ids = id.as_int().and_then(|id| ids.get(&id)).map(Vec::as_slice).unwrap_or_default();
            let item = (self.time(added), (tables.entry)(further, own_ids));
            items.entry(list.as_int().unwrap_or_default()).or_default().push(item);
        }
        let mut brought = Vec::new();
        for row in self.database.rows(tables.lists, &["id", "name"])?.unwrap_or_default() {
            let [Value::Int(id), name] = row.as_slice() else { continue };
            let name = name.display();
            let mut items = items.remove(id).unwrap_or_default();
            items.sort_by_key(|(added, _)| *added);
            let found = items.len();
            let (mut good, mut left_out) = (Vec::new(), Vec::new());
            for (added, item) in items {
                match item {
                    Ok(entry) => good.push((entry, added)),
                    Err(reason) => left_out.push(reason),
                }
            }
            let new = (tables.stored_list)(cx, &name).bring(&good)?;
            brought.push(Brought { kind: tables.kind, name, found, new, left_out });
        }
        Ok(brought)
    }

    fn ids_of_movies(&self) -> Result<HashMap<i64, Vec<Id>>> {
        let mut ids: HashMap<i64, Vec<Id>> = HashMap::new();
        for row in self.database.rows("movie_list_ids", &["movie_id", "id_name", "id_value"])?.unwrap_or_default() {
            if let [Value::Int(movie), Value::Text(name), value] = row.as_slice() {
                ids.entry(*movie).or_default().push((name.to_string(), value.clone()));
            }
        }
        Ok(ids)
    }

    fn seen(&self, cx: &Context) -> Result<Brought> {
        let mut fields: HashMap<i64, Vec<(Name, String)>> = HashMap::new();
        for row in self.database.rows("seen_field", &["seen_entry_id", "field", "value"])?.unwrap_or_default() {
            let [Value::Int(entry), field, value] = row.as_slice() else { continue };
            let fields = fields.entry(*entry).or_default();
            let (field, value) = (field.display(), value.display());
            if !fields.iter().any(|(_, known)| *known == value) {
                fields.push((field.into(), value));
            }
        }
        let rows = self.database.rows("seen_entry", &["id", "title", "feed", "local", "added"])?.unwrap_or_default();
        let record = |row: &Vec<Value>| match row.as_slice() {
            [Value::Int(id), title, task, local, added] => Some(SeenRecord {
                title: title.display(),
                task: task.display(),
                local: local.is_true(),
                fields: fields.get(id)?.clone(),
                added: self.time(added),
            }),
            _ => None,
        };
        let mut records: Vec<SeenRecord> = rows.iter().filter_map(record).collect();
        let found = records.len();
        records.sort_by_key(|record| record.added);
        let collection = SeenRecord::collection(cx);
        let keys: Vec<String> = records.iter().flat_map(SeenRecord::keys).collect();
        let known = collection.has_keys(&keys)?;
        let is_new = |record: &&SeenRecord| record.keys().iter().any(|key| !known.contains(key));
        let news: Vec<NewRecord> = records.iter().filter(is_new).map(SeenRecord::to_record).collect();
        let new = collection.insert(&news)?.len();
        Ok(Brought { kind: seen_record::COLLECTION, name: String::new(), found, new, left_out: Vec::new() })
    }

    /// Returns the names of the accounts whose tokens stay behind.
    fn accounts(&self) -> Result<Vec<String>> {
        let rows = self.database.rows("trakt_user_auth", &["account"])?.unwrap_or_default();
        Ok(rows.iter().flatten().map(Value::display).collect())
    }

    /// Returns a time as FlexGet writes it: that of the clock on the wall, without the zone.
    fn time(&self, cell: &Value) -> Timestamp {
        let wall = cell.as_str().and_then(|text| text.parse::<DateTime>().ok());
        wall.and_then(|wall| self.zone.to_timestamp(wall).ok()).unwrap_or(self.now)
    }
}

/// Fields in which FlexGet stores its decisions, which mean nothing for a later run.
const DECISIONS: [&str; 4] = ["accepted_by", "rejected_by", "failed_by", "reason"];

/// Returns an entry as FlexGet stores it.
fn stored(cell: &Value) -> Result<Entry, String> {
    let broken = || "an entry that cannot be read".to_owned();
    let json: Json = serde_json::from_str(cell.as_str().ok_or_else(broken)?).map_err(|_| broken())?;
    // Long ago there were only the fields.
    let fields = json.pointer("/value/fields").unwrap_or(&json).as_object().ok_or_else(broken)?;
    let fields = fields.iter().filter(|(name, _)| !DECISIONS.contains(&name.as_str()));
    Entry::from_fields(fields.map(|(name, value)| (name, value_of(value))), |title| {
        placeholder_url(EntryList::NAME, title)
    })
}

/// Returns a field as FlexGet stores it: what JSON has not is a mapping that says what it is.
fn value_of(json: &Json) -> Value {
    match json {
        Json::Object(map) => match (map.get("serializer").and_then(Json::as_str), map.get("value")) {
            (Some("DateTimeSerializer"), Some(Json::String(text))) => {
                text.parse::<Timestamp>().map_or_else(|_| text.as_str().into(), Value::Time)
            }
            (Some("DateSerializer"), Some(Json::String(text))) => {
                text.parse().map_or_else(|_| text.as_str().into(), Value::Date)
            }
            (Some(_), Some(inner)) => value_of(inner),
            _ => Value::Map(map.iter().map(|(name, item)| (name.as_str().into(), value_of(item))).collect()),
        },
        Json::Array(items) => items.iter().map(value_of).collect(),
        other => Value::from_stored(other),
    }
}
