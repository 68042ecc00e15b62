//! The health of the edge is that of the broker, and the API's that of the database: asked again and again, from the
//! start on, so that a load balancer sends nobody to a process that can only say 503.

use runtime::Publisher;
use sqlx::PgPool;
use std::time::Duration;
use telemetry::Component;

/// Between two questions.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// How long the broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Tells for ever whether the broker answers and has the topic of events.
pub(super) async fn broker(publisher: Publisher, component: Component) {
    loop {
        match publisher.check(PATIENCE).await {
            Ok(()) => component.ready("listening; the broker answers"),
            Err(error) => component.waiting(format!("listening; {error}")),
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// Tells for ever whether the database answers and has our tables.
pub(super) async fn database(pool: PgPool, component: Component) {
    loop {
        match api::ready(&pool).await {
            Ok(()) => component.ready("listening; the database answers"),
            Err(why) => component.waiting(format!("listening; {why}")),
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}
