//! Who may ask, and about whom.

use crate::site::{Answer, ROWS, Site, ask_with};
use access::{Gate, Globs, KeyTable, NewKey, Rate, Scope, key_file};
use http::StatusCode;
use settings::AccessSettings;
use std::sync::{Arc, Mutex};

type Refused = Arc<Mutex<Vec<String>>>;

/// A site that asks for keys, with the keys: of a reader of `default`, of a reader of `acme`, of an operator, and of one
/// who may only send.
async fn asking(test: &str) -> (Site, [String; 4], Refused, tempfile::TempDir) {
    let mut site = Site::new(test).await;
    site.run(ROWS).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.jsonl");
    let rights = [
        ("board", "default", Scope::Read),
        ("acme", "acme", Scope::Read),
        ("operator", "*", Scope::Admin),
        ("shop", "default", Scope::Ingest),
    ];
    let keys = rights.map(|(name, tenant, scope)| {
        let key = key_file::new_key().unwrap();
        let new = NewKey {
            name: name.to_owned(),
            tenant: tenant.to_owned(),
            scopes: [scope].into(),
            sources: Globs::any(),
            types: Globs::any(),
            rate: Rate::default(),
            expires: None,
        };
        let old = key_file::read(&file).unwrap();
        let table = KeyTable::read(&old).unwrap();
        let changed = table.with(&old, &key, new, chrono::Utc::now());
        std::fs::write(&file, changed.unwrap()).unwrap();
        key.expose()
    });
    let settings = AccessSettings {
        keys_file: Some(file),
        ..AccessSettings::default()
    };
    let gate = Gate::open(&settings, &[], true, &outbound::Reach::default()).unwrap();
    let refused = Refused::default();
    let told = Arc::clone(&refused);
    let settings = site.sandbox.settings();
    let pool = api::pool(&settings.postgres, &settings.api).unwrap();
    let router = api::router(pool, &settings.api, api::Entry::new(Arc::new(gate)));
    site.router = api::counted(router, move |reason| told.lock().unwrap().push(reason.to_owned()));
    (site, keys, refused, folder)
}

async fn get(site: &Site, address: &str, key: &str) -> Answer {
    ask_with(
        &site.router,
        address,
        &[("authorization", &format!("Bearer {key}"))],
    )
    .await
}

#[tokio::test]
async fn without_a_key_that_may_read_nothing_is_answered() {
    let (site, [board, _, _, shop], refused, _folder) = asking("api_keys").await;
    for address in [
        "/v1/events",
        "/v1/signals/sig_a",
        "/v1/dead-letters",
        "/v1/notifications?limit=1",
    ] {
        let answer = ask_with(&site.router, address, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{address}");
        assert_eq!(answer.json()["type"], "urn:sluicebox:problem:unauthorized");
        assert!(
            answer.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Bearer realm=")
        );
        let answer = get(&site, address, &shop).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{address}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("`read`"));
    }
    assert_eq!(refused.lock().unwrap()[..2], ["no_credentials", "missing_scope"]);
    refused.lock().unwrap().clear();
    for (address, reason) in [
        ("/v1/events?tenant=acme", "forbidden_tenant"),
        ("/v1/events?limit=0", "invalid_parameter"),
        ("/v1/nothing", "not_found"),
    ] {
        get(&site, address, &board).await;
        assert_eq!(
            std::mem::take(&mut *refused.lock().unwrap()),
            [reason],
            "{address}"
        );
    }
    assert_eq!(
        ask_with(&site.router, "/openapi.json", &[]).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_reader_sees_its_own_tenants_items_alone() {
    let (site, [board, acme, operator, _], ..) = asking("api_tenants").await;
    let tenants = async |key: &str, address: &str| -> Vec<String> {
        let answer = get(&site, address, key).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
        let items = answer.json()["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["tenant"].as_str().unwrap_or("-").to_owned())
            .collect()
    };
    assert_eq!(tenants(&board, "/v1/events").await, ["default"]);
    assert_eq!(tenants(&acme, "/v1/events").await, ["acme"]);
    assert_eq!(tenants(&operator, "/v1/events").await.len(), 2);
    assert_eq!(tenants(&operator, "/v1/events?tenant=acme").await, ["acme"]);
    assert_eq!(tenants(&board, "/v1/signals").await.len(), 2);
    assert!(tenants(&acme, "/v1/signals").await.is_empty());
    assert!(tenants(&acme, "/v1/detections").await.is_empty());
    assert!(tenants(&acme, "/v1/notifications").await.is_empty());
    // The id of another tenant's event is found by nobody else.
    assert!(tenants(&acme, "/v1/events?source=web&id=1").await.is_empty());
    let answer = get(&site, "/v1/events?tenant=default", &acme).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    for address in [
        "/v1/events/1b4fc0f0-4e8a-4f3c-9d1f-000000000001",
        "/v1/signals/sig_a",
        "/v1/signals/sig_a/evidence",
        "/v1/detections/det_1",
        "/v1/notifications/ntf_1",
    ] {
        assert_eq!(
            get(&site, address, &acme).await.status,
            StatusCode::NOT_FOUND,
            "{address}"
        );
        assert_eq!(
            get(&site, address, &board).await.status,
            StatusCode::OK,
            "{address}"
        );
    }
}

#[tokio::test]
async fn payloads_of_dead_letters_are_the_operators_and_a_reader_sees_its_own_letters() {
    let (site, [board, acme, operator, _], ..) = asking("api_dead_letters").await;
    site.run("UPDATE dead_letters SET tenant = 'default' WHERE stage = 'normalizer'")
        .await;
    let letters = async |key: &str| get(&site, "/v1/dead-letters", key).await.json()["items"].clone();
    let all = letters(&operator).await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert!(
        all.as_array()
            .unwrap()
            .iter()
            .any(|letter| letter["payload_base64"].is_string())
    );
    assert!(letters(&acme).await.as_array().unwrap().is_empty());
    let own = letters(&board).await;
    assert_eq!(own.as_array().unwrap().len(), 1);
    assert_eq!(own[0]["payload_bytes"], 5000);
    assert!(own[0]["payload_base64"].is_null() && own[0]["key_base64"].is_null());
    let address = "/v1/dead-letters/normalizer~ingest.events~3~7";
    assert!(get(&site, address, &operator).await.json()["payload_base64"].is_string());
    assert!(get(&site, address, &board).await.json()["payload_base64"].is_null());
    assert_eq!(get(&site, address, &acme).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_description_says_what_is_asked_for() {
    let (site, ..) = asking("api_described").await;
    let description = ask_with(&site.router, "/openapi.json", &[]).await.json();
    assert_eq!(
        description["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
    for (address, item) in description["paths"].as_object().unwrap() {
        let operation = &item["get"];
        assert_eq!(operation["security"][0]["bearer"][0], "read", "{address}");
        for status in ["401", "403", "429"] {
            assert!(operation["responses"][status].is_object(), "{address} {status}");
        }
    }
}
