//! What can be asked for, one file a collection: its items, filters, orders and addresses.

mod dead_letters;
mod detections;
mod events;
mod evidence;
mod notifications;
mod signals;

pub(crate) use dead_letters::DeadLetters;
pub(crate) use detections::Detections;
pub(crate) use events::Events;
pub(crate) use evidence::EvidenceOfSignal;
#[cfg(test)]
pub(crate) use notifications::Answered;
pub(crate) use notifications::Notifications;
pub(crate) use signals::Signals;

use crate::page::Api;
use serde_json::value::RawValue;
use sqlx::types::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// JSON as the database holds it.
type Stored = Json<Box<RawValue>>;

/// The addresses of all collections.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(signals::list))
        .routes(routes!(signals::one))
        .routes(routes!(evidence::list))
        .routes(routes!(events::list))
        .routes(routes!(events::one))
        .routes(routes!(detections::list))
        .routes(routes!(detections::one))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::one))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::one))
}
