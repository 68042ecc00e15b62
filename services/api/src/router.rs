//! All addresses in one router, with limits around them and their documentation beside them.

use crate::collections;
use crate::openapi;
use crate::page::Api;
use crate::problem::Problem;
use axum::error_handling::HandleErrorLayer;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{BoxError, Json, Router};
use settings::ApiSettings;
use sqlx::PgPool;
use std::sync::Arc;
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Requests answered at once; more are refused, so that they do not pile up before the database.
const MAX_AT_ONCE: usize = 128;

/// Everything the API answers; `ops` (health, metrics) is merged in as it is, outside the limits.
pub fn router(pool: PgPool, settings: &ApiSettings, ops: Router) -> Router {
    let api = Api {
        pool,
        max_page: settings.max_page,
    };
    let (questions, mut description) = collections::routes().with_state(api).split_for_parts();
    openapi::complete(&mut description);
    let limits = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(overloaded))
        .layer(LoadShedLayer::new())
        .layer(GlobalConcurrencyLimitLayer::new(MAX_AT_ONCE));
    let description = Arc::new(description);
    let docs = SwaggerUi::new("/docs").config(Config::from("/openapi.json"));
    Router::new()
        .merge(questions.layer(limits))
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

async fn overloaded(_: BoxError) -> Response {
    Problem::overloaded().into_response()
}
