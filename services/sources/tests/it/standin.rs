//! A server that answers as a test says, and remembers what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use outbound::Reach;
use settings::{Secret, SourceSettings};
use sources::Polled;

const PATIENCE: Duration = Duration::from_mins(2);

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of its query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = outbound::Url::parse(&format!("http://x{}", self.uri)).unwrap();
        let mut pairs = url.query_pairs();
        pairs
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// What stands behind a status.
#[derive(Debug, Clone)]
pub(crate) enum Behind {
    Text(String),
    /// Bytes without end.
    Endless,
    /// A beginning, and then nothing.
    Hang(&'static str),
    /// A beginning, and then a broken connection.
    Broken(&'static str),
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    behind: Behind,
}

impl Reply {
    pub(crate) fn new(status: u16, behind: Behind) -> Self {
        Self {
            status,
            headers: Vec::new(),
            behind,
        }
    }

    pub(crate) fn ok(text: impl Into<String>) -> Self {
        Self::new(200, Behind::Text(text.into()))
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::new(status, Behind::Text(String::new()))
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn answered(self) -> Response {
        let body = match self.behind {
            Behind::Text(text) => Body::from(text),
            Behind::Endless => {
                let chunk = || Ok::<_, Infallible>(Bytes::from_static(&[b' '; 16 * 1024]));
                Body::from_stream(stream::repeat_with(chunk))
            }
            Behind::Hang(text) => Body::from_stream(
                stream::iter([Ok::<_, Infallible>(Bytes::from(text))]).chain(stream::pending()),
            ),
            Behind::Broken(text) => Body::from_stream(stream::iter([
                Ok(Bytes::from(text)),
                Err(std::io::Error::other("broken off")),
            ])),
        };
        let mut response = (StatusCode::from_u16(self.status).unwrap(), body).into_response();
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    }
}

type Answer = dyn Fn(&Asked, usize) -> Reply + Send + Sync;

struct Inner {
    answer: Box<Answer>,
    asked: Mutex<Vec<Asked>>,
    changed: Condvar,
}

/// See the module.
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

async fn answer(State(inner): State<Arc<Inner>>, uri: Uri, headers: HeaderMap) -> Response {
    let asked = Asked { uri, headers };
    let before = {
        let mut all = inner.asked.lock().unwrap();
        all.push(asked.clone());
        all.len() - 1
    };
    inner.changed.notify_all();
    (inner.answer)(&asked, before).answered()
}

impl StandIn {
    /// Answers by the request and by how many came before it.
    pub(crate) async fn new(answer_of: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        let inner = Arc::new(Inner {
            answer: Box::new(answer_of),
            asked: Mutex::default(),
            changed: Condvar::new(),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, inner }
    }

    /// One answer to everything.
    pub(crate) async fn always(reply: Reply) -> Self {
        Self::new(move |_, _| reply.clone()).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap().clone()
    }

    /// Waits until so many requests came.
    pub(crate) fn wait_for(&self, requests: usize) {
        let asked = self.inner.asked.lock().unwrap();
        let waited = self
            .inner
            .changed
            .wait_timeout_while(asked, PATIENCE, |asked| asked.len() < requests);
        assert!(
            !waited.unwrap().1.timed_out(),
            "no {requests} requests within {PATIENCE:?}"
        );
    }
}

/// As far as the stand-ins.
pub(crate) fn reach() -> Reach {
    let networks = vec!["127.0.0.0/8".parse().unwrap()];
    Reach::new(networks, None, &[]).unwrap()
}

pub(crate) fn source(name: &str, url: &str) -> SourceSettings {
    SourceSettings {
        name: name.to_owned(),
        url: Secret::new(url),
        timeout: Duration::from_secs(20),
        ..SourceSettings::default()
    }
}

pub(crate) fn polled(settings: &SourceSettings) -> Polled {
    Polled::new(settings, &reach()).unwrap()
}

/// A feed of these entries, newest first.
pub(crate) fn rss<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    let items = ids.into_iter().map(|id| {
        format!(
            "<item><guid isPermaLink=\"false\">{id}</guid><title>Title {id}</title><link>/{id}</link>\
             <pubDate>Mon, 30 Nov 2026 10:00:00 GMT</pubDate></item>"
        )
    });
    let items: String = items.collect();
    format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>")
}
