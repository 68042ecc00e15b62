//! What time it is by a record. No clock, no I/O: what the wall clock says is passed in.
//!
//! The broker's append time is the record's time. What stores and timers take for the present is bounded by a second
//! clock: that of whoever wrote the record, which every record of the stream carries in a header. So a broker whose
//! clock is ahead ends no state, and whoever folds the same records again comes to the same. Only a record that carries
//! no such header is measured by the reader's clock. The time of a record on a topic without append times is its
//! producer's word, and bounded likewise.

use model::Millis;
use rdkafka::Timestamp;
use rdkafka::message::Headers;
use topology::Topic;

/// The header with the writer's clock, in decimal milliseconds since 1970.
pub(crate) const WRITTEN_HEADER: &str = "sluicebox-written";

/// The two times of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// Its time in Kafka.
    pub time: Millis,
    /// What stores and timers take for the present.
    pub clock: Millis,
}

impl Times {
    /// `written` is the writer's clock, `wall` the reader's; neither may be passed by more than `ahead`.
    pub(crate) fn of(
        timestamp: Timestamp,
        written: Option<Millis>,
        wall: impl Fn() -> Millis,
        ahead: Millis,
    ) -> Self {
        let bounded = |time: Millis, by: Millis| time.min(by.saturating_add(ahead));
        let time = match timestamp {
            Timestamp::LogAppendTime(time) => time,
            Timestamp::CreateTime(time) => bounded(time, wall()),
            Timestamp::NotAvailable => wall(),
        };
        let clock = bounded(time, written.unwrap_or_else(wall));
        Self { time, clock }
    }
}

/// The writer's clock, if the record says it and is on a topic that only the stream writes.
pub(crate) fn written(topic: Topic, headers: Option<&impl Headers>) -> Option<Millis> {
    if topic.is_open() {
        return None;
    }
    let header = headers?.iter().find(|header| header.key == WRITTEN_HEADER)?;
    std::str::from_utf8(header.value?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::message::{Header, OwnedHeaders};

    const MINUTE: Millis = 60_000;
    const DAY: Millis = 24 * 60 * MINUTE;
    const NOW: Millis = 100 * DAY;

    fn of(timestamp: Timestamp, written: Option<Millis>) -> (Millis, Millis) {
        let times = Times::of(timestamp, written, || NOW, 5 * MINUTE);
        (times.time, times.clock)
    }

    #[test]
    fn a_broker_that_is_a_day_ahead_does_not_move_the_clock_of_stores() {
        let ahead = Timestamp::LogAppendTime(NOW + DAY);
        assert_eq!(of(ahead, Some(NOW - 7)), (NOW + DAY, NOW - 7 + 5 * MINUTE));
        assert_eq!(
            of(ahead, None),
            (NOW + DAY, NOW + 5 * MINUTE),
            "nobody says when it was written"
        );
    }

    #[test]
    fn the_readers_clock_does_not_matter_where_the_writer_says_the_time() {
        let appended = Timestamp::LogAppendTime(NOW + DAY + 3);
        assert_eq!(of(appended, Some(NOW + DAY)), (NOW + DAY + 3, NOW + DAY + 3));
    }

    #[test]
    fn what_a_producer_claims_is_bounded_on_a_topic_without_append_times() {
        assert_eq!(of(Timestamp::CreateTime(i64::MAX), None).0, NOW + 5 * MINUTE);
        assert_eq!(of(Timestamp::CreateTime(7), None), (7, 7));
        assert_eq!(of(Timestamp::NotAvailable, None), (NOW, NOW));
    }

    #[test]
    fn strangers_do_not_say_what_time_it_is() {
        let headers = OwnedHeaders::new().insert(Header {
            key: WRITTEN_HEADER,
            value: Some("42"),
        });
        assert_eq!(written(Topic::EventsScored, Some(&headers)), Some(42));
        assert_eq!(written(Topic::IngestEvents, Some(&headers)), None);
    }
}
