//! A list of another service in a program of one's own: read, matched and changed like any other.
//!
//! `cargo run --example own_list -- plugins filmbox_list` shows the manual. The service is made up;
//! its API is in the tests beside this file.

use flexget_core::context::http::{Method, Request, Response};
use flexget_core::prelude::*;
use serde_json::{Value as Json, json};

/// A list of films at Filmbox.
///
/// The environment variables `FILMBOX_URL` and `FILMBOX_TOKEN` say where Filmbox is and whose lists
/// are meant. Films are matched by their IMDb ids.
///
/// ```yaml
/// mock: [ { title: Solaris, movie_year: 1972, imdb_id: tt0069293 } ]
/// accept_all: yes
/// list_add:
///   - filmbox_list: to watch
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FilmboxList {
    /// Name of the list.
    name: String,
}

submit! { list::<FilmboxList>() }

/// A film as Filmbox sends it.
#[derive(Deserialize)]
struct Film {
    imdb: String,
    title: String,
    year: Option<i64>,
}

impl List for FilmboxList {
    const NAME: &'static str = "filmbox_list";

    fn id(&self) -> ListId {
        ListId::remote(&self.name)
    }

    fn ready(&self, cx: &Context) -> Result<()> {
        let is_set_up = (cx.environment)("FILMBOX_URL").is_some();
        is_set_up.then_some(()).ok_or_else(|| Error::new("Filmbox is not set up").hint("set FILMBOX_URL"))
    }

    fn keys(&self, entry: &Entry) -> Keys {
        let mut keys = Keys::new();
        if let Some(id) = entry.text("imdb_id") {
            keys.id("movie imdb", id);
        }
        keys
    }

    fn accepts(&self, entry: &Entry) -> Result<(), String> {
        entry.text("imdb_id").map(|_| ()).ok_or_else(|| "it has no `imdb_id`".to_owned())
    }

    async fn items(&self, limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        let films: Vec<Film> = self.send(Method::GET, "items", None, cx).await?.json()?;
        Ok(films.into_iter().take(limit.unwrap_or(usize::MAX)).map(entry_of).collect())
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.change("add", entries, cx).await
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.change("remove", entries, cx).await
    }
}

impl FilmboxList {
    async fn change(&self, what: &str, entries: &[&Entry], cx: &Context) -> Result<Change> {
        let year = |entry: &Entry| entry.peek("movie_year").and_then(Value::as_int);
        let film =
            |entry: &&Entry| json!({ "imdb": entry.text("imdb_id"), "title": entry.title(), "year": year(entry) });
        let films: Vec<Json> = entries.iter().map(film).collect();
        // One word for each film, in order.
        Ok(Change::new(self.send(Method::POST, what, Some(json!(films)), cx).await?.json()?))
    }

    async fn send(&self, method: Method, what: &str, body: Option<Json>, cx: &Context) -> Result<Response> {
        let setting = |name: &str| (cx.environment)(name).unwrap_or_default();
        let mut request = Request::new(method, format!("{}/list/{what}", setting("FILMBOX_URL")));
        request.query.push(("name".to_owned(), self.name.clone()));
        request.bearer = Some(setting("FILMBOX_TOKEN").into());
        request.body = body.map(Into::into);
        cx.http.send(request).await?.ok()
    }
}

fn entry_of(film: Film) -> Entry {
    let mut entry = Entry::new(&film.title, format!("https://filmbox.example/film/{}", film.imdb));
    entry.set("imdb_id", film.imdb);
    entry.set("movie_name", film.title);
    entry.set("movie_year", film.year);
    entry
}

flexget_rs::main! {}

#[cfg(test)]
#[path = "own_list/tests.rs"]
mod tests;
