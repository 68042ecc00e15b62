//! Pages: each item once, whatever comes meanwhile.

use crate::site::Site;

/// A hundred events, ten of the same time, and as many signals with few different scores.
const MANY: &str = "
    INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, score, level, matched,
        rules_version)
    SELECT gen_random_uuid(), 'default', 'web', n::text, 't', 's:' || n % 2,
        '2026-01-01T00:00:00.000123Z'::timestamptz + n / 10 * interval '1 s', now(), 1, 'low', 1, 'v'
    FROM generate_series(0, 99) n;
    INSERT INTO signals (signal_key, version, tenant, type, subject, title, state, score, level, evidence_count,
        source_count, suppressed, first_seen, last_seen, rules_version)
    SELECT 'sig_' || n, 1, 'default', 't', 's', 't', 'candidate', n % 7 / 3.0, 'low', 1, 1, 0, now(), now(), 'v'
    FROM generate_series(0, 99) n";

/// Follows `next` to the end; what each item shows of this member, and how many pages there were.
async fn follow(site: &Site, address: &str, member: &str) -> (Vec<String>, usize) {
    let (mut found, mut pages, mut next) = (Vec::new(), 0, Some(address.to_owned()));
    while let Some(address) = next {
        let page = site.get(&address).await.json();
        found.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item[member].to_string()),
        );
        next = page["next"].as_str().map(str::to_owned);
        pages += 1;
        site.run(
            "INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, score, level, \
             matched, rules_version) VALUES (gen_random_uuid(), 'default', 'web', 'new', 't', 's:0', now(), now(), \
             1, 'low', 1, 'v')",
        )
        .await;
    }
    (found, pages)
}

#[tokio::test]
async fn each_event_once_although_others_come_meanwhile() {
    let site = Site::new("api_paging").await;
    site.run(MANY).await;
    let (found, pages) = follow(&site, "/v1/events?limit=7", "key").await;
    let distinct: std::collections::HashSet<_> = found.iter().collect();
    assert_eq!((found.len(), distinct.len(), pages), (100, 100, 15));
}

/// Filters beside the one with an index are tried on so many items of the walk; a page may be empty and go on.
#[tokio::test]
async fn two_filters_find_the_rare_items_in_bounded_pages() {
    let site = Site::new("api_paging_rare").await;
    site.run(
        "INSERT INTO detections (id, tenant, rule, subject, severity, description, time, window_start, window_end, \
         count, threshold, rules_version) SELECT 'd' || n, 't' || n % 2, 'r', 's', \
         CASE WHEN n % 2000 < 2 THEN 'rare' ELSE 'common' END, '', now() - n * interval '1 s', now(), now(), 1, 1, 'v' \
         FROM generate_series(0, 4100) n",
    )
    .await;
    let (found, pages) = follow(&site, "/v1/detections?rule=r&severity=rare", "id").await;
    assert_eq!(
        found,
        [
            "\"d0\"",
            "\"d1\"",
            "\"d2000\"",
            "\"d2001\"",
            "\"d4000\"",
            "\"d4001\""
        ]
    );
    assert_eq!(pages, 9);
    let (found, pages) = follow(
        &site,
        "/v1/detections?rule=r&subject=s&tenant=t0&severity=rare",
        "id",
    )
    .await;
    assert_eq!((found.len(), pages), (3, 5));
    let (found, pages) = follow(&site, "/v1/detections?rule=none&severity=rare", "id").await;
    assert_eq!((found.len(), pages), (0, 1));
    let (found, pages) = follow(
        &site,
        "/v1/detections?rule=r&since=0&severity=none&subject=s",
        "id",
    )
    .await;
    assert_eq!((found.len(), pages), (0, 9));
}

#[tokio::test]
async fn a_narrowed_list_stays_narrowed() {
    let site = Site::new("api_paging_narrowed").await;
    site.run(MANY).await;
    let (found, pages) = follow(&site, "/v1/events?limit=10&subject=s:1&since=0", "subject").await;
    assert_eq!((found.len(), pages), (50, 5));
    assert!(found.iter().all(|subject| subject == "\"s:1\""));
}

#[tokio::test]
async fn signals_come_by_score_when_asked() {
    let site = Site::new("api_paging_score").await;
    site.run(MANY).await;
    let (found, _) = follow(&site, "/v1/signals?sort=score&limit=9", "score").await;
    let scores: Vec<f64> = found.iter().map(|score| score.parse().unwrap()).collect();
    assert_eq!(scores.len(), 100);
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]));
}

#[tokio::test]
async fn pages_are_50_unless_told_and_the_last_has_no_next() {
    let site = Site::new("api_paging_limits").await;
    site.run(MANY).await;
    assert_eq!(site.items("/v1/events").await.len(), 50);
    let whole = site.get("/v1/events?limit=100").await.json();
    assert!(whole["next"].is_null());
}
