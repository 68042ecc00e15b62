//! Bodies that are made to kill whoever reads them.

use super::{Afternoon, client, url};
use crate::place::Place;
use crate::strikes::Kind;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};

/// One body, and how it is sent.
#[derive(Clone)]
pub(super) struct Body {
    path: &'static str,
    content_type: &'static str,
    encoding: Option<&'static str>,
    bytes: Vec<u8>,
}

impl Body {
    fn structured(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            path: "/v1/events",
            content_type: "application/cloudevents+json",
            encoding: None,
            bytes: bytes.into(),
        }
    }

    fn of_type(content_type: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            content_type,
            ..Self::structured(bytes)
        }
    }
}

/// One of each kind.
pub(super) fn all() -> Vec<Body> {
    let event = |rest: &str| format!(r#"{{"specversion":"1.0","source":"/h","type":"t",{rest}}}"#);
    let many: Vec<String> = (0..5_000).map(|n| event(&format!(r#""id":"{n}""#))).collect();
    let members: Vec<String> = (0..50_000).map(|n| format!(r#""m{n}":{n}"#)).collect();
    vec![
        Body::structured(event(r#""id":"1","time":"2099-01-01T00:00:00Z""#)),
        Body::structured(event(&format!(
            r#""data":{}1{}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        ))),
        Body::structured(event(&format!(r#""data":{{{}}}"#, members.join(",")))),
        Body::structured(event(&format!(r#""subject":"{}""#, "s".repeat(900_000)))),
        Body::structured(b"{\"specversion\":\"1.0\",\"id\":\"\xff\xfe\"}".to_vec()),
        Body::structured(event(r#""data":1e999999999,"tenant":"somebody-else""#)),
        Body::of_type(
            "application/cloudevents-batch+json",
            format!("[{}]", many.join(",")),
        ),
        Body::of_type("application/x-www-form-urlencoded", "a=b&".repeat(100_000)),
        Body::of_type("text/html; charset=utf-7", "<p>"),
        Body {
            encoding: Some("gzip"),
            ..Body::structured(bomb())
        },
        Body {
            path: "/v1/webhooks/none",
            ..Body::structured("{}")
        },
    ]
}

/// A few hundred KiB that become 256 MiB.
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let blanks = vec![b' '; 1024 * 1024];
    // Writing to memory does not fail; a bomb that is too small would be none, and refused all the same.
    for _ in 0..256 {
        let _ = encoder.write_all(&blanks);
    }
    encoder.finish().unwrap_or_default()
}

pub(super) async fn post_for_ever(edge: SocketAddr, from: IpAddr, body: Body, afternoon: Afternoon) {
    let Some(client) = client(from) else { return };
    while afternoon.breathes().await {
        let mut request = client
            .post(url(edge, body.path))
            .header("content-type", body.content_type)
            .header("x-api-key", Place::key())
            .body(body.bytes.clone());
        if let Some(encoding) = body.encoding {
            request = request.header("content-encoding", encoding);
        }
        // Whatever the answer is.
        if request.send().await.is_ok() {
            afternoon.struck(Kind::Body);
        }
    }
}
