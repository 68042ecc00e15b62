use super::*;
use crate::glob::Globs;
use crate::key::{KeyTable, NewKey};
use crate::key_file;
use crate::rate::Rate;
use outbound::Reach;
use ring::rand::SystemRandom;
use settings::JwtSettings;
use std::path::Path;

const HOME: &str = "192.0.2.1";

fn key() -> ApiKey {
    ApiKey::new(&SystemRandom::new()).unwrap()
}

fn add(path: &Path, key: &ApiKey, scopes: &[Scope]) {
    let new = NewKey {
        name: "shop".to_owned(),
        tenant: "acme".to_owned(),
        scopes: scopes.iter().copied().collect(),
        sources: Globs::any(),
        types: Globs::any(),
        rate: Rate {
            events_per_s: Some(1),
            bytes_per_s: None,
        },
        expires: None,
    };
    let text = key_file::read(path).unwrap();
    let text = KeyTable::read(&text)
        .unwrap()
        .with(&text, key, new, chrono::Utc::now())
        .unwrap();
    std::fs::write(path, text).unwrap();
}

async fn asked(gate: &Gate, credential: &str, wanted: Scope) -> Result<String, &'static str> {
    let from = HOME.parse().ok();
    let admitted = gate
        .admit(&shown(Some(credential.as_bytes()), None), from, wanted)
        .await;
    admitted
        .map(|caller| caller.name.clone())
        .map_err(|denial| denial.reason())
}

fn settings(path: &Path) -> AccessSettings {
    AccessSettings {
        keys_file: Some(path.to_owned()),
        ..AccessSettings::default()
    }
}

fn reload(gate: &Gate) {
    gate.known.guard().keys.as_ref().unwrap().reload_now();
}

#[tokio::test]
async fn keys_of_the_file_are_let_in_within_their_scopes_and_while_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.jsonl");
    let (first, second) = (key(), key());
    add(&path, &first, &[Scope::Ingest]);
    let gate = Gate::open(&settings(&path), &[], true, &Reach::default()).unwrap();
    assert_eq!(
        asked(&gate, &first.expose(), Scope::Ingest).await,
        Ok("shop".to_owned())
    );
    assert_eq!(
        asked(&gate, &first.expose(), Scope::Read).await,
        Err("missing_scope")
    );
    assert_eq!(
        asked(&gate, &second.expose(), Scope::Ingest).await,
        Err("unknown_key")
    );
    assert_eq!(asked(&gate, "", Scope::Ingest).await, Err("no_credentials"));
    add(&path, &second, &[Scope::Admin]);
    reload(&gate);
    assert_eq!(
        asked(&gate, &second.expose(), Scope::Read).await,
        Ok("shop".to_owned())
    );
    let text = key_file::read(&path).unwrap();
    let (text, _) = KeyTable::without(&text, first.id(), chrono::Utc::now()).unwrap();
    std::fs::write(&path, text).unwrap();
    reload(&gate);
    assert_eq!(
        asked(&gate, &first.expose(), Scope::Ingest).await,
        Err("revoked_key")
    );
    std::fs::write(&path, "{").unwrap();
    reload(&gate);
    assert_eq!(
        asked(&gate, &second.expose(), Scope::Read).await,
        Ok("shop".to_owned())
    );
}

#[tokio::test]
async fn after_ten_failed_logins_a_guess_waits_and_a_known_key_does_not() {
    let (good, other) = (Secret::new("the right one"), Secret::new("another right one"));
    let gate = Gate::open(
        &AccessSettings::default(),
        &[good, other],
        true,
        &Reach::default(),
    )
    .unwrap();
    assert_eq!(
        asked(&gate, "the right one", Scope::Ingest).await,
        Ok("api_keys[0]".to_owned())
    );
    for guess in 0..11 {
        assert_eq!(
            asked(&gate, &format!("guess{guess}"), Scope::Ingest).await,
            Err("unknown_key")
        );
    }
    assert_eq!(
        asked(&gate, "guess", Scope::Ingest).await,
        Err("too_many_failed_logins")
    );
    assert_eq!(
        asked(&gate, "another right one", Scope::Ingest).await,
        Err("too_many_failed_logins")
    );
    assert_eq!(
        asked(&gate, "the right one", Scope::Read).await,
        Ok("api_keys[0]".to_owned())
    );
    assert_eq!(asked(&gate, "", Scope::Ingest).await, Err("no_credentials"));
}

#[tokio::test]
async fn where_no_key_is_needed_a_wrong_one_is_still_wrong() {
    let open = Gate::without_keys();
    assert_eq!(asked(&open, "", Scope::Admin).await, Ok("anonymous".to_owned()));
    assert_eq!(
        asked(&open, "whatever", Scope::Ingest).await,
        Ok("anonymous".to_owned())
    );
    let gate = Gate::open(
        &AccessSettings::default(),
        &[Secret::new("the right one")],
        false,
        &Reach::default(),
    )
    .unwrap();
    assert_eq!(asked(&gate, "", Scope::Ingest).await, Ok("anonymous".to_owned()));
    assert_eq!(
        asked(&gate, "the right one", Scope::Ingest).await,
        Ok("api_keys[0]".to_owned())
    );
    assert_eq!(asked(&gate, "wrong", Scope::Ingest).await, Err("unknown_key"));
}

fn of_keys(keys: &[&str]) -> GateSettings {
    GateSettings {
        access: AccessSettings::default(),
        api_keys: keys.iter().copied().map(Secret::new).collect(),
        reach: Reach::default(),
    }
}

#[tokio::test]
async fn keys_and_secrets_of_the_settings_are_followed_and_a_bad_change_changes_nothing() {
    let issuer = JwtSettings {
        name: "app".to_owned(),
        secrets: vec![Secret::new("a secret of at least thirty-two bytes")],
        ..JwtSettings::default()
    };
    let now = Arc::new(Mutex::new(Ok::<_, String>(of_keys(&["the old key"]))));
    let (load, first) = (Arc::clone(&now), of_keys(&["the old key"]));
    let gate = Gate::follow(&first, true, move || load.lock().unwrap().clone()).unwrap();
    let answers = async |key: &str| asked(&gate, key, Scope::Ingest).await.map(drop);
    assert_eq!(answers("the old key").await, Ok(()));
    for (keys, version, old, new) in [
        (&["the old key", "the new key"][..], 2, Ok(()), Ok(())),
        (&["the new key"], 3, Err("unknown_key"), Ok(())),
    ] {
        *now.lock().unwrap() = Ok(of_keys(keys));
        assert_eq!(gate.known.reload_now().version, version);
        assert_eq!(
            (answers("the old key").await, answers("the new key").await),
            (old, new)
        );
    }
    *now.lock().unwrap() = Err("no settings".to_owned());
    assert!(
        gate.known
            .reload_now()
            .last_error
            .unwrap()
            .contains("no settings")
    );
    assert_eq!(answers("the new key").await, Ok(()));
    // {"alg":"HS256"} with {}.
    assert_eq!(answers("eyJhbGciOiJIUzI1NiJ9.e30.AA").await, Err("unknown_key"));
    let mut with_issuer = of_keys(&[]);
    with_issuer.access.jwt = vec![issuer];
    *now.lock().unwrap() = Ok(with_issuer);
    gate.known.reload_now();
    assert_eq!(answers("the new key").await, Err("unknown_key"));
    assert_eq!(
        answers("eyJhbGciOiJIUzI1NiJ9.e30.AA").await,
        Err("token_signature")
    );
}

#[test]
fn what_did_not_change_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.jsonl");
    add(&path, &key(), &[Scope::Ingest]);
    let issuer = |name: &str| JwtSettings {
        name: name.to_owned(),
        secrets: vec![Secret::new("a secret of at least thirty-two bytes")],
        ..JwtSettings::default()
    };
    let mut wanted = GateSettings {
        access: settings(&path),
        ..of_keys(&["a key"])
    };
    wanted.access.jwt = vec![issuer("a"), issuer("b")];
    let first = Known::new(&wanted, None).unwrap();
    assert!(first.changed(&wanted).unwrap().is_none());
    wanted.api_keys.clear();
    wanted.access.jwt = vec![issuer("b"), issuer("c")];
    let next = first.changed(&wanted).unwrap().unwrap();
    assert!(Arc::ptr_eq(&next.issuers()[0], &first.issuers()[1]));
    assert!(!Arc::ptr_eq(&next.issuers()[1], &first.issuers()[0]));
}

#[tokio::test]
async fn a_token_of_nobody_is_refused() {
    let issuer = JwtSettings {
        name: "app".to_owned(),
        issuer: Some("app".to_owned()),
        secrets: vec![Secret::new("a secret of at least thirty-two bytes")],
        ..JwtSettings::default()
    };
    let settings = AccessSettings {
        jwt: vec![issuer],
        ..AccessSettings::default()
    };
    let gate = Gate::open(&settings, &[], true, &Reach::default()).unwrap();
    assert_eq!(
        asked(&gate, "e30.e30.", Scope::Ingest).await,
        Err("token_malformed")
    );
    // {"alg":"none"} and {"alg":"HS256"} with {}.
    assert_eq!(
        asked(&gate, "eyJhbGciOiJub25lIn0.e30.", Scope::Ingest).await,
        Err("token_algorithm")
    );
    assert_eq!(
        asked(&gate, "eyJhbGciOiJIUzI1NiJ9.e30.AA", Scope::Ingest).await,
        Err("token_issuer")
    );
    assert_eq!(asked(&gate, "wrong", Scope::Ingest).await, Err("unknown_key"));
}

#[test]
fn a_rate_is_of_the_caller() {
    let gate = Gate::without_keys();
    let caller = Caller {
        name: "shop".to_owned(),
        rate: Rate {
            events_per_s: Some(1),
            bytes_per_s: None,
        },
        ..Caller::anonymous()
    };
    assert_eq!(gate.spend(&caller, 100, 1), Ok(()));
    assert!(matches!(gate.spend(&caller, 1, 1), Err(Denial::TooMuch(_))));
    assert_eq!(gate.spend(&Caller::anonymous(), 1, 1), Ok(()));
}
