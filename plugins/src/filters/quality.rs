use flexget_core::prelude::*;

use crate::titles::parsing::quality::Quality;
use crate::titles::parsing::quality::requirement::Requirement;

/// Rejects entries whose quality meets none of the requirements.
///
/// A requirement holds parts, separated by blanks: a component (`720p`), alternatives
/// (`720p|1080p`), a range (`720p-1080p`), a bound (`720p+`, `<=720p`) or an exclusion (`!cam`).
/// All categories in it (resolution, source, codec, color range, audio) must be met. Nothing is
/// accepted. Text in the field `quality` is read as a quality.
///
/// ```yaml
/// mock: [ Solaris 1972 720p BluRay, Stalker 1979 CAM ]
/// quality:
///   - 720p-1080p bluray+
///   - hdtv
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct QualityFilter {
    /// The requirement, or several of which one must be met.
    requirements: OneOrMany<Requirement>,
}

submit! { plugin::<QualityFilter>() }

impl Plugin for QualityFilter {
    const NAME: &'static str = "quality";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::reject).priority(175)]
    }
}

impl QualityFilter {
    async fn reject(&self, task: &mut Task) -> Result<()> {
        task.need(&["quality"]).await;
        let requirements: Vec<String> = self.requirements.iter().map(|one| format!("`{one}`")).collect();
        for entry in task.live_entries() {
            let Some(text) = entry.peek("quality").filter(|value| !value.is_null()).map(Value::display) else {
                entry.reject(Self::NAME, Some("entry doesn't have a quality".into()));
                continue;
            };
            let quality = Quality::of_title(&text);
            if !self.requirements.iter().any(|requirement| requirement.allows(&quality)) {
                let requirements = requirements.join(", ");
                let reason = format!("`{quality}` does not match any of quality requirements: {requirements}");
                entry.reject(Self::NAME, Some(reason));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    /// FlexGet 3.22.7 decides the same, with the same reasons, but for a number, with which it
    /// aborts the task.
    #[test]
    fn entries_that_meet_no_requirement_are_rejected() {
        let task = "
            mock:
              - A 720p HDTV
              - B 1080p CAM
              - C
              - D 480p
              - { title: E 480p, quality: 1080p webdl }
              - { title: F, quality: 720 }
            quality: [ 720p+ !cam, hdtv ]
        ";
        let reason = "does not match any of quality requirements: `720p+ !cam`, `hdtv`";
        assert_eq!(
            testing::decisions(&testing::run(task, &testing::context())),
            [
                "A 720p HDTV".to_owned(),
                format!("B 1080p CAM: rejected (`1080p cam` {reason})"),
                format!("C: rejected (`unknown` {reason})"),
                format!("D 480p: rejected (`480p` {reason})"),
                "E 480p".to_owned(),
                "F".to_owned(),
            ]
        );
    }

    #[test]
    fn entries_without_a_quality_are_rejected() {
        let task = "mock: [ A 720p ]\nquality: 720p\naccept_all: yes\ndisable: metainfo_quality";
        let report = testing::run(task, &testing::context());
        assert_eq!(testing::decisions(&report), ["A 720p: rejected (entry doesn't have a quality)"]);
    }

    #[test]
    fn mistakes_are_found_before_the_run() {
        let mistakes = testing::config_errors("mock: [A]\nquality: [ 720q, 1080p-hdtv ]\naccept_all: yes");
        assert!(mistakes[0].starts_with("`720q` is not a valid quality component"), "{mistakes:?}");
    }
}
