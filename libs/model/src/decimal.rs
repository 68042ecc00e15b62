//! Decimal numbers that neither 64 bits nor a double hold, kept digit by digit and compared by what they are worth. No
//! arithmetic: whoever computes takes the nearest double. No I/O, no panic; an exponent takes no memory.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// Digits that are kept; longer numbers are the nearest double.
const MOST_DIGITS: usize = 4_096;
/// Places before or behind the point of numbers that are kept, which PostgreSQL's `numeric` has as well.
const MOST_PLACES: i32 = 4_096;
/// Numbers with at most so many digits are what a double prints; the double stands for them.
const DOUBLE_DIGITS: usize = 17;
/// Places before or behind the point up to which a number is written out.
const PLAIN_PLACES: i32 = 400;

/// A decimal number, in one form however it was spelt: `±0.digits × 10^point`, without zeros at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Spelt", into = "Spelt")]
pub struct Decimal {
    negative: bool,
    digits: Box<str>,
    point: i32,
}

/// As it is stored: `{"decimal": "1000000000000000000001"}`.
#[derive(Debug, Serialize, Deserialize)]
struct Spelt {
    decimal: String,
}

impl TryFrom<Spelt> for Decimal {
    type Error = &'static str;

    fn try_from(spelt: Spelt) -> Result<Self, Self::Error> {
        Self::parse(&spelt.decimal).ok_or("not a decimal number")
    }
}

impl From<Decimal> for Spelt {
    fn from(decimal: Decimal) -> Self {
        Self {
            decimal: decimal.to_string(),
        }
    }
}

impl Decimal {
    /// Reads `-12.50e3`; nothing else, and no more than 4096 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        if mantissa.len() > MOST_DIGITS || mantissa.ends_with('.') {
            return None;
        }
        let all = [whole, fraction].concat();
        let digits = all.trim_start_matches('0');
        let leading = i32::try_from(all.len() - digits.len()).ok()?;
        let point = i32::try_from(whole.len())
            .ok()?
            .checked_sub(leading)?
            .checked_add(exponent)?;
        let digits = digits.trim_end_matches('0');
        let is_zero = digits.is_empty();
        Some(Self {
            negative: negative && !is_zero,
            digits: digits.into(),
            point: if is_zero { 0 } else { point },
        })
    }

    /// What a double stands for: the shortest number that it is the nearest double of. `None` unless it is finite.
    pub fn of_double(number: f64) -> Option<Self> {
        number.is_finite().then(|| Self::parse(&format!("{number:e}")))?
    }

    /// The nearest double.
    pub fn to_double(&self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        let text = format!(
            "{sign}0.{}e{}",
            if self.digits.is_empty() { "0" } else { &self.digits },
            self.point
        );
        text.parse().unwrap_or(0.0)
    }

    /// With the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self {
            negative: !self.negative && !self.digits.is_empty(),
            ..self.clone()
        }
    }

    /// The number if a double does not stand for it: it has more digits than doubles have, or is too small for one.
    pub fn beyond_double(text: &str, double: f64) -> Option<Self> {
        let decimal = Self::parse(text)?;
        let is_lost =
            (decimal.digits.len() > DOUBLE_DIGITS || double == 0.0) && decimal.point.abs() <= MOST_PLACES;
        (is_lost && Self::of_double(double).as_ref() != Some(&decimal)).then_some(decimal)
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self
                .point
                .cmp(&other.point)
                .then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        let digits = number.unsigned_abs().to_string();
        let point = i32::try_from(digits.len()).unwrap_or(0);
        let digits = digits.trim_end_matches('0');
        Self {
            negative: number < 0,
            digits: digits.into(),
            point: if digits.is_empty() { 0 } else { point },
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A number of JSON: written out where that is not long, else with an exponent.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let digits = &*self.digits;
        let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
        let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
        match self.point {
            _ if digits.is_empty() => f.write_str("0"),
            point if point > 0 && point <= PLAIN_PLACES && point >= length => {
                write!(f, "{digits}{}", zeros(point - length))
            }
            point if point > 0 && point < length => {
                let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
                write!(f, "{whole}.{fraction}")
            }
            point if point <= 0 && point > -PLAIN_PLACES => write!(f, "0.{}{digits}", zeros(-point)),
            point => write!(
                f,
                "{}.{}e{}",
                &digits[..1],
                if length > 1 { &digits[1..] } else { "0" },
                i64::from(point) - 1
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn one_number_has_one_form() {
        for (one, other) in [
            ("1500.50", "1.5005e3"),
            ("0.001", "1E-3"),
            ("-0", "0.000"),
            ("00012", "12"),
            ("1e400", "10e399"),
        ] {
            assert_eq!(of(one), of(other));
            assert_eq!(of(one).cmp(&of(other)), Ordering::Equal);
        }
        for bad in [
            "",
            "-",
            ".5",
            "5.",
            "+5",
            "1e",
            "1e5.5",
            "0x1",
            "1_0",
            "inf",
            "NaN",
            "1e99999999999",
            " 1",
        ] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
        assert_eq!(Decimal::parse(&"9".repeat(MOST_DIGITS + 1)), None);
    }

    #[test]
    fn every_digit_counts_and_no_exponent_takes_memory() {
        let sorted = [
            "-1e2000000000",
            "-1000000000000000000002",
            "-1000000000000000000001",
            "-1",
            "-1e-2000000000",
            "0",
            "1e-2000000000",
            "0.1234567890123456781",
            "0.1234567890123456782",
            "1",
            "1000000000000000000001",
            "1000000000000000000002",
            "1e2000000000",
        ];
        for pair in sorted.windows(2) {
            assert!(of(pair[0]) < of(pair[1]), "{pair:?}");
        }
        assert!(sorted.iter().all(|text| of(text).to_string().len() < 500));
    }

    #[test]
    fn a_double_stands_for_what_it_prints() {
        for text in [
            "0.1",
            "1e21",
            "1000000000000000000000",
            "0.10000000000000001",
            "4.9406564584124654e-324",
            "0",
            "1e-300",
        ] {
            assert_eq!(
                Decimal::beyond_double(text, text.parse().unwrap()),
                None,
                "{text}"
            );
        }
        for text in [
            "1000000000000000000001",
            "0.1234567890123456781",
            "18446744073709551615",
            "1e-400",
        ] {
            let kept = Decimal::beyond_double(text, text.parse().unwrap());
            assert_eq!(kept.map(|kept| kept == of(text)), Some(true), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(text in "-?[0-9]{1,30}(\\.[0-9]{1,30})?(e-?[0-9]{1,5})?") {
            let decimal = of(&text);
            prop_assert_eq!(&of(&decimal.to_string()), &decimal);
            let json: Result<serde_json::Value, _> = serde_json::from_str(&decimal.to_string());
            prop_assert!(json.is_ok() || decimal.to_double().is_infinite());
        }

        #[test]
        fn whole_numbers_compare_as_they_are(one in any::<i64>(), other in any::<i64>()) {
            prop_assert_eq!(Decimal::from(one).cmp(&Decimal::from(other)), one.cmp(&other));
            prop_assert_eq!(Decimal::from(one).to_string(), one.to_string());
            prop_assert_eq!(Decimal::from(one).negated().negated(), Decimal::from(one));
        }

        #[test]
        fn doubles_compare_as_they_are(one in any::<f64>(), other in any::<f64>()) {
            if let (Some(left), Some(right)) = (Decimal::of_double(one), Decimal::of_double(other)) {
                prop_assert_eq!(Some(left.cmp(&right)), one.partial_cmp(&other));
                prop_assert!(left.to_double().total_cmp(&one).is_eq() || one == 0.0);
            }
        }
    }
}
