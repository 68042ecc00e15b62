//! Every list by every filter, and pages far down, through the API's own router.

use crate::percentiles::Percentiles;
use crate::say;
use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::Value;
use settings::Settings;
use std::time::{Duration, Instant, SystemTime};
use tower::ServiceExt;

/// Pages before the first that counts: connections, prepared statements, pages of the database in memory.
const WARM: usize = 6;

/// Lists with filters; the tenants are tried with each, where there are some.
const EVENTS: [&str; 17] = [
    "",
    "subject=user:0",
    "subject=user:150000",
    "subject=nobody",
    "source=source-0",
    "source=source-999",
    "type=type-0",
    "type=type-30",
    "type=none",
    "level=low",
    "level=critical",
    "severity=low",
    "severity=urgent",
    "min_score=99",
    "type=type-0&severity=urgent",
    "source=source-0&level=critical",
    "subject=user:0&type=type-0",
];
const SIGNALS: [&str; 13] = [
    "",
    "subject=user:0",
    "subject=user:150000",
    "type=type-0",
    "type=type-30",
    "level=critical",
    "state=verified",
    "state=downgraded",
    "min_score=99",
    "sort=score",
    "sort=score&min_score=50",
    "sort=score&state=candidate",
    "state=candidate&level=critical",
];
const DETECTIONS: [&str; 6] = [
    "",
    "subject=user:0",
    "rule=rule-0",
    "rule=rule-50",
    "severity=critical",
    "rule=rule-0&severity=critical",
];
const NOTIFICATIONS: [&str; 11] = [
    "",
    "channel=channel-0",
    "channel=channel-20",
    "subject=user:0",
    "origin_id=sig_0",
    "level=critical",
    "state=verified",
    "status=pending",
    "status=failed",
    "sort=answered&status=failed",
    "sort=answered&channel=channel-20",
];
const DEAD_LETTERS: [&str; 5] = [
    "",
    "reason=panic",
    "stage=sink",
    "topic=ingest.events",
    "reason=undecodable&stage=sink",
];

/// The worst 95th percentile of all lists, ms.
pub(super) async fn worst(settings: &Settings, pages: usize) -> Result<f64> {
    let pool = api::pool(&settings.postgres, &settings.api)?;
    let router = api::router(pool, &settings.api, api::Entry::without_keys());
    let mut worst: f64 = 0.0;
    let signal = first(&router, "/v1/signals?limit=1").await?;
    let evidence = format!(
        "/v1/signals/{}/evidence?",
        signal["signal_key"].as_str().unwrap_or_default()
    );
    for address in addresses().chain([evidence]) {
        let times = walked(&router, &address, pages).await?;
        let p95 = times.at(0.95);
        worst = worst.max(p95);
        say(format_args!(
            "{p95:>7.1} ms p95 {:>7.1} ms p50  {address}",
            times.at(0.5)
        ));
    }
    Ok(worst)
}

fn addresses() -> impl Iterator<Item = String> {
    let ago = |days: u64| {
        let then = SystemTime::now() - Duration::from_hours(24 * days);
        then.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis()
    };
    let deep = format!("until={}&since={}", ago(20), ago(28));
    let of = |list: &'static str, filters: &'static [&'static str], whose: &'static [&'static str]| {
        filters.iter().flat_map(move |filter| {
            whose
                .iter()
                .map(move |whose| format!("/v1/{list}?{filter}&{whose}"))
        })
    };
    let all = of("events", &EVENTS, &["tenant=busy", "tenant=quiet", ""])
        .chain(of("signals", &SIGNALS, &["tenant=busy", "tenant=quiet", ""]))
        .chain(of("detections", &DETECTIONS, &["tenant=busy", ""]))
        .chain(of("notifications", &NOTIFICATIONS, &["tenant=busy", ""]))
        .chain(of("dead-letters", &DEAD_LETTERS, &[""]));
    all.flat_map(move |address| {
        let deeper = (!address.contains("sort=score")).then(|| format!("{address}&{deep}"));
        [Some(address), deeper].into_iter().flatten()
    })
}

/// Reads pages of a list, and begins again where it ends; the time of each, ms.
async fn walked(router: &Router, address: &str, pages: usize) -> Result<Percentiles> {
    let start = address
        .replace("?&", "?")
        .trim_end_matches('&')
        .replace("&&", "&");
    let (mut next, mut times) = (start.clone(), Vec::new());
    for page in 0..WARM + pages {
        let began = Instant::now();
        let answer = get(router, &next).await?;
        if page >= WARM {
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        next = answer["next"]
            .as_str()
            .map_or_else(|| start.clone(), str::to_owned);
    }
    Percentiles::new(times).context("no pages were read")
}

async fn first(router: &Router, address: &str) -> Result<Value> {
    Ok(get(router, address).await?["items"][0].take())
}

async fn get(router: &Router, address: &str) -> Result<Value> {
    let request = Request::builder().uri(address).body(Body::empty())?;
    let response = router.clone().oneshot(request).await?;
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await?;
    ensure!(
        status.is_success(),
        "{address}: {status} {}",
        String::from_utf8_lossy(&body)
    );
    Ok(serde_json::from_slice(&body)?)
}
