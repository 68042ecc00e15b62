//! `sluicebox dlq list`: what died, newest first, and how many by stage and reason, by fault and sender.

use super::filter::Filter;
use super::letter::{Letter, LetterId};
use super::letters::Letters;
use super::past::Past;
use crate::app::App;
use crate::commands::shown::rfc3339;
use crate::commands::table;
use crate::failure::Failure;
use crate::output::{STRONG, say, styled};
use clap::Args;
use model::Millis;
use std::collections::BTreeMap;

const HEADINGS: [&str; 11] = [
    "letter", "died", "stage", "reason", "fault", "tenant", "source", "attempts", "replayed", "record", "key",
];
/// A key may be as long as a record, and a source nearly so.
const SHOWN: usize = 40;
/// Senders whose numbers are printed; `--json` has all.
const SENDERS_SHOWN: usize = 20;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sluicebox dlq list --from 1h\n  sluicebox dlq list --reason undecodable --json | jq -r .message | sort | uniq -c"
)]
pub(super) struct ListArgs {
    #[command(flatten)]
    filter: Filter,
    /// Most dead letters that are listed; all are counted
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Print one JSON object a dead letter, and no counts
    #[arg(long)]
    json: bool,
}

/// The newest dead letters, and how many there are.
struct Listing {
    limit: usize,
    newest: BTreeMap<(Millis, LetterId), Letter>,
    counts: BTreeMap<(String, String), u64>,
    senders: BTreeMap<Sender, u64>,
}

/// Whose fault, and whose record: tenant and source.
type Sender = (&'static str, String, String);

impl Listing {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            newest: BTreeMap::new(),
            counts: BTreeMap::new(),
            senders: BTreeMap::new(),
        }
    }

    fn add(&mut self, letter: Letter) {
        let kind = (letter.content.stage.clone(), letter.content.reason.clone());
        *self.counts.entry(kind).or_default() += 1;
        *self.senders.entry(sender(&letter)).or_default() += 1;
        self.newest.insert((letter.died, letter.id), letter);
        if self.newest.len() > self.limit {
            self.newest.pop_first();
        }
    }

    fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}

pub(super) async fn run(args: ListArgs, app: &App) -> Result<(), Failure> {
    let letters = Letters::connect(&app.settings()?)?;
    let past = letters.past().await?;
    let add = |listing: &mut Listing, letter| {
        listing.add(letter);
        true
    };
    let listing = letters.each(&args.filter, Listing::new(args.limit), add).await?;
    if args.json {
        let newest = listing.newest.values().rev();
        newest.for_each(|letter| say(letter.described(&past)));
    } else {
        lines(&listing, &past).into_iter().for_each(say);
    }
    Ok(())
}

fn lines(listing: &Listing, past: &Past) -> Vec<String> {
    let total = listing.total();
    if total == 0 {
        return vec!["no dead letters".to_owned()];
    }
    let rows: Vec<[String; 11]> = listing
        .newest
        .values()
        .rev()
        .map(|letter| row(letter, past))
        .collect();
    let mut lines = table::lines(&HEADINGS, &rows);
    let kinds = listing.counts.iter();
    let kinds = kinds.map(|((stage, reason), count)| format!("  {stage} {reason} {count}"));
    let left_out = total - listing.newest.len() as u64;
    lines.push(styled(STRONG, format_args!("{total} dead letters")));
    lines.extend(kinds);
    lines.extend(senders(listing));
    if left_out > 0 {
        lines.push(format!(
            "{left_out} older ones are not listed; narrow the filter or raise --limit"
        ));
    }
    lines
}

/// Those who sent most of it, most first.
fn senders(listing: &Listing) -> Vec<String> {
    let mut senders: Vec<_> = listing.senders.iter().collect();
    senders.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let line = |((fault, tenant, source), count): &(&Sender, &u64)| {
        format!("  fault {fault}, tenant {tenant}, source {source}: {count}")
    };
    let mut lines: Vec<_> = senders.iter().take(SENDERS_SHOWN).map(line).collect();
    let more = senders.len().saturating_sub(SENDERS_SHOWN);
    if more > 0 {
        lines.push(format!("  {more} more senders; narrow with --tenant or --source"));
    }
    lines
}

fn sender(letter: &Letter) -> Sender {
    let content = &letter.content;
    let name = |name: Option<&str>| shown(name.unwrap_or("-"));
    (
        content.fault.as_str(),
        name(content.tenant.as_deref()),
        name(content.source.as_deref()),
    )
}

fn shown(text: &str) -> String {
    let mut shown = text.replace(char::is_control, " ");
    if shown.chars().count() > SHOWN {
        shown = shown.chars().take(SHOWN).chain(['…']).collect();
    }
    shown
}

fn row(letter: &Letter, past: &Past) -> [String; 11] {
    let replayed = past.replay_of(&letter.origin());
    let (fault, tenant, source) = sender(letter);
    [
        letter.id.to_string(),
        rfc3339(letter.died),
        letter.content.stage.clone(),
        letter.content.reason.clone(),
        fault.to_owned(),
        tenant,
        source,
        letter.content.attempts.to_string(),
        replayed.map_or_else(|| "-".to_owned(), |run| rfc3339(run.last)),
        letter.place(),
        shown(&letter.key_text()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::DeadLetter;

    fn letter(offset: i64, died: Millis) -> Letter {
        Letter {
            id: LetterId { partition: 0, offset },
            died,
            content: DeadLetter {
                stage: "scorer".to_owned(),
                reason: "undecodable".to_owned(),
                ..DeadLetter::default()
            },
        }
    }

    #[test]
    fn the_newest_are_listed_and_all_are_counted() {
        let mut listing = Listing::new(2);
        for (offset, died) in [(1, 5), (2, 9), (3, 7)] {
            listing.add(letter(offset, died));
        }
        let lines = lines(&listing, &Past::default());
        assert!(
            lines[1].starts_with("0:2") && lines[2].starts_with("0:3"),
            "{lines:?}"
        );
        assert!(lines.iter().any(|line| line.contains("3 dead letters")));
        assert!(lines.iter().any(|line| line == "  scorer undecodable 3"));
        let by_sender = "  fault ours, tenant -, source -: 3";
        assert!(lines.iter().any(|line| line == by_sender), "{lines:?}");
        assert!(lines.last().unwrap().starts_with("1 older"));
    }
}
