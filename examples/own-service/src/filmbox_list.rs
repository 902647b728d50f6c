use flexget_core::prelude::*;
use serde_json::{Value as Json, json};

use crate::filmbox::Filmbox;

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

/// A film as Filmbox sends it.
#[derive(Deserialize)]
pub(crate) struct Film {
    imdb: String,
    title: String,
    added: Option<String>,
}

impl From<Film> for Entry {
    fn from(film: Film) -> Self {
        Entry::new(film.title, format!("https://filmbox.example/{}", film.imdb))
            .with("imdb_id", film.imdb)
            .with("filmbox_added", film.added)
    }
}

impl List for FilmboxList {
    const NAME: &'static str = "filmbox_list";

    fn id(&self) -> ListId {
        ListId::remote(&self.list).account(Some(self.account.clone()))
    }

    fn ready(&self, cx: &Context) -> Result<()> {
        Filmbox::ready(cx, &self.account)
    }

    fn fields(&self, _: &Entry, _: bool) -> Vec<Name> {
        vec!["imdb_id".into()]
    }

    fn keys(&self, entry: &Entry) -> Keys {
        Keys::of_id("movie imdb", entry.text("imdb_id"))
    }

    fn accepts(&self, entry: &Entry) -> Result<(), String> {
        entry.text("imdb_id").map(drop).ok_or_else(|| "it has no `imdb_id`".to_owned())
    }

    fn listed_at(&self, item: &Entry) -> Option<Timestamp> {
        item.text("filmbox_added")?.parse().ok()
    }

    async fn items(&self, limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        let mut request = Request::get("/list").query("name", &self.list);
        if let Some(limit) = limit {
            request = request.query("limit", limit.to_string());
        }
        let films: Vec<Film> = Filmbox::send(cx, &self.account, request).await?.json()?;
        Ok(films.into_iter().map(Entry::from).collect())
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.change("/list/add", entries, cx).await
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.change("/list/remove", entries, cx).await
    }
}

impl FilmboxList {
    async fn change(&self, path: &str, entries: &[&Entry], cx: &Context) -> Result<Change> {
        let film = |entry: &&Entry| json!({ "imdb": entry.text("imdb_id"), "title": entry.title(), "added": entry.text("filmbox_added") });
        let films: Json = entries.iter().map(film).collect();
        let request = Request::post(path).query("name", &self.list).json(films);
        // One word for each film, in order.
        Ok(Change::new(Filmbox::send(cx, &self.account, request).await?.json()?))
    }
}
