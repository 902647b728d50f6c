//! flexget-rs with a mistake: a command that crashes while it holds what nobody may see.

use std::process::ExitCode;

use flexget_core::context::http::Request;
use flexget_core::prelude::*;

/// Crashes, and shows all that it can.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Crash {
    /// The account to crash with.
    #[schemars(extend("positional" = true))]
    account: String,
}

submit! { command::<Crash>() }

impl Command for Crash {
    const PATH: &'static [&'static str] = &["crash"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let account = cx.auth.account("trakt", &self.account)?;
        let mut request = Request::get("http://127.0.0.1:9/");
        request.bearer = account.as_ref().map(|account| account.tokens.access.clone());
        out.note(format!("{account:?} {request:?}"))?;
        panic!("{account:#?} {request:?} {:?} {:?} {:?}", cx.auth, cx.store, cx.http);
    }
}

fn main() -> ExitCode {
    flexget_rs::start(std::env::args_os())
}
