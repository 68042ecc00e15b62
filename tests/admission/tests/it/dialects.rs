//! Every dialect: what is taken, the normalizer takes.

use crate::both::{Said, edge, normalized};
use adapters::Route;
use axum::body::Body;
use axum::http::Request;
use proptest::prelude::*;
use stage::Settled;

/// A value as it stands in JSON.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec![
            "1", "-1", "1e400", "0.5", "true", "null", "[]", "{}", "{\"text\":\"gm\"}", "[1,[2]]", "\"\"", "\" \"",
            "\"x\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"2099-01-01T00:00:00Z\"", "1640995200000", "4070908800000",
            "253402300800000", "123456789012345678901234567890", "\"s\\n\"",
        ]).prop_map(str::to_owned),
        1 => (1023_usize..1026).prop_map(|length| format!("\"{}\"", "x".repeat(length))),
        1 => (4090_usize..4100).prop_map(|length| format!("\"{}\"", "x".repeat(length))),
        1 => (60_usize..70).prop_map(|depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth))),
    ]
}

fn object() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "id",
        "event_id",
        "source",
        "type",
        "event_type",
        "user_id",
        "title",
        "text",
        "timestamp",
        "created_at",
        "data",
        "properties",
        "payload",
        "severity",
        "tags",
        "url",
        "symbol",
        "token_ca",
        "chain",
        "other",
    ]);
    prop::collection::vec((name, value()), 0..8).prop_map(|members| {
        let known = r#""type":"login","source":"s","event_type":"t","user_id":7,"title":"gm","data":{}"#;
        let more = members.iter().map(|(name, value)| format!(",\"{name}\":{value}"));
        format!("{{{known}{}}}", more.collect::<String>())
    })
}

proptest! {
    #[test]
    fn what_is_taken_is_an_event(body in prop_oneof![object(), prop::collection::vec(object(), 1..4)
        .prop_map(|items| format!("[{}]", items.join(",")))])
    {
        for route in Route::POSTED {
            let request = Request::post(route.path()).header("content-type", "application/json");
            if let Said::Taken(events) = edge(request.body(Body::from(body.clone())).unwrap()) {
                for event in events {
                    let settled = normalized(event);
                    prop_assert!(matches!(settled, Settled::Out(_)), "{route:?} of {body:.300}");
                }
            }
        }
    }
}
