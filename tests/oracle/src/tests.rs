//! The oracle must be able to fail: a whole history of a day is made in memory, and then broken in one place.

mod day;

use crate::fates::{self, Fates};
use crate::fold::replay;
use crate::{History, Rows, Verdict, Witness, conservation, outbox, stages, story, truth};
use day::{PARTITIONS, SCHEMAS, WHOLE};
use runtime::admin::StoredRecord;
use scenario::day::Day;
use topology::{StageName, Topic};

/// Every check of a history, as the chaos run makes them.
fn judge(history: &History) -> Vec<Verdict> {
    let whole = &*WHOLE;
    let fates = Fates::of(history, SCHEMAS);
    let mut verdicts = vec![
        fates::one_each(&fates),
        fates::buried_once(&fates),
        fates::evidence_adds_up(history, SCHEMAS, &fates),
        outbox::planned_once(history, SCHEMAS),
        outbox::answered_once(history, SCHEMAS),
        conservation::flow_conserves(&whole.flow),
    ];
    for folded in stages::fold_all(history, SCHEMAS, &whole.settings).unwrap() {
        verdicts.push(folded.output(history));
        verdicts.push(folded.dead_letters(history, SCHEMAS));
        verdicts.push(folded.state(history));
        verdicts.push(conservation::counted_as_folded(&whole.flow, &folded));
    }
    verdicts
}

fn failed(history: &History) -> Vec<String> {
    let failed = judge(history).into_iter().filter(|verdict| !verdict.holds());
    failed.map(|verdict| verdict.check).collect()
}

/// The history with one record of a topic taken, changed or added to.
fn broken(topic: &str, at: usize, change: impl FnOnce(&mut Vec<StoredRecord>, usize)) -> History {
    let mut records: Vec<StoredRecord> = WHOLE.history.all().cloned().collect();
    let meant = records
        .iter()
        .enumerate()
        .filter(|(_, record)| record.topic == topic);
    let (place, _) = meant
        .clone()
        .nth(at)
        .unwrap_or_else(|| panic!("{topic} is too short"));
    change(&mut records, place);
    History::new(records)
}

fn lost(topic: &str) -> History {
    broken(topic, 0, |records, at| _ = records.remove(at))
}

fn doubled(topic: &str) -> History {
    broken(topic, 0, |records, at| {
        let mut copy = records[at].clone();
        copy.offset = 1_000_001;
        records.push(copy);
    })
}

fn torn(topic: &str) -> History {
    broken(topic, 0, |records, at| {
        let value = records[at].value.as_mut().unwrap();
        let last = value.len() - 1;
        value[last] ^= 1;
    })
}

const OUTPUTS: [Topic; 9] = [
    Topic::EventsNormalized,
    Topic::EventsScored,
    Topic::StoriesMembers,
    Topic::StoriesParts,
    Topic::StoriesChanges,
    Topic::Signals,
    Topic::SignalsEnriched,
    Topic::Detections,
    Topic::NotificationsOutbox,
];

#[test]
fn a_day_that_went_well_passes_and_every_check_has_looked_at_something() {
    for verdict in judge(&WHOLE.history) {
        assert!(verdict.holds(), "{verdict:#?}");
        let may_be_empty = verdict.check.contains("dead letters are") || verdict.check.contains("changelogs");
        assert!(
            verdict.seen > 0 || may_be_empty,
            "{} looked at nothing",
            verdict.check
        );
    }
}

#[test]
fn a_lost_record_is_found_on_every_topic() {
    for topic in OUTPUTS {
        assert!(!failed(&lost(topic.name())).is_empty(), "{}", topic.name());
    }
    assert!(!failed(&lost(Topic::NotificationsReceipts.name())).is_empty());
    assert!(!failed(&lost(Topic::DeadLetters.name())).is_empty());
}

#[test]
fn a_doubled_record_is_found_on_every_topic() {
    for topic in OUTPUTS {
        assert!(!failed(&doubled(topic.name())).is_empty(), "{}", topic.name());
    }
    assert!(!failed(&doubled(Topic::NotificationsReceipts.name())).is_empty());
    assert!(!failed(&doubled(Topic::DeadLetters.name())).is_empty());
}

#[test]
fn the_tallies_find_it_without_the_fold() {
    let tallies = |history: &History| {
        let fates = Fates::of(history, SCHEMAS);
        fates::one_each(&fates).wrong + fates::evidence_adds_up(history, SCHEMAS, &fates).wrong
    };
    assert_eq!(tallies(&WHOLE.history), 0);
    for topic in [Topic::EventsNormalized, Topic::EventsScored, Topic::Signals] {
        assert!(tallies(&lost(topic.name())) > 0, "lost {}", topic.name());
        assert!(tallies(&doubled(topic.name())) > 0, "doubled {}", topic.name());
    }
    assert!(outbox::planned_once(&doubled(Topic::NotificationsOutbox.name()), SCHEMAS).wrong > 0);
}

#[test]
fn a_changed_record_is_found() {
    for topic in OUTPUTS {
        assert!(!failed(&torn(topic.name())).is_empty(), "{}", topic.name());
    }
}

#[test]
fn records_of_a_task_out_of_order_are_found() {
    let topic = Topic::EventsNormalized.name();
    let swapped = broken(topic, 0, |records, at| {
        let next = (at + 1..records.len())
            .find(|next| records[*next].topic == topic && records[*next].partition == records[at].partition);
        let (one, other) = (records[at].offset, records[next.unwrap()].offset);
        records[at].offset = other;
        records[next.unwrap()].offset = one;
    });
    assert!(failed(&swapped).contains(&"normalizer: output is the fold of its input".to_owned()));
}

#[test]
fn a_changelog_that_differs_is_found() {
    for changelog in [
        "dedup-aggregator.parts.changelog",
        "story-merger.signals.changelog",
        "detector.windows.changelog",
        "notifier-plan.planned.changelog",
    ] {
        for history in [lost(changelog), torn(changelog)] {
            let failed = failed(&history);
            assert!(
                failed.iter().any(|check| check.contains("changelogs replay")),
                "{changelog}: {failed:?}"
            );
        }
    }
    let foreign = broken("dedup-aggregator.seen.changelog", 0, |records, at| {
        let mut record = records[at].clone();
        record.key = vec![7; 16];
        record.offset = 1_000_001;
        records.push(record);
    });
    assert!(!failed(&foreign).is_empty());
}

#[test]
fn a_compacted_changelog_says_the_same() {
    let topic = "dedup-aggregator.parts.changelog";
    let mut records: Vec<StoredRecord> = WHOLE.history.topic(topic).cloned().collect();
    let whole = replay(&records);
    let mut again = records.clone();
    for record in &mut again {
        record.offset += 1_000_000;
    }
    records.append(&mut again);
    assert_eq!(replay(&records), whole);
}

#[test]
fn a_changed_counter_is_found() {
    let folded = stages::fold_all(&WHOLE.history, SCHEMAS, &WHOLE.settings).unwrap();
    for (at, folded) in folded.iter().enumerate() {
        for counter in ["in", "out", "emitted", "duplicate"] {
            let mut flow = WHOLE.flow.clone();
            let count = flow["stages"][at][counter].as_u64().unwrap();
            flow["stages"][at][counter] = (count + 1).into();
            assert!(
                !conservation::counted_as_folded(&flow, folded).holds(),
                "{counter}"
            );
        }
    }
    let mut flow = WHOLE.flow.clone();
    flow["drained"] = false.into();
    assert!(!conservation::flow_conserves(&flow).holds());
}

#[test]
fn rows_that_differ_are_found() {
    let fates = Fates::of(&WHOLE.history, SCHEMAS);
    let due = Rows::due(&WHOLE.history, SCHEMAS, &fates);
    assert!(due.equal(&due).holds());
    assert!(due.equal(&due).seen > 100);
    for table in [
        "raw_events",
        "events",
        "story_members",
        "story_links",
        "story_changes",
        "signals",
        "detections",
        "notifications",
        "receipts",
        "dead_letters",
    ] {
        let mut more = due.clone();
        more.put(table, "nobody", "knows");
        assert!(!more.equal(&due).holds(), "{table}: a row too many");
        assert!(!due.equal(&more).holds(), "{table}: a row too few");
        let mut changed = more.clone();
        changed.put(table, "nobody", "else");
        assert!(!changed.equal(&more).holds(), "{table}: another value");
    }
}

#[test]
fn readers_that_saw_something_else_are_found() {
    let topic = Topic::EventsScored.name();
    let mut witness = Witness::default();
    let (partition, records) = WHOLE.history.partitions(topic).next().unwrap();
    witness.saw(&records[..5]);
    assert_eq!(witness.next(topic, partition), records[4].offset + 1);
    assert!(witness.agrees("early", &WHOLE.history).holds());
    let mut aborted = records[2].clone();
    aborted.offset += 1;
    let mut other = Witness::default();
    other.saw(&records[..3]);
    other.saw([&aborted]);
    let verdict = other.agrees("other", &WHOLE.history);
    assert_eq!(verdict.wrong, 1, "{verdict:?}");
    let mut skipping = Witness::default();
    skipping.saw(&records[1..4]);
    assert!(!skipping.agrees("skipping", &WHOLE.history).holds());
}

#[test]
fn the_truth_of_another_day_is_not_this_ones() {
    let fates = Fates::of(&WHOLE.history, SCHEMAS);
    let verdict = truth::equals_the_day(&Day::new(6, 900).truth, &WHOLE.history, SCHEMAS, &fates);
    assert!(!verdict.holds());
}

#[test]
fn the_story_of_a_lost_record_names_every_place() {
    let history = lost(Topic::EventsScored.name());
    let fates = Fates::of(&history, SCHEMAS);
    let verdict = fates::one_each(&fates);
    let lines = story::tell(&verdict.findings[0], &history, &Rows::default(), SCHEMAS);
    assert!(lines[0].contains("normalized"), "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.contains("ingest.events-")),
        "{lines:#?}"
    );
    assert!(
        lines.iter().any(|line| line.contains("events.normalized-")),
        "{lines:#?}"
    );
}

#[test]
fn two_inputs_of_a_stage_do_not_share_changelog_partitions() {
    let folded = stages::fold_all(&WHOLE.history, SCHEMAS, &WHOLE.settings).unwrap();
    let plan = folded
        .iter()
        .find(|folded| folded.stage() == StageName::NotifierPlan)
        .unwrap();
    assert!(
        plan.stores()
            .keys()
            .all(|(_, partition)| *partition < 2 * PARTITIONS)
    );
    assert!(
        plan.stores()
            .keys()
            .any(|(_, partition)| *partition >= PARTITIONS)
    );
}
