//! From the records of a batch to the rows of each table. No database, no clock.

use crate::SinkInput;
use crate::evidence_seen::EvidenceSeen;
use crate::tables::{
    ChangeRow, DeadLetterRow, DetectionRow, EventRow, EvidenceRow, LinkKey, LinkRow, MemberRow,
    NotificationRow, RawEventRow, ReceiptRow, SignalRow,
};
use model::{Millis, Receipt, Signal, StoryChange};
use sqlx::PgConnection;
use stage::Drained;
use std::collections::{HashMap, HashSet};

/// Where a record stood, and when.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) time: Millis,
    pub(crate) trace_id: Option<String>,
}

/// The rows of a batch. What a statement can touch only once is here only once: the newest.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    raw_events: Vec<RawEventRow>,
    events: Vec<EventRow>,
    members: Vec<MemberRow>,
    links: HashMap<LinkKey, LinkRow>,
    changes: Vec<ChangeRow>,
    signals: HashMap<String, Signal>,
    evidence: Vec<EvidenceRow>,
    detections: Vec<DetectionRow>,
    notifications: Vec<NotificationRow>,
    receipts: HashMap<String, (Receipt, Place)>,
    dead_letters: Vec<DeadLetterRow>,
    /// The evidence of this batch, to be remembered once it is committed.
    pub(crate) new_evidence: HashSet<u128>,
}

impl Rows {
    /// Sorts the records; evidence that is stored already is left out.
    pub(crate) fn of(records: Vec<Drained<SinkInput>>, stored: &EvidenceSeen) -> Self {
        let mut rows = Self::default();
        for record in records {
            let place = Place {
                partition: record.task.partition,
                offset: record.offset,
                time: record.time,
                trace_id: record.trace_id,
            };
            rows.add(record.input, place, stored);
        }
        rows
    }

    fn add(&mut self, input: SinkInput, place: Place, known: &EvidenceSeen) {
        match input {
            SinkInput::Raw(event) => self.raw_events.push(RawEventRow::of(*event, place)),
            SinkInput::Scored(scored) => self.events.push(EventRow::of(*scored, place)),
            SinkInput::Member(member) => self.members.push(MemberRow::of(member)),
            SinkInput::Change(change) => self.add_change(*change, &place),
            SinkInput::Signal(signal) => self.add_signal(*signal, known),
            SinkInput::Detection(detection) => self.detections.push(DetectionRow::of(*detection)),
            SinkInput::Notification(notification) => {
                self.notifications
                    .push(NotificationRow::of(*notification, &place));
            }
            SinkInput::Receipt(receipt) => {
                self.receipts
                    .insert(receipt.notification_id.clone(), (receipt, place));
            }
            SinkInput::DeadLetter(letter) => self.dead_letters.push(DeadLetterRow::of(letter)),
        }
    }

    /// The changes of a tenant come in their order, so that the last link of an id is the newest.
    fn add_change(&mut self, change: StoryChange, place: &Place) {
        if let Some(link) = LinkRow::of(&change) {
            self.links.insert(link.own_key(), link);
        }
        self.changes.push(ChangeRow::of(change, place));
    }

    fn add_signal(&mut self, mut signal: Signal, stored: &EvidenceSeen) {
        for evidence in std::mem::take(&mut signal.evidence) {
            let (event_key, identity) = EvidenceRow::identity(&signal.signal_key, &signal.tenant, &evidence);
            if !stored.contains(identity) && self.new_evidence.insert(identity) {
                self.evidence
                    .push(EvidenceRow::of(&signal.signal_key, event_key, evidence));
            }
        }
        match self.signals.get_mut(&signal.signal_key) {
            Some(known) if known.version >= signal.version => {}
            Some(known) => *known = signal,
            None => {
                self.signals.insert(signal.signal_key.clone(), signal);
            }
        }
    }

    /// As they are written. Rows are sorted by their keys, so that two writers of the same keys cannot deadlock and
    /// neighbours in an index are written together.
    pub(crate) fn sorted(self) -> Sorted {
        let mut events = self.events;
        events.sort_by_key(|row| row.event_key);
        // The sort is stable: of a key that came twice the first stays.
        events.dedup_by_key(|row| row.event_key);
        let mut signals: Vec<_> = self.signals.into_values().map(SignalRow::of).collect();
        signals.sort_by(|a, b| a.signal_key.cmp(&b.signal_key));
        let mut evidence = self.evidence;
        evidence.sort_by(|a, b| (&a.signal_key, a.event_key).cmp(&(&b.signal_key, b.event_key)));
        let receipts = self.receipts.into_values();
        let mut receipts: Vec<_> = receipts
            .map(|(receipt, place)| ReceiptRow::of(receipt, &place))
            .collect();
        receipts.sort_by(|a, b| a.notification_id.cmp(&b.notification_id));
        Sorted {
            raw_events: self.raw_events,
            events,
            members: self.members,
            links: self.links.into_values().collect(),
            changes: self.changes,
            signals,
            evidence,
            detections: self.detections,
            notifications: self.notifications,
            receipts,
            dead_letters: self.dead_letters,
        }
    }
}

/// Rows in the order in which they are written; each key is here once.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) raw_events: Vec<RawEventRow>,
    pub(crate) events: Vec<EventRow>,
    members: Vec<MemberRow>,
    links: Vec<LinkRow>,
    changes: Vec<ChangeRow>,
    pub(crate) signals: Vec<SignalRow>,
    pub(crate) evidence: Vec<EvidenceRow>,
    detections: Vec<DetectionRow>,
    notifications: Vec<NotificationRow>,
    receipts: Vec<ReceiptRow>,
    dead_letters: Vec<DeadLetterRow>,
}

impl Sorted {
    /// Writes everything.
    pub(crate) async fn store(self, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        RawEventRow::write(self.raw_events, to).await?;
        EventRow::write(self.events, to).await?;
        MemberRow::write(self.members, to).await?;
        LinkRow::write(self.links, to).await?;
        ChangeRow::write(self.changes, to).await?;
        SignalRow::write(self.signals, to).await?;
        EvidenceRow::write(self.evidence, to).await?;
        DetectionRow::write(self.detections, to).await?;
        NotificationRow::write(self.notifications, to).await?;
        ReceiptRow::write(self.receipts, to).await?;
        DeadLetterRow::write(self.dead_letters, to).await?;
        Ok(())
    }
}
