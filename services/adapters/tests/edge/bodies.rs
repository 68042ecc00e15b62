//! Bodies as clients send them: compressed, with a byte order mark, under media types in any case.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use settings::{AdaptersSettings, AuthMode};

use crate::server::Server;

const LINES: &str = "Content-Type: application/x-ndjson\r\n";
const TWO: &[u8] = b"{\"source\":\"s\",\"type\":\"t\"}\n{\"source\":\"s\",\"type\":\"u\"}\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn coding(name: &str) -> String {
    format!("{LINES}Content-Encoding: {name}\r\n")
}

#[tokio::test]
async fn compressed_bodies_are_read() {
    let server = Server::start().await;
    let zstd = zstd::encode_all(TWO, 3).unwrap();
    for (name, body) in [
        ("gzip", gzip(TWO)),
        ("X-GZIP", gzip(TWO)),
        ("deflate", zlib(TWO)),
        ("deflate", deflate(TWO)),
        ("zstd", zstd),
        ("identity", TWO.to_vec()),
    ] {
        let answer = server.post("/v1/events", &coding(name), body).await;
        assert_eq!(answer.status, 202, "{name}: {answer:?}");
        assert_eq!(answer.json["accepted"].as_array().map(Vec::len), Some(2));
    }
}

#[tokio::test]
async fn what_grows_beyond_the_limit_is_refused_and_what_is_no_gzip_too() {
    let server = Server::start().await;
    let zeros = vec![0; 100_000_000];
    let bombs = [
        ("gzip", gzip(&zeros)),
        ("zstd", zstd::encode_all(&zeros[..], 3).unwrap()),
    ];
    for (name, bomb) in bombs {
        let answer = server.post("/v1/events", &coding(name), bomb).await;
        assert_eq!((answer.status, answer.problem()), (413, "body_too_large"));
    }
    for name in ["gzip", "deflate", "zstd"] {
        let answer = server
            .post("/v1/events", &coding(name), b"{\"specversion\":\"1.0\"}")
            .await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid_coding"),
            "{name}"
        );
    }
    let whole = gzip(TWO);
    let answer = server
        .post("/v1/events", &coding("gzip"), &whole[..whole.len() - 4])
        .await;
    assert_eq!((answer.status, answer.problem()), (400, "invalid_coding"));
    assert_eq!(server.taken(), 0);
}

#[tokio::test]
async fn what_is_not_read_is_answered_with_what_is() {
    let server = Server::start().await;
    for name in ["br", "gzip, gzip", "compress"] {
        let answer = server.post("/v1/events", &coding(name), TWO).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (415, "content_coding"),
            "{name}"
        );
        assert_eq!(answer.header("accept-encoding"), Some("gzip, zstd, deflate"));
    }
    let answer = server
        .post("/v1/events", "Content-Type: application/xml\r\n", "<a/>")
        .await;
    assert_eq!((answer.status, answer.problem()), (415, "media_type"));
    assert!(
        answer
            .header("accept")
            .is_some_and(|read| read.contains("application/json"))
    );
}

#[tokio::test]
async fn a_byte_order_mark_is_no_content() {
    let server = Server::start().await;
    let event =
        "\u{feff}{\"source\":\"s\",\"type\":\"login\",\"user_id\":1,\"event_type\":\"t\",\"title\":\"x\"}";
    for path in [
        "/v1/events",
        "/events",
        "/emit",
        "/api/v1/events",
        "/api/v1/webhooks/ingest",
    ] {
        let answer = server
            .post(path, "Content-Type: application/json\r\n", event)
            .await;
        assert_eq!(answer.status, 202, "{path}: {answer:?}");
    }
    let lines = format!("{event}\r\n\r\n{}", &event[3..]);
    let answer = server.post("/v1/events", LINES, lines).await;
    assert_eq!(
        answer.json["accepted"].as_array().map(Vec::len),
        Some(2),
        "{answer:?}"
    );
    let list = format!("\u{feff} [{}]", &event[3..]);
    assert_eq!(server.post("/v1/events", "", list).await.status, 202);
}

#[tokio::test]
async fn media_types_are_read_in_any_case_with_parameters() {
    let server = Server::start().await;
    let event = r#"{"specversion":"1.0","source":"s","type":"t","datacontenttype":"TEXT/Plain; charset=utf-8","data":"a \"b\""}"#;
    let kind = "Content-Type: Application/CloudEvents+JSON ; Charset=UTF-8\r\n";
    assert_eq!(server.post("/v1/events", kind, event).await.status, 202);
    assert_eq!(server.only().0.data.as_deref(), Some(&br#"a "b""#[..]));
}

#[tokio::test]
async fn muted_sources_and_tenants_are_refused_and_counted() {
    let mut muted = AdaptersSettings {
        auth: AuthMode::None,
        ..AdaptersSettings::default()
    };
    muted.mute.sources = vec!["/rubbish/*".to_owned()];
    muted.mute.tenants = vec!["acme".to_owned()];
    let server = Server::with(&muted).await;
    for event in [
        r#"{"source":"/rubbish/1","type":"t"}"#,
        r#"{"source":"s","type":"t","tenant":"acme"}"#,
    ] {
        let answer = server.post("/v1/events", "", event).await;
        assert_eq!((answer.status, answer.problem()), (403, "muted"));
        let list = server.post("/v1/events", "", format!("[{event},{event}]")).await;
        assert_eq!(list.status, 403);
    }
    let mixed = r#"[{"source":"/rubbish/1","type":"t"},{"source":"s","type":"t"}]"#;
    let answer = server.post("/v1/events", "", mixed).await;
    assert_eq!(
        (answer.status, &answer.json["rejected"][0]["problem"]["status"]),
        (202, &403.into())
    );
    let refused: u64 = server
        .counts
        .snapshot()
        .iter()
        .filter(|((_, outcome, reason), _)| (*outcome, *reason) == ("rejected", "muted"))
        .map(|(_, count)| count)
        .sum();
    assert_eq!((refused, server.taken()), (7, 1));
}
