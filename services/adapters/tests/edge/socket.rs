//! `/ws`: one event a text frame, one answer a frame. Source: RFC 6455.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::rights::{Ring, shop};
use crate::server::Server;
use access::NewKey;

const PATIENCE: Duration = Duration::from_secs(10);

struct Socket(TcpStream);

impl Socket {
    /// Opens a connection; the status and the head of the answer if it is refused.
    async fn open(server: &Server, headers: &str) -> Result<Self, String> {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!(
            "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        let answer = String::from_utf8(answer).unwrap();
        if answer.starts_with("HTTP/1.1 101") {
            Ok(Self(stream))
        } else {
            Err(answer)
        }
    }

    /// Sends a masked frame; the mask is zero, so the payload stays as it is.
    async fn send(&mut self, opcode: u8, payload: &[u8]) {
        let mut frame = vec![0x80 | opcode];
        if payload.len() < 126 {
            frame.push(0x80 | u8::try_from(payload.len()).unwrap());
        } else {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        // A server that has given up stops reading.
        drop(self.0.write_all(&frame).await);
    }

    /// The next frame: opcode and payload; none when the connection is over.
    async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        timeout(PATIENCE, self.0.read_exact(&mut head))
            .await
            .unwrap()
            .ok()?;
        let length = match head[1] {
            126 => usize::from(self.0.read_u16().await.unwrap()),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        timeout(PATIENCE, self.0.read_exact(&mut payload))
            .await
            .unwrap()
            .ok()?;
        Some((head[0] & 0x0f, payload))
    }

    async fn ask(&mut self, text: &str) -> Value {
        self.send(1, text.as_bytes()).await;
        let (opcode, payload) = self.next().await.unwrap();
        assert_eq!(opcode, 1);
        serde_json::from_slice(&payload).unwrap()
    }
}

const CLICK: &str =
    r#"{"type":"user.click","source":"/shop/eu","severity":"low","data":{"a":1},"user_id":"7"}"#;

#[tokio::test]
async fn every_text_frame_is_an_event_and_has_its_answer() {
    let ring = Ring::new();
    let key = ring.add(shop());
    let server = ring.serve().await;
    let refused = Socket::open(&server, "").await.err().unwrap();
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let mut socket = Socket::open(&server, &format!("Authorization: Bearer {key}\r\n"))
        .await
        .unwrap();
    let answer = socket.ask(CLICK).await;
    assert_eq!(answer["status"], "accepted");
    let (event, _) = server.only();
    assert_eq!(answer["id"], event.id.as_str());
    assert_eq!(
        (event.tenant.as_str(), event.subject.as_deref()),
        ("acme", Some("user:7"))
    );
    for (bad, status) in [
        ("", 400),
        ("{", 400),
        ("[]", 422),
        (r#"{"type":"user.click"}"#, 422),
        (&CLICK.replace("/shop/eu", "/bank"), 403),
    ] {
        let answer = socket.ask(bad).await;
        assert!(
            answer["error"].as_str().is_some_and(|text| !text.is_empty()),
            "{bad} {answer}"
        );
        assert_eq!(answer["status"], status, "{bad} {answer}");
    }
    socket.send(2, CLICK.as_bytes()).await;
    assert!(
        String::from_utf8(socket.next().await.unwrap().1)
            .unwrap()
            .contains("text frames")
    );
    assert_eq!(socket.ask(CLICK).await["status"], "accepted");
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_the_connection_and_a_rate_holds() {
    let ring = Ring::new();
    let rate = access::Rate {
        events_per_s: Some(1),
        bytes_per_s: None,
    };
    let key = ring.add(NewKey { rate, ..shop() });
    let server = ring.serve().await;
    let mut socket = Socket::open(&server, &format!("X-API-Key: {key}\r\n"))
        .await
        .unwrap();
    assert_eq!(socket.ask(CLICK).await["status"], "accepted");
    assert_eq!(socket.ask(CLICK).await["status"], 429);
    socket.send(1, &vec![b' '; 2 * 1024 * 1024]).await;
    while let Some((opcode, _)) = socket.next().await {
        assert_ne!(opcode, 1, "an answer");
    }
}
