//! The limits every event is held to, whatever dialect it came in. No clock, no I/O.

use model::{Millis, RawEvent, Request};

use crate::limits::Limits;
use crate::rejection::Rejection;

/// The extension that `X-Correlation-ID` becomes; CloudEvents names have no dashes.
pub(crate) const CORRELATION: &str = "correlationid";

/// Holds an event to the table that the normalizer holds it to, and gives it an id made from its content and the request
/// if it has none.
pub(crate) fn admit(
    mut event: RawEvent,
    now: Millis,
    request: &Request,
    limits: &Limits,
) -> Result<RawEvent, Rejection> {
    admission::admit(&mut event, now, &limits.event)?;
    event.ensure_id(request);
    Ok(event)
}
