//! TLS: requests come through, a renewed certificate is used without a restart, handshakes may never end.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use listen::{Limits, Tls};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use settings::TlsSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::server::{PATIENCE, Server, limits};

/// Writes a pair for `localhost`; gives the certificate.
fn write_pair(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("tls.crt"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

fn settings(folder: &Path) -> TlsSettings {
    TlsSettings {
        certificate: folder.join("tls.crt"),
        key: folder.join("tls.key"),
    }
}

fn serve(tls: &Tls, limits: Limits) -> Server {
    Server::with(limits, Some(tls.clone()), Server::plain_router())
}

/// Posts; the status line, if the certificate is this one.
async fn post(server: &Server, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await?;
    stream
        .write_all(
            b"POST /post HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        )
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_pair(folder.path());
    let tls = Tls::follow(&settings(folder.path())).unwrap();
    let server = serve(&tls, limits());
    assert_eq!(post(&server, &first).await.unwrap(), "HTTP/1.1 202 Accepted");
    let second = write_pair(folder.path());
    let renewed = async { while post(&server, &second).await.is_err() {} };
    timeout(PATIENCE, renewed).await.expect("the new pair is noticed");
    assert!(post(&server, &first).await.is_err());
}

#[tokio::test]
async fn a_pair_that_does_not_fit_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_pair(folder.path());
    let tls = Tls::follow(&settings(folder.path())).unwrap();
    let server = serve(&tls, limits());
    let key = std::fs::read(folder.path().join("tls.key")).unwrap();
    write_pair(folder.path());
    std::fs::write(folder.path().join("tls.key"), key).unwrap();
    let refused = tls.renew().unwrap_err().to_string();
    assert!(
        refused.contains("tls.crt") && refused.contains("tls.key"),
        "{refused}"
    );
    std::fs::write(folder.path().join("tls.crt"), "rubbish").unwrap();
    assert!(tls.renew().unwrap_err().to_string().contains("tls.crt"));
    assert_eq!(post(&server, &first).await.unwrap(), "HTTP/1.1 202 Accepted");
}

#[tokio::test]
async fn handshakes_that_never_end_leave_the_next_one_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = write_pair(folder.path());
    let tls = Tls::follow(&settings(folder.path())).unwrap();
    let server = serve(&tls, limits());
    let descriptors = listen::raise().0;
    assert!(
        descriptors > 2_500,
        "the test needs more than {descriptors} descriptors"
    );
    let mut held = Vec::new();
    for _ in 0..2_000 {
        held.push(server.sent(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).await);
    }
    let began = Instant::now();
    let answer = timeout(PATIENCE, post(&server, &trusted)).await.unwrap().unwrap();
    assert_eq!(answer, "HTTP/1.1 202 Accepted");
    assert!(began.elapsed().as_millis() < 1_000, "{:?}", began.elapsed());
    drop(held);
}

#[tokio::test]
async fn files_that_are_missing_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let Err(missing) = Tls::follow(&settings(folder.path())) else {
        panic!("there is no pair");
    };
    assert!(missing.to_string().contains("tls.crt"), "{missing}");
}
