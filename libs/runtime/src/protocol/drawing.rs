//! Draws the states of a transaction from the code, and compares with ARCHITECTURE.md.

use super::{Command, Event, Protocol, Transaction};
use crate::commit_policy::{CommitPolicy, Open};
use crate::fault::Recovery;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const BEFORE: &str = "```mermaid\nstateDiagram-v2\n";

fn name(transaction: Transaction) -> &'static str {
    match transaction {
        Transaction::Idle => "Idle",
        Transaction::Open(_) => "Open",
        Transaction::Committing => "Committing",
        Transaction::Aborting => "Aborting",
        Transaction::Renewing => "Renewing",
        Transaction::Ended => "Ended",
    }
}

fn events() -> Vec<(&'static str, Event<u8>)> {
    vec![
        (
            "Applied",
            Event::Applied {
                tasks: vec![7],
                records: 1,
                bytes: 1,
            },
        ),
        (
            "Applied to a task not ours",
            Event::Applied {
                tasks: vec![9],
                records: 1,
                bytes: 1,
            },
        ),
        ("Drained", Event::Drained),
        ("Revoked", Event::Revoked(vec![7])),
        ("Lost", Event::Lost),
        ("Quarantine", Event::Quarantine(7)),
        ("Retry", Event::Retry(7)),
        ("Blamed", Event::Blamed(7)),
        ("Rested", Event::Rested),
        ("Stop", Event::Stop),
        ("Committed", Event::Committed { doubtful: false }),
        ("Committed, doubtful", Event::Committed { doubtful: true }),
        ("Aborted", Event::Aborted { doubtful: false }),
        ("Aborted, doubtful", Event::Aborted { doubtful: true }),
        ("Renewed", Event::Renewed),
        ("Failed: abort", Event::Failed(Recovery::Abort)),
        ("Failed: rebuild", Event::Failed(Recovery::Rebuild)),
        ("Failed: halt", Event::Failed(Recovery::Halt)),
    ]
}

fn at(transaction: Transaction) -> Protocol<u8> {
    let mut lane = Protocol::new(CommitPolicy {
        least_interval: Duration::ZERO,
        greatest_age: Duration::from_hours(1),
        records: 100,
        bytes: u64::MAX,
    });
    lane.step(Event::Assigned(vec![7]), Duration::ZERO);
    lane.step(Event::Restored { task: 7, attempt: 1 }, Duration::ZERO);
    lane.step(
        Event::Applied {
            tasks: vec![7],
            records: 1,
            bytes: 1,
        },
        Duration::ZERO,
    );
    lane.transaction = transaction;
    lane
}

/// Which events may meet a lane there: the shell answers a command before it looks at anything else.
fn meets(transaction: Transaction, event: &Event<u8>) -> bool {
    match transaction {
        Transaction::Committing => matches!(event, Event::Committed { .. } | Event::Failed(_)),
        Transaction::Aborting => matches!(event, Event::Aborted { .. } | Event::Failed(_)),
        Transaction::Renewing => matches!(event, Event::Renewed | Event::Failed(_)),
        _ => !matches!(
            event,
            Event::Committed { .. } | Event::Aborted { .. } | Event::Renewed
        ),
    }
}

fn command(commands: &[Command<u8>]) -> Option<&'static str> {
    commands.iter().find_map(|command| match command {
        Command::Rebuild => Some(" / begin anew"),
        Command::Leave => Some(" / leave"),
        Command::Halt => Some(" / stop with the reason"),
        _ => None,
    })
}

fn drawing() -> String {
    let open = Transaction::Open(Open::at(Duration::ZERO));
    let from = [
        Transaction::Idle,
        open,
        Transaction::Committing,
        Transaction::Aborting,
        Transaction::Renewing,
    ];
    let mut arrows: BTreeMap<(usize, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (place, transaction) in from.into_iter().enumerate() {
        for (said, event) in events()
            .into_iter()
            .filter(|(_, event)| meets(transaction, event))
        {
            let mut lane = at(transaction);
            let commands = lane.step(event, Duration::ZERO);
            let (to, how) = (name(lane.transaction), command(&commands).unwrap_or_default());
            if name(transaction) != to {
                arrows.entry((place, to, how)).or_default().insert(said);
            }
        }
    }
    let line = |((place, to, how), said): (&(usize, &str, &str), &BTreeSet<&str>)| {
        let said: Vec<_> = said.iter().copied().collect();
        format!("    {} --> {to}: {}{how}\n", name(from[*place]), said.join(" · "))
    };
    format!(
        "    [*] --> Idle\n{}",
        arrows.iter().map(line).collect::<String>()
    )
}

#[test]
fn architecture_md_draws_the_protocol_as_it_is() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md");
    let page = std::fs::read_to_string(page).unwrap();
    let drawn = page
        .split_once(BEFORE)
        .and_then(|(_, rest)| rest.split_once("```"));
    let drawn = drawn.map(|(drawn, _)| drawn).unwrap_or_default();
    assert_eq!(drawn, drawing(), "put this into ARCHITECTURE.md:\n{}", drawing());
}
