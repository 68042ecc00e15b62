//! `windows`: updates of windows a second through the decision of the detector, changelog included, with ten rules of all
//! kinds over many subjects. In one thread, without Kafka.

use crate::random::SplittableRandom;
use crate::{machine, process, say};
use anyhow::{Result, anyhow};
use clap::Args;
use detector::{DetectorStage, DetectorStores};
use model::{Event, Value};
use rules::{DetectionRules, explain};
use serde_json::json;
use settings::Watched;
use stage::{AnyStore, Cx, Stores, apply_and_fire};
use std::time::Duration;
use topology::Topic;

/// Ten rules that look at every event.
const RULES: &str = include_str!("windows_cost.yml");
const RULE_COUNT: u32 = 10;
/// Records of one transaction.
const COMMIT: usize = 1000;
/// Events a second in event time: each subject has one every minute and a half or so.
const PER_SECOND: i64 = 1000;

/// Updates of windows a second through the detector's decision, with ten rules over many subjects
#[derive(Args)]
pub(crate) struct WindowsArgs {
    /// Subjects, each of which has its own windows
    #[arg(long, default_value_t = 100_000)]
    subjects: u64,
    /// Events that are measured, once every subject is known
    #[arg(long, default_value_t = 200_000)]
    events: usize,
}

/// What came of a part of the stream.
struct Cost {
    seconds: f64,
    detections: usize,
    changelog: usize,
}

pub(crate) fn run(args: &WindowsArgs) -> Result<()> {
    let rules = DetectionRules::parse(&[("windows_cost.yml", RULES)], &|_| None);
    let rules = rules.map_err(|errors| anyhow!(explain(&errors)))?;
    let mut bench = Bench {
        stage: DetectorStage::new(&Watched::fixed(rules), Duration::from_mins(1)),
        stores: DetectorStores::default(),
        random: SplittableRandom::new(7),
        number: 0,
        subjects: args.subjects,
    };
    let before = process::resident_mib(std::process::id());
    let first = usize::try_from(args.subjects)?;
    let warm = bench.take(first, false);
    let cost = bench.take(args.events, true);
    let resident = process::resident_mib(std::process::id()) - before;
    tell(args, &warm, &cost, resident);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn tell(args: &WindowsArgs, warm: &Cost, cost: &Cost, resident: f64) {
    let updates = |events: usize, cost: &Cost| events as f64 * f64::from(RULE_COUNT) / cost.seconds;
    let first = usize::try_from(args.subjects).unwrap_or(usize::MAX);
    let (new, known) = (updates(first, warm), updates(args.events, cost));
    let states = args.subjects as f64 * f64::from(RULE_COUNT);
    let bytes = resident * 1024.0 * 1024.0 / states;
    let changelog = cost.changelog as f64 / args.events as f64;
    say(machine::line());
    say("| | updates/s of CPU |\n|---|---|");
    say(format_args!("| subjects that are new | {new:.0} |"));
    say(format_args!("| subjects that are known | {known:.0} |"));
    say(format_args!(
        "{bytes:.0} bytes resident a rule and subject, {changelog:.0} bytes of changelog an event; {} detections",
        cost.detections
    ));
    say(json!({
        "bench": "windows",
        "date": machine::date(),
        "commit": machine::commit(),
        "subjects": args.subjects,
        "rules": RULE_COUNT,
        "window_updates_per_s": known.round(),
        "window_updates_per_s_new": new.round(),
        "window_state_bytes": bytes.round(),
        "window_changelog_bytes_per_event": changelog.round(),
    }));
}

struct Bench {
    stage: DetectorStage,
    stores: DetectorStores,
    random: SplittableRandom,
    number: u64,
    subjects: u64,
}

impl Bench {
    /// Events of every subject in turn, or of any.
    fn take(&mut self, events: usize, any: bool) -> Cost {
        let begin = process::thread_seconds();
        let mut cost = Cost {
            seconds: 0.0,
            detections: 0,
            changelog: 0,
        };
        for number in 1..=events {
            let event = self.event(any);
            let cx = Cx::at(Topic::EventsNormalized, event.time);
            let (verdict, fired) = apply_and_fire(&mut self.stage, event, &mut self.stores, &cx);
            let found = verdict.map_or(0, |emit| match emit {
                stage::Emit::Many(found) => found.len(),
                stage::Emit::One(_) => 1,
                _ => 0,
            });
            cost.detections += found + fired.len();
            if number % COMMIT == 0 || number == events {
                cost.changelog += commit(&mut self.stores);
            }
        }
        cost.seconds = process::thread_seconds() - begin;
        cost
    }

    fn event(&mut self, any: bool) -> Event {
        let number = self.number;
        self.number += 1;
        let subject = if any {
            self.random.next_u64() % self.subjects
        } else {
            number % self.subjects
        };
        let roll = self.random.next_u64();
        let part = |shift: u32, of: u64| i64::try_from((roll >> shift) % of).unwrap_or(0);
        let attributes = [
            ("status", Value::Long(if part(0, 50) == 0 { 500 } else { 200 })),
            ("ms", Value::Long(20 + part(8, 200))),
            (
                "path",
                Value::from(["/", "/cart", "/search", "/item"][usize::try_from(part(16, 4)).unwrap_or(0)]),
            ),
            ("success", Value::Bool(part(24, 20) != 0)),
        ];
        Event {
            id: format!("evt_{number:032x}"),
            source: "web".to_owned(),
            kind: "call".to_owned(),
            subject: format!("user:{subject}"),
            tenant: "default".to_owned(),
            time: i64::try_from(number).unwrap_or(0) * 1000 / PER_SECOND,
            attributes: attributes.map(|(name, value)| (name.to_owned(), value)).into(),
            ..Event::default()
        }
    }
}

/// Writes the changes as a transaction does; gives their bytes.
fn commit(stores: &mut DetectorStores) -> usize {
    let mut bytes = 0;
    stores.each(&mut |store: &mut dyn AnyStore| {
        store.expire(0);
        let shown = store.changes(&mut |(key, value)| bytes += key.len() + value.map_or(0, <[u8]>::len));
        debug_assert!(shown.is_ok(), "a store that cannot be written: {shown:?}");
        store.commit();
    });
    bytes
}
