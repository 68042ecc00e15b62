use super::*;
use crate::jwt::tests::{ed25519, eddsa, jwk};
use axum::Router;
use axum::routing::get;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};
use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const NOW: Millis = 1_700_000_000_000;

/// An issuer that publishes what it is told to, and counts how often it is asked.
#[derive(Clone, Default)]
struct Publisher {
    keys: Arc<StdMutex<Option<Vec<Value>>>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    fn publish(&self, keys: Option<Vec<Value>>) {
        *self.keys.lock().unwrap() = keys;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn serve(&self) -> Issuer {
        let publisher = self.clone();
        let answer = move || {
            publisher.asked.fetch_add(1, Ordering::SeqCst);
            let keys = publisher.keys.lock().unwrap().clone();
            std::future::ready(
                keys.map_or_else(|| "away".to_owned(), |keys| json!({"keys": keys}).to_string()),
            )
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/jwks", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let issuer = Issuer::new(
            &JwtSettings {
                name: "sso".to_owned(),
                issuer: Some("https://sso.example".to_owned()),
                audience: vec!["sluicebox".to_owned()],
                jwks_url: Some(format!("http://{address}/jwks")),
                ..JwtSettings::default()
            },
            &Reach::default().with_private(true),
        );
        issuer.unwrap()
    }
}

fn claims() -> Value {
    json!({"iss": "https://sso.example", "aud": "sluicebox", "exp": NOW / 1000 + 3600, "sub": "ann", "tenant": "acme",
        "scope": "read"})
}

async fn asked(issuer: &Issuer, pair: &Ed25519KeyPair, kid: &str, now: Millis) -> Result<String, Denial> {
    let text = eddsa(pair, kid, &claims());
    let token = Token::read(&text).unwrap();
    assert!(issuer.issued(&token));
    issuer.caller(&token, now).await.map(|caller| caller.name)
}

#[tokio::test]
async fn keys_are_rotated_and_unknown_ones_are_asked_for_now_and_then() {
    let (old, new, publisher) = (ed25519(), ed25519(), Publisher::default());
    publisher.publish(Some(vec![jwk("old", &old)]));
    let issuer = publisher.serve().await;
    for _ in 0..3 {
        assert_eq!(asked(&issuer, &old, "old", NOW).await, Ok("sso:ann".to_owned()));
    }
    assert_eq!(publisher.asked(), 1);
    publisher.publish(Some(vec![jwk("new", &new)]));
    for _ in 0..20 {
        let refused = asked(&issuer, &new, "new", NOW + 29_999).await;
        assert_eq!(refused, Err(TokenFault::UnknownKey.into()));
    }
    assert_eq!(publisher.asked(), 1, "not more often than every thirty seconds");
    assert_eq!(
        asked(&issuer, &new, "new", NOW + 30_000).await,
        Ok("sso:ann".to_owned())
    );
    assert_eq!(
        asked(&issuer, &old, "old", NOW + 30_001).await,
        Err(TokenFault::UnknownKey.into())
    );
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn a_key_that_is_withdrawn_is_refused_when_the_set_is_old() {
    let (old, publisher) = (ed25519(), Publisher::default());
    publisher.publish(Some(vec![jwk("old", &old)]));
    let issuer = publisher.serve().await;
    assert!(asked(&issuer, &old, "old", NOW).await.is_ok());
    publisher.publish(Some(vec![jwk("new", &ed25519())]));
    assert!(asked(&issuer, &old, "old", NOW + OLD).await.is_ok());
    let refused = asked(&issuer, &old, "old", NOW + OLD + 1).await;
    assert_eq!(refused, Err(TokenFault::UnknownKey.into()));
}

#[tokio::test]
async fn an_issuer_that_is_away_is_no_fault_of_the_token() {
    let (pair, publisher) = (ed25519(), Publisher::default());
    let issuer = publisher.serve().await;
    assert_eq!(asked(&issuer, &pair, "a", NOW).await, Err(Denial::KeysAway));
    publisher.publish(Some(vec![jwk("a", &pair)]));
    assert!(asked(&issuer, &pair, "a", NOW + 30_000).await.is_ok());
    publisher.publish(None);
    assert!(
        asked(&issuer, &pair, "a", NOW + 30_000 + OLD + 1).await.is_ok(),
        "the old keys stay"
    );
}

#[tokio::test]
async fn a_shared_secret_verifies_hs256_alone() {
    let secret = "a secret of at least thirty-two bytes";
    let issuer = Issuer::new(
        &JwtSettings {
            name: "app".to_owned(),
            secrets: vec![Secret::new(secret)],
            tenant: Some("acme".to_owned()),
            ..JwtSettings::default()
        },
        &Reach::default(),
    );
    let issuer = issuer.unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let text = crate::jwt::tests::token(&json!({"alg": "HS256"}), &claims(), |text| {
        ring::hmac::sign(&key, text).as_ref().to_vec()
    });
    let caller = issuer.caller(&Token::read(&text).unwrap(), NOW).await.unwrap();
    assert_eq!(caller.tenant.as_deref(), Some("acme"));
    let signed = eddsa(&ed25519(), "a", &claims());
    let refused = issuer.caller(&Token::read(&signed).unwrap(), NOW).await;
    assert_eq!(refused, Err(TokenFault::Algorithm.into()));
}
