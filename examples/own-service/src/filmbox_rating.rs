use flexget_core::context::http::Method;
use flexget_core::prelude::*;

use crate::filmbox;

/// Looks up `filmbox_rating`, from 0 to 10, of entries with an `imdb_id`.
///
/// ```yaml
/// mock: [ { title: Solaris, imdb_id: tt0069293 } ]
/// filmbox_rating: { account: me }
/// if:
///   - filmbox_rating > 7: accept
/// ```
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FilmboxRating {
    /// Account at Filmbox.
    account: String,
}

submit! { plugin::<FilmboxRating>() }

impl Plugin for FilmboxRating {
    const NAME: &'static str = "filmbox_rating";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Metainfo, Self::offer)]
    }
}

impl FilmboxRating {
    async fn offer(&self, task: &mut Task) -> Result<()> {
        task.offer(Rc::new(self.clone()));
        Ok(())
    }

    async fn ratings(&self, ids: &[Option<&str>], cx: &Context) -> Result<BTreeMap<String, f64>> {
        let ids: Vec<&str> = ids.iter().copied().flatten().collect();
        let path = format!("/ratings?imdb={}", ids.join(","));
        filmbox::send(Method::GET, &path, None, &self.account, cx).await?.json()
    }
}

impl Offer for FilmboxRating {
    fn plugin(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self) -> &[&'static str] {
        &["filmbox_rating"]
    }

    fn fetch<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Vec<FetchedFields>> {
        Box::pin(async move {
            let ids: Vec<_> = entries.iter().map(|entry| entry.text("imdb_id")).collect();
            let found = self.ratings(&ids, cx).await.map_err(|error| error.to_string());
            let rating = |id: Option<&str>| {
                let rating = found.as_ref().map_err(String::clone)?.get(id.unwrap_or_default());
                Ok(rating.map(|rating| ("filmbox_rating".into(), (*rating).into())).into_iter().collect())
            };
            ids.into_iter().map(rating).collect()
        })
    }
}
