//! All addresses in one router, with limits around them and their documentation beside them.

use crate::admission::{Door, admit};
use crate::budget::Budget;
use crate::collections;
use crate::entry::{Entry, enter};
use crate::openapi;
use crate::page::Api;
use crate::problem::Problem;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use listen::Hosts;
use settings::ApiSettings;
use sqlx::PgPool;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Everything the API answers to whom `entry` lets in; the description asks for no key.
pub fn router(pool: PgPool, settings: &ApiSettings, entry: Entry) -> Router {
    let api = Api {
        pool,
        max_page: settings.max_page,
        max_page_bytes: settings.max_page_bytes,
    };
    let (questions, mut description) = collections::routes().with_state(api).split_for_parts();
    openapi::complete(&mut description);
    let door = Door {
        budget: Arc::new(Budget::new(settings.queries_at_once, settings.query_time)),
        send_timeout: settings.send_timeout,
    };
    // Written once: whoever asks for it needs no key, and may ask for ever.
    let description = Bytes::from(description.to_json().unwrap_or_default());
    let docs = SwaggerUi::new("/docs").config(Config::from("/openapi.json"));
    Router::new()
        .merge(
            questions
                .layer(from_fn_with_state(door, admit))
                .layer(from_fn_with_state(Arc::new(entry), enter)),
        )
        .route(
            "/openapi.json",
            get(move || std::future::ready(json(description.clone()))),
        )
        .merge(docs)
        .fallback(|| {
            std::future::ready(Problem::not_found(
                "there is nothing here; /docs names what there is",
            ))
        })
        .method_not_allowed_fallback(|| std::future::ready(Problem::method_not_allowed()))
        .layer(CatchPanicLayer::new())
}

fn json(text: Bytes) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], text)
}

/// The same for requests that are meant for these hosts; others are refused. For an API without authentication, which
/// pages of other sites would reach through a browser beside it.
pub fn for_hosts(router: Router, hosts: Hosts) -> Router {
    router.layer(from_fn_with_state(Arc::new(hosts), meant_for_us))
}

async fn meant_for_us(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match hosts.check(&parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => Problem::not_our_host(&refusal).into_response(),
    }
}
