//! What one page would become, without sending it.

use std::time::{SystemTime, UNIX_EPOCH};

use model::{Millis, RawEvent};

use crate::cursor::Cursor;
use crate::events::Admitting;
use crate::followed::Polled;
use crate::source::FetchError;

/// What the first page of a source would become.
#[derive(Debug)]
pub struct Preview {
    /// Its events.
    pub events: Vec<RawEvent>,
    /// How many items would be refused.
    pub refused: u64,
    /// Why the last one would be.
    pub refusal: Option<String>,
    /// Whether there is another page.
    pub more: bool,
    /// How many requests the other side allows after this one, as it says.
    pub budget: Option<u64>,
}

/// Fetches the first page, with nothing known from before.
///
/// # Errors
/// There is no page.
pub async fn preview(polled: &Polled, admitting: &Admitting) -> Result<Preview, FetchError> {
    let mut cursor = Cursor::default();
    let page = polled.source().fetch(&cursor).await?;
    let budget = page.budget;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX);
    let taken = admitting.take(page, polled, &mut cursor, false, now);
    Ok(Preview {
        events: taken.events,
        refused: taken.refused,
        refusal: taken.refusal,
        more: taken.more,
        budget,
    })
}
