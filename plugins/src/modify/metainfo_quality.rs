use flexget_core::prelude::*;
use futures_util::future::LocalBoxFuture;

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

submit! { plugin::<MetainfoQuality>() }

impl Plugin for MetainfoQuality {
    const NAME: &'static str = "metainfo_quality";
    const BUILTIN: bool = true;

    fn gives() -> Vec<KnownField> {
        KnownField::all(&["quality"])
    }

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Metainfo, Self::offer).priority(127)]
    }
}

impl MetainfoQuality {
    async fn offer(&self, task: &mut Task) -> Result<()> {
        task.offer(Rc::new(QualityOfTitle));
        Ok(())
    }
}

struct QualityOfTitle;

impl Offer for QualityOfTitle {
    fn plugin(&self) -> &'static str {
        MetainfoQuality::NAME
    }

    fn fields(&self) -> &[&'static str] {
        &["quality"]
    }

    fn fetch<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Vec<FetchedFields>> {
        let today = today(cx);
        let quality = move |title: &str| {
            let quality = series(title, today).map_or_else(|| movie(title).quality, |series| series.quality);
            Ok(vec![(Name::Borrowed("quality"), Value::from(quality.to_string()))])
        };
        Box::pin(async move { entries.iter().map(|entry| quality(entry.title())).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{self, block_on, context};

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
        block_on(async {
            let mut task = Task::new("test", context());
            task.produce(
                ["A.Show.S01E01.720p.HDTV", "A.Movie.2010.1080p.BluRay", "A Movie"]
                    .map(|title| Entry::new(title, title)),
            );
            task.entries.push(Entry::new("A.Movie.720p", "").with("quality", "mine"));
            MetainfoQuality {}.offer(&mut task).await.unwrap();
            assert!(!task.entries[0].has("quality"));
            task.need(&["quality"]).await;
            let qualities: Vec<&str> = task.entries.iter().filter_map(|entry| entry.text("quality")).collect();
            assert_eq!(qualities, ["720p hdtv", "1080p bluray", "unknown", "mine"]);
        });
    }
}
