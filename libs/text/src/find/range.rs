//! Ranges: `$5-10M`, `$5 to 10 million`, `5–10 %`. Which number takes what from the other. No I/O.

use super::amount::Read;

/// Words between the two ends, the longer first.
const WORDS: [&str; 9] = ["hasta", "até", "bis", "to", "до", "à", "al", "a", "ila"];

/// What joins two numbers, and where the second begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Joint {
    pub(super) at: usize,
    /// Blanks stand around it.
    is_apart: bool,
}

/// The place behind a dash that joins two numbers.
pub(super) fn dash(text: &str, at: usize) -> Option<usize> {
    let is_dash = |c: &char| {
        matches!(
            c,
            '-' | '\u{2012}'
                | '\u{2013}'
                | '\u{2014}'
                | '\u{2212}'
                | '~'
                | '\u{301c}'
                | '\u{ff5e}'
                | '至'
                | '到'
        )
    };
    let dash = text[at..].chars().next().filter(is_dash)?;
    let next = at + dash.len_utf8();
    begins_number(&text[next..]).then_some(next)
}

/// A dash, a dash between blanks, or a word.
pub(super) fn joint(text: &str, at: usize) -> Option<Joint> {
    let glued = dash(text, at).map(|at| Joint { at, is_apart: false });
    let apart = || {
        let rest = text[at..].strip_prefix(' ')?;
        let word = WORDS.iter().find(|word| {
            rest.strip_prefix(**word)
                .is_some_and(|behind| behind.starts_with(' '))
        });
        let dash = || {
            rest.chars()
                .next()
                .filter(|c| matches!(c, '-' | '\u{2013}' | '\u{2014}'))
        };
        let length = word.map(|word| word.len()).or_else(|| Some(dash()?.len_utf8()))?;
        let at = at + 1 + length + 1;
        let is_next = rest[length..].strip_prefix(' ').is_some_and(begins_number);
        is_next.then_some(Joint { at, is_apart: true })
    };
    glued.or_else(apart)
}

fn begins_number(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_ascii_digit() || super::currency::sign(c).is_some())
}

/// Whether the two are the ends of one range. `$5 to 10 million` is, and so is `$5 to $10 million`; `$900 to $1.2
/// million` and `$5 to 10 people` are not.
pub(super) fn is_range(joint: Joint, own_sign: bool, first: &Read, second: &Read) -> bool {
    let rising = first.factor.is_some() || first.value <= second.value / second.factor.unwrap_or(1.0);
    if !joint.is_apart {
        return rising || !own_sign || second.factor.is_none();
    }
    match (own_sign, second.factor) {
        (true, Some(_)) => rising,
        (true, None) => true,
        (false, factor) => factor.is_some(),
    }
}
