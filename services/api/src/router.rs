//! All addresses in one router, with limits around them and their documentation beside them.

use crate::admission::{Door, admit};
use crate::budget::Budget;
use crate::collections;
use crate::entry::{Entry, enter};
use crate::openapi;
use crate::page::Api;
use crate::problem::Problem;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Json, Router};
use settings::ApiSettings;
use sqlx::PgPool;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Everything the API answers to whom `entry` lets in; the description asks for no key, and `ops` (health, metrics) is merged in as it is, outside the budgets.
pub fn router(pool: PgPool, settings: &ApiSettings, entry: Entry, ops: Router) -> Router {
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
    let description = Arc::new(description);
    let docs = SwaggerUi::new("/docs").config(Config::from("/openapi.json"));
    Router::new()
        .merge(
            questions
                .layer(from_fn_with_state(door, admit))
                .layer(from_fn_with_state(Arc::new(entry), enter)),
        )
        .route(
            "/openapi.json",
            get(move || std::future::ready(Json(Arc::clone(&description)))),
        )
        .merge(docs)
        .merge(ops)
        .fallback(|| {
            std::future::ready(Problem::not_found(
                "there is nothing here; /docs names what there is",
            ))
        })
        .method_not_allowed_fallback(|| std::future::ready(Problem::method_not_allowed()))
        .layer(CatchPanicLayer::new())
}
