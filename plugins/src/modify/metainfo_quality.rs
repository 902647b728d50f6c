use flexget_core::prelude::*;

use crate::titles::parsing::movie::movie;
use crate::titles::parsing::series::series;
use crate::titles::parsing::today;

/// Offers the field `quality`, read from the title: `1080p webdl h264`.
///
/// Runs in every task.
///
/// Its parts are resolution, source, codec, color range and audio, with FlexGet's names; it is
/// `unknown` if the title has none. In conditions and in `sort_by`, qualities are ordered from
/// worse to better: `quality >= '720p'`. `quality == 'hdtv 720p'` is true of `720p hdtv`, and
/// `'720p' in quality` compares the parts that are named. A known `quality` stays as it is.
///
/// `quality.resolution` is the name of a part, ordered like the whole; `quality.resolution.value`
/// is FlexGet's number for it, and `quality.resolution + 1` the next better one. A part that is not
/// known is an empty text. Comparing a part with what it cannot be is an error.
///
/// ```yaml
/// metainfo_quality: yes
/// mock: [ Some.Movie.2010.1080p.BluRay.x264-GROUP ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetainfoQuality {}

submit! { lookup::<MetainfoQuality>() }

impl Lookup for MetainfoQuality {
    const NAME: &'static str = "metainfo_quality";
    const FIELDS: &'static [&'static str] = &["quality"];
    const BUILTIN: bool = true;
    const PRIORITY: i32 = 127;

    async fn fetch(&self, entries: &[&Entry], cx: &Context) -> Result<Vec<FetchedFields>> {
        let today = today(cx);
        let quality = |entry: &&Entry| {
            let title = entry.title();
            let quality = series(title, today).map_or_else(|| movie(title).quality, |series| series.quality);
            Ok(vec![("quality".into(), quality.to_string().into())])
        };
        Ok(entries.iter().map(quality).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{self, context};

    /// FlexGet 3.22.7 gives the same values, and a TypeError where there is an error here; an
    /// unknown part is the text `unknown` there.
    #[test]
    fn parts_are_calculated_with_as_in_flexget() {
        let value = |template: &str| {
            let task = format!(
                "mock: [ Some.Movie.2010.1080p.BluRay.x264.DTS-GROUP ]\naccept_all: yes\nset: {{ x: \"{{{{ {template} }}}}\" }}"
            );
            let report = testing::run(&task, &testing::context());
            match report.warnings.first() {
                Some(warning) => warning.rsplit_once("): ").map_or(warning.clone(), |(_, reason)| reason.to_owned()),
                None => report.entries[0].fields()["x"].to_string(),
            }
        };
        for (template, expected) in [
            ("quality.resolution + 1", "\"2160p\""),
            ("quality.resolution + 3", "\"2160p\""),
            ("quality.resolution + 0", "\"1080p\""),
            ("quality.resolution - 1", "\"1080i\""),
            ("quality.resolution.value", "80"),
            ("quality.resolution.value + 1", "81"),
            ("quality.resolution.name", "\"1080p\""),
            ("'720p' in quality", "false"),
            ("'1080p' in quality", "true"),
            ("'1080p bluray' in quality", "true"),
            ("'1080p hdtv' not in quality", "true"),
            ("'1080p' in quality|string", "true"),
            ("quality.resolution > '720p'", "true"),
            ("quality.resolution == '1080p'", "true"),
            ("quality.resolution in ['1080p', '720p']", "true"),
            ("quality.color_range or 'none'", "\"none\""),
            (
                "quality.resolution > '720q'",
                "`quality.resolution` cannot be compared with `720q`, which is no resolution",
            ),
            (
                "quality.resolution == 'webdl'",
                "`quality.resolution` cannot be compared with `webdl`, which is no resolution",
            ),
        ] {
            assert_eq!(value(template), expected, "{template}");
        }
    }

    #[test]
    fn entries_are_sorted_by_a_part() {
        let task = "mock: [ A 1080p HDTV, B 2160p CAM, C 720p BluRay ]\nsort_by: quality.resolution\naccept_all: yes";
        let report = testing::run(task, &testing::context());
        let titles: Vec<&str> = report.entries.iter().map(|entry| entry.title()).collect();
        assert_eq!(titles, ["C 720p BluRay", "A 1080p HDTV", "B 2160p CAM"]);
    }

    #[test]
    fn conditions_compare_qualities_and_not_letters() {
        let task = "mock: [ A 1080p HDTV, B 480p DVDRip, C, D 720p, E 720p WEB-DL x264, F 2160p CAM ]
if:
  - quality > '720p': accept
  - \"'480p' <= quality < '720p webdl'\": reject
  - quality == 'unknown': fail";
        let report = flexget_core::testing::run(task, &context());
        let decided: Vec<(State, &str)> =
            report.entries.iter().map(|entry| (entry.state(), &entry.title()[..1])).collect();
        let (yes, no) = (State::Accepted, State::Rejected);
        let failed = State::Failed;
        assert_eq!(decided, [(yes, "A"), (no, "B"), (failed, "C"), (no, "D"), (yes, "E"), (State::Undecided, "F")]);
    }

    #[test]
    fn it_is_read_when_somebody_asks() {
        let mock = "mock: [ A.Show.S01E01.720p.HDTV, A.Movie.2010.1080p.BluRay, A Movie, { title: A, quality: mine } ]";
        let qualities = |task: &str| -> Vec<Option<String>> {
            let report = testing::run(task, &testing::context());
            let quality = |fields: &serde_json::Value| Some(fields.get("quality")?.as_str()?.to_owned());
            report.entries.iter().map(|entry| quality(&serde_json::to_value(entry.fields()).unwrap())).collect()
        };
        let all = |qualities: [Option<&str>; 4]| qualities.map(|quality| quality.map(str::to_owned)).to_vec();
        assert_eq!(qualities(mock), all([None, None, None, Some("mine")]));
        let asked = format!("{mock}\nrequire_field: quality");
        assert_eq!(qualities(&asked), all([Some("720p hdtv"), Some("1080p bluray"), Some("unknown"), Some("mine")]));
    }
}
