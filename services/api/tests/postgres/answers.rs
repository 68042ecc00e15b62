//! What is answered: items, filters, one of each.

use crate::site::{ROWS, Site};
use http::StatusCode;

async fn filled(test: &str) -> Site {
    let site = Site::new(test).await;
    site.run(ROWS).await;
    site
}

#[tokio::test]
async fn items_are_newest_first_in_stable_json() {
    let site = filled("api_items").await;
    let events = site.items("/v1/events").await;
    assert_eq!((&events[0]["id"], &events[1]["id"]), (&"2".into(), &"1".into()));
    assert_eq!(events[1]["time"], "2026-01-01T00:00:00.001Z");
    assert_eq!(events[1]["entities"]["cashtags"][0], "PEPE");
    assert_eq!(
        (
            events[1]["text"].as_str(),
            events[0]["reasons"].as_array().map(Vec::len)
        ),
        (Some("héllo"), Some(0))
    );
    site.run("UPDATE events SET time_corrected = id = '2'; UPDATE signals SET independent_count = 2")
        .await;
    let corrected = site.items("/v1/events").await;
    assert_eq!(
        (&corrected[0]["time_corrected"], &corrected[1]["time_corrected"]),
        (&true.into(), &false.into())
    );
    assert_eq!(site.items("/v1/signals").await[0]["independent_count"], 2);
    let one = site.get("/v1/events/1b4fc0f0-4e8a-4f3c-9d1f-000000000001").await;
    assert_eq!(one.json(), events[1]);
}

#[tokio::test]
async fn every_filter_narrows() {
    let site = filled("api_filters").await;
    for (address, items) in [
        ("/v1/events?subject=user:1", 1),
        ("/v1/events?type=post&source=rss&tenant=acme&level=critical", 1),
        ("/v1/events?min_score=10.5", 2),
        ("/v1/events?min_score=11", 1),
        ("/v1/events?severity=high", 0),
        ("/v1/events?since=2026-01-02T00:00:00Z", 1),
        ("/v1/events?since=2026-01-02T01:00:00%2B01:00", 1),
        ("/v1/events?until=1767312000000", 1),
        ("/v1/signals?state=verified", 1),
        ("/v1/signals?level=high&min_score=70&tenant=default&type=post", 1),
        (
            "/v1/signals?subject=token:eth:0x1&since=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z",
            1,
        ),
        (
            "/v1/detections?rule=high_frequency_login&severity=high&subject=user:1",
            1,
        ),
        ("/v1/detections?rule=other", 0),
        ("/v1/notifications?status=pending", 1),
        (
            "/v1/notifications?status=delivered&channel=hook&origin_id=sig_a",
            1,
        ),
        (
            "/v1/notifications?status=delivered&sort=answered&tenant=default",
            1,
        ),
        ("/v1/notifications?status=failed&sort=answered", 0),
        (
            "/v1/notifications?sort=answered&since=2026-01-01T00:00:05Z&channel=hook",
            1,
        ),
        (
            "/v1/signals?sort=score&state=verified&min_score=20&since=2026-01-02T00:00:00Z",
            1,
        ),
        ("/v1/dead-letters?stage=sink", 1),
        ("/v1/dead-letters?reason=undecodable&topic=ingest.events", 2),
        ("/v1/events?subject=%27%3B%20DROP%20TABLE%20events%3B--", 0),
    ] {
        assert_eq!(site.items(address).await.len(), items, "{address}");
    }
}

#[tokio::test]
async fn signals_are_found_by_their_story_and_topic() {
    let site = filled("api_stories").await;
    let untold = site.items("/v1/signals").await;
    assert!(untold.iter().all(|signal| signal["story_key"].is_null()));
    site.run(
        "UPDATE signals SET story_key = 's1', topic_key = 't1', state = 'closed', merged_into = 'sig_z' \
         WHERE signal_key = (SELECT min(signal_key) FROM signals)",
    )
    .await;
    for (address, items) in [
        ("/v1/signals?story_key=s1", 1),
        ("/v1/signals?topic_key=t1", 1),
        ("/v1/signals?topic_key=t1&state=closed&sort=score", 1),
        ("/v1/signals?topic_key=t1&state=verified", 0),
        ("/v1/signals?story_key=t1", 0),
        ("/v1/signals?state=closed", 1),
    ] {
        assert_eq!(site.items(address).await.len(), items, "{address}");
    }
    let signal = &site.items("/v1/signals?story_key=s1").await[0];
    assert_eq!(
        [&signal["topic_key"], &signal["merged_into"], &signal["state"]],
        ["t1", "sig_z", "closed"]
    );
    assert_eq!(
        [
            &signal["subjects"],
            &signal["langs"],
            &signal["heat_10m"],
            &signal["changes"]
        ],
        [
            &serde_json::json!([]),
            &serde_json::json!({}),
            &serde_json::json!(0),
            &serde_json::json!([])
        ],
        "what was stored before says nothing"
    );
}

#[tokio::test]
async fn an_event_is_found_by_its_own_id() {
    let site = filled("api_event_id").await;
    let key = uuid::Uuid::from_u128(model::Id::new().part("acme").part("rss").part("2").number());
    site.run(&format!(
        "UPDATE events SET event_key = '{key}' WHERE id = '2'; \
         UPDATE event_keys SET event_key = '{key}' WHERE tenant = 'acme'"
    ))
    .await;
    assert_eq!(
        site.items("/v1/events?id=2&source=rss&tenant=acme").await.len(),
        1
    );
    assert_eq!(site.items("/v1/events?id=2&source=rss").await.len(), 0);
    assert_eq!(site.get("/v1/events?id=2").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_signal_comes_with_its_evidence_newest_first() {
    let site = filled("api_signal").await;
    let signal = site.get("/v1/signals/sig_a").await.json();
    assert_eq!(
        (&signal["title"], &signal["state"]),
        (&"A".into(), &"verified".into())
    );
    let ids: Vec<_> = signal["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["event_id"].clone())
        .collect();
    assert_eq!(ids, ["3", "2", "1"]);
    assert!(signal["evidence_next"].is_null());
    assert_eq!(site.items("/v1/signals/sig_a/evidence?limit=2").await.len(), 2);
}

#[tokio::test]
async fn evidence_beyond_the_first_page_is_linked() {
    let site = filled("api_more_evidence").await;
    site.run(
        "INSERT INTO signal_evidence (signal_key, event_key, event_id, source, type, time, score) \
         SELECT 'sig_b', gen_random_uuid(), n::text, 'web', 'post', now(), 1 FROM generate_series(1, 51) n",
    )
    .await;
    let signal = site.get("/v1/signals/sig_b").await.json();
    assert_eq!(signal["evidence"].as_array().unwrap().len(), 50);
    assert_eq!(
        site.items(signal["evidence_next"].as_str().unwrap()).await.len(),
        1
    );
}

#[tokio::test]
async fn notifications_carry_their_receipts() {
    let site = filled("api_notifications").await;
    let items = site.items("/v1/notifications").await;
    assert_eq!(
        (&items[0]["status"], &items[0]["receipt"]),
        (&"pending".into(), &serde_json::Value::Null)
    );
    assert_eq!(items[1]["receipt"]["http_status"], 200);
    assert_eq!(items[1]["receipt"]["answered_at"], "2026-01-01T00:00:05Z");
    assert_eq!(site.get("/v1/notifications/ntf_1").await.json(), items[1]);
}

#[tokio::test]
async fn dead_letters_show_the_beginning_in_lists_and_everything_alone() {
    let site = filled("api_dead_letters").await;
    let items = site.items("/v1/dead-letters?stage=normalizer").await;
    assert_eq!(
        (items[0]["payload_bytes"].as_i64(), items[0]["offset"].as_i64()),
        (Some(5000), Some(7))
    );
    assert_eq!(items[0]["payload_base64"].as_str().unwrap().len(), 4096);
    let whole = site
        .get(&format!("/v1/dead-letters/{}", items[0]["key"].as_str().unwrap()))
        .await
        .json();
    assert_eq!(whole["payload_base64"].as_str().unwrap().len(), 6668);
    assert_eq!(
        site.get("/v1/dead-letters/sink~ingest.events~3~7").await.json()["key_base64"],
        "AP8="
    );
}

#[tokio::test]
async fn detections_answer() {
    let site = filled("api_detections").await;
    let one = site.get("/v1/detections/det_1").await.json();
    assert_eq!(
        (one["count"].as_i64(), &one["event_ids"][1]),
        (Some(11), &"2".into())
    );
    assert!(api::ready(&site.pool).await.is_ok());
}

#[tokio::test]
async fn it_cannot_write() {
    let site = filled("api_read_only").await;
    let settings = site.sandbox.settings();
    let pool = api::pool(&settings.postgres, &settings.api).unwrap();
    let refused = sqlx::query("DELETE FROM events")
        .execute(&pool)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("read-only"), "{refused}");
}
