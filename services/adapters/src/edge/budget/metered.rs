//! A body whose bytes are lent from the budget as they come.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};

use super::Room;

/// A body that ends with an error when there is no memory for more of it, or when its memory went to another.
pub(super) struct Metered {
    body: Body,
    room: Arc<Room>,
}

impl Metered {
    pub(super) const fn new(body: Body, room: Arc<Room>) -> Self {
        Self { body, room }
    }
}

impl HttpBody for Metered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.room.is_lost(cx) {
            return Poll::Ready(Some(Err(self.room.error())));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                if self.room.grow(bytes).is_err() {
                    return Poll::Ready(Some(Err(self.room.error())));
                }
            }
            Some(Err(_)) => {}
            None => self.room.complete(),
        }
        if self.body.is_end_stream() {
            self.room.complete();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
