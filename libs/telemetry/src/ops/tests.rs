use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use settings::{OpsSettings, Secret};
use tower::ServiceExt;

use super::*;

const HERE: [u8; 4] = [127, 0, 0, 1];
const ELSEWHERE: [u8; 4] = [192, 0, 2, 1];

struct Site {
    health: Health,
    metrics: Metrics,
    router: Router,
}

fn site(token: Option<&str>) -> Site {
    let settings = OpsSettings {
        token: token.map(Secret::new),
        ..OpsSettings::default()
    };
    let (health, metrics) = (Health::default(), Metrics::new());
    let router = ops_router(health.clone(), metrics.clone(), OpsAccess::new(&settings));
    Site {
        health,
        metrics,
        router,
    }
}

impl Site {
    async fn get(&self, path: &str, from: [u8; 4], headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from((from, 50_000))));
        for (name, value) in [("host", "localhost:9464")].iter().chain(headers) {
            let name: header::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

#[tokio::test]
async fn readiness_is_the_worst_part_until_the_stop_and_liveness_is_neither() {
    let site = site(None);
    let kafka = site.health.component("kafka");
    let status = async |path| site.get(path, HERE, &[]).await.0;
    assert_eq!(
        (
            status("/livez").await,
            status("/healthz").await,
            status("/readyz").await
        ),
        (200, 200, 503)
    );
    kafka.ready("");
    assert_eq!(status("/readyz").await, 200);
    kafka.failed("no broker at 127.0.0.1:1");
    assert_eq!(
        (
            status("/livez").await,
            status("/healthz").await,
            status("/readyz").await
        ),
        (200, 503, 503)
    );
    kafka.ready("");
    site.health.stop();
    assert_eq!(
        (
            status("/livez").await,
            status("/healthz").await,
            status("/readyz").await
        ),
        (200, 200, 503)
    );
    assert!(
        site.get("/readyz", HERE, &[])
            .await
            .1
            .contains("\"status\":\"stopping\"")
    );
}

#[tokio::test]
async fn strangers_are_told_no_addresses_paths_errors_or_metrics() {
    let site = site(None);
    site.health
        .component("kafka")
        .failed("no broker at 10.0.0.7:9092, /etc/sluicebox/ca.pem");
    site.metrics.read("scorer", 3);
    let rebinding = [("host", "evil.example")];
    for (from, headers) in [
        (ELSEWHERE, &[][..]),
        (HERE, &[("x-forwarded-for", "192.0.2.9")]),
        (HERE, &[("forwarded", "for=192.0.2.9")]),
        (HERE, &rebinding),
        (HERE, &[("origin", "http://evil.example")]),
    ] {
        for path in ["/healthz", "/readyz"] {
            let (status, body) = site.get(path, from, headers).await;
            assert_eq!(
                (status, body.as_str()),
                (503, "{\"status\":\"failed\"}"),
                "{headers:?}"
            );
        }
        let (status, body) = site.get("/metrics", from, headers).await;
        assert!(
            status == 401 && body.contains("ops.token") && !body.contains("scorer"),
            "{body}"
        );
    }
    let (_, body) = site.get("/readyz", HERE, &[]).await;
    assert!(body.contains("no broker at 10.0.0.7:9092"), "{body}");
    let (status, body) = site.get("/metrics", HERE, &[("host", "0.0.0.0:9464")]).await;
    assert_eq!(status, 200);
    assert!(
        body.contains("sluicebox_records_read_total{service=\"scorer\"} 3"),
        "{body}"
    );
}

/// Lets three be wrong.
#[derive(Default)]
struct Three(std::sync::Mutex<u32>);

impl Guesses for Three {
    fn wait(&self, _: Option<std::net::IpAddr>, _: &[u8]) -> Option<Duration> {
        (*self.0.lock().unwrap() >= 3).then_some(Duration::from_secs(7))
    }

    fn note(&self, from: Option<std::net::IpAddr>, _: &[u8], good: bool) {
        assert_eq!(from, Some(ELSEWHERE.into()));
        *self.0.lock().unwrap() += u32::from(!good);
    }
}

#[tokio::test]
async fn guesses_are_slowed_down_and_each_refusal_is_counted() {
    let settings = OpsSettings {
        token: Some(Secret::new("a-token-of-the-operators")),
        ..OpsSettings::default()
    };
    let mut site = site(None);
    let access = OpsAccess::new(&settings).guarded(Arc::new(Three::default()));
    site.router = ops_router(site.health.clone(), site.metrics.clone(), access);
    let ask = async |path: &str, token: &str| {
        let shown = format!("Bearer {token}");
        site.get(path, ELSEWHERE, &[("authorization", &shown)]).await.0
    };
    assert_eq!(ask("/metrics", "a-token-of-the-operators").await, 200);
    assert_eq!(site.get("/metrics", ELSEWHERE, &[]).await.0, 401);
    for _ in 0..2 {
        assert_eq!(ask("/metrics", "guess").await, 401);
    }
    ask("/readyz", "guess").await;
    assert_eq!(ask("/metrics", "a-token-of-the-operators").await, 429);
    let text = site.metrics.text();
    for (reason, times) in [
        ("no_credentials", 1),
        ("wrong_token", 3),
        ("too_many_failed_logins", 1),
    ] {
        let line = format!("sluicebox_records_filtered_total{{service=\"ops\",reason=\"{reason}\"}} {times}");
        assert!(text.contains(&line), "{line} not in {text}");
    }
}

#[tokio::test]
async fn a_token_opens_it_from_anywhere_and_is_then_asked_of_everybody() {
    let site = site(Some("a-token-of-the-operators"));
    site.health.component("kafka").ready("3 brokers");
    let right = [
        ("authorization", "Bearer a-token-of-the-operators"),
        ("host", "scorer-0:9464"),
    ];
    let (status, body) = site.get("/readyz", ELSEWHERE, &right).await;
    assert!(status == 200 && body.contains("3 brokers"), "{body}");
    assert_eq!(site.get("/metrics", ELSEWHERE, &right).await.0, 200);
    for wrong in [
        "Bearer a-token-of-the-operator",
        "Bearer ",
        "Basic a-token-of-the-operators",
        "x",
    ] {
        let headers = [("authorization", wrong)];
        assert_eq!(site.get("/metrics", HERE, &headers).await.0, 401, "{wrong}");
        assert_eq!(
            site.get("/readyz", HERE, &headers).await.1,
            "{\"status\":\"ready\"}"
        );
    }
}
