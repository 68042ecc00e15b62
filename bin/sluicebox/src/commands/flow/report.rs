//! The counts of all stages, and whether they add up, within each stage and from stage to stage. No I/O.

use model::Millis;
use runtime::admin::OpenTransaction;
use serde::Serialize;
use stage::FlowCounts;
use std::collections::BTreeMap;
use topology::{Cleanup, StageName, Topic};

/// Version of the JSON; new fields do not change it.
const VERSION: u32 = 1;

/// What became of the records of one stage from one topic, and what is left.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub(crate) stage: StageName,
    pub(crate) topic: Topic,
    pub(crate) counts: FlowCounts,
    pub(crate) lag: i64,
    pub(crate) lag_seconds: f64,
}

/// The whole stream at one time.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    version: u32,
    prefix: String,
    /// Nothing is left to read anywhere, and nothing waits for the outside world.
    pub(crate) drained: bool,
    /// Every stage accounts for every record, and, when drained, every reader has read what was written.
    pub(crate) conserves: bool,
    pub(crate) stages: Vec<StageReport>,
    pub(crate) topics: Vec<TopicReport>,
    /// What no stage can read yet, because a transaction before it is still open.
    pub(crate) open_transactions: Vec<OpenReport>,
}

/// A transaction that is open in one partition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct OpenReport {
    pub(crate) topic: &'static str,
    pub(crate) partition: i32,
    /// Where its first record stands; no stage reads beyond it.
    pub(crate) offset: i64,
    /// Records from there on; an upper bound.
    pub(crate) records: i64,
    /// How long its first record has been there.
    pub(crate) seconds: f64,
    /// The stages that write the topic.
    pub(crate) writers: Vec<&'static str>,
}

impl OpenReport {
    /// At this time, ms since 1970.
    pub(crate) fn of(open: &OpenTransaction, now: Millis) -> Self {
        let since = open.since.map_or(0, |since| now.saturating_sub(since).max(0));
        let writers = open.topic.spec().writers.iter();
        Self {
            topic: open.topic.name(),
            partition: open.partition,
            offset: open.offset,
            records: open.records,
            seconds: since as f64 / 1_000.0,
            writers: writers.map(|stage| stage.as_str()).collect(),
        }
    }

    /// In words.
    pub(crate) fn told(&self) -> String {
        format!(
            "{} records of {}-{} or fewer stand behind a transaction that is open at offset {} for {:.1} s; written by: {}",
            self.records,
            self.topic,
            self.partition,
            self.offset,
            self.seconds,
            self.writers.join(", ")
        )
    }
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct StageReport {
    pub(crate) stage: &'static str,
    /// Records read.
    #[serde(rename = "in")]
    pub(crate) read: u64,
    /// Of them, those that led to output.
    pub(crate) out: u64,
    /// Records written.
    pub(crate) emitted: u64,
    /// The same by topic, for a stage that writes more than one.
    pub(crate) emitted_to: BTreeMap<String, u64>,
    pub(crate) filtered: BTreeMap<String, u64>,
    pub(crate) duplicate: u64,
    pub(crate) dead: BTreeMap<String, u64>,
    /// Dead letters that are the fault of whoever sent the record.
    pub(crate) dead_of_producers: u64,
    /// Records that came too late for a rule, by rule; each is counted above, too.
    pub(crate) late: BTreeMap<String, u64>,
    /// Records whose time was replaced, because it was ahead of the broker's; each is counted above, too.
    pub(crate) time_corrected: u64,
    /// Records read that wait for the outside world.
    pub(crate) waiting: u64,
    /// Records left to read; an upper bound, and 0 exactly when there are none.
    pub(crate) lag: i64,
    /// How long the oldest record that is left has waited.
    pub(crate) lag_seconds: f64,
    /// Records read a second while this was watched; `null` when nothing was.
    pub(crate) events_per_s: Option<f64>,
    pub(crate) conserves: bool,
}

/// One topic, from its writers to its readers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TopicReport {
    pub(crate) topic: &'static str,
    /// Records written by stages and by replays; `null` for topics that others write.
    pub(crate) written: Option<u64>,
    /// Records read, by stage.
    pub(crate) read: BTreeMap<&'static str, u64>,
    /// Whether all readers have read the same, namely what was written; `null` while records are left.
    pub(crate) agrees: Option<bool>,
}

impl Report {
    /// `replayed` is how many records replays put back on each topic.
    pub(crate) fn of(
        prefix: &str,
        reads: &[Read],
        replayed: &BTreeMap<Topic, u64>,
        open_transactions: Vec<OpenReport>,
    ) -> Self {
        let stages: Vec<_> = StageName::RUNNERS
            .into_iter()
            .map(|stage| stage_report(stage, reads))
            .collect();
        let topics: Vec<_> = Topic::all()
            .map(|topic| {
                let replayed = replayed.get(&topic).copied().unwrap_or_default();
                topic_report(topic, reads, replayed)
            })
            .collect();
        let conserves = stages.iter().all(|stage| stage.conserves);
        Self {
            version: VERSION,
            prefix: prefix.to_owned(),
            drained: open_transactions.is_empty() && stages.iter().all(StageReport::is_drained),
            conserves: conserves && topics.iter().all(|topic| topic.agrees != Some(false)),
            stages,
            topics,
            open_transactions,
        }
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The counts of one stage.
    pub(crate) fn stage(&self, stage: StageName) -> Option<&StageReport> {
        self.stages.iter().find(|report| report.stage == stage.as_str())
    }

    pub(crate) fn same_counts(&self, other: &Self) -> bool {
        let counts = |report: &Self| -> Vec<u64> { report.stages.iter().map(|stage| stage.read).collect() };
        counts(self) == counts(other)
    }

    /// The stages that have something left to read, in words.
    pub(crate) fn behind(&self) -> String {
        let behind = self.stages.iter().filter(|stage| !stage.is_drained());
        let behind: Vec<_> = behind
            .map(|stage| {
                format!(
                    "{} {}",
                    stage.stage,
                    i128::from(stage.lag) + i128::from(stage.waiting)
                )
            })
            .collect();
        let left = (!behind.is_empty()).then(|| format!("left: {}", behind.join(", ")));
        let open = self.open_transactions.iter().map(OpenReport::told);
        let all: Vec<_> = left.into_iter().chain(open).collect();
        if all.is_empty() {
            "nothing is left to read".to_owned()
        } else {
            all.join("; ")
        }
    }

    /// What does not add up, in words.
    pub(crate) fn losses(&self) -> Vec<String> {
        let stages = self.stages.iter().filter(|stage| !stage.conserves);
        let stages = stages.map(|stage| {
            format!(
                "{}: in is not out + filtered + duplicate + dead + waiting",
                stage.stage
            )
        });
        let topics = self.topics.iter().filter(|topic| topic.agrees == Some(false));
        let topics = topics.map(|topic| {
            let written = topic
                .written
                .map_or_else(|| "others".to_owned(), |written| written.to_string());
            format!("{}: written {written}, read {:?}", topic.topic, topic.read)
        });
        stages.chain(topics).collect()
    }
}

impl StageReport {
    const fn is_drained(&self) -> bool {
        self.lag == 0 && self.waiting == 0
    }
}

fn stage_report(stage: StageName, reads: &[Read]) -> StageReport {
    let mut counts = FlowCounts::default();
    let own = reads.iter().filter(|read| read.stage == stage);
    let lag = own.clone().map(|read| read.lag).sum();
    let lag_seconds = own.clone().map(|read| read.lag_seconds).fold(0.0, f64::max);
    own.for_each(|read| {
        counts.add(&read.counts);
        // The sink's counts stand in columns and say only why a record died, which is that it could not be read.
        if stage == StageName::Sink && read.topic.is_open() {
            counts.dead_of_producers += read.counts.dead.values().sum::<u64>();
        }
    });
    StageReport {
        stage: stage.as_str(),
        conserves: counts.conserves(),
        waiting: counts.waiting(),
        read: counts.read,
        out: counts.out,
        emitted: counts.emitted,
        emitted_to: counts.emitted_to,
        filtered: counts.filtered,
        duplicate: counts.duplicate,
        dead: counts.dead,
        dead_of_producers: counts.dead_of_producers,
        late: counts.late,
        time_corrected: counts.time_corrected,
        lag,
        lag_seconds,
        events_per_s: None,
    }
}

fn topic_report(topic: Topic, reads: &[Read], replayed: u64) -> TopicReport {
    let own = || reads.iter().filter(|read| read.topic == topic);
    let written = written(topic, reads).map(|written| written + replayed);
    let by_stage: BTreeMap<_, _> = own()
        .map(|read| (read.stage.as_str(), read.counts.read))
        .collect();
    let drained = own().all(|read| read.lag == 0);
    TopicReport {
        topic: topic.name(),
        written,
        agrees: drained.then(|| agrees(topic, written, &by_stage)),
        read: by_stage,
    }
}

/// What the stages wrote to a topic, by their counts; `None` where others write too, or where it is no output that counts.
fn written(topic: Topic, reads: &[Read]) -> Option<u64> {
    let dead = |counts: &FlowCounts| counts.dead.values().sum::<u64>();
    match topic {
        Topic::IngestEvents | Topic::NotificationsChannels | Topic::SourcesCommands => None,
        Topic::DeadLetters => Some(reads.iter().map(|read| dead(&read.counts)).sum()),
        _ => {
            let writers = topic.spec().writers;
            Some(
                reads
                    .iter()
                    .filter(|read| writers.contains(&read.stage))
                    .map(|read| emitted_to(topic, &read.counts))
                    .sum(),
            )
        }
    }
}

/// What a task wrote to a topic: all of it, where its stage writes no other.
fn emitted_to(topic: Topic, counts: &FlowCounts) -> u64 {
    if counts.emitted_to.is_empty() {
        counts.emitted
    } else {
        counts.emitted_to.get(topic.name()).copied().unwrap_or_default()
    }
}

/// A compacted topic forgets what a newer record replaced, so that a reader may have read less; where people write
/// corrections beside what the stages do, it has read more.
fn agrees(topic: Topic, written: Option<u64>, read: &BTreeMap<&'static str, u64>) -> bool {
    let expected = written
        .or_else(|| read.values().next().copied())
        .unwrap_or_default();
    match topic.spec().cleanup {
        _ if topic == Topic::StoriesParts => read.values().all(|read| *read >= expected),
        Cleanup::Delete(_) => read.values().all(|read| *read == expected),
        Cleanup::Compact | Cleanup::CompactDelete(_) => read.values().all(|read| *read <= expected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stage: StageName, topic: Topic, out: u64) -> Read {
        let mut counts = FlowCounts::default();
        (0..out).for_each(|_| counts.count_out(1));
        Read {
            stage,
            topic,
            counts,
            lag: 0,
            lag_seconds: 0.0,
        }
    }

    fn stream() -> Vec<Read> {
        use StageName as N;
        let reads = [
            (N::Normalizer, Topic::IngestEvents),
            (N::Sink, Topic::IngestEvents),
            (N::Scorer, Topic::EventsNormalized),
            (N::Detector, Topic::EventsNormalized),
        ];
        reads.map(|(stage, topic)| read(stage, topic, 3)).into()
    }

    #[test]
    fn corrections_come_beside_what_the_stages_write_and_nothing_may_be_missing() {
        let parts = |written, taken| {
            let merger = read(StageName::StoryMerger, Topic::StoriesParts, taken);
            let mut aggregator = read(StageName::DedupAggregator, Topic::EventsScored, written);
            let told = [(Topic::StoriesParts.name().to_owned(), written)];
            aggregator.counts.emitted_to = told.into();
            topic_report(Topic::StoriesParts, &[aggregator, merger], 0).agrees
        };
        assert_eq!((parts(3, 3), parts(3, 5)), (Some(true), Some(true)));
        assert_eq!(parts(3, 2), Some(false));
    }

    #[test]
    fn what_is_written_must_be_read_by_all() {
        let mut reads = stream();
        let topic = |reads: &[Read]| topic_report(Topic::EventsNormalized, reads, 0).agrees;
        assert_eq!(topic(&reads), Some(true));
        reads[3].counts = FlowCounts::default();
        assert_eq!(topic(&reads), Some(false));
        reads[3].lag = 3;
        assert_eq!(topic(&reads), None);
    }

    #[test]
    fn what_a_replay_put_back_is_read_again() {
        let mut reads = stream();
        reads[2..]
            .iter_mut()
            .for_each(|read| read.counts.count_duplicate());
        assert_eq!(
            topic_report(Topic::EventsNormalized, &reads, 1).agrees,
            Some(true)
        );
        assert_eq!(
            topic_report(Topic::EventsNormalized, &reads, 0).agrees,
            Some(false)
        );
    }

    #[test]
    fn what_is_said_of_channels_is_no_output_of_a_stage() {
        use StageName as N;
        let receipts = read(N::NotifierDeliver, Topic::NotificationsOutbox, 5);
        let heard = read(N::NotifierPlan, Topic::NotificationsChannels, 2);
        let report = topic_report(Topic::NotificationsChannels, &[receipts, heard], 0);
        assert_eq!((report.written, report.agrees), (None, Some(true)));
    }

    #[test]
    fn the_audit_must_agree_with_the_normalizer() {
        let mut reads = stream();
        assert_eq!(topic_report(Topic::IngestEvents, &reads, 0).agrees, Some(true));
        reads[1].counts.count_out(1);
        assert_eq!(topic_report(Topic::IngestEvents, &reads, 0).agrees, Some(false));
    }

    fn open() -> OpenReport {
        let open = OpenTransaction {
            topic: Topic::Signals,
            partition: 3,
            offset: 1_234,
            records: 17,
            since: Some(1_000),
        };
        OpenReport::of(&open, 63_500)
    }

    #[test]
    fn what_stands_behind_an_open_transaction_is_left() {
        let report = |open| Report::of("", &stream(), &BTreeMap::new(), open);
        assert!(report(Vec::new()).drained);
        let held = report(vec![open()]);
        assert!(!held.drained && held.conserves);
        assert_eq!(
            held.behind(),
            "17 records of signals-3 or fewer stand behind a transaction that is open at offset 1234 for 62.5 s; \
             written by: dedup-aggregator, story-merger"
        );
    }

    #[test]
    fn a_lost_record_is_named() {
        let mut reads = stream();
        reads[0].counts.read += 1;
        let report = Report::of("", &reads, &BTreeMap::new(), Vec::new());
        assert!(!report.conserves);
        assert!(report.losses()[0].starts_with("normalizer"));
    }

    #[test]
    fn what_the_sink_cannot_read_of_the_open_topic_is_the_producers_fault() {
        let mut reads = stream();
        reads[1].counts.count_dead("undecodable", model::Fault::Producer);
        reads[1].counts.dead_of_producers = 0;
        let report = stage_report(StageName::Sink, &reads);
        assert_eq!((report.dead["undecodable"], report.dead_of_producers), (1, 1));
    }

    #[test]
    fn the_json_keeps_its_names() {
        let json: serde_json::Value =
            serde_json::from_str(&Report::of("p.", &stream(), &BTreeMap::new(), vec![open()]).to_json())
                .unwrap();
        let names =
            |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            names(&json),
            [
                "version",
                "prefix",
                "drained",
                "conserves",
                "stages",
                "topics",
                "open_transactions"
            ]
        );
        let open = ["topic", "partition", "offset", "records", "seconds", "writers"];
        assert_eq!(names(&json["open_transactions"][0]), open);
        let stage = [
            "stage",
            "in",
            "out",
            "emitted",
            "emitted_to",
            "filtered",
            "duplicate",
            "dead",
            "dead_of_producers",
            "late",
            "time_corrected",
            "waiting",
            "lag",
            "lag_seconds",
            "events_per_s",
            "conserves",
        ];
        assert_eq!(names(&json["stages"][0]), stage);
        assert_eq!(names(&json["topics"][0]), ["topic", "written", "read", "agrees"]);
    }
}
