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
/// worse to better: `quality >= '720p'`. A known `quality` stays as it is.
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
    use flexget_core::testing::{block_on, context};

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
