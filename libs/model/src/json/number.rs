//! Numbers of JSON: digits to a value. No I/O.

use super::JsonNumber;

/// Powers of ten that a double holds exactly.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
/// Digits of which any number is exact in a double, and in an integer.
const EXACT_DIGITS: usize = 15;

/// The number that begins at this place, and where it ends; `None` where there is none, or one that is infinite.
pub(super) fn read(text: &str, start: usize) -> Option<(JsonNumber, usize)> {
    let bytes = text.as_bytes();
    let negative = bytes.get(start) == Some(&b'-');
    let mut written = Digits::from(start + usize::from(negative));
    written.whole(bytes)?;
    let whole = written;
    written.fraction(bytes)?;
    let end = exponent(bytes, written.end)?;
    let digits = whole.end - whole.start;
    let number = if end > written.end || written.count > EXACT_DIGITS {
        rounded(text.get(start..end)?, end == whole.end && digits > 0)?
    } else if end == whole.end {
        exact(whole.value, negative)
    } else {
        // Both are exact, so their quotient is the nearest double there is.
        let tens = TENS.get(written.count - digits)?;
        signed(written.value as f64 / tens, negative)
    };
    Some((number, end))
}

/// A whole number of few digits.
fn exact(value: u64, negative: bool) -> JsonNumber {
    match i64::try_from(value) {
        // The integers know one zero only.
        Ok(0) if negative => JsonNumber::Double(-0.0),
        Ok(value) => JsonNumber::Long(if negative { -value } else { value }),
        Err(_) => JsonNumber::Unsigned(value),
    }
}

fn signed(value: f64, negative: bool) -> JsonNumber {
    JsonNumber::Double(if negative { -value } else { value })
}

/// Long ones and those with an exponent.
fn rounded(written: &str, whole: bool) -> Option<JsonNumber> {
    if whole {
        if let Ok(value) = written.parse() {
            return Some(JsonNumber::Long(value));
        }
        if let Ok(value) = written.parse() {
            return Some(JsonNumber::Unsigned(value));
        }
    }
    let value: f64 = written.parse().ok()?;
    value.is_finite().then_some(JsonNumber::Double(value))
}

/// Digits as they are read.
#[derive(Clone, Copy)]
struct Digits {
    start: usize,
    end: usize,
    /// How many, the point left out.
    count: usize,
    /// What they say without the point, as long as they are few.
    value: u64,
}

impl Digits {
    fn from(start: usize) -> Self {
        Self {
            start,
            end: start,
            count: 0,
            value: 0,
        }
    }

    /// At least one, and no zero before others.
    fn whole(&mut self, bytes: &[u8]) -> Option<()> {
        self.take(bytes);
        let leading_zero = self.count > 1 && bytes.get(self.start) == Some(&b'0');
        (self.count > 0 && !leading_zero).then_some(())
    }

    /// A point with at least one behind it, or nothing.
    fn fraction(&mut self, bytes: &[u8]) -> Option<()> {
        if bytes.get(self.end) != Some(&b'.') {
            return Some(());
        }
        let before = self.count;
        self.end += 1;
        self.take(bytes);
        (self.count > before).then_some(())
    }

    fn take(&mut self, bytes: &[u8]) {
        while let Some(digit) = bytes
            .get(self.end)
            .map(|byte| byte.wrapping_sub(b'0'))
            .filter(|digit| *digit < 10)
        {
            self.value = self.value.wrapping_mul(10).wrapping_add(u64::from(digit));
            self.count += 1;
            self.end += 1;
        }
    }
}

/// Where an exponent that begins here ends: here where none does, nowhere where it has no digits.
fn exponent(bytes: &[u8], start: usize) -> Option<usize> {
    if !matches!(bytes.get(start), Some(b'e' | b'E')) {
        return Some(start);
    }
    let sign = usize::from(matches!(bytes.get(start + 1), Some(b'+' | b'-')));
    let mut digits = Digits::from(start + 1 + sign);
    digits.take(bytes);
    (digits.count > 0).then_some(digits.end)
}
