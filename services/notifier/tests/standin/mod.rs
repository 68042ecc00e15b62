//! A receiver that answers as it is told, and the configurations of docs/CHANNELS.md that lead to it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use settings::{ChannelSettings, Secret, Settings};

/// What stands behind a status.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    Text(&'static str),
    /// The path and the headers of the request, as some servers show them in an error.
    Echo,
    /// Bytes without end.
    Endless,
    /// A beginning, and then nothing.
    Hang,
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    body: Body,
    json: Option<String>,
    retry_after: Option<&'static str>,
    hangs_at_once: bool,
}

impl Reply {
    pub(crate) fn new(status: u16, body: Body) -> Self {
        Self {
            status,
            body,
            json: None,
            retry_after: None,
            hangs_at_once: false,
        }
    }

    pub(crate) fn text(status: u16, text: &'static str) -> Self {
        Self::new(status, Body::Text(text))
    }

    pub(crate) fn json(status: u16, json: &serde_json::Value) -> Self {
        let json = Some(json.to_string());
        Self {
            json,
            ..Self::text(status, "")
        }
    }

    pub(crate) fn after(self, retry_after: &'static str) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..self
        }
    }

    /// Whether some of it never comes.
    pub(crate) fn hangs(&self) -> bool {
        self.hangs_at_once || matches!(self.body, Body::Hang)
    }

    /// Not even the status comes.
    pub(crate) fn before_the_status(self) -> Self {
        Self {
            hangs_at_once: true,
            ..self
        }
    }

    async fn answered(self, seen: &Seen) -> Response {
        if self.hangs_at_once {
            std::future::pending::<Infallible>().await;
        }
        let chunk = || Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1024]));
        let body = match (self.json, self.body) {
            (Some(json), _) => axum::body::Body::from(json),
            (None, Body::Text(text)) => text.into(),
            (None, Body::Echo) => format!("Cannot POST {} {:?}", seen.path, seen.headers).into(),
            (None, Body::Endless) => axum::body::Body::from_stream(stream::repeat_with(chunk)),
            (None, Body::Hang) => {
                let beginning = stream::iter([chunk()]);
                axum::body::Body::from_stream(stream::StreamExt::chain(beginning, stream::pending()))
            }
        };
        let mut response = (StatusCode::from_u16(self.status).unwrap(), body).into_response();
        if let Some(after) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, after.parse().unwrap());
        }
        response
    }
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Script {
    replies: Mutex<VecDeque<Reply>>,
    seen: Mutex<Vec<Seen>>,
}

/// See the module.
pub(crate) struct StandIn {
    address: SocketAddr,
    script: Arc<Script>,
}

async fn receive(State(script): State<Arc<Script>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let seen = Seen {
        path: uri.to_string(),
        headers,
        body,
    };
    script.seen.lock().unwrap().push(seen.clone());
    let reply = script.replies.lock().unwrap().pop_front();
    reply
        .unwrap_or_else(|| Reply::text(418, "nothing more was expected"))
        .answered(&seen)
        .await
}

impl StandIn {
    /// A receiver that gives these answers, one after another.
    pub(crate) async fn new(replies: Vec<Reply>) -> Self {
        let script = Arc::new(Script {
            replies: Mutex::new(replies.into()),
            ..Script::default()
        });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&script));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, script }
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().unwrap().clone()
    }
}

/// The `nth` configuration below a heading of docs/CHANNELS.md, with the stand-in in place of the vendor.
pub(crate) fn documented(heading: &str, nth: usize, standin: &StandIn) -> ChannelSettings {
    let mut channel = configured(heading, nth, standin.address);
    // The vendor's own address, or the one of a region.
    if channel
        .url
        .as_ref()
        .is_none_or(|url| url.expose().starts_with("https:"))
    {
        channel.url = Some(Secret::new(format!("http://{}", standin.address)));
    }
    channel.allow_private = true;
    channel.timeout = Duration::from_secs(20);
    channel
}

/// The `nth` configuration below a heading, as the program loads it, with secrets in the files that it names: addresses
/// among them lead to this one.
pub(crate) fn configured(heading: &str, nth: usize, address: SocketAddr) -> ChannelSettings {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CHANNELS.md")).unwrap();
    let section = page
        .split("\n## ")
        .find(|section| section.lines().next() == Some(heading))
        .unwrap();
    let yaml = section
        .split("```yaml\n")
        .nth(nth + 1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    load(yaml, folder.path(), address)
}

fn load(yaml: &str, folder: &Path, address: SocketAddr) -> ChannelSettings {
    let at = format!("{}/", folder.display());
    for name in yaml.split("/run/secrets/").skip(1) {
        let name = name
            .split(|c: char| c.is_whitespace() || c == '}')
            .next()
            .unwrap();
        let secret = match name {
            "telegram-token" => "123:s3cr3t-telegram-token".to_owned(),
            _ if name.ends_with("token") || name.ends_with("key") || name.ends_with("password") => {
                format!("s3cr3t-{name}")
            }
            _ => format!("http://{address}/s3cr3t-path/{name}?sig=s3cr3t-signature"),
        };
        fs::write(folder.join(name), secret).unwrap();
    }
    let file = folder.join("sluicebox.yml");
    fs::write(&file, yaml.replace("/run/secrets/", &at)).unwrap();
    let settings = Settings::load(Some(&file), Vec::new()).unwrap_or_else(|error| panic!("{error}"));
    settings.notifier.channels[0].clone()
}
