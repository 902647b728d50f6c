use flexget_core::prelude::*;

use crate::titles::parsing::series::episode_id::EpisodeId;
use crate::titles::parsing::series::{Series, series};
use crate::titles::parsing::{names, today};

/// Reads show, season, episode and quality from the titles of entries.
///
/// It understands `S01E02`, `1x02`, `Season 1 Episode 2`, whole seasons, up to three episodes in a
/// row, dates (`2024.05.03`), numbers of anime (`- 12`, `12v2`) and named specials of a season.
/// Titles with a part or an episode alone are not read, since they may be those of movies; neither
/// are those of several seasons or of discs.
///
/// The fields are `series_name`, `series_season`, `series_episode`, `series_episodes` (how many),
/// `series_id` (`S01E02`, `2024-05-03`, a number, or a name), `series_id_type` (`ep`, `date`,
/// `sequence`, `special`), `series_date`, `series_year` (if it is in brackets in the title),
/// `season_pack`, `quality`, `proper`, `proper_count`, `release_group` and `series_guessed`. Known
/// fields keep their values. Entries with a `series_name` or a `movie_name` are not read.
///
/// Other than in FlexGet, `2012-10-11` is always the 11th of October, titles with a number alone
/// (`Anime - 12`) are read, and episodes numbered without seasons get no `series_season` (in
/// FlexGet, the current year).
///
/// ```yaml
/// metainfo_series: yes
/// mock: [ A.Show.S01E02.720p.HDTV.x264-GROUP, Daily.Show.2024.05.03.1080p.WEB-DL ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetainfoSeries {}

submit! { plugin::<MetainfoSeries>() }

impl Plugin for MetainfoSeries {
    const NAME: &'static str = "metainfo_series";

    fn gives() -> Vec<KnownField> {
        KnownField::all(&[
            "series_name",
            "series_season",
            "series_episode",
            "series_episodes",
            "series_id",
            "series_id_type",
            "series_date",
            "series_year",
            "season_pack",
            "quality",
            "proper",
            "proper_count",
            "release_group",
            "series_guessed",
        ])
    }

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Metainfo, Self::read_titles).priority(120)]
    }
}

impl MetainfoSeries {
    async fn read_titles(&self, task: &mut Task) -> Result<()> {
        let today = today(&task.cx);
        for entry in task.live_entries().filter(|entry| !entry.has("series_name") && !entry.has("movie_name")) {
            if let Some(series) = series(entry.title(), today) {
                fill(entry, &series);
            }
        }
        Ok(())
    }
}

fn fill(entry: &mut Entry, series: &Series) {
    entry.fill("series_name", names::title_case(&series.name));
    match &series.id {
        EpisodeId::Episode { season, first, last } => {
            entry.fill("series_season", *season);
            entry.fill("series_episode", *first);
            entry.fill("series_episodes", last.saturating_sub(*first).saturating_add(1));
        }
        EpisodeId::Season(season) => entry.fill("series_season", *season),
        EpisodeId::Date(date) => {
            entry.fill("series_date", *date);
            entry.fill("series_season", i64::from(date.year()));
        }
        EpisodeId::Number(_) | EpisodeId::Special(_) => {}
    }
    let number = if let EpisodeId::Number(number) = series.id { Some(number) } else { None };
    entry.fill("series_id", number.map_or_else(|| Value::from(series.id.to_string()), Value::from));
    entry.fill("series_id_type", series.id.kind());
    entry.fill("season_pack", matches!(series.id, EpisodeId::Season(_)));
    if let Some(year) = series.year {
        entry.fill("series_year", year);
    }
    if let Some(group) = &series.group {
        entry.fill("release_group", group.as_str());
    }
    entry.fill("quality", series.quality.to_string());
    entry.fill("proper", series.propers > 0);
    entry.fill("proper_count", series.propers);
    entry.fill("series_guessed", true);
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    fn fields(entry: &str) -> serde_json::Value {
        let report = testing::run(&format!("metainfo_series: yes\nmock: [ {entry} ]"), &testing::context());
        serde_json::to_value(report.entries[0].fields()).unwrap()
    }

    #[test]
    fn an_episode_gets_its_numbers() {
        let got = fields("Some.Show.(2014).S02E05-06.PROPER.1080p.WEB-DL.H264-CREW");
        for (name, expected) in [
            ("series_name", serde_json::json!("Some Show 2014")),
            ("series_year", 2014.into()),
            ("series_season", 2.into()),
            ("series_episode", 5.into()),
            ("series_episodes", 2.into()),
            ("series_id", "S02E05-E06".into()),
            ("series_id_type", "ep".into()),
            ("season_pack", false.into()),
            ("quality", "1080p webdl h264".into()),
            ("proper", true.into()),
            ("release_group", "CREW".into()),
        ] {
            assert_eq!(got[name], expected, "{name}");
        }
    }

    #[test]
    fn dates_and_numbers_are_ids_too() {
        let daily = fields("A.Daily.Show.2024.05.03.720p");
        assert_eq!((&daily["series_date"], &daily["series_id_type"]), (&"2024-05-03".into(), &"date".into()));
        let anime = fields("'[Crew] An Anime - 112 (1080p)'");
        assert_eq!((&anime["series_id"], &anime["series_id_type"]), (&112.into(), &"sequence".into()));
        assert!(anime.get("series_season").is_none() && anime.get("series_episode").is_none());
    }

    #[test]
    fn what_is_known_stays() {
        let got = fields("{ title: Some.Show.S02E05.720p, quality: mine, series_season: 7 }");
        assert_eq!(
            (&got["quality"], &got["series_season"], &got["series_episode"]),
            (&"mine".into(), &7.into(), &5.into())
        );
        for known in ["series_name", "movie_name"] {
            let got = fields(&format!("{{ title: Some.Show.S02E05, {known}: Other }}"));
            assert!(got.get("series_season").is_none(), "{known}");
        }
    }
}
