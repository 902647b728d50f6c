use flexget_core::context::http::{HeaderName, HeaderValue};
use flexget_core::prelude::*;

use crate::shared::source::TaskHeaders;

/// Adds HTTP headers to the requests of inputs such as `rss`, `csv` and `text`.
///
/// Requests of services such as Trakt do not get them, as in FlexGet.
///
/// ```yaml
/// headers:
///   Cookie: uid=<your id>; pass=<your password>
/// mock: [ Solaris (1972) ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Headers {
    /// The headers with their values.
    headers: BTreeMap<String, String>,
}

submit! { plugin::<Headers>() }

impl Plugin for Headers {
    const NAME: &'static str = "headers";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Start, Self::add).priority(130)]
    }

    fn check(&self) -> Vec<Problem> {
        let is_wrong = |(name, value): &(&String, &String)| {
            HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_bytes(value.as_bytes()).is_err()
        };
        let wrong = self.headers.iter().filter(is_wrong);
        wrong.map(|(name, _)| Problem::at(Path::root().key(name), format!("`{name}` is not a valid header"))).collect()
    }
}

impl Headers {
    async fn add(&self, task: &mut Task) -> Result<()> {
        TaskHeaders::of(task).add(&self.headers);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    /// FlexGet 3.22.7 refuses a number, too, and fails in the run on an invalid name.
    #[test]
    fn mistakes_are_found_before_the_run() {
        for (headers, expected) in [("{ 'a b': x }", 1), ("{ a: \"x\\ny\" }", 1), ("{ a: 5 }", 1), ("{ a: x }", 0)] {
            let mistakes = testing::config_errors(&format!("mock: [A]\naccept_all: yes\nheaders: {headers}"));
            assert_eq!(mistakes.len(), expected, "{mistakes:?}");
        }
    }
}
