//! A stand-in for an `OpenID` provider: it gives tokens for client credentials (RFC 6749, section 4.4), signed by ES256,
//! and writes its key where a broker looks for it (RFC 7517).

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const CLIENT: &str = "stream";
pub(crate) const SECRET: &str = "client-secret";
pub(crate) const AUDIENCE: &str = "kafka";

/// Seconds that a token is good for: librdkafka asks again when four fifths of them are over.
const GOOD_FOR: u64 = 20;

struct Signer {
    key: EcdsaKeyPair,
    given: AtomicUsize,
}

/// Answers until it is dropped.
pub(crate) struct Provider {
    signer: Arc<Signer>,
    address: std::net::SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Provider {
    pub(crate) fn start() -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let signer = Arc::new(Signer {
            key: EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap(),
            given: AtomicUsize::new(0),
        });
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/token", post(token))
            .with_state(Arc::clone(&signer));
        runtime.spawn(async { axum::serve(listener, router).await });
        Self {
            signer,
            address,
            _runtime: runtime,
        }
    }

    pub(crate) fn token_endpoint(&self) -> String {
        format!("http://{}/token", self.address)
    }

    /// How many tokens were given.
    pub(crate) fn given(&self) -> usize {
        self.signer.given.load(Ordering::Relaxed)
    }

    pub(crate) fn key_set(&self) -> String {
        let point = self.signer.key.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|part| URL_SAFE_NO_PAD.encode(part));
        let key =
            json!({"kty": "EC", "crv": "P-256", "kid": "1", "alg": "ES256", "use": "sig", "x": x, "y": y});
        json!({"keys": [key]}).to_string()
    }
}

impl Signer {
    fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": "ES256", "kid": "1"});
        let [header, claims] = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = format!("{header}.{claims}");
        let signature = self.key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

async fn token(State(signer): State<Arc<Signer>>, headers: HeaderMap) -> (StatusCode, axum::Json<Value>) {
    let wanted = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}")));
    let known = headers.get(header::AUTHORIZATION);
    if known.is_none_or(|known| known.as_bytes() != wanted.as_bytes()) {
        let refused = json!({"error": "invalid_client"});
        return (StatusCode::UNAUTHORIZED, axum::Json(refused));
    }
    signer.given.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims =
        json!({"iss": "stand-in", "sub": CLIENT, "aud": AUDIENCE, "iat": now, "exp": now + GOOD_FOR});
    let answer =
        json!({"access_token": signer.sign(&claims), "token_type": "Bearer", "expires_in": GOOD_FOR});
    (StatusCode::OK, axum::Json(answer))
}
