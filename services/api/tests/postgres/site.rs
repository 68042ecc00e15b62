//! An API over a migrated database of a test's own, asked without a socket.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::request::Builder;
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use testkit::Sandbox;
use tower::ServiceExt;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../sink/migrations");

pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) pool: PgPool,
    pub(crate) sandbox: Sandbox,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// An entry that asks for no key.
pub(crate) fn nobody_is_asked() -> api::Entry {
    api::Entry::without_keys()
}

impl Site {
    pub(crate) async fn new(test: &str) -> Self {
        let sandbox = Sandbox::new(test).await.expect("the servers for tests");
        let pool = PgPool::connect(sandbox.postgres_url())
            .await
            .expect("the test's database");
        MIGRATIONS.run(&pool).await.expect("the migrations run");
        let settings = sandbox.settings();
        let reading = api::pool(&settings.postgres, &settings.api).unwrap();
        let router = api::router(reading, &settings.api, nobody_is_asked());
        Self {
            router,
            pool,
            sandbox,
        }
    }

    pub(crate) async fn run(&self, statements: &str) {
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
            .execute(&self.pool)
            .await
            .expect(statements);
    }

    pub(crate) async fn get(&self, address: &str) -> Answer {
        ask(&self.router, "GET", address).await
    }

    /// The items of a list, which must be answered.
    pub(crate) async fn items(&self, address: &str) -> Vec<Value> {
        let answer = self.get(address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
        answer.json()["items"].as_array().unwrap().clone()
    }
}

pub(crate) async fn ask(router: &Router, method: &str, address: &str) -> Answer {
    let request = Request::builder().method(method).uri(address);
    answered(router, request).await
}

/// Asks with these headers.
pub(crate) async fn ask_with(router: &Router, address: &str, headers: &[(&str, &str)]) -> Answer {
    let request = Request::builder().uri(address);
    let with = |request: Builder, (name, value): &(&str, &str)| request.header(*name, *value);
    answered(router, headers.iter().fold(request, with)).await
}

async fn answered(router: &Router, request: Builder) -> Answer {
    let request = request.body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer {
        status,
        headers,
        text: String::from_utf8_lossy(&body).into_owned(),
    }
}

/// Two events, two signals with evidence, a detection, two notifications with one receipt, two dead letters.
pub(crate) const ROWS: &str = r#"
    INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, text, score, level, matched,
        entities, reasons, rules_version) VALUES
    ('1b4fc0f0-4e8a-4f3c-9d1f-000000000001', 'default', 'web', '1', 'user.login', 'user:1', '2026-01-01T00:00:00.001Z',
        '2026-01-01T00:00:01Z', 'héllo', 10.5, 'low', 1, '{"cashtags":["PEPE"]}', '[{"rule":"r","points":10.5}]', 'v'),
    ('1b4fc0f0-4e8a-4f3c-9d1f-000000000002', 'acme', 'rss', '2', 'post', 'token:eth:0x1', '2026-01-02T00:00:00Z',
        '2026-01-02T00:00:01Z', NULL, 90, 'critical', 2, NULL, NULL, 'v');
    INSERT INTO event_keys SELECT event_key, tenant, time FROM events;
    INSERT INTO signals (signal_key, version, tenant, type, subject, title, state, score, level, evidence_count,
        source_count, suppressed, first_seen, last_seen, rules_version) VALUES
    ('sig_a', 2, 'default', 'post', 'token:eth:0x1', 'A', 'verified', 20, 'medium', 3, 2, 1,
        '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', 'v'),
    ('sig_b', 1, 'default', 'post', 'token:eth:0x2', 'B', 'candidate', 70, 'high', 1, 1, 0,
        '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', 'v');
    INSERT INTO signal_evidence (signal_key, event_key, event_id, source, type, time, score)
        SELECT 'sig_a', ('1b4fc0f0-4e8a-4f3c-9d1f-00000000000' || n)::uuid, n::text, 'web', 'post',
            '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 s', n FROM generate_series(1, 3) n;
    INSERT INTO detections (id, tenant, rule, subject, severity, description, time, window_start, window_end, count,
        threshold, event_ids, rules_version) VALUES ('det_1', 'default', 'high_frequency_login', 'user:1', 'high', 'd',
        '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z', 11, 10, '["1","2"]', 'v');
    INSERT INTO notifications (id, tenant, channel, group_key, origin, origin_id, subject, level, state, title, body,
        time, planned_at) SELECT 'ntf_' || n, 'default', 'hook', 'g', 'signal', 'sig_a', 'token:eth:0x1', 'medium',
        'verified', 't', 'b', '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 s', now()
        FROM generate_series(1, 2) n;
    INSERT INTO receipts VALUES ('ntf_1', 'default', 'hook', 'delivered', 2, 200, 35, 'ok', '2026-01-01T00:00:05Z');
    INSERT INTO dead_letters VALUES
    ('normalizer', 'ingest.events', 3, 7, '2026-01-01T00:00:00Z', 'undecodable', 'no', NULL, NULL,
        convert_to(repeat('x', 5000), 'UTF8')),
    ('sink', 'ingest.events', 3, 7, '2026-01-01T00:00:00Z', 'undecodable', 'no', NULL, '\x00ff', NULL);
"#;
