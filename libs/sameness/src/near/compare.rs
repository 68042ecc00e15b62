//! Whether two texts are the same text: similar enough, and no different thing that looks alike. No I/O.
//!
//! What is vetoed here may still be one story: a story's similarity hardly moves with a number or a negation, so "same
//! text" is never derived from it.

use super::text::{CASHTAG, DOWN, NAME, NEGATION, NUMBER, NearText, SHORT, Token, UP, WORD};

/// From which similarity on texts are the same: 0.6 found no more, 0.8 lost what was mistyped.
pub const NEAR: f32 = 0.7;
/// What a number, a short word and any other word weigh.
const NUMBER_WEIGHT: f32 = 1.5;
const SHORT_WEIGHT: f32 = 0.5;
/// What a cut copy's share in the other text is worth.
const CUT_WORTH: f32 = 0.95;
/// What a share is worth where neither is cut, and from which share on.
const CONTAINED_WORTH: f32 = 0.9;
const CONTAINED: f32 = 0.95;
/// Words of more than two letters that texts share at least, unless they are equal.
const LEAST_SHARED: usize = 4;

/// Why similar texts are not the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Veto {
    /// Each names something, or an amount, that the other does not.
    Names,
    /// One has a number that the other does not.
    Number,
    /// One negates, the other does not.
    Negation,
    /// One goes up, the other down.
    Direction,
    /// They share too few words to tell.
    Short,
}

/// How two texts compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearness {
    /// 0 to 1.
    pub similarity: f32,
    /// Why they are not the same although they may be similar.
    pub veto: Option<Veto>,
}

impl Nearness {
    /// The same text.
    pub fn is_same(&self) -> bool {
        self.similarity >= NEAR && self.veto.is_none()
    }
}

/// What only one text has, and what both have.
#[derive(Default)]
struct Parts {
    only_a: Side,
    only_b: Side,
    shared: f32,
    shared_words: usize,
}

#[derive(Default)]
struct Side {
    weight: f32,
    /// The kinds of these words.
    kinds: u8,
}

impl Side {
    fn add(&mut self, token: Token) {
        self.weight += weight(token);
        self.kinds |= token.kind;
    }

    fn has(&self, kind: u8) -> bool {
        self.kinds & kind != 0
    }
}

fn weight(token: Token) -> f32 {
    match token.kind {
        kind if kind & NUMBER != 0 => NUMBER_WEIGHT,
        kind if kind & SHORT != 0 => SHORT_WEIGHT,
        _ => 1.0,
    }
}

/// Compares two texts; the order does not matter.
pub fn compare(a: &NearText, b: &NearText) -> Nearness {
    if a.is_empty() || b.is_empty() {
        return Nearness {
            similarity: 0.0,
            veto: None,
        };
    }
    let parts = parts(&a.tokens, &b.tokens);
    Nearness {
        similarity: similarity(&parts, a.cut, b.cut),
        veto: veto(&parts, a.cut, b.cut),
    }
}

fn parts(a: &[Token], b: &[Token]) -> Parts {
    let mut parts = Parts::default();
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    loop {
        match (left.peek(), right.peek()) {
            (Some(x), Some(y)) if x.hash == y.hash => {
                parts.shared += weight(**x).min(weight(**y));
                parts.shared_words += usize::from(x.kind & y.kind & WORD != 0);
                left.next();
                right.next();
            }
            (Some(x), Some(y)) if x.hash < y.hash => {
                parts.only_a.add(**x);
                left.next();
            }
            (Some(x), None) => {
                parts.only_a.add(**x);
                left.next();
            }
            (_, Some(y)) => {
                parts.only_b.add(**y);
                right.next();
            }
            (None, None) => return parts,
        }
    }
}

fn similarity(parts: &Parts, a_cut: bool, b_cut: bool) -> f32 {
    let Parts {
        only_a,
        only_b,
        shared,
        ..
    } = parts;
    let jaccard = shared / (shared + only_a.weight + only_b.weight).max(f32::MIN_POSITIVE);
    let share = |side: &Side| shared / (shared + side.weight).max(f32::MIN_POSITIVE);
    let (in_b, in_a) = (share(only_a), share(only_b));
    let mut best = jaccard;
    if a_cut {
        best = best.max(CUT_WORTH * in_b);
    }
    if b_cut {
        best = best.max(CUT_WORTH * in_a);
    }
    let contained = in_a.max(in_b);
    if contained > CONTAINED {
        best = best.max(CONTAINED_WORTH * contained);
    }
    best
}

fn veto(parts: &Parts, a_cut: bool, b_cut: bool) -> Option<Veto> {
    let Parts {
        only_a: a,
        only_b: b,
        shared_words,
        ..
    } = parts;
    // What a cut text lacks may stand behind the cut.
    let lacks = |kind: u8| a.has(kind) && !b_cut || b.has(kind) && !a_cut;
    let turned =
        |one: &Side, other: &Side| one.has(UP) && !one.has(DOWN) && other.has(DOWN) && !other.has(UP);
    let telling = NAME | NUMBER | CASHTAG;
    let equal = a.weight + b.weight <= 0.0 && a_cut == b_cut;
    if a.has(telling) && b.has(telling) {
        Some(Veto::Names)
    } else if lacks(NUMBER) {
        Some(Veto::Number)
    } else if lacks(NEGATION) {
        Some(Veto::Negation)
    } else if turned(a, b) || turned(b, a) {
        Some(Veto::Direction)
    } else if *shared_words < LEAST_SHARED && !equal {
        Some(Veto::Short)
    } else {
        None
    }
}
