//! Bodies that tell how they come on: the request's as it is received, the answer's as it is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use hyper::body::{Bytes, Incoming};

use crate::link::Link;
use crate::standing::Phase;

/// The body of a request.
pub struct Received {
    body: Incoming,
    link: Arc<Link>,
}

impl Received {
    pub(crate) const fn new(body: Incoming, link: Arc<Link>) -> Self {
        Self { body, link }
    }

    fn complete(&self) {
        self.link.turn(Phase::Receiving, Phase::Working);
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            Some(data) if !self.body.is_end_stream() => self.link.came_on(Phase::Receiving, data.len()),
            Some(_) => self.complete(),
            None if frame.is_none() => self.complete(),
            None => {}
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

/// A handler that drops the body has no use for the rest of it.
impl Drop for Received {
    fn drop(&mut self) {
        self.complete();
    }
}

/// The body of an answer.
pub(crate) struct Answered {
    body: axum::body::Body,
    link: Arc<Link>,
}

impl Answered {
    pub(crate) const fn new(body: axum::body::Body, link: Arc<Link>) -> Self {
        Self { body, link }
    }
}

impl Body for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.link.answered();
    }
}
