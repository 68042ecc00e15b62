//! Who asks: the one place that knows.

use axum::extract::ConnectInfo;
use axum::http::Extensions;
use std::net::SocketAddr;

/// The caller's name for its budget: the address it comes from, where that is known.
pub(crate) fn name(extensions: &Extensions) -> String {
    let address = extensions.get::<ConnectInfo<SocketAddr>>();
    address.map_or_else(
        || "anybody".to_owned(),
        |ConnectInfo(address)| address.ip().to_string(),
    )
}
