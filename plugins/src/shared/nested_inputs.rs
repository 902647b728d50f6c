//! The later phases of inputs within the options of other plugins.

use flexget_core::prelude::*;

/// Lets nested inputs remember what they have read, such as the position in a feed.
///
/// # Errors
/// An input failed.
pub async fn learn<'a>(inputs: impl IntoIterator<Item = &'a AnyInput>, task: &mut Task) -> Result<()> {
    for step in inputs.into_iter().flat_map(|input| &input.steps).filter(|step| step.phase == Phase::Learn) {
        step.run(task).await?;
    }
    Ok(())
}
