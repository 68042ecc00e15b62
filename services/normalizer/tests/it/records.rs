//! The stage as the runtime sees it: raw events in, events or dead letters out, and every record counted.

use admission::Reason;
use model::{Event, RawEvent, Value};
use normalizer::{Lists, Normalizer};
use proptest::prelude::*;
use settings::{AdmissionSettings, NormalizerSettings, Watched};
use stage::{Cx, Driver, Settled};
use topology::Topic;

const NOW: i64 = 1_790_000_000_000;

fn driver() -> Driver<Normalizer> {
    let settings = NormalizerSettings {
        symbols: vec!["BTC".to_owned()],
        ..NormalizerSettings::default()
    };
    let admission = AdmissionSettings::default();
    Driver::new(Normalizer::new(
        &settings,
        &admission,
        &Watched::fixed(Lists::default()),
    ))
}

fn settle(raw: RawEvent) -> Settled<Event> {
    driver().apply(raw, &Cx::at(Topic::IngestEvents, NOW))
}

fn raw(data: &str) -> RawEvent {
    RawEvent {
        id: "1".to_owned(),
        source: "web".to_owned(),
        kind: "post".to_owned(),
        data: Some(data.as_bytes().to_vec()),
        ..RawEvent::default()
    }
}

fn event(raw: RawEvent) -> Event {
    match settle(raw) {
        Settled::Out(mut events) => events.remove(0),
        other => panic!("{other:?}"),
    }
}

fn dead(raw: RawEvent) -> &'static str {
    match settle(raw) {
        Settled::Dead(poison) => poison.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_post_is_read_as_a_person_reads_it() {
    let event = event(raw(
        r#"{"text":"<b>The new $UNI</b>&nbsp;vote is live, about $5M at stake: https://app.uniswap.org/?utm_source=x #DeFi",
            "author":{"username":"vitalik"},"likes":7,"geo":{"country":"DE"},"tags":["gov"]}"#,
    ));
    let wanted = "The new $UNI vote is live, about $5M at stake: https://app.uniswap.org/?utm_source=x #DeFi";
    assert_eq!(event.text.as_deref(), Some(wanted));
    assert_eq!(
        (event.subject.as_str(), event.lang.as_deref()),
        ("symbol:UNI", Some("en"))
    );
    assert_eq!(event.cashtags, ["UNI"]);
    assert_eq!(event.hashtags, ["defi"]);
    assert_eq!(event.urls, ["https://app.uniswap.org/"]);
    assert_eq!(event.author.as_deref(), Some("vitalik"));
    assert_eq!(event.tags, ["gov"]);
    assert_eq!(event.attributes["likes"], Value::Long(7));
    assert_eq!(event.attributes["geo.country"], Value::from("DE"));
    assert!(!event.attributes.contains_key("text"));
    assert_eq!(
        (event.time, event.received_at, event.tenant.as_str()),
        (NOW, NOW, "default")
    );
}

#[test]
fn a_warning_is_understood() {
    let event = event(raw(
        r#"{"text":"URGENT: Acme bridge exploited, $8.2M drained on May 1st, 40% of TVL. Avoid it, says @PeckShieldAlert. Funds at bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}"#,
    ));
    assert_eq!(event.urgency, ["urgent"]);
    assert!(
        event.sentiment.is_some_and(|sentiment| sentiment < -0.1),
        "{:?}",
        event.sentiment
    );
    assert!(event.spam.is_some_and(|spam| spam < 0.5));
    assert_eq!(event.mentions, ["peckshieldalert"]);
    assert_eq!(event.dates, ["--05-01"]);
    let amounts: Vec<(&str, f64, &str)> = event
        .amounts
        .iter()
        .map(|amount| (amount.kind.as_str(), amount.value, amount.unit.as_str()))
        .collect();
    assert_eq!(
        amounts,
        [("money", 8_200_000.0, "USD"), ("percentage", 40.0, "%")]
    );
    assert_eq!(
        event.subject,
        "address:btc:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    );
    assert!(event.keyphrases.len() <= 5 && !event.keyphrases.is_empty());
}

#[test]
fn behaviour_is_about_its_user() {
    let event = event(raw(r#"{"user_id":123,"amount":99.99,"success":true}"#));
    assert_eq!(event.subject, "user:123");
    assert_eq!(event.attributes["amount"], Value::Double(99.99));
    assert_eq!((event.text, event.lang), (None, None));
    assert_eq!((event.sentiment, event.spam), (None, None));
}

#[test]
fn what_the_data_names_comes_before_what_the_text_mentions() {
    let address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    let named = format!(r#"{{"title":"New $TEST","chain":"base","token_ca":"{address}","symbol":"TEST"}}"#);
    assert_eq!(
        event(raw(&named)).subject,
        format!("token:base:{}", address.to_lowercase())
    );
    assert_eq!(
        event(raw(r#"{"symbol":"abc","text":"$UNI and $ETH"}"#)).subject,
        "symbol:ABC"
    );
    assert_eq!(event(raw(r#"{"text":"BTC is up again"}"#)).cashtags, ["BTC"]);
    let explicit = RawEvent {
        subject: Some("service:api".to_owned()),
        ..raw(&named)
    };
    assert_eq!(event(explicit).subject, "service:api");
}

#[test]
fn the_subject_is_never_empty_or_long() {
    for subject in ["", "   ", &"s".repeat(4_096)] {
        let event = event(RawEvent {
            subject: Some(subject.to_owned()),
            ..raw("{}")
        });
        assert!((1..=512).contains(&event.subject.len()));
    }
    for subject in ["\0".to_owned(), "s".repeat(100_000)] {
        let subject = Some(subject);
        assert!(matches!(
            settle(RawEvent { subject, ..raw("{}") }),
            Settled::Dead(_)
        ));
    }
    assert_eq!(
        event(raw(r#"{"url":"https://a.com/x#y"}"#)).subject,
        "url:https://a.com/x"
    );
    assert_eq!(event(raw("{}")).subject, "source:web");
}

#[test]
fn what_cannot_be_understood_is_a_dead_letter_with_its_reason() {
    assert_eq!(dead(raw("{")), Reason::InvalidData.code());
    assert_eq!(dead(raw(&"[".repeat(10_000))), Reason::DataTooDeep.code());
    assert_eq!(
        dead(RawEvent {
            id: "x".repeat(1_000_000),
            ..raw("{}")
        }),
        Reason::IdTooLong.code()
    );
    assert_eq!(
        dead(RawEvent {
            time: Some(-1),
            ..raw("{}")
        }),
        Reason::TimeOutOfRange.code()
    );
    assert_eq!(
        dead(RawEvent {
            time: Some(9_223_372_036_825_200_000),
            ..raw("{}")
        }),
        Reason::TimeOutOfRange.code()
    );
    assert_eq!(
        dead(RawEvent {
            data: Some(vec![b'"', 0xff, b'"']),
            ..raw("")
        }),
        Reason::DataNotUtf8.code()
    );
}

#[test]
fn a_time_that_has_not_come_is_replaced_marked_and_counted() {
    let mut driver = driver();
    let ahead = RawEvent {
        time: Some(4_070_908_800_000),
        ..raw("{}")
    };
    for (raw, corrected) in [(ahead.clone(), true), (raw("{}"), false), (ahead, true)] {
        let Settled::Out(events) = driver.apply(raw, &Cx::at(Topic::IngestEvents, NOW)) else {
            panic!("no event")
        };
        assert_eq!((events[0].time, events[0].time_corrected), (NOW, corrected));
    }
    assert_eq!(driver.counts.time_corrected, 2);
}

#[test]
fn a_long_text_hides_neither_its_middle_nor_its_end() {
    let junk = "é$a ".repeat(50_000);
    let text = format!("{junk}the middle {junk}the end $UNI");
    let event = event(raw(&serde_json::json!({ "text": text, "body": "x" }).to_string()));
    let kept = event.text.unwrap_or_default();
    assert!(kept.contains("the middle") && kept.ends_with("the end $UNI"));
    assert!(event.cashtags.contains(&"UNI".to_owned()), "{:?}", event.cashtags);
}

#[test]
fn a_text_that_grows_when_it_is_cleaned_still_fits_the_topics() {
    // One character that compatibility folds to eighteen.
    let long = serde_json::json!({ "title": "\u{fdfa}".repeat(50_000), "text": "\u{fdfa}".repeat(300_000) })
        .to_string();
    let event = event(raw(&long));
    assert!(event.title.is_some_and(|title| title.len() <= 64 * 1024));
    assert!(event.text.is_some_and(|text| text.len() <= 1024 * 1024));
}

#[test]
fn junk_before_a_member_does_not_hide_it() {
    let junk: Vec<String> = (0..1_000).map(|n| format!("\"k{n}\":{n}")).collect();
    let data = format!(
        "{{{},\"geo\":{{\"country\":\"DE\"}},\"note\":\"{}!\"}}",
        junk.join(","),
        "x".repeat(5_000)
    );
    let event = event(raw(&data));
    assert_eq!(event.attributes["geo.country"], model::Value::from("DE"));
    assert!(
        event.attributes["note"]
            .as_str()
            .is_some_and(|note| note.ends_with('!'))
    );
}

proptest! {
    #[test]
    fn every_record_is_counted_and_none_panics(
        records in prop::collection::vec((any::<String>(), any::<String>(), prop::option::of(any::<i64>()),
            prop::collection::vec(any::<u8>(), 0..60), "\\PC{0,60}"), 0..20)
    ) {
        let mut driver = driver();
        let all = records.len() * 2;
        for (id, subject, time, bytes, text) in records {
            let odd = RawEvent { id, subject: Some(subject), time, data: Some(bytes), ..raw("") };
            let post = raw(&serde_json::json!({ "text": text }).to_string());
            driver.apply(odd, &Cx::at(Topic::IngestEvents, NOW));
            driver.apply(post, &Cx::at(Topic::IngestEvents, NOW));
        }
        prop_assert!(driver.counts.conserves());
        prop_assert_eq!(driver.counts.read, all as u64);
    }
}
