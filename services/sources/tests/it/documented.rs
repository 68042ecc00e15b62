//! The configurations of docs/SOURCES.md, as the program loads them, against servers that speak as their vendors document.

use crate::standin::{Asked, Reply, StandIn, reach, rss};
use settings::{Secret, Settings, SourceSettings};
use sources::{Admitting, Polled, Preview};
use std::fs;

/// What a vendor's server answers.
fn vendor(asked: &Asked, _: usize) -> Reply {
    let text = match asked.uri.path() {
        "/feed.xml" | "/private/feed" => rss(["1", "2"]),
        "/v1/orders" => {
            assert_eq!(asked.header("authorization"), Some("Bearer s3cret"));
            r#"{"data":[{"id":"o-1","created_at":1796032800,"customer":{"id":7},"total":12.5}],"next_cursor":null}"#.to_owned()
        }
        "/api/v2/networks/eth/new_pools" => {
            r#"{"data":[{"id":"eth_0xabc","type":"pool","attributes":{"address":"0xabc","name":"NEW / WETH",
            "pool_created_at":"2026-11-30T10:00:00Z","reserve_in_usd":"12.3456789012345678901234567890"}}]}"#
                .to_owned()
        }
        "/token-boosts/latest/v1" => {
            r#"[{"url":"https://dexscreener.com/solana/x","chainId":"solana","tokenAddress":"So1","amount":10,"totalAmount":500}]"#
                .to_owned()
        }
        "/repos/octo/hello/events" => {
            r#"[{"id":"9","type":"PushEvent","created_at":"2026-11-30T10:00:00Z","repo":{"name":"octo/hello"}}]"#.to_owned()
        }
        "/v1/events" => {
            assert_eq!(asked.header("authorization"), Some("Bearer s3cret"));
            r#"{"object":"list","data":[{"id":"evt_2","created":1796032800,"type":"charge.failed","data":{}}],"has_more":false}"#
                .to_owned()
        }
        other => panic!("nobody documents {other}"),
    };
    Reply::ok(text)
}

/// Every configuration of the page, with the stand-in in place of the vendors and secrets in the files that it names.
fn documented(server: &StandIn) -> Vec<SourceSettings> {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/SOURCES.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("token"), "s3cret").unwrap();
    fs::write(
        folder.path().join("feed-url"),
        "https://x.example/private/feed?key=s3cret",
    )
    .unwrap();
    let blocks = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut all = Vec::new();
    for (number, yaml) in blocks.enumerate() {
        let file = folder.path().join(format!("{number}.yml"));
        fs::write(
            &file,
            yaml.replace("/run/secrets", &folder.path().display().to_string()),
        )
        .unwrap();
        let settings =
            Settings::load(Some(&file), Vec::new()).unwrap_or_else(|error| panic!("{yaml}\n{error}"));
        all.extend(settings.sources.polled);
    }
    for source in &mut all {
        let url = outbound::Url::parse(source.url.expose()).unwrap();
        let path = &source.url.expose()[url.origin().ascii_serialization().len()..];
        source.url = Secret::new(server.url(path));
    }
    all
}

async fn preview(settings: &SourceSettings) -> Preview {
    let polled = Polled::new(settings, &reach()).unwrap();
    let preview = sources::preview(&polled, &Admitting::new(admission::Limits::default())).await;
    preview.unwrap_or_else(|error| panic!("{}: {error}", settings.name))
}

#[tokio::test]
async fn every_configuration_of_the_page_gives_events() {
    let server = StandIn::new(vendor).await;
    let documented = documented(&server);
    let names: Vec<_> = documented.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "news",
            "paid-news",
            "orders",
            "new-pools",
            "boosts",
            "commits",
            "payments"
        ]
    );
    for settings in &documented {
        let preview = preview(settings).await;
        assert!(
            !preview.events.is_empty() && preview.refused == 0,
            "{}: {preview:?}",
            settings.name
        );
    }
    let of = |name: &str| documented.iter().find(|source| source.name == name).unwrap();
    let pools = preview(of("new-pools")).await;
    let pool = &pools.events[0];
    assert_eq!(
        (pool.kind.as_str(), pool.time),
        ("pool.created", Some(1_796_032_800_000))
    );
    assert!(
        String::from_utf8_lossy(pool.data.as_deref().unwrap()).contains("12.3456789012345678901234567890")
    );
    let orders = preview(of("orders")).await;
    assert_eq!(orders.events[0].subject.as_deref(), Some("user:7"));
}
