//! Pairs of texts from a seeded generator: copies after one of ten kinds of edits, and texts that look alike but say
//! something else.

use crate::random::SplittableRandom;

/// Two texts, and whether they are one.
pub(super) struct Pair {
    pub(super) a: String,
    pub(super) b: String,
    pub(super) same: bool,
    pub(super) kind: &'static str,
}

const NAMES: &[&str] = &[
    "Binance",
    "Northwind",
    "Kraken",
    "Veridian Bank",
    "Harbor Labs",
    "Maria Lopez",
    "Senator Whitfield",
    "Nokia",
    "Telmont",
    "Lufthansa",
    "Osprey Capital",
    "Judge Okafor",
    "Uniswap",
    "Brightline",
    "Toyota",
    "Lagos",
    "Helsinki",
    "Quantile",
];
const TICKERS: &[&str] = &[
    "$UNI", "$ETH", "$SOL", "$AAPL", "$TSLA", "$NVDA", "$XOM", "$KO", "$ARB", "$LINK",
];
const AMOUNTS: &[&str] = &[
    "$5M",
    "$50M",
    "12%",
    "21%",
    "300",
    "4,000",
    "$1.2 billion",
    "$12 billion",
    "2025",
    "17",
];
const UP: &[&str] = &["rise", "gain", "surge", "climb", "jump"];
const DOWN: &[&str] = &["fall", "drop", "plunge", "slide", "tumble"];
const ENDS: &[&str] = &[
    "after the quarterly report surprised analysts",
    "as traders wait for the central bank",
    "following an audit by regulators",
    "while the network upgrade is being tested",
    "despite warnings from several economists",
    "amid a shortage of components",
    "according to people familiar with the matter",
    "days before the annual shareholder meeting",
];
/// `N` a name, `M` another, `A` an amount, `T` a ticker, `V` a direction, `E` an end.
const TEMPLATES: &[&str] = &[
    "N shares V by A E",
    "N agrees to pay A to customers of M E",
    "N will open a new research centre near M E",
    "regulators in M approve the merger plan of N E",
    "N has lost about A of customer funds in an attack E",
    "Holders of T vote on the fee proposal by N E",
    "T is about to V by A this week, says N E",
    "N is in talks with M about a loan of A E",
    "Workers at N are preparing a strike over pay E",
    "N confirms that withdrawals of T are working again E",
];

struct Facts {
    template: usize,
    names: [usize; 2],
    amount: usize,
    ticker: usize,
    up: bool,
    verb: usize,
    end: usize,
}

impl Facts {
    fn random(random: &mut SplittableRandom) -> Self {
        let first = pick(random, NAMES.len());
        Self {
            template: pick(random, TEMPLATES.len()),
            names: [first, (first + 1 + pick(random, NAMES.len() - 1)) % NAMES.len()],
            amount: pick(random, AMOUNTS.len()),
            ticker: pick(random, TICKERS.len()),
            up: random.below(2) == 0,
            verb: pick(random, UP.len()),
            end: pick(random, ENDS.len()),
        }
    }

    fn text(&self) -> String {
        let word = |slot: &str| match slot {
            "N" => NAMES[self.names[0]].to_owned(),
            "M" => NAMES[self.names[1]].to_owned(),
            "A" => AMOUNTS[self.amount].to_owned(),
            "T" => TICKERS[self.ticker].to_owned(),
            "V" => (if self.up { UP } else { DOWN })[self.verb].to_owned(),
            "E" => ENDS[self.end].to_owned(),
            other => other.to_owned(),
        };
        TEMPLATES[self.template]
            .split(' ')
            .map(word)
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn has(&self, slot: &str) -> bool {
        TEMPLATES[self.template].split(' ').any(|word| word == slot)
    }
}

fn pick(random: &mut SplittableRandom, bound: usize) -> usize {
    random.below(u32::try_from(bound).unwrap_or(u32::MAX)) as usize
}

/// As many pairs, every second a copy.
pub(super) fn pairs(count: usize, seed: u64) -> Vec<Pair> {
    let mut random = SplittableRandom::new(seed);
    (0..count)
        .map(|number| {
            if number % 2 == 0 {
                copy(&mut random, number / 2)
            } else {
                alike(&mut random, number / 2)
            }
        })
        .collect()
}

fn copy(random: &mut SplittableRandom, number: usize) -> Pair {
    let a = Facts::random(random).text();
    let (kind, b) = match number % 10 {
        0 => ("retweet", format!("RT @user{}: {a}", random.below(999))),
        1 => ("link", format!("{a} https://t.co/{:x}", random.next_u64())),
        2 => ("cut", cut(random, &a)),
        3 => ("upper case", a.to_uppercase()),
        4 => (
            "punctuation",
            format!("\u{201c}{}\u{201d}!!", a.replace(" for ", " - for ")),
        ),
        5 => ("tags", format!("{a} #markets #news $SPY $QQQ")),
        6 => ("update", format!("UPDATE 2-{a}")),
        7 => ("word left out", without_a_word(random, &a)),
        8 => ("typo", typo(random, &a)),
        _ => (
            "escaped, with a mention",
            format!(
                "{} &amp; more via @desk{}",
                a.replace('\'', "&#39;"),
                random.below(99)
            ),
        ),
    };
    Pair {
        a,
        b,
        same: true,
        kind,
    }
}

fn cut(random: &mut SplittableRandom, text: &str) -> String {
    let characters = text.chars().count();
    let kept = characters * 2 / 3 + pick(random, characters / 4);
    format!("{}\u{2026}", text.chars().take(kept).collect::<String>())
}

fn without_a_word(random: &mut SplittableRandom, text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    let small: Vec<usize> = (0..words.len())
        .filter(|at| words[*at].len() <= 3 && words[*at].chars().all(char::is_lowercase))
        .collect();
    if !small.is_empty() {
        words.remove(small[pick(random, small.len())]);
    }
    words.join(" ")
}

fn typo(random: &mut SplittableRandom, text: &str) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let long: Vec<usize> = (0..words.len())
        .filter(|at| words[*at].chars().filter(|c| c.is_alphabetic()).count() > 4)
        .collect();
    if !long.is_empty() {
        let at = long[pick(random, long.len())];
        let mut letters: Vec<char> = words[at].chars().collect();
        let swapped = 1 + pick(random, letters.len() - 2);
        letters.swap(swapped, swapped + 1);
        words[at] = letters.into_iter().collect();
    }
    words.join(" ")
}

fn alike(random: &mut SplittableRandom, number: usize) -> Pair {
    let facts = Facts::random(random);
    let a = facts.text();
    let mut other = facts;
    let kind = match number % 6 {
        0 if other.has("A") => {
            other.amount = (other.amount + 1 + pick(random, AMOUNTS.len() - 1)) % AMOUNTS.len();
            "amount"
        }
        1 if other.has("V") => {
            other.up = !other.up;
            "direction"
        }
        2 if other.has("T") => {
            other.ticker = (other.ticker + 1 + pick(random, TICKERS.len() - 1)) % TICKERS.len();
            "ticker"
        }
        3 => {
            return Pair {
                b: negated(&a),
                a,
                same: false,
                kind: "negation",
            };
        }
        4 => {
            other.template = (other.template + 1 + pick(random, TEMPLATES.len() - 1)) % TEMPLATES.len();
            "another thing of the same names"
        }
        _ => {
            let others: Vec<usize> = (0..NAMES.len())
                .filter(|name| !other.names.contains(name))
                .collect();
            other.names[0] = others[pick(random, others.len())];
            "name"
        }
    };
    let b = other.text();
    Pair {
        same: a == b,
        a,
        b,
        kind,
    }
}

/// `will` becomes `will not`; else the text is denied.
fn negated(text: &str) -> String {
    for (from, to) in [
        (" will ", " will not "),
        (" is ", " is not "),
        (" are ", " are not "),
        (" has ", " has not "),
    ] {
        if text.contains(from) {
            return text.replacen(from, to, 1);
        }
    }
    format!("It is not true that {text}")
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn the_same_seed_gives_the_same_pairs() {
        let of = |seed| {
            pairs(200, seed)
                .into_iter()
                .map(|pair| (pair.a, pair.b))
                .collect::<Vec<_>>()
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert!(pairs(200, 1).iter().filter(|pair| pair.same).count() >= 100);
    }
}
