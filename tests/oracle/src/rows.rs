//! The rows of the database, and whether they say what the topics say.

use crate::fates::Fates;
use crate::outbox::{origin, read};
use crate::story::mentions;
use crate::{History, OwnSchemas, Verdict};
use model::{
    DeadLetter, Detection, Notification, Receipt, ScoredEvent, Signal, StoryChange, StoryChangeKind as Kind,
    StoryMember,
};
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::fmt::Debug;
use topology::{StageName, Topic};

/// PostgreSQL's longest identifiers here; longer ones end in a hash, and are compared by count alone.
const LONGEST: usize = 1024;

type Table = BTreeMap<String, String>;

/// What each table says, by the table's name: a text a key. Columns are written one after the other, so that equal
/// texts are equal rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows(BTreeMap<&'static str, Table>);

/// Each table with the statement that gives its keys and what is compared.
const TABLES: [(&str, &str); 10] = [
    (
        "raw_events",
        "SELECT kafka_partition || '@' || kafka_offset, id FROM raw_events",
    ),
    (
        "events",
        "SELECT tenant || '|' || source || '|' || id, concat_ws(' ', level, matched, round(score::numeric, 3)) \
         FROM events",
    ),
    (
        "story_members",
        "SELECT concat_ws('|', tenant, (extract(epoch FROM time) * 1000)::bigint, source, event_id), \
         concat_ws(' ', part, copy::text) FROM story_members",
    ),
    (
        "story_links",
        "SELECT concat_ws('|', tenant, level, id), concat_ws(' ', into_id, tier, jsonb_array_length(shared)) \
         FROM story_links",
    ),
    (
        "story_changes",
        "SELECT kafka_partition || '@' || kafka_offset, concat_ws(' ', tenant, kind, id, into_id, tier) \
         FROM story_changes",
    ),
    (
        "signals",
        "SELECT signal_key, concat_ws(' ', version, state, level, round(score::numeric, 3), evidence_count, \
         suppressed, coalesce(story_key, '-'), coalesce(topic_key, '-'), coalesce(merged_into, '-')) FROM signals",
    ),
    (
        "detections",
        "SELECT id, concat_ws(' ', rule, count) FROM detections",
    ),
    (
        "notifications",
        "SELECT id, concat_ws(' ', channel, origin_id) FROM notifications",
    ),
    (
        "receipts",
        "SELECT notification_id, concat_ws(' ', channel, status, attempts) FROM receipts",
    ),
    (
        "dead_letters",
        "SELECT stage || ' ' || kafka_partition || '@' || kafka_offset || ' ' || topic, reason FROM dead_letters",
    ),
];

impl Rows {
    /// Reads all tables.
    pub async fn of(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let mut rows = Self::default();
        for (table, query) in TABLES {
            let read: Vec<(String, String)> = sqlx::query_as(query).fetch_all(pool).await?;
            rows.0.insert(table, read.into_iter().collect());
        }
        Ok(rows)
    }

    /// The rows in which an id occurs, for people.
    pub fn mentioning<'a>(&'a self, id: &'a str) -> impl Iterator<Item = String> + 'a {
        let rows = self
            .0
            .iter()
            .flat_map(|(table, rows)| rows.iter().map(move |row| (table, row)));
        rows.filter(move |(_, (key, value))| mentions(key.as_bytes(), id) || mentions(value.as_bytes(), id))
            .map(|(table, (key, value))| format!("  table {table}: {key} → {value}"))
    }

    /// Adds or replaces a row; for tests of the oracle.
    pub fn put(&mut self, table: &'static str, key: &str, value: &str) {
        self.0
            .entry(table)
            .or_default()
            .insert(key.to_owned(), value.to_owned());
    }

    /// What the sink must have made of these topics.
    pub fn due(history: &History, schemas: OwnSchemas, fates: &Fates) -> Self {
        let mut due = Self::default();
        for (identity, fate) in &fates.by_id {
            for place in &fate.delivered {
                let key = format!("{}@{}", place.partition, place.offset);
                due.put("raw_events", &key, &identity.id);
            }
        }
        due.add_events(history, schemas);
        due.add_stories(history, schemas);
        due.add_signals(history, schemas);
        for (_, one) in read::<Detection>(history, Topic::Detections, schemas) {
            due.put("detections", &one.id, &format!("{} {}", one.rule, one.count));
        }
        for (_, one) in read::<Notification>(history, Topic::NotificationsOutbox, schemas) {
            due.put(
                "notifications",
                &one.id,
                &format!("{} {}", one.channel, one.origin_id),
            );
        }
        for (_, one) in read::<Receipt>(history, Topic::NotificationsReceipts, schemas) {
            let value = format!("{} {} {}", one.channel, one.status.as_str(), one.attempts);
            due.put("receipts", &one.notification_id, &value);
        }
        due.add_dead_letters(history, schemas, fates);
        due
    }

    fn add_events(&mut self, history: &History, schemas: OwnSchemas) {
        for (_, scored) in read::<ScoredEvent>(history, Topic::EventsScored, schemas) {
            let event = &scored.event;
            let key = format!("{}|{}|{}", event.tenant, event.source, event.id);
            let value = format!("{} {} {:.3}", scored.level, scored.matched, scored.score);
            self.put("events", &key, &value);
        }
    }

    /// A text that several partitions told of at one time is of the lowest part; of links the last of each holds, since the
    /// changes of a tenant stand in one partition.
    fn add_stories(&mut self, history: &History, schemas: OwnSchemas) {
        for (_, one) in read::<StoryMember>(history, Topic::StoriesMembers, schemas) {
            let key = format!("{}|{}|{}|{}", one.tenant, one.time, one.source, one.event_id);
            let value = format!("{} {}", one.part, one.copy);
            let known = self.0.entry("story_members").or_default().entry(key);
            let lowest = known.or_insert_with(|| value.clone());
            if value < *lowest {
                *lowest = value;
            }
        }
        for (place, one) in read::<StoryChange>(history, Topic::StoriesChanges, schemas) {
            let told: Vec<_> = [
                Some(one.tenant.as_str()),
                Some(one.kind.as_str()),
                Some(one.id.as_str()),
            ]
            .into_iter()
            .chain([one.into.as_deref(), one.tier.as_deref()])
            .flatten()
            .collect();
            let key = format!("{}@{}", place.partition, place.offset);
            self.put("story_changes", &key, &told.join(" "));
            if let Some((level, into)) = link(&one) {
                let key = format!("{}|{level}|{}", one.tenant, one.id);
                let shared = (!one.shared.is_empty()).then(|| one.shared.len().to_string());
                let value = [Some(into.to_owned()), one.tier.clone(), shared];
                let value: Vec<_> = value.into_iter().flatten().collect();
                self.put("story_links", &key, &value.join(" "));
            }
        }
    }

    fn add_signals(&mut self, history: &History, schemas: OwnSchemas) {
        let mut newest: BTreeMap<String, Signal> = BTreeMap::new();
        for (_, signal) in read::<Signal>(history, Topic::SignalsEnriched, schemas) {
            let known = newest.get(&signal.signal_key);
            if known.is_none_or(|known| known.version < signal.version) {
                newest.insert(signal.signal_key.clone(), signal);
            }
        }
        for (key, one) in newest {
            let or_none = |key: Option<String>| key.unwrap_or_else(|| "-".to_owned());
            let keys = [one.story_key, one.topic_key, one.merged_into]
                .map(or_none)
                .join(" ");
            let value = format!(
                "{} {} {} {:.3} {} {} {keys}",
                one.version, one.state, one.level, one.score, one.evidence_count, one.suppressed
            );
            self.put("signals", &key, &value);
        }
    }

    /// What the normalizer cannot read of the ingest topic the sink cannot read either, so each has a letter of both.
    fn add_dead_letters(&mut self, history: &History, schemas: OwnSchemas, fates: &Fates) {
        let mut reasons = BTreeMap::new();
        let mut topics = BTreeMap::new();
        for (_, letter) in read::<DeadLetter>(history, Topic::DeadLetters, schemas) {
            let place = origin(&letter);
            let key = format!(
                "{} {}@{} {}",
                letter.stage, letter.partition, letter.offset, letter.topic
            );
            self.put("dead_letters", &key, &letter.reason);
            topics.insert(place.topic.clone(), letter.topic);
            reasons.insert(place, letter.reason);
        }
        for place in &fates.unreadable {
            let topic = topics.get(&place.topic).unwrap_or(&place.topic);
            let key = format!("{} {}@{} {topic}", StageName::Sink, place.partition, place.offset);
            let reason = reasons.get(place).map_or("", String::as_str);
            self.put("dead_letters", &key, reason);
        }
    }

    /// Row by row.
    pub fn equal(&self, due: &Self) -> Verdict {
        let mut verdict = Verdict::of("the rows say what the topics say");
        for (table, _) in TABLES {
            let empty = Table::new();
            let (found, due) = (
                self.0.get(table).unwrap_or(&empty),
                due.0.get(table).unwrap_or(&empty),
            );
            compare(&mut verdict, table, found, due);
        }
        verdict
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> usize {
        self.0.get(table).map_or(0, BTreeMap::len)
    }
}

/// The level of the link that a change makes, and where it leads.
fn link(change: &StoryChange) -> Option<(&'static str, &str)> {
    match change.kind {
        Kind::StoryOpened => Some(("story", &change.id)),
        Kind::TopicOpened => Some(("topic", &change.id)),
        Kind::PartLinked | Kind::StoriesMerged => Some(("story", change.into.as_deref()?)),
        Kind::StoryGrouped | Kind::TopicsMerged => Some(("topic", change.into.as_deref()?)),
        Kind::StoryEnded | Kind::TopicEnded => None,
    }
}

fn compare(verdict: &mut Verdict, table: &str, found: &Table, due: &Table) {
    verdict.expect(found.len() == due.len(), "", None, || {
        format!("{table} has {} rows, the topics say {}", found.len(), due.len())
    });
    for (key, value) in due.iter().filter(|(key, _)| is_plain(key)) {
        let id = key.rsplit(['|', ' ']).next().unwrap_or(key);
        let there = found.get(key);
        verdict.expect(there.is_some_and(|there| same(there, value)), id, None, || {
            format!("{table} {key}: has {}, the topics say {value}", shown(&there))
        });
    }
    for key in found
        .keys()
        .filter(|key| is_plain(key) && !due.contains_key(*key))
    {
        verdict.wrong(
            key.as_str(),
            None,
            format!("{table}: a row that no topic speaks of"),
        );
    }
}

/// Identifiers that PostgreSQL keeps as they are.
fn is_plain(key: &str) -> bool {
    key.len() <= LONGEST && !key.contains(['\0', '\u{fffd}'])
}

fn same(found: &str, due: &str) -> bool {
    found == due || !is_plain(due)
}

fn shown(value: &impl Debug) -> String {
    format!("{value:?}")
}
