//! A page as it is sent: items in their order, in pieces that are let go as they are sent.
//!
//! Knows nothing of the database.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use std::convert::Infallible;

/// Pieces are about this long, in bytes.
const PIECE: usize = 64 * 1024;

/// Items of a page as JSON, of which there are at most so many bytes; the first fits whatever its length.
#[derive(Debug)]
pub(crate) struct Items {
    most: usize,
    bytes: usize,
    count: usize,
    full: Vec<Bytes>,
    open: Vec<u8>,
}

/// A page of a list: `{"items": […], "next": …}`.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) items: Items,
    /// Address of the next page; none after the last one.
    pub(crate) next: Option<String>,
}

impl Items {
    /// None yet; together they will have at most this many bytes.
    pub(crate) fn at_most(bytes: usize) -> Self {
        Self {
            most: bytes,
            bytes: 0,
            count: 0,
            full: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Adds an item, unless there is no room for it.
    pub(crate) fn push(&mut self, item: &impl Serialize) -> Result<bool, serde_json::Error> {
        let json = serde_json::to_vec(item)?;
        if self.count > 0 && self.bytes + json.len() > self.most {
            return Ok(false);
        }
        if self.count > 0 {
            self.open.push(b',');
        }
        self.open.extend_from_slice(&json);
        self.bytes += json.len();
        self.count += 1;
        if self.open.len() >= PIECE {
            self.full.push(std::mem::take(&mut self.open).into());
        }
        Ok(true)
    }

    /// The items as one JSON array.
    pub(crate) fn into_array(self) -> Result<Box<RawValue>, serde_json::Error> {
        let mut text = b"[".to_vec();
        self.full.iter().for_each(|piece| text.extend_from_slice(piece));
        text.extend_from_slice(&self.open);
        text.push(b']');
        serde_json::from_slice(&text)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let Items { full, open, .. } = self.items;
        let next = serde_json::to_string(&self.next).unwrap_or_else(|_| "null".to_owned());
        let head = Bytes::from_static(b"{\"items\":[");
        let tail = Bytes::from(format!("],\"next\":{next}}}"));
        let pieces = std::iter::once(head).chain(full).chain([open.into(), tail]);
        let body = futures_util::stream::iter(pieces.map(Ok::<_, Infallible>));
        let media = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, media)], Body::from_stream(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_before_the_item_that_is_too_much_but_has_one() {
        let mut items = Items::at_most(10);
        assert!(items.push(&"longer than ten").unwrap());
        assert!(!items.push(&1).unwrap());
        let mut items = Items::at_most(10);
        assert!(items.push(&"1234").unwrap() && items.push(&"56").unwrap());
        assert!(!items.push(&"7").unwrap());
        assert_eq!(
            (items.len(), items.into_array().unwrap().get()),
            (2, "[\"1234\",\"56\"]")
        );
    }

    #[tokio::test]
    async fn it_is_sent_as_one_json_object() {
        for count in [0, 1, 3] {
            let mut items = Items::at_most(usize::MAX);
            let long = "x".repeat(PIECE);
            for _ in 0..count {
                assert!(items.push(&long).unwrap());
            }
            let next = Some("/v1/x?cursor=\"".to_owned());
            let body = Answer { items, next }.into_response().into_body();
            let sent = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let read: serde_json::Value = serde_json::from_slice(&sent).unwrap();
            assert_eq!(read["items"].as_array().unwrap().len(), count);
            assert_eq!(read["next"], "/v1/x?cursor=\"");
        }
    }
}
