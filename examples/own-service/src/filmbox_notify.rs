use flexget_core::prelude::*;
use serde_json::json;

use crate::filmbox::Filmbox;

/// Posts the titles of accepted entries at Filmbox, in one message.
///
/// ```yaml
/// mock: [ Solaris ]
/// accept_all: yes
/// filmbox_notify: { account: me }
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FilmboxNotify {
    /// Account at Filmbox.
    account: String,
}

submit! { plugin::<FilmboxNotify>() }

impl Plugin for FilmboxNotify {
    const NAME: &'static str = "filmbox_notify";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Output, Self::post)]
    }
}

impl FilmboxNotify {
    async fn post(&self, task: &mut Task) -> Result<()> {
        let titles: Vec<&str> = task.accepted().map(Entry::title).collect();
        if titles.is_empty() || task.cx.dry_run {
            return Ok(());
        }
        let request = Request::post("/posts").json(json!({ "text": titles.join(", ") }));
        Filmbox::send(&task.cx, &self.account, request).await.map(drop)
    }
}
