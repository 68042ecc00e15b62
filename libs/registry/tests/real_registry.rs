//! Against the real registry: what is registered can be found, and an unknown id is known to be unknown.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use model::{SchemaLookup, SchemaSource};
use registry::{Registry, subject};
use std::sync::Arc;
use testkit::Sandbox;
use topology::{Prefix, Schema, Topic};

async fn lookup(registry: &Registry, id: u32) -> SchemaLookup {
    let registry = registry.clone();
    tokio::task::spawn_blocking(move || registry.schema(id))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn registered_twice_has_the_same_ids_and_others_find_them() {
    let sandbox = Sandbox::new("registry").await.unwrap();
    let prefix = Prefix::new(sandbox.topic_prefix());
    let settings = sandbox.settings().registry;
    let registry = Registry::connect(&settings).unwrap();
    let ids = registry.ids(&prefix, |error| panic!("{error}")).await.unwrap();
    let other = Registry::connect(&settings).unwrap();
    assert_eq!(other.register_all(&prefix).await.unwrap(), ids);

    let stranger = Registry::connect(&settings).unwrap();
    for schema in Schema::ALL {
        assert!(matches!(
            lookup(&stranger, ids.0[schema as usize]).await,
            SchemaLookup::Known(_)
        ));
    }
    let versions = stranger
        .versions(&subject(&prefix, Topic::Signals))
        .await
        .unwrap();
    assert_eq!(versions.len(), 1);
    assert!(versions[0].1.contains("\"Signal\""));
    assert_eq!(stranger.versions("no such subject").await.unwrap(), vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_id_is_unknown_and_not_away() {
    let sandbox = Sandbox::new("registry unknown").await.unwrap();
    let registry = Arc::new(Registry::connect(&sandbox.settings().registry).unwrap());
    for id in [0, 999_999_999, u32::MAX] {
        assert!(
            matches!(lookup(&registry, id).await, SchemaLookup::Unknown(_)),
            "{id}"
        );
    }
    registry.check().await.unwrap();
}
