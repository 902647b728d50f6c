use flexget_core::prelude::*;

use crate::titles::parsing::movie::movie;
use crate::titles::parsing::series::is_of_series;
use crate::titles::parsing::{names, today};

/// Reads name, year and quality of movies from the titles of entries.
///
/// The fields are `movie_name`, `movie_year`, `id` (name and year), `quality`, `proper`,
/// `proper_count`, `release_group` and `movie_guessed`. Known fields keep their values. Entries
/// with a `movie_name` or a `series_name` are not read.
///
/// Other than in FlexGet, titles of episodes and seasons are not read, `Blade Runner 2049` has no
/// year, and a year does not make a movie `proper`.
///
/// ```yaml
/// metainfo_movie: yes
/// mock: [ Some.Movie.2010.1080p.BluRay.x264-GROUP ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetainfoMovie {}

submit! { plugin::<MetainfoMovie>() }

impl Plugin for MetainfoMovie {
    const NAME: &'static str = "metainfo_movie";

    fn gives() -> Vec<KnownField> {
        KnownField::all(&[
            "id",
            "movie_name",
            "movie_year",
            "release_group",
            "quality",
            "proper",
            "proper_count",
            "movie_guessed",
        ])
    }

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Metainfo, Self::read_titles)]
    }
}

impl MetainfoMovie {
    async fn read_titles(&self, task: &mut Task) -> Result<()> {
        let today = today(&task.cx);
        for entry in task.live_entries().filter(|entry| !entry.has("series_name") && !entry.has("movie_name")) {
            if is_of_series(entry.title(), today) {
                continue;
            }
            let movie = movie(entry.title());
            if movie.name.is_empty() {
                continue;
            }
            let name = names::title_case(&movie.name);
            let year = movie.year.map(|year| format!(" {year}")).unwrap_or_default();
            entry.fill("id", format!("{}{year}", name.to_lowercase()));
            entry.fill("movie_name", name);
            if let Some(year) = movie.year {
                entry.fill("movie_year", year);
            }
            if let Some(group) = movie.group {
                entry.fill("release_group", group);
            }
            entry.fill("quality", movie.quality.to_string());
            entry.fill("proper", movie.propers > 0);
            entry.fill("proper_count", movie.propers);
            entry.fill("movie_guessed", true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    fn fields(task: &str) -> serde_json::Value {
        let report = testing::run(&format!("metainfo_movie: yes\n{task}"), &testing::context());
        serde_json::to_value(report.entries[0].fields()).unwrap()
    }

    #[test]
    fn a_movie_gets_name_year_and_quality() {
        let got = fields("mock: [ some.Movie.2010.REPACK.1080p.BluRay.x264-CREW ]");
        for (name, expected) in [
            ("movie_name", serde_json::json!("Some Movie")),
            ("id", serde_json::json!("some movie 2010")),
            ("movie_year", 2010.into()),
            ("quality", "1080p bluray h264".into()),
            ("proper", true.into()),
            ("release_group", "CREW".into()),
        ] {
            assert_eq!(got[name], expected, "{name}");
        }
        assert_eq!(fields("mock: [ Some Movie (2010) ]")["proper"], false);
    }

    #[test]
    fn what_is_known_stays_and_a_year_that_is_not_told_is_not_set() {
        let got = fields("mock: [ { title: Some.Movie.2010.720p, movie_name: Mine } ]");
        assert!(got["movie_name"] == "Mine" && got.get("movie_year").is_none());
        let got = fields("mock: [ { title: Some.Movie.2010.720p, movie_year: 2011 } ]");
        assert_eq!(got["movie_year"], 2011);
        assert!(fields("mock: [ Some Movie 720p ]").get("movie_year").is_none());
    }

    #[test]
    fn episodes_are_left_to_metainfo_series() {
        let got = fields("metainfo_series: yes\nmock: [ Some.Show.S01E02.720p ]");
        assert!(got.get("movie_name").is_none());
        assert_eq!(got["series_name"], "Some Show");
        assert!(fields("mock: [ Some.Show.S01-S05.720p ]").get("movie_name").is_none());
    }
}
