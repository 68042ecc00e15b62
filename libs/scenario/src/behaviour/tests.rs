use super::*;
use std::collections::HashSet;

#[test]
fn equal_options_give_equal_streams_and_another_seed_another() {
    let take = |seed| {
        Behaviour {
            seed,
            duplicates: 0.1,
            ..Behaviour::default()
        }
        .events()
        .take(500)
        .collect::<Vec<_>>()
    };
    assert_eq!(take(7), take(7));
    assert_ne!(take(7), take(8));
}

#[test]
fn every_payload_is_a_json_object_and_every_form_can_be_read() {
    for event in Behaviour::default().events().take(500) {
        let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
        assert!(payload.is_object());
        let body: serde_json::Value = serde_json::from_str(&event.to_event_pipeline_json()).unwrap();
        assert_eq!(body["user_id"], event.user_id);
        assert_eq!(body["payload"], payload);
        let raw = event.into_raw_event();
        assert!(raw.kind.starts_with("user.") && raw.subject.unwrap().starts_with("user:"));
    }
}

#[test]
fn the_asked_share_is_sent_again() {
    let options = Behaviour {
        duplicates: 0.2,
        ..Behaviour::default()
    };
    let ids: HashSet<_> = options.events().take(10_000).map(|event| event.id).collect();
    assert!(
        (7_800..8_200).contains(&ids.len()),
        "{} distinct of 10,000",
        ids.len()
    );
}

#[test]
fn kinds_users_and_times_are_as_asked() {
    let options = Behaviour {
        kinds: vec![Kind::Login],
        users: 3,
        start: 1_000,
        rate: 10.0,
        ..Behaviour::default()
    };
    let events: Vec<_> = options.events().take(20).collect();
    assert!(
        events
            .iter()
            .all(|event| event.kind == Kind::Login && (1..=3).contains(&event.user_id))
    );
    assert_eq!((events[0].time, events[19].time), (1_000, 2_900));
}

#[test]
fn an_unknown_kind_is_named() {
    assert_eq!("login".parse(), Ok(Kind::Login));
    assert!(
        "logout"
            .parse::<Kind>()
            .unwrap_err()
            .to_string()
            .contains("file_access")
    );
}
