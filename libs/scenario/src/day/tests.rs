use super::*;
use std::collections::BTreeSet;

fn sum(counts: &truth::Counts) -> u64 {
    counts.values().sum()
}

#[test]
fn equal_seeds_give_equal_days() {
    let bytes = |seed| format!("{:?}", Day::new(seed, 2_000).shipments);
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

#[test]
fn every_record_is_an_event_a_repeat_or_a_dead_letter() {
    for events in [1_000, EVENTS] {
        let day = Day::new(7, events);
        let truth = &day.truth;
        assert_eq!(
            truth.raw_records,
            truth.events + truth.duplicates + sum(&truth.dead_letters)
        );
        let sent: usize = day.shipments.iter().map(records).sum();
        assert_eq!(sent as u64, truth.raw_records);
        let refused = day
            .shipments
            .iter()
            .filter(|shipment| records(shipment) == 0)
            .count();
        assert_eq!(refused as u64, truth.refused);
        assert!(
            sent.abs_diff(events) < events / 10,
            "{sent} records, {events} were asked for"
        );
    }
}

fn records(shipment: &Shipment) -> usize {
    match shipment {
        Shipment::Post(Post {
            answer: Answer::Accepted(events),
            ..
        }) => *events,
        Shipment::Post(_) => 0,
        Shipment::Put(_) => 1,
    }
}

#[test]
fn a_usual_day_has_some_of_everything() {
    let truth = Day::new(1, EVENTS).truth;
    assert_eq!(truth.detections.len(), 6);
    assert!(truth.dead_letters.len() >= 9, "{:?}", truth.dead_letters);
    for level in ["low", "medium", "high", "critical"] {
        assert!(
            truth.signals.keys().any(|name| name.starts_with(level)),
            "no {level}: {:?}",
            truth.signals
        );
    }
    assert!(truth.duplicates > 200 && truth.copies_folded > 200);
}

#[test]
fn requests_are_json_as_their_content_type_says() {
    for shipment in Day::new(3, 2_000).shipments {
        let Shipment::Post(post) = shipment else { continue };
        let Answer::Accepted(count) = post.answer else {
            continue;
        };
        let text = String::from_utf8(post.body).unwrap();
        let lines: Vec<serde_json::Value> = match post.content_type {
            "application/x-ndjson" => text
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
            _ => match serde_json::from_str(&text).unwrap() {
                serde_json::Value::Array(items) => items,
                one => vec![one],
            },
        };
        assert_eq!(lines.len(), count, "{}", post.path);
    }
}

#[test]
fn symbols_are_not_used_twice() {
    let mut diary = Diary::new(1);
    let symbols: BTreeSet<String> = (0..4_225).map(|_| diary.symbol()).collect();
    assert_eq!(symbols.len(), 4_225);
}
