//! How a client is let in: by a user name, a token or a certificate; and what one does that may only look schemas up.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use registry::{Registry, RegistryError};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use settings::{RegistrySettings, Secret};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use testkit::{Authority, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use topology::Prefix;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_write_looks_up_what_somebody_else_has_registered() {
    let sandbox = Sandbox::new("registry_look_up").await.unwrap();
    let prefix = Prefix::new(sandbox.topic_prefix());
    let may_write = sandbox.settings().registry;
    let looks_up = RegistrySettings {
        register: false,
        ..may_write.clone()
    };
    let reader = Registry::connect(&looks_up).unwrap();
    let missing = reader.ids_once(&prefix).await.unwrap_err();
    assert!(
        missing.to_string().contains("`sluicebox schemas register`"),
        "{missing}"
    );

    let registering = Registry::connect(&may_write).unwrap();
    let mut said = Vec::new();
    let (ids, registered) = tokio::join!(
        reader.ids(&prefix, |error| said.push(error.clone())),
        registering.ids_once(&prefix)
    );
    assert_eq!(ids.unwrap(), registered.unwrap());
    let waits = said
        .iter()
        .all(|error| matches!(error, RegistryError::NotRegistered { .. }));
    assert!(waits, "{said:?}");
}

/// Says 7 to everything, and remembers the `Authorization` that came with it.
async fn stand_in() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    type Seen = Arc<Mutex<Vec<String>>>;
    async fn answer(State(seen): State<Seen>, headers: HeaderMap) -> (StatusCode, &'static str) {
        let given = headers.get("authorization").map(|value| value.to_str().unwrap());
        seen.lock().unwrap().push(given.unwrap_or_default().to_owned());
        (StatusCode::OK, r#"{"id":7}"#)
    }
    let seen = Seen::default();
    let router = Router::new()
        .route("/subjects/{subject}/versions", post(answer))
        .route("/subjects/{subject}", post(answer))
        .with_state(Arc::clone(&seen));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_name_or_a_token_goes_with_every_request() {
    let basic = RegistrySettings {
        username: Some("stream".to_owned()),
        password: Some(Secret::new("hunter2")),
        ..RegistrySettings::default()
    };
    let bearer = RegistrySettings {
        token: Some(Secret::new("token-1")),
        ..RegistrySettings::default()
    };
    for (settings, expected) in [(basic, "Basic c3RyZWFtOmh1bnRlcjI="), (bearer, "Bearer token-1")] {
        for register in [true, false] {
            let (address, seen) = stand_in().await;
            let settings = RegistrySettings {
                url: format!("http://{address}"),
                register,
                ..settings.clone()
            };
            let registry = Registry::connect(&settings).unwrap();
            registry.ids_once(&Prefix::default()).await.unwrap();
            let seen = seen.lock().unwrap();
            assert!(seen.iter().all(|given| given == expected), "{seen:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_and_a_certificate_that_are_changed_go_with_the_next_request() {
    let (address, seen) = stand_in().await;
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("authority").unwrap();
    let ca = written(folder.path(), "ca.pem", &authority.pem());
    let first = RegistrySettings {
        url: format!("http://{address}"),
        token: Some(Secret::new("old")),
        ca_location: Some(ca),
        register: false,
        ..RegistrySettings::default()
    };
    let newest = Arc::new(Mutex::new(first.clone()));
    let load = Arc::clone(&newest);
    let registry = Registry::follow(&first, move || Ok::<_, String>(load.lock().unwrap().clone())).unwrap();
    let given = async || {
        registry.ids_once(&Prefix::default()).await.unwrap();
        std::mem::take(&mut *seen.lock().unwrap()).pop().unwrap()
    };
    assert_eq!(given().await, "Bearer old");
    newest.lock().unwrap().token = Some(Secret::new("new"));
    assert_eq!(registry.reload_now().version, 2);
    assert_eq!(given().await, "Bearer new");
    written(folder.path(), "ca.pem", &Authority::new("another").unwrap().pem());
    assert_eq!(registry.reload_now().version, 3);
    written(
        folder.path(),
        "ca.pem",
        "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
    );
    let status = registry.reload_now();
    assert!(status.last_error.unwrap().contains("ca.pem"));
    assert_eq!(given().await, "Bearer new");
}

/// Asks clients for a certificate of this authority.
fn acceptor(authority: &Authority) -> TlsAcceptor {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.der().to_vec())).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
    let server = authority.issue("127.0.0.1").unwrap();
    let certificate = CertificateDer::from(server.certificate_der().to_vec());
    let key = PrivatePkcs8KeyDer::from(server.key_der()).into();
    let config = rustls::ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], key);
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

/// Says 7 to each request of those whose certificate is good.
async fn guarded(authority: &Authority) -> SocketAddr {
    let acceptor = acceptor(authority);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(socket).await else {
                    return;
                };
                let mut request = vec![0; 64 * 1024];
                let _ = stream.read(&mut request).await;
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\n{\"id\":7}";
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_opens_a_registry_that_asks_for_one() {
    let authority = Authority::new("authority").unwrap();
    let address = guarded(&authority).await;
    let folder = tempfile::tempdir().unwrap();
    let stream = authority.issue("stream").unwrap();
    let both = stream.certificate_pem() + &stream.key_pem();
    let known = RegistrySettings {
        url: format!("https://{address}"),
        ca_location: Some(written(folder.path(), "authority.pem", &authority.pem())),
        identity_location: Some(written(folder.path(), "stream.pem", &both)),
        register: false,
        ..RegistrySettings::default()
    };
    let stranger = RegistrySettings {
        identity_location: None,
        ..known.clone()
    };
    let distrusts = RegistrySettings {
        ca_location: None,
        ..known.clone()
    };
    let registry = Registry::connect(&known).unwrap();
    assert_eq!(registry.ids_once(&Prefix::default()).await.unwrap().0, [7; 14]);
    for settings in [stranger, distrusts] {
        let registry = Registry::connect(&settings).unwrap();
        assert!(registry.ids_once(&Prefix::default()).await.unwrap_err().is_away());
    }
}
