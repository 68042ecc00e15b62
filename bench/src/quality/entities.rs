//! Entities found in lines that were labelled by hand: links, tags, addresses, amounts, dates, tickers.
//!
//! A label is `{kind:text}` or `{kind=value:text}` around what a reader would mark, and may hold another label. An
//! entity is right when kind, place and, where a value is given, the value are.

use super::report::{Row, Wanted};
use anyhow::{Context, Result, bail};
use std::collections::{BTreeSet, HashSet};
use text::{AmountKind, Chain, Checksum, Findings, Span};

const LINES: &str = include_str!("../../data/entities.txt");
/// The list of symbols that a user would configure.
const SYMBOLS: &[&str] = &[
    "ARB", "BNB", "BTC", "DOGE", "ETH", "LINK", "NEAR", "ONE", "OP", "SOL", "UNI", "XRP",
];

/// One entity of a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entity {
    start: usize,
    end: usize,
    kind: String,
    /// Empty where a label gives none.
    value: String,
}

#[derive(Default)]
struct Tally {
    right: usize,
    missed: usize,
    wrong: usize,
}

pub(crate) fn rows() -> Result<Vec<Row>> {
    let symbols = SYMBOLS.iter().map(|symbol| (*symbol).to_owned()).collect();
    let mut tally = Tally::default();
    let lines = LINES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("//"));
    let mut n = 0;
    for line in lines {
        n += 1;
        let (text, wanted) = labelled(line).with_context(|| line.to_owned())?;
        compare(&text, &wanted, &found(&text, &symbols), &mut tally);
    }
    let share = |of: usize| tally.right as f64 / (tally.right + of).max(1) as f64;
    let row = |name, what, value, least| Row {
        name,
        what,
        on: "lines of ours, labelled by hand",
        n,
        value: Some(value),
        wanted: Wanted::AtLeast(least),
    };
    Ok(vec![
        row(
            "entities_precision",
            "entities, precision",
            share(tally.wrong),
            0.98,
        ),
        row("entities_recall", "entities, recall", share(tally.missed), 0.95),
    ])
}

fn compare(text: &str, wanted: &BTreeSet<Entity>, got: &BTreeSet<Entity>, tally: &mut Tally) {
    let same = |a: &Entity, b: &Entity| {
        (a.start, a.end, &a.kind) == (b.start, b.end, &b.kind) && (a.value.is_empty() || a.value == b.value)
    };
    let missed: Vec<&Entity> = wanted
        .iter()
        .filter(|a| !got.iter().any(|b| same(a, b)))
        .collect();
    let wrong: Vec<&Entity> = got
        .iter()
        .filter(|b| !wanted.iter().any(|a| same(a, b)))
        .collect();
    tally.right += got.len() - wrong.len();
    tally.missed += missed.len();
    tally.wrong += wrong.len();
    if super::wants_details() && !(missed.is_empty() && wrong.is_empty()) {
        let show = |entities: &[&Entity]| -> Vec<String> {
            let shown = entities
                .iter()
                .map(|e| format!("{}={}:{}", e.kind, e.value, &text[e.start..e.end]));
            shown.collect()
        };
        crate::say(format_args!(
            "{text}\n  missed {:?}\n  wrong  {:?}",
            show(&missed),
            show(&wrong)
        ));
    }
}

/// The plain text of a labelled line, and its entities.
fn labelled(line: &str) -> Result<(String, BTreeSet<Entity>)> {
    let (mut text, mut entities, mut open) = (String::new(), BTreeSet::new(), Vec::new());
    let mut rest = line;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let opens = rest[at..].starts_with('{');
        rest = &rest[at + 1..];
        if opens {
            let (label, behind) = rest.split_once(':').context("a label without a colon")?;
            let (kind, value) = label.split_once('=').unwrap_or((label, ""));
            open.push((text.len(), kind.to_owned(), value.replace('\u{a6}', ":")));
            rest = behind;
        } else {
            let Some((start, kind, value)) = open.pop() else {
                bail!("a label is closed that was never opened")
            };
            let end = text.len();
            entities.insert(Entity {
                start,
                end,
                kind,
                value,
            });
        }
    }
    text.push_str(rest);
    if open.is_empty() {
        Ok((text, entities))
    } else {
        bail!("a label stays open")
    }
}

fn found(text: &str, symbols: &HashSet<String>) -> BTreeSet<Entity> {
    let findings = text::find(text);
    let mut found = BTreeSet::new();
    let mut add = |kind: &str, span: Span, value: String| {
        let (start, end, kind) = (span.start, span.end, kind.to_owned());
        found.insert(Entity {
            start,
            end,
            kind,
            value,
        });
    };
    for tag in text::tickers(text, &findings, symbols) {
        add("ticker", tag.span, tag.name);
    }
    let Findings {
        links,
        cashtags,
        hashtags,
        mentions,
        addresses,
        transactions,
        emails,
        names,
        amounts,
        dates,
    } = findings;
    for (kind, tags) in [
        ("cashtag", cashtags),
        ("hashtag", hashtags),
        ("mention", mentions),
        ("email", emails),
        ("ens", names),
    ] {
        for tag in tags {
            add(kind, tag.span, tag.name);
        }
    }
    for link in links {
        add("url", link.span, link.url);
    }
    for date in dates {
        add("date", date.span, date.date);
    }
    for transaction in transactions {
        add("tx", transaction.span, transaction.hash);
    }
    for address in addresses {
        let chain = match address.chain {
            Chain::Evm => "evm",
            Chain::Solana => "sol",
            Chain::Bitcoin => "btc",
        };
        let mark = if address.checksum == Checksum::Invalid {
            "!"
        } else {
            ""
        };
        add(&format!("{chain}{mark}"), address.span, address.address);
    }
    for amount in amounts {
        let (kind, value) = match amount.kind {
            AmountKind::Money => ("money", format!("{} {}", amount.value, amount.unit)),
            AmountKind::Percentage => ("percent", amount.value.to_string()),
            AmountKind::Quantity => ("quantity", format!("{} {}", amount.value, amount.unit)),
        };
        add(kind, amount.span, value);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_labelled_line_is_read() -> Result<()> {
        let (text, entities) = labelled("up {percent=5:5%} of {quantity=3 ETH:3 {ticker:ETH}}")?;
        assert_eq!(text, "up 5% of 3 ETH");
        let kinds: Vec<&str> = entities.iter().map(|entity| entity.kind.as_str()).collect();
        assert_eq!(kinds, ["percent", "quantity", "ticker"]);
        assert!(labelled("{money:5").is_err());
        Ok(())
    }

    #[test]
    fn what_was_reached_is_kept() -> Result<()> {
        for row in rows()? {
            let Wanted::AtLeast(least) = row.wanted else {
                continue;
            };
            assert!(row.value.is_some_and(|value| value >= least), "{row:?}");
        }
        Ok(())
    }
}
