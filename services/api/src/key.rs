//! The name of one item, as it stands in an address.

use crate::problem::Problem;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

/// A name that can be looked up; any other is the name of nothing.
pub(crate) struct Key(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(key)) if !key.contains('\0') => Ok(Self(key)),
            _ => Err(Problem::not_found(
                "no name is like this one; names are UTF-8 without NUL",
            )),
        }
    }
}
