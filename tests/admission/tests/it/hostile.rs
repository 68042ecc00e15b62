//! Attributes and data around every limit.

use crate::both::now;
use model::{Millis, RawEvent};
use proptest::option;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Texts as attributes have them; the limit is for those that are to be too long.
fn texts(limit: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-z/:0-9]{1,20}",
        2 => "\\PC{1,20}",
        1 => any::<String>().prop_map(|text| text.chars().take(20).collect()),
        1 => prop::sample::select(vec!["", " ", "\t", "a\0b", "a\nb", "\u{7f}", "\u{85}", "\u{feff}", "é\u{301}", "%00"])
            .prop_map(str::to_owned),
        1 => (limit - 1..=limit + 1).prop_map(|length| "x".repeat(length)),
    ]
}

/// Times around 1970, now, and the end of the year 9999.
fn times() -> impl Strategy<Value = Millis> {
    let now = now();
    prop::sample::select(vec![
        -1,
        0,
        now - 86_400_000,
        now - 1,
        now + 30_000,
        now + 240_000,
        now + 360_000,
        now + 86_400_000,
        253_402_300_799_999,
    ])
}

fn content_types() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/vnd.x+json",
        "TEXT/Plain",
        "text/html",
        "application/xml",
        "image/png",
        "application/octet-stream",
        "json",
        ";",
    ])
    .prop_map(str::to_owned)
}

fn nested(depth: usize) -> Vec<u8> {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes()
}

/// Data: JSON, nearly JSON, text, and other bytes.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        &b"{\"text\":\"gm $UNI\",\"amount\":5}"[..],
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":1e999}",
        b"{\"a\":\"\xff\"}",
        b"\xef\xbb\xbf{\"a\":1}",
        b"\xef\xbb\xbf",
        b"{\"a\":1,\"a\":2}",
        b"123456789012345678901234567890",
        b"\"\\u0000\"",
        b"<a/>",
        b"{",
        b"\0",
        b" ",
        b"null",
    ];
    prop_oneof![
        4 => prop::sample::select(known.to_vec()).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (63_usize..=66).prop_map(nested),
        1 => Just(nested(300)),
    ]
}

fn extensions() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop_oneof![
        6 => prop::collection::btree_map("[a-z]{4,9}x", texts(4096), 0..3),
        1 => (63_usize..=65).prop_map(|count| (0..count).map(|at| (format!("x{at}"), "1".to_owned())).collect()),
    ]
}

prop_compose! {
    /// An event as it would stand on the topic.
    pub(crate) fn events()(
        id in texts(1024),
        source in texts(1024),
        kind in texts(1024),
        subject in option::of(texts(4096)),
        tenant in texts(1024),
        time in option::of(times()),
        datacontenttype in option::of(content_types()),
        data in option::of(data()),
        extensions in extensions(),
    ) -> RawEvent {
        RawEvent { id, source, kind, subject, tenant, time, datacontenttype, data, extensions, ..RawEvent::default() }
    }
}

prop_compose! {
    /// One that is ordinary but for one thing, so that the reason is told by that alone.
    pub(crate) fn nearly_good()(odd in events(), which in 0..9_usize) -> RawEvent {
        let mut event = RawEvent {
            id: "1".to_owned(),
            source: "/s".to_owned(),
            kind: "post".to_owned(),
            tenant: "default".to_owned(),
            data: Some(b"{\"text\":\"gm\"}".to_vec()),
            ..RawEvent::default()
        };
        match which {
            0 => event.id = odd.id,
            1 => event.source = odd.source,
            2 => event.kind = odd.kind,
            3 => event.subject = odd.subject,
            4 => event.tenant = odd.tenant,
            5 => event.time = odd.time,
            6 => event.datacontenttype = odd.datacontenttype,
            7 => event.data = odd.data,
            _ => event.extensions = odd.extensions,
        }
        event
    }
}
