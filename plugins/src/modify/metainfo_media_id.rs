use flexget_core::prelude::*;

/// Offers the field `media_id` of movies and episodes: `solaris 1972`, `some show s01e02`.
///
/// Runs in every task.
///
/// It is made of `movie_name` and `movie_year`, or of `series_name`, `series_year` and the episode,
/// the season or the date; it is null if these are unknown. Fields of a lookup count once something
/// has read them.
///
/// ```yaml
/// metainfo_media_id: yes
/// metainfo_movie: yes
/// mock: [ Solaris.1972.1080p, Solaris.1972.720p ]
/// unique: { field: media_id }
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetainfoMediaId {}

submit! { lookup::<MetainfoMediaId>() }

impl Lookup for MetainfoMediaId {
    const NAME: &'static str = "metainfo_media_id";
    const FIELDS: &'static [&'static str] = &["media_id"];
    const BUILTIN: bool = true;
    const PRIORITY: i32 = 0;

    async fn fetch(&self, entries: &[&Entry], _: &Context) -> Result<Vec<FetchedFields>> {
        Ok(entries.iter().map(|entry| Ok(vec![("media_id".into(), media_id(entry).into())])).collect())
    }
}

fn media_id(entry: &Entry) -> Option<String> {
    let text = |name: &str| entry.peek(name).filter(|value| value.is_true()).map(Value::display);
    let number = |name: &str| entry.int(name).filter(|number| *number != 0);
    let year = |name: &str| text(name).map(|year| format!(" {year}")).unwrap_or_default();
    let id = if let Some(name) = text("movie_name") {
        format!("{name}{}", year("movie_year"))
    } else {
        let name = format!("{}{}", text("series_name")?, year("series_year"));
        let season = entry.int("series_season").unwrap_or_default();
        if let Some(episode) = number("series_episode") {
            format!("{name} S{season:02}E{episode:02}")
        } else if let Some(date) = text("series_date") {
            format!("{name} {date}")
        } else {
            number("series_season")?;
            format!("{name} S{season:02}E00")
        }
    };
    Some(id.trim().to_lowercase()).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    /// FlexGet 3.22.7 gives the same ids.
    #[test]
    fn ids_are_made_of_what_is_known() {
        let task = "
            metainfo_movie: yes
            metainfo_series: yes
            mock:
              - Some.Movie.2010.1080p
              - Some.Show.S01E02.720p
              - Some.Show.S03.720p
              - Daily.Show.2020.01.02.720p
              - { title: x, movie_name: '  Foo  Bar ' }
              - { title: y, series_name: Show, series_year: 2014, series_season: 2, series_episode: 11 }
              - { title: z, series_name: Show }
            set: { id: '{{ media_id }}' }
            accept_all: yes
        ";
        let report = testing::run(task, &testing::context());
        let ids: Vec<String> = report.entries.iter().map(|entry| entry.fields()["id"].to_string()).collect();
        assert_eq!(
            ids,
            [
                "\"some movie 2010\"",
                "\"some show s01e02\"",
                "\"some show s03e00\"",
                "\"daily show 2020-01-02\"",
                "\"foo  bar\"",
                "\"show 2014 s02e11\"",
                "null",
            ]
        );
    }
}
