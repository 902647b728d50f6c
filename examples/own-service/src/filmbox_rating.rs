use flexget_core::prelude::*;

use crate::filmbox::Filmbox;

/// Looks up `filmbox_rating`, from 0 to 10, of entries with an `imdb_id`.
///
/// ```yaml
/// mock: [ { title: Solaris, imdb_id: tt0069293 } ]
/// filmbox_rating: { account: me }
/// if:
///   - filmbox_rating > 7: accept
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FilmboxRating {
    /// Account at Filmbox.
    account: String,
}

submit! { lookup::<FilmboxRating>() }

impl Lookup for FilmboxRating {
    const NAME: &'static str = "filmbox_rating";
    const FIELDS: &'static [&'static str] = &["filmbox_rating"];

    async fn fetch(&self, entries: &[&Entry], cx: &Context) -> Result<Vec<FetchedFields>> {
        let ids: Vec<&str> = entries.iter().map(|entry| entry.text("imdb_id").unwrap_or_default()).collect();
        let request = Request::get("/ratings").query("imdb", ids.join(","));
        let ratings: BTreeMap<String, f64> = Filmbox::send(cx, &self.account, request).await?.json()?;
        let fields = |id| ratings.get(id).map(|rating| ("filmbox_rating".into(), (*rating).into()));
        Ok(ids.into_iter().map(|id| Ok(fields(id).into_iter().collect())).collect())
    }
}
