//! A body whose bytes are lent from the budget as they come.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};

use super::Room;

/// A body that ends with an error when there is no memory for more of it, or when its memory went to another.
pub(in crate::edge) struct Metered<B> {
    body: B,
    room: Arc<Room>,
}

impl<B: HttpBody> Metered<B> {
    pub(in crate::edge) fn new(body: B, room: Arc<Room>) -> Self {
        if body.is_end_stream() {
            room.complete();
        }
        Self { body, room }
    }
}

/// There is no memory for the rest of a body, or it ended before all of it had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body ends here")]
pub(in crate::edge) struct Ended;

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Metered<B> {
    type Data = Bytes;
    type Error = Ended;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Ended>>> {
        if self.room.is_lost(cx) {
            return Poll::Ready(Some(Err(self.room.ended())));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let bytes = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) => return Poll::Ready(Some(Err(Ended))),
            None => 0,
        };
        let complete = frame.is_none() || self.body.is_end_stream();
        if self.room.came_on(bytes, complete).is_err() {
            return Poll::Ready(Some(Err(self.room.ended())));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(|_| Ended)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
