//! Reading a body that may be too long, too slow, compressed, or end early.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use tokio::time::timeout;

use super::budget::Owner;
use super::coding::Coding;
use super::heavy::Heavy;
use crate::problem::Problem;

/// How long a client may take to send its body.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is read and thrown away of a body that is too long, so that the client comes to read the answer; in bytes.
const DISCARD: usize = 16 * 1024 * 1024;

/// The whole body, decompressed in its owner's turn, or why not. The limit holds before and after.
pub(super) async fn collect(
    headers: &HeaderMap,
    body: impl HttpBody<Data = Bytes> + Unpin,
    limit: usize,
    (heavy, owner): (&Heavy, Owner),
) -> Result<Vec<u8>, Problem> {
    let coding = Coding::of(headers)?;
    let stop = Err(Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "slow_body",
        "Body came too slowly",
        "the body did not arrive within 10 s; send less at once",
    ));
    let bytes = timeout(
        PATIENCE,
        read(body, announced(headers).unwrap_or_default(), limit),
    )
    .await
    .unwrap_or(stop)?;
    match coding {
        Some(coding) if !bytes.is_empty() => {
            // However few bytes there are, as many as the limit may come out.
            let turn = heavy.turn(owner, limit).await;
            let decoded = heavy.run(turn, move || coding.decoded(&bytes, limit));
            Ok(decoded.await?.0?)
        }
        _ => Ok(bytes),
    }
}

/// The length that the client announces.
pub(super) fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(
    mut body: impl HttpBody<Data = Bytes> + Unpin,
    announced: usize,
    limit: usize,
) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::with_capacity(announced.min(limit));
    let mut seen = 0_usize;
    let mut over = announced > limit;
    if announced > limit.max(DISCARD) {
        return Err(too_large(limit));
    }
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| incomplete())?;
        let Ok(chunk) = frame.into_data() else { continue };
        seen = seen.saturating_add(chunk.len());
        over = over || seen > limit;
        if over && seen > limit.max(DISCARD) {
            break;
        }
        if !over {
            bytes.extend_from_slice(&chunk);
        }
    }
    if over { Err(too_large(limit)) } else { Ok(bytes) }
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("the body is longer than {limit} bytes; send fewer events at once, or less data");
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "Body too large",
        &detail,
    )
}

fn incomplete() -> Problem {
    let detail = "the body ended before all of it had come; send it again";
    Problem::new(
        StatusCode::BAD_REQUEST,
        "incomplete_body",
        "Incomplete body",
        detail,
    )
}
