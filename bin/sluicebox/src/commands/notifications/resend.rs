//! `sluicebox notifications resend`: notifications back on the outbox, whatever came of them. Each keeps its id, by which
//! a receiver knows that it has it.

use crate::app::{self, App};
use crate::commands::dlq::{NoteArgs, time};
use crate::failure::Failure;
use crate::output::{say, tell};
use clap::{ArgGroup, Args};
use model::{DeadLetter, Decoder, Millis, Notification, Replay, ReplayedLetter};
use registry::Registry;
use runtime::admin::{Admin, Selection, StoredRecord};
use serde_json::json;
use settings::Settings;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use topology::Topic;

/// Most records of one transaction.
const BATCH: usize = 500;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(true).args(["id", "channel", "from"]))]
#[command(after_help = "Examples:\n  \
    sluicebox notifications resend --channel ops --from 3h --to 1h --dry-run\n  \
    sluicebox notifications resend --id ntf_00000000000000000000000000000001\n\n\
    A notification goes out again with the id it had, to a disabled channel too. It is sent each time this is run.")]
pub(super) struct ResendArgs {
    /// Notifications by id, separated by commas
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    id: Vec<String>,
    /// Those to these channels, separated by commas
    #[arg(long, value_name = "CHANNEL", value_delimiter = ',')]
    channel: Vec<String>,
    /// Planned at this time or later: RFC 3339, a date, or how long ago, such as 2h
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Millis>,
    /// Planned before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Millis>,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    note: NoteArgs,
    /// Print the outcome as one JSON object
    #[arg(long)]
    json: bool,
}

/// What is read, by the notification's id: it may stand there more than once.
#[derive(Default)]
struct Found {
    records: HashMap<String, (Notification, StoredRecord)>,
    unreadable: u64,
}

pub(super) async fn run(args: ResendArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let admin = app::admin(&settings)?;
    let found = find(&args, &settings, &admin).await?;
    if found.unreadable > 0 {
        tell(format_args!(
            "{} records of the outbox cannot be read, and are left out",
            found.unreadable
        ));
    }
    let mut records: Vec<_> = found.records.into_values().collect();
    records.sort_by_key(|(_, record)| (record.partition, record.offset));
    let mut by_channel: BTreeMap<String, u64> = BTreeMap::new();
    for (notification, _) in &records {
        *by_channel.entry(notification.channel.clone()).or_default() += 1;
    }
    if !args.dry_run {
        write(&args, &settings, &admin, &records).await?;
    }
    report(&args, records.len(), &by_channel);
    Ok(())
}

async fn find(args: &ResendArgs, settings: &Settings, admin: &Admin) -> Result<Found, Failure> {
    let mut decoder = Decoder::new(Arc::new(Registry::connect(&settings.registry)?));
    let (ids, channels) = (args.id.clone(), args.channel.clone());
    let planned = Planned {
        from: args.from,
        to: args.to,
    };
    let among = |given: &[String], value: &String| given.is_empty() || given.contains(value);
    let keep = move |found: &mut Found, record: StoredRecord| {
        if !planned.includes(&record) {
            return true;
        }
        match decoder.decode::<Notification>(record.value.as_deref().unwrap_or_default()) {
            Ok(it) if among(&ids, &it.id) && among(&channels, &it.channel) => {
                found.records.insert(it.id.clone(), (it, record));
            }
            Ok(_) => {}
            Err(_) => found.unreadable += 1,
        }
        true
    };
    let selection = Selection::of(Topic::NotificationsOutbox.name()).since(args.from);
    Ok(admin.read(selection, Found::default(), keep).await?)
}

/// When what is wanted was planned.
#[derive(Clone, Copy)]
struct Planned {
    from: Option<Millis>,
    to: Option<Millis>,
}

impl Planned {
    /// A record that somebody put back says when that was, not when it was planned; that its first record says.
    fn includes(self, record: &StoredRecord) -> bool {
        if self.from.is_none() && self.to.is_none() {
            return true;
        }
        let late_enough = self.from.is_none_or(|from| record.time >= from);
        let early_enough = self.to.is_none_or(|to| record.time < to);
        record.written.is_some() && late_enough && early_enough
    }
}

/// Puts the records back as a replay does: in one transaction with the note of it.
async fn write(
    args: &ResendArgs,
    settings: &Settings,
    admin: &Admin,
    records: &[(Notification, StoredRecord)],
) -> Result<(), Failure> {
    if records.is_empty() {
        return Ok(());
    }
    let mut replayer = admin.replayer(app::schema_ids(settings).await?).await?;
    let topic = app::prefix(settings).apply(Topic::NotificationsOutbox.name());
    let mut note = header(args, settings);
    for batch in records.chunks(BATCH) {
        note.letters = batch.iter().map(|(_, record)| noted(&topic, record)).collect();
        let letters = batch.iter().map(|(_, record)| again(&topic, record));
        replayer.write(letters.collect(), &note).await?;
        note.number += 1;
    }
    tell(format_args!("noted as {}; see `sluicebox dlq replays`", note.id));
    Ok(())
}

/// What every note of this run says.
fn header(args: &ResendArgs, settings: &Settings) -> Replay {
    let list = |given: &[String]| (!given.is_empty()).then(|| given.join(","));
    let at = |time: Option<Millis>| time.map(crate::commands::shown::rfc3339);
    let filters = [
        ("resend id", list(&args.id)),
        ("resend channel", list(&args.channel)),
        ("from", at(args.from)),
        ("to", at(args.to)),
    ];
    let given = filters
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    args.note.header(given.collect(), settings)
}

/// The record as it was, marked as one that somebody put back.
fn again(topic: &str, record: &StoredRecord) -> DeadLetter {
    DeadLetter {
        topic: topic.to_owned(),
        partition: record.partition,
        offset: record.offset,
        time: record.time,
        key: Some(record.key.clone()),
        payload: record.value.clone(),
        attempts: 1,
        ..DeadLetter::default()
    }
}

/// It was no dead letter.
fn noted(topic: &str, record: &StoredRecord) -> ReplayedLetter {
    ReplayedLetter {
        partition: -1,
        offset: -1,
        origin_topic: topic.to_owned(),
        origin_partition: record.partition,
        origin_offset: record.offset,
        origin_time: record.time,
    }
}

fn report(args: &ResendArgs, count: usize, by_channel: &BTreeMap<String, u64>) {
    if args.json {
        return say(json!({ "resent": count, "dry_run": args.dry_run, "by_channel": by_channel }));
    }
    let what = if args.dry_run {
        "would be sent again"
    } else {
        "are sent again"
    };
    say(format_args!("{count} {what}"));
    for (channel, count) in by_channel {
        say(format_args!("  {channel} {count}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(time: Millis, written: Option<Millis>) -> StoredRecord {
        StoredRecord {
            topic: Topic::NotificationsOutbox.name().to_owned(),
            partition: 0,
            offset: 0,
            time,
            written,
            key: Vec::new(),
            value: None,
            headers: Vec::new(),
        }
    }

    #[test]
    fn a_range_of_time_is_about_the_plan_and_not_about_what_was_put_back() {
        let planned = |from, to| Planned { from, to };
        for (range, of_plan, put_back) in [
            (planned(None, None), true, true),
            (planned(Some(5), None), true, false),
            (planned(Some(6), None), false, false),
            (planned(None, Some(6)), true, false),
            (planned(Some(5), Some(5)), false, false),
        ] {
            let included = [record(5, Some(5)), record(5, None)].map(|record| range.includes(&record));
            assert_eq!(included, [of_plan, put_back], "{:?} {:?}", range.from, range.to);
        }
    }
}
