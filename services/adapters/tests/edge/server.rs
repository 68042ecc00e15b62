//! A server with an event log in memory, and a client that sends bytes as they are written in a test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use access::Gate;
use adapters::{Counts, Ingest, IngestError, Outgoing, Paths, Tally, Webhooks};
use listen::{Descriptors, Drained, Limits, Listener, Role};
use model::RawEvent;
use outbound::Reach;
use settings::{
    AccessSettings, AdaptersSettings, AdmissionSettings, AuthMode, ListenerSettings, Secret, Watched,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const KEY: &str = "dev-test-key-123";

/// An event log in memory. Events of type `unavailable` and `too_large` are refused in that way; one of type `held`
/// is acknowledged when the test lets it go.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) taken: Mutex<Vec<(RawEvent, Option<String>)>>,
    pub(crate) arrived: tokio::sync::Notify,
    pub(crate) released: tokio::sync::Notify,
}

impl Ingest for Log {
    async fn publish(&self, events: &[Outgoing]) -> Vec<(usize, IngestError)> {
        let mut failed = Vec::new();
        for (place, Outgoing { event, traceparent }) in events.iter().enumerate() {
            match self.take(event, traceparent).await {
                Ok(()) => {}
                Err(error) => failed.push((place, error)),
            }
        }
        failed
    }
}

impl Log {
    async fn take(&self, event: &RawEvent, traceparent: &str) -> Result<(), IngestError> {
        match event.kind.as_str() {
            "unavailable" => {
                let retry_after = Duration::from_millis(2500);
                return Err(IngestError::Unavailable {
                    retry_after,
                    cause: "no broker answers".into(),
                });
            }
            "too_large" => return Err(IngestError::TooLarge { limit: 1_000_000 }),
            "held" => {
                self.arrived.notify_one();
                self.released.notified().await;
            }
            _ => {}
        }
        let taken = (event.clone(), Some(traceparent.to_owned()));
        self.taken.lock().unwrap().push(taken);
        Ok(())
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) log: Arc<Log>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) stop: Option<oneshot::Sender<()>>,
    pub(crate) done: JoinHandle<Drained>,
}

/// An answer: status, headers in lower case, JSON of the body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) json: serde_json::Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
    }

    /// The last part of the problem's type; panics unless the answer is a full problem.
    pub(crate) fn problem(&self) -> &str {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        for member in ["title", "detail", "instance", "trace_id"] {
            assert!(
                self.json[member].as_str().is_some_and(|text| !text.is_empty()),
                "{member} in {self:?}"
            );
        }
        assert_eq!(self.json["status"], self.status);
        self.json["type"]
            .as_str()
            .unwrap()
            .strip_prefix("urn:sluicebox:problem:")
            .unwrap()
    }
}

pub(crate) fn settings() -> AdaptersSettings {
    AdaptersSettings {
        api_keys: vec![Secret::new("another-key"), Secret::new(KEY)],
        ..AdaptersSettings::default()
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(&settings()).await
    }

    pub(crate) async fn with(settings: &AdaptersSettings) -> Self {
        Self::asking(settings, &AccessSettings::default()).await
    }

    /// A server that asks for keys and tokens as it is told.
    pub(crate) async fn asking(settings: &AdaptersSettings, access: &AccessSettings) -> Self {
        let webhooks = Watched::fixed(Webhooks::new(&settings.webhooks).unwrap());
        Self::following(settings, access, &webhooks).await
    }

    /// A server that follows webhooks.
    #[expect(
        clippy::unused_async,
        reason = "a socket needs the runtime that this is awaited on"
    )]
    pub(crate) async fn following(
        settings: &AdaptersSettings,
        access: &AccessSettings,
        webhooks: &Watched<Webhooks>,
    ) -> Self {
        let limits = Limits::new(Role::Edge, &ListenerSettings::default(), Descriptors(1024));
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), limits).unwrap();
        let address = listener.local_addr().unwrap();
        let (log, counts) = (Arc::new(Log::default()), Arc::new(Counts::default()));
        let tally: Arc<dyn Tally> = counts.clone();
        let admission = AdmissionSettings::default();
        let required = settings.auth == AuthMode::Required;
        let gate = Gate::open(access, &settings.api_keys, required, &Reach::default()).unwrap();
        let paths = Paths::new(
            Arc::clone(&log),
            settings,
            &admission,
            Arc::new(gate),
            tally,
            webhooks,
        );
        let (stop, stopped) = oneshot::channel::<()>();
        let done = tokio::spawn(listener.serve(paths, async {
            let _ = stopped.await;
        }));
        Self {
            address,
            log,
            counts,
            stop: Some(stop),
            done,
        }
    }

    /// Posts a body with the key and further header lines.
    pub(crate) async fn post(&self, path: &str, headers: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(
            &format!("POST {path} HTTP/1.1\r\nX-API-Key: {KEY}\r\n{headers}"),
            body.as_ref(),
        )
        .await
    }

    /// Sends a head, completed with host and length, and a body.
    pub(crate) async fn send(&self, head: &str, body: &[u8]) -> Answer {
        let rest = format!(
            "Host: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut bytes = format!("{head}{rest}").into_bytes();
        bytes.extend_from_slice(body);
        exchange(self.address, &bytes).await
    }

    /// Posts an event with these headers and no other but its length.
    pub(crate) async fn raw(&self, headers: &str, body: &[u8]) -> Answer {
        let length = body.len();
        let head = format!(
            "POST /v1/events HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        exchange(self.address, &[head.as_bytes(), body].concat()).await
    }

    /// The only event that was taken, and its trace.
    pub(crate) fn only(&self) -> (RawEvent, String) {
        let mut taken = self.log.taken.lock().unwrap();
        assert_eq!(taken.len(), 1, "{taken:?}");
        let (event, trace) = taken.remove(0);
        (event, trace.unwrap())
    }

    pub(crate) fn taken(&self) -> usize {
        self.log.taken.lock().unwrap().len()
    }
}

/// Sends bytes and reads the answer; a server that has answered may stop reading.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let mut answer = Vec::new();
    let (_, _) = tokio::join!(writer.write_all(bytes), reader.read_to_end(&mut answer));
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer but {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        head: head.to_owned(),
        json: serde_json::from_str(body).unwrap_or_default(),
    }
}
