//! Amounts: money with its currency and magnitude, percentages, quantities with their unit. No I/O.

use super::number::{Number, magnitude, number};
use super::unit::{CURRENCY_SIGNS, DOLLARS, Unit, unit};
use crate::span::Span;

/// What kind of amount it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AmountKind {
    /// Money; the unit is the ISO 4217 code.
    Money,
    /// A share of a hundred; the unit is `%`.
    Percentage,
    /// Anything else that is counted; the unit is a symbol (`ETH`) or a noun in the singular (`wallet`).
    Quantity,
}

/// An amount found in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Amount {
    /// Money, percentage or quantity.
    pub kind: AmountKind,
    /// The number, magnitude applied: `$5M` is 5,000,000, `-3.5%` is -3.5.
    pub value: f64,
    /// `USD`, `%`, `ETH`, `wallet`.
    pub unit: String,
    /// Where it stands, sign and unit included.
    pub span: Span,
}

/// A number with its unit, as far as it was read.
struct Read {
    value: f64,
    end: usize,
    kind: AmountKind,
    unit: String,
    has_magnitude: bool,
}

/// The amounts that begin with the currency sign at `at`: one, or both ends of a range (`$5-10M`).
pub(super) fn with_sign(text: &str, at: usize) -> Vec<Amount> {
    let Some((sign, code)) = CURRENCY_SIGNS
        .iter()
        .find(|(sign, _)| text[at..].starts_with(sign))
    else {
        return Vec::new();
    };
    let Some((start, code)) = country(text, at, sign, code) else {
        return Vec::new();
    };
    let Some(first) = signed(text, at + sign.len(), code) else {
        return Vec::new();
    };
    let start = minus(text, start).unwrap_or(start);
    range(text, start, first, |at| {
        let at = if text[at..].starts_with(sign) {
            at + sign.len()
        } else {
            at
        };
        signed(text, at, code)
    })
}

/// The amounts that begin with the digit at `at`.
pub(super) fn with_unit(text: &str, at: usize) -> Vec<Amount> {
    let start = minus(text, at).unwrap_or(at);
    if let Some(first) = counted(text, at, true).or_else(|| counted(text, at, false)) {
        return range(text, start, first, |_| None);
    }
    // `5-10%` and `5–10 million euros`: the first takes the unit of the second.
    let Some(first) = number(&text[at..], false) else {
        return Vec::new();
    };
    let Some(second) =
        dash(text, at + first.length).and_then(|next| Some((next, counted(text, next, false)?)))
    else {
        return Vec::new();
    };
    let (next, second) = second;
    let factor =
        number(&text[next..], false).map_or(1.0, |number| second.value / number.value.max(f64::MIN_POSITIVE));
    let amount = |value, start, end| Amount {
        kind: second.kind,
        value,
        unit: second.unit.clone(),
        span: Span { start, end },
    };
    vec![
        amount(times(first.value, factor), at, at + first.length),
        amount(second.value, next, second.end),
    ]
}

/// The amounts behind a currency code: `USD 5 million`.
pub(super) fn with_code(text: &str, at: usize, length: usize) -> Vec<Amount> {
    let end = at + length;
    let Some(Unit::Money(code)) = unit(&text[at..end], true).map(|(unit, _)| unit) else {
        return Vec::new();
    };
    let next = end + usize::from(text[end..].starts_with(' '));
    let read = text[next..]
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| signed(text, next, code))
        .flatten();
    read.map_or_else(Vec::new, |read| range(text, at, read, |_| None))
}

/// Letters before `$` name whose dollars; other letters make it no sign of money.
fn country(text: &str, at: usize, sign: &str, code: &'static str) -> Option<(usize, &'static str)> {
    let before = &text[..at];
    let letters = before
        .bytes()
        .rev()
        .take(4)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    if letters == 0 {
        let glued = before.ends_with(['$', '_', '\\']);
        return (!glued).then_some((at, code));
    }
    let named = DOLLARS
        .iter()
        .find(|(name, _)| sign == "$" && *name == &before[at - letters..]);
    named.map(|(_, code)| (at - letters, *code))
}

/// The place of a minus or plus before `start` that belongs to the number, not to a word or a range before it.
fn minus(text: &str, start: usize) -> Option<usize> {
    let sign = text[..start]
        .chars()
        .next_back()
        .filter(|c| matches!(c, '-' | '+' | '\u{2212}' | '~'))?;
    let at = start - sign.len_utf8();
    let free = text[..at]
        .chars()
        .next_back()
        .is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '['));
    (free && sign != '~').then_some(at)
}

/// Number and magnitude behind a currency sign or code.
fn signed(text: &str, at: usize, code: &'static str) -> Option<Read> {
    let blank = usize::from(text[at..].starts_with(' '));
    let at = at + blank;
    let Number { value, length, .. } = number(&text[at..], false)?;
    let end = at + length;
    let factor = magnitude(&text[end..], true);
    let (value, end) = factor.map_or((value, end), |(factor, length)| {
        (times(value, factor), end + length)
    });
    let ends = factor.is_some_and(|(_, length)| length > 2) || !continues(&text[end..]);
    ends.then(|| Read {
        value,
        end,
        kind: AmountKind::Money,
        unit: code.to_owned(),
        has_magnitude: factor.is_some(),
    })
}

/// Number, magnitude and the unit that makes it an amount.
fn counted(text: &str, at: usize, spaced: bool) -> Option<Read> {
    let Number {
        value,
        length,
        dotted_thousands,
    } = number(&text[at..], spaced)?;
    let mut end = at + length;
    let factor = magnitude(&text[end..], false);
    if let Some((_, length)) = factor {
        end += length;
    }
    // `6万5000` is 65,000: Chinese and Japanese go on with the smaller part.
    let smaller = number(&text[end..], false)
        .filter(|_| factor.is_some() && !text[..end].ends_with(|c: char| c.is_ascii()));
    end += smaller.map_or(0, |smaller| smaller.length);
    let gap = gap(&text[end..], factor.is_some());
    let (unit, length) = unit(&text[end + gap..], gap > 0 || factor.is_some())?;
    let (kind, name) = match unit {
        Unit::Money(code) => (AmountKind::Money, code.to_owned()),
        Unit::Percent => (AmountKind::Percentage, "%".to_owned()),
        Unit::Counted(name) => (AmountKind::Quantity, name.to_owned()),
        Unit::Symbol(name) => (AmountKind::Quantity, name),
    };
    let written = &text[end + gap..end + gap + length];
    let thousands = if dotted_thousands && is_continental(&name, written) {
        1_000.0
    } else {
        1.0
    };
    let factor_only = factor.map_or(1.0, |(factor, _)| factor);
    Some(Read {
        value: times(value, factor_only * thousands) + smaller.map_or(0.0, |smaller| smaller.value),
        end: end + gap + length,
        kind,
        unit: name,
        has_magnitude: factor.is_some(),
    })
}

/// How much stands between a number and its unit: a blank or a hyphen, and what Romance languages put behind words for
/// millions (`45 millones de dólares`, `2 milliards d'euros`).
fn gap(rest: &str, counted_by_word: bool) -> usize {
    let of = [" de ", " di ", " d'", " d\u{2019}"];
    let of = of.iter().find(|of| counted_by_word && rest.starts_with(**of));
    let one = || rest.chars().next().filter(|c| matches!(c, ' ' | '-'));
    of.map_or_else(|| one().map_or(0, char::len_utf8), |of| of.len())
}

/// Where a dot parts thousands: `1.000 Euro`, `3.500 dólares`.
fn is_continental(code: &str, written: &str) -> bool {
    matches!(code, "EUR" | "BRL" | "TRY" | "IDR" | "VND" | "DKK" | "RUB")
        || ["dólar", "dolar", "dollár", "δολάρ", "đô"]
            .iter()
            .any(|dollar| written.to_lowercase().starts_with(dollar))
}

/// A product without the last digits that binary fractions add: 8.2 million is 8,200,000.
fn times(value: f64, factor: f64) -> f64 {
    let product = value * factor;
    format!("{product:.11e}").parse().unwrap_or(product)
}

/// One amount, or two where a dash and a number follow that share sign and magnitude.
fn range(text: &str, start: usize, first: Read, second: impl Fn(usize) -> Option<Read>) -> Vec<Amount> {
    let other = dash(text, first.end).and_then(|next| Some((next, second(next)?)));
    let shared = other
        .as_ref()
        .filter(|(_, other)| other.has_magnitude && !first.has_magnitude);
    let factor = shared.and_then(|(next, other)| {
        let digits = text[*next..].trim_start_matches(|c: char| !c.is_ascii_digit());
        Some(other.value / number(digits, false)?.value.max(f64::MIN_POSITIVE))
    });
    let negative = text[start..].starts_with(['-', '\u{2212}']);
    let value = times(first.value, factor.unwrap_or(1.0)) * if negative { -1.0 } else { 1.0 };
    let mut amounts = vec![amount(first, value, start)];
    if let Some((next, other)) = other {
        let value = other.value;
        amounts.push(amount(other, value, next));
    }
    amounts
}

fn amount(read: Read, value: f64, start: usize) -> Amount {
    Amount {
        kind: read.kind,
        value,
        unit: read.unit,
        span: Span { start, end: read.end },
    }
}

/// The place behind a dash that joins two numbers.
fn dash(text: &str, at: usize) -> Option<usize> {
    let dash = text[at..]
        .chars()
        .next()
        .filter(|c| matches!(c, '-' | '\u{2013}' | '\u{2014}'))?;
    let next = at + dash.len_utf8();
    text[next..]
        .starts_with(|c: char| c.is_ascii_digit() || c == '$' || !c.is_ascii())
        .then_some(next)
}

/// Whether a word goes on here.
fn continues(rest: &str) -> bool {
    rest.chars()
        .next()
        .is_some_and(|c| c.is_alphanumeric() && c < '\u{2e80}' || c == '_')
}
