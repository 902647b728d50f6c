use flexget_core::prelude::*;

use crate::filmbox::Filmbox;
use crate::filmbox_list::Film;

/// Produces the films that are new at Filmbox.
///
/// ```yaml
/// filmbox_new: me
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
struct FilmboxNew {
    /// Account at Filmbox.
    account: String,
}

submit! { plugin::<FilmboxNew>() }

impl Plugin for FilmboxNew {
    const NAME: &'static str = "filmbox_new";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce)]
    }
}

impl FilmboxNew {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        let films: Vec<Film> = Filmbox::send(&task.cx, &self.account, Request::get("/new")).await?.json()?;
        task.produce(films.into_iter().map(Entry::from));
        Ok(())
    }
}
