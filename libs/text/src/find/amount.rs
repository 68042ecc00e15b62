//! Amounts: money with its currency and magnitude, percentages, quantities with their unit. No I/O.
//!
//! What can be read two ways is not read at all, so that a rule on size never sees a number that is short by a factor.

use super::currency::{self, Dot};
use super::magnitude::{Money, Scaled, letters, scaled, speaks_english, times};
use super::number::{Number, number};
use super::range;
use super::unit::{Unit, unit};
use crate::span::Span;
use crate::words::is_unspaced;

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
#[derive(Debug)]
pub(super) struct Read {
    pub(super) value: f64,
    /// Where what was read ends.
    end: usize,
    kind: AmountKind,
    unit: String,
    /// What a magnitude multiplied the number with.
    pub(super) factor: Option<f64>,
}

impl Read {
    fn into_amount(self, start: usize) -> Amount {
        Amount {
            kind: self.kind,
            value: self.value,
            unit: self.unit,
            span: Span { start, end: self.end },
        }
    }
}

/// The amounts that begin with the sign at `at`, one of a currency or of per cent (`%5` in Turkish): one, or both ends
/// of a range (`$5-10M`).
pub(super) fn with_sign(text: &str, at: usize) -> Vec<Amount> {
    let Some(sign) = text[at..].chars().next() else {
        return Vec::new();
    };
    let behind = at + sign.len_utf8();
    if sign == '%' {
        return percent_before(text, at).into_iter().collect();
    }
    let Some((start, code)) = currency::sign(sign).and_then(|code| country(text, at, sign, code)) else {
        return Vec::new();
    };
    before_number(text, start, behind, code, Some(sign))
}

/// The amounts behind a currency code or an abbreviation that ends at `end`: `USD 5 million`, `Rs. 500`.
pub(super) fn with_code(text: &str, at: usize, length: usize) -> Vec<Amount> {
    let end = at + length;
    let written = &text[at..end];
    if !number_follows(&text[end..]) {
        return Vec::new();
    }
    let worded = || match unit(written, true) {
        Some((Unit::Money(code), _)) => Some(code),
        _ => None,
    };
    let Some(code) = currency::before(written).or_else(worded) else {
        return Vec::new();
    };
    let is_short = written.chars().count() <= 3 && currency::code(written).is_none_or(|_| written == "kr");
    let end = end + usize::from(is_short && text[end..].starts_with('.'));
    before_number(text, at, end, code, None)
}

/// Whether a number follows behind a blank or a dot: most words are left here.
fn number_follows(rest: &str) -> bool {
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    rest.trim_start_matches(is_minus)
        .starts_with(|c: char| c.is_ascii_digit())
}

/// The amounts that begin with the digit at `at`.
pub(super) fn with_unit(text: &str, at: usize) -> Vec<Amount> {
    let start = minus(text, at).unwrap_or(at);
    match counted(text, at, true).or_else(|| counted(text, at, false)) {
        Some(mut first) => {
            first.value = negated(text, start, first.value);
            vec![first.into_amount(start)]
        }
        None => shared(text, at).unwrap_or_default(),
    }
}

/// `5-10%`, `5–10 million euros`, `5M-10M USD`: the first takes the unit of the second.
fn shared(text: &str, at: usize) -> Option<Vec<Amount>> {
    let first = number(&text[at..], true).or_else(|| number(&text[at..], false))?;
    let own = scaled(first.value, &text[at + first.length..], Money::Unknown);
    let end = at + first.length + own.length;
    let next = range::dash(text, end)?;
    let second = counted(text, next, true).or_else(|| counted(text, next, false))?;
    let factor = second.factor.filter(|_| own.factor.is_none());
    let first = Amount {
        kind: second.kind,
        value: times(own.value, factor.unwrap_or(1.0)),
        unit: second.unit.clone(),
        span: Span { start: at, end },
    };
    Some(vec![first, second.into_amount(next)])
}

/// A number behind a currency, and the other end of a range where one follows.
fn before_number(text: &str, start: usize, at: usize, code: &'static str, sign: Option<char>) -> Vec<Amount> {
    let Some(mut first) = behind_currency(text, at, code) else {
        return Vec::new();
    };
    let start = minus(text, start).unwrap_or(start);
    let second = range::joint(text, first.end).and_then(|joint| {
        let (at, own_sign) = match sign.filter(|sign| text[joint.at..].starts_with(*sign)) {
            Some(sign) => (joint.at + sign.len_utf8(), true),
            None => (joint.at, false),
        };
        Some((joint, own_sign, behind_currency(text, at, code)?))
    });
    let Some((joint, own_sign, second)) =
        second.filter(|(joint, own_sign, second)| range::is_range(*joint, *own_sign, &first, second))
    else {
        first.value = negated(text, start, first.value);
        return vec![first.into_amount(start)];
    };
    if let Some(factor) = second.factor.filter(|_| first.factor.is_none()) {
        first.value = times(first.value, factor);
    }
    first.value = negated(text, start, first.value);
    let is_short = first.factor.is_some() && second.factor.is_none() && !own_sign;
    let second = (!is_short).then(|| second.into_amount(joint.at));
    [first.into_amount(start)].into_iter().chain(second).collect()
}

/// Letters before a sign name whose it is; other letters make it no sign of money.
fn country(text: &str, at: usize, sign: char, code: &'static str) -> Option<(usize, &'static str)> {
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
    Some((at - letters, currency::country(&before[at - letters..], sign)?))
}

/// The place of a minus or plus before `start` that belongs to the number, not to a word or a range before it.
fn minus(text: &str, start: usize) -> Option<usize> {
    let sign = text[..start]
        .chars()
        .next_back()
        .filter(|c| is_minus(*c) || *c == '+')?;
    let at = start - sign.len_utf8();
    let before = text[..at].chars().next_back();
    let free = before.is_none_or(|c| {
        c.is_whitespace()
            || matches!(c, '(' | '[' | ':' | '=' | '~' | '\u{2248}' | '"' | '\u{201c}')
            || c >= '\u{2e80}'
    });
    free.then_some(at)
}

fn is_minus(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2212}' | '\u{2012}' | '\u{2013}' | '\u{fe63}' | '\u{ff0d}'
    )
}

/// The value with the sign that stands at `start`.
fn negated(text: &str, start: usize, value: f64) -> f64 {
    if text[start..].starts_with(is_minus) {
        -value
    } else {
        value
    }
}

/// Number and magnitude behind a currency sign or code.
fn behind_currency(text: &str, at: usize, code: &'static str) -> Option<Read> {
    let at = at + usize::from(text[at..].starts_with(' '));
    // `$-300` and `€ −5`: the sign stands behind the currency.
    let sign = text[at..].chars().next().filter(|c| is_minus(*c) || *c == '+');
    let start = at + sign.map_or(0, char::len_utf8);
    let number = number(&text[start..], true)
        .filter(|number| !is_counted(&text[start + number.length..]))
        .or_else(|| number(&text[start..], false))?;
    let money = if matches!(code, "INR" | "PKR" | "NPR" | "LKR" | "BDT") {
        Money::Indian
    } else {
        Money::Before
    };
    let behind = &text[start + number.length..];
    let scaled = scaled(number.value, behind, money);
    let end = start + number.length + scaled.length;
    let ends = scaled.is_word || !continues(&text[end..]);
    let dot = currency::dot(code);
    if number.dotted_thousands && dot == Dot::Either && scaled.factor.is_none() {
        return None;
    }
    let grouped = number.dotted_thousands && dot != Dot::Fraction && !speaks_english(scaled.word);
    let thousands = if grouped { 1_000.0 } else { 1.0 };
    let meant = meant(&scaled, code, "")?;
    ends.then(|| Read {
        value: negated(text, at, times(scaled.value, thousands * meant)),
        end,
        kind: AmountKind::Money,
        unit: code.to_owned(),
        factor: scaled.factor.map(|factor| factor * meant),
    })
}

/// Whether something that is counted follows: `$5 100 times` is five dollars.
fn is_counted(rest: &str) -> bool {
    let word = rest.strip_prefix(' ').unwrap_or_default();
    letters(word) > 0
        && (word.starts_with("times") || matches!(unit(word, true), Some((Unit::Counted(_), _))))
}

/// Number, magnitude and the unit that makes it an amount.
pub(super) fn counted(text: &str, at: usize, spaced: bool) -> Option<Read> {
    let Number {
        value,
        length,
        dotted_thousands,
    } = number(&text[at..], spaced)?;
    let scaled = scaled(value, &text[at + length..], Money::Unknown);
    let end = at + length + scaled.length;
    let gap = gap(&text[end..], scaled.factor.is_some());
    let unit_at = end + gap;
    let (unit, length) = unit(&text[unit_at..], gap > 0 || scaled.factor.is_some())?;
    let written = &text[unit_at..unit_at + length];
    let (kind, unit) = match unit {
        Unit::Money(code) => (AmountKind::Money, code.to_owned()),
        Unit::Percent => (AmountKind::Percentage, "%".to_owned()),
        Unit::Counted(name) => (AmountKind::Quantity, name.to_owned()),
        Unit::Symbol(name) => (AmountKind::Quantity, name),
    };
    let continental = currency::dot(&unit) != Dot::Fraction || currency::is_continental(written);
    let is_grouped = dotted_thousands && continental && !speaks_english(scaled.word);
    let meant = meant(&scaled, &unit, written)?;
    Some(Read {
        value: times(scaled.value, meant * if is_grouped { 1_000.0 } else { 1.0 }),
        end: unit_at + length,
        kind,
        unit,
        factor: scaled.factor.map(|factor| factor * meant),
    })
}

/// What a magnitude that means several things is to be multiplied with beside this currency; nothing where nobody can
/// tell. `mil` is a thousand in Spanish and Portuguese and a million among English traders, `bln` a Polish trillion,
/// `M` an Indonesian billion, `T€` a thousand in German books.
fn meant(scaled: &Scaled<'_>, code: &str, written: &str) -> Option<f64> {
    let word = scaled.word.trim_end_matches('.').to_lowercase();
    let romance = [
        "euro", "dólar", "real", "reais", "peso", "franc", "libr", "sol", "%",
    ];
    match (word.as_str(), code) {
        ("mil", _) if scaled.factor > Some(1e3) => Some(1.0),
        ("mil", "BRL") => Some(1.0),
        ("mil", _) => romance
            .iter()
            .any(|money| written.starts_with(money))
            .then_some(1.0),
        ("bln", "PLN") => Some(1e3),
        ("m", "IDR") => None,
        ("t", "EUR") if written == "€" => None,
        _ => Some(1.0),
    }
}

/// How much stands between a number and its unit: a blank or a hyphen, and what languages put behind words for
/// millions (`45 millones de dólares`, `2 milliards d'euros`, `3 millions of dollars`).
fn gap(rest: &str, counted_by_word: bool) -> usize {
    let of = [" de ", " di ", " of ", " d'", " d\u{2019}"];
    let of = of.iter().find(|of| counted_by_word && rest.starts_with(**of));
    let one = || rest.chars().next().filter(|c| matches!(c, ' ' | '-'));
    of.map_or_else(|| one().map_or(0, char::len_utf8), |of| of.len())
}

/// `%5` and `% 5`, as Turkish and Basque write it, at the beginning of a word.
fn percent_before(text: &str, at: usize) -> Option<Amount> {
    let is_first =
        |c: char| c.is_whitespace() || matches!(c, '(' | '"' | '\u{201c}' | '-' | '\u{2212}' | '+');
    text[..at]
        .chars()
        .next_back()
        .is_none_or(is_first)
        .then_some(())?;
    let number = number(&text[at + 1..], false)?;
    let end = at + 1 + number.length;
    let ends = !continues(&text[end..]) && !text[end..].starts_with(['%', '-', '/']);
    let start = minus(text, at).unwrap_or(at);
    ends.then(|| Amount {
        kind: AmountKind::Percentage,
        value: negated(text, start, number.value),
        unit: "%".to_owned(),
        span: Span { start, end },
    })
}

/// Whether a word goes on here.
fn continues(rest: &str) -> bool {
    rest.chars()
        .next()
        .is_some_and(|c| c.is_alphanumeric() && c < '\u{2e80}' && !is_unspaced(c) || c == '_')
}
