use flexget_core::context::http::Method;
use flexget_core::prelude::*;
use serde_json::{Value as Json, json};

use crate::filmbox;

/// A list of films at Filmbox, which are matched by their IMDb ids.
///
/// ```yaml
/// mock: [ { title: Solaris, imdb_id: tt0069293 } ]
/// accept_all: yes
/// list_add:
///   - filmbox_list: { account: me, list: to watch }
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FilmboxList {
    /// Account at Filmbox.
    account: String,
    /// Name of the list.
    list: String,
}

submit! { list::<FilmboxList>() }

impl List for FilmboxList {
    const NAME: &'static str = "filmbox_list";

    fn id(&self) -> ListId {
        ListId::remote(&self.list).account(Some(self.account.clone()))
    }

    fn ready(&self, cx: &Context) -> Result<()> {
        cx.auth.key("filmbox", &self.account).map(drop)
    }

    fn fields(&self, _: &Entry, _: bool) -> Vec<Name> {
        vec!["imdb_id".into()]
    }

    fn keys(&self, entry: &Entry) -> Keys {
        let mut keys = Keys::new();
        if let Some(id) = entry.text("imdb_id") {
            keys.id("movie imdb", id);
        }
        keys
    }

    fn accepts(&self, entry: &Entry) -> Result<(), String> {
        entry.text("imdb_id").map(drop).ok_or_else(|| "it has no `imdb_id`".to_owned())
    }

    fn listed_at(&self, item: &Entry) -> Option<Timestamp> {
        item.text("filmbox_added")?.parse().ok()
    }

    async fn items(&self, limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        let limit = limit.map(|limit| format!("&limit={limit}")).unwrap_or_default();
        let path = format!("/list?name={}{limit}", self.list.replace(' ', "+"));
        let films: Vec<Json> = filmbox::send(Method::GET, &path, None, &self.account, cx).await?.json()?;
        let entry = |film: &Json| {
            let text = |name: &str| film[name].as_str().unwrap_or_default();
            Entry::new(text("title"), format!("https://filmbox.example/{}", text("imdb")))
                .with("imdb_id", text("imdb"))
                .with("filmbox_added", text("added"))
        };
        Ok(films.iter().map(entry).collect())
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.change("add", entries, cx).await
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.change("remove", entries, cx).await
    }
}

impl FilmboxList {
    async fn change(&self, change: &str, entries: &[&Entry], cx: &Context) -> Result<Change> {
        let film = |entry: &&Entry| json!({ "imdb": entry.text("imdb_id"), "title": entry.title(), "added": entry.text("filmbox_added") });
        let films: Vec<Json> = entries.iter().map(film).collect();
        let path = format!("/list/{change}?name={}", self.list.replace(' ', "+"));
        Ok(Change::new(filmbox::send(Method::POST, &path, Some(json!(films)), &self.account, cx).await?.json()?))
    }
}
