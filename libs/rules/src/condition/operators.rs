//! Comparison and arithmetic over values that may be unknown. No I/O, no panic.

use std::borrow::Cow;
use std::cmp::Ordering;

use model::Decimal;

use super::evaluate::Value;
use super::expression::{Arithmetic, Comparison, Constant};
use super::moment;

/// Longer texts are not put together: derived values could double them again and again.
const MAX_TEXT: usize = 1 << 20;

/// CEL compares numbers of different types by their value, and nothing else across types.
pub(super) fn compare(operator: Comparison, left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
    match operator {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => equal(left, right).map(|same| !same),
        _ => order(left, right).map(|order| match operator {
            Comparison::Less => order == Some(Ordering::Less),
            Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Comparison::Greater => order == Some(Ordering::Greater),
            _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }),
    }
}

/// Values of different types are not equal; a list is equal to nothing a condition can name.
pub(super) fn equal(left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
    match (left, right) {
        (Value::Unknown, _) | (_, Value::Unknown) | (Value::Beginning(_), Value::Beginning(_)) => None,
        (Value::Null, Value::Null) => Some(true),
        (Value::Bool(left), Value::Bool(right)) => Some(left == right),
        (Value::Text(left), Value::Text(right)) => Some(left == right),
        (Value::List(left), Value::List(right)) => Some(left == right),
        (Value::Beginning(known), Value::Text(text)) | (Value::Text(text), Value::Beginning(known)) => {
            (!text.starts_with(known.as_ref())).then_some(false)
        }
        _ => Some(matches!(order(left, right), Some(Some(Ordering::Equal)))),
    }
}

/// Constants, as values.
pub(super) fn compare_constants(operator: Comparison, left: &Constant, right: &Constant) -> Option<bool> {
    compare(operator, &left.into(), &right.into())
}

/// Whether two constants are one value, however they are spelt: 5 and 5.0.
pub(super) fn same(left: &Constant, right: &Constant) -> bool {
    equal(&left.into(), &right.into()) == Some(true)
}

/// `None`: these two have no order. `Some(None)`: they have, but one of them is not a number (NaN).
#[expect(clippy::option_option, reason = "two different kinds of nothing")]
fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Option<Ordering>> {
    match (left, right) {
        (Value::Long(left), Value::Long(right)) => Some(Some(left.cmp(right))),
        (Value::Double(left), Value::Double(right)) => Some(left.partial_cmp(right)),
        (Value::Long(left), Value::Double(right)) => Some(long_with_double(*left, *right)),
        (Value::Double(left), Value::Long(right)) => {
            Some(long_with_double(*right, *left).map(Ordering::reverse))
        }
        (Value::Decimal(left), Value::Decimal(right)) => Some(Some(left.cmp(right))),
        (Value::Decimal(left), Value::Long(right)) => Some(Some(left.as_ref().cmp(&Decimal::from(*right)))),
        (Value::Decimal(left), Value::Double(right)) => Some(decimal_with_double(left, *right)),
        (Value::Long(_) | Value::Double(_), Value::Decimal(_)) => {
            order(right, left).map(|order| order.map(Ordering::reverse))
        }
        (Value::Text(left), Value::Text(right)) => Some(Some(left.as_ref().cmp(right.as_ref()))),
        (Value::Bool(left), Value::Bool(right)) => Some(Some(left.cmp(right))),
        (Value::Moment(left), Value::Moment(right)) => Some(Some(left.cmp(right))),
        (Value::Span(left), Value::Span(right)) => Some(Some(left.cmp(right))),
        (Value::Moment(_) | Value::Span(_), Value::Long(_) | Value::Double(_)) => order(&millis(left), right),
        (Value::Long(_) | Value::Double(_), Value::Moment(_) | Value::Span(_)) => order(left, &millis(right)),
        _ => None,
    }
}

/// A double stands for the number that it prints.
fn decimal_with_double(decimal: &Decimal, double: f64) -> Option<Ordering> {
    match Decimal::of_double(double) {
        Some(double) => Some(decimal.cmp(&double)),
        None if double.is_nan() => None,
        None if double > 0.0 => Some(Ordering::Less),
        None => Some(Ordering::Greater),
    }
}

/// Beside a number, times and spans count in milliseconds, as the fields of events and payloads hold them.
fn millis<'a>(of: &Value<'_>) -> Value<'a> {
    let (whole, nanos) = match of {
        Value::Moment(time) => (time.timestamp_millis(), time.timestamp_subsec_nanos() % 1_000_000),
        Value::Span(span) => (
            span.num_milliseconds(),
            span.subsec_nanos().unsigned_abs() % 1_000_000,
        ),
        _ => return Value::Unknown,
    };
    if nanos == 0 {
        return Value::Long(whole);
    }
    let part = f64::from(nanos) / 1e6;
    let is_negative_span = matches!(of, Value::Span(span) if span.subsec_nanos() < 0);
    Value::Double(whole as f64 + if is_negative_span { -part } else { part })
}

/// Exact also where a double cannot hold the whole number.
#[expect(clippy::cast_possible_truncation, reason = "guarded by the range check")]
fn long_with_double(long: i64, double: f64) -> Option<Ordering> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if double.is_nan() {
        return None;
    }
    if double >= TWO_TO_63 {
        return Some(Ordering::Less);
    }
    if double < -TWO_TO_63 {
        return Some(Ordering::Greater);
    }
    let whole = double.trunc();
    Some(
        long.cmp(&(whole as i64))
            .then_with(|| whole.partial_cmp(&double).unwrap_or(Ordering::Equal)),
    )
}

/// Two whole numbers give a whole number; with a fraction on either side the result has one. Unlike
/// CEL, which refuses to mix them: payloads write `5` and `5.0` for the same amount.
pub(super) fn arithmetic<'a>(operator: Arithmetic, left: Value<'a>, right: Value<'a>) -> Value<'a> {
    match (computed_with(left), computed_with(right)) {
        (Value::Long(left), Value::Long(right)) => whole(operator, left, right),
        (Value::Long(left), Value::Double(right)) => fraction(operator, left as f64, right),
        (Value::Double(left), Value::Long(right)) => fraction(operator, left, right as f64),
        (Value::Double(left), Value::Double(right)) => fraction(operator, left, right),
        (Value::Text(left), Value::Text(right))
            if operator == Arithmetic::Add && left.len() + right.len() <= MAX_TEXT =>
        {
            Value::Text(Cow::Owned(left.into_owned() + right.as_ref()))
        }
        (left @ (Value::Moment(_) | Value::Span(_)), right) => timed(operator, &left, right),
        (left, right @ (Value::Moment(_) | Value::Span(_))) => arithmetic(operator, left, millis(&right)),
        _ => Value::Unknown,
    }
}

/// Numbers beyond doubles are computed with as the nearest double.
fn computed_with(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Decimal(number) => Value::Double(number.to_double()),
        other => other,
    }
}

/// A time or a span with another, as in CEL.
fn timed<'a>(operator: Arithmetic, left: &Value<'_>, right: Value<'a>) -> Value<'a> {
    let time = |time: Option<_>| time.map_or(Value::Unknown, Value::Moment);
    let span = |span: Option<_>| span.and_then(moment::within).map_or(Value::Unknown, Value::Span);
    match (operator, left, right) {
        (Arithmetic::Subtract, Value::Moment(left), Value::Moment(right)) => {
            span(moment::between(*left, right))
        }
        (Arithmetic::Subtract, Value::Moment(left), Value::Span(right)) => time(moment::moved(*left, -right)),
        (Arithmetic::Add, Value::Moment(left), Value::Span(right)) => time(moment::moved(*left, right)),
        (Arithmetic::Add, Value::Span(left), Value::Moment(right)) => time(moment::moved(right, *left)),
        (Arithmetic::Add, Value::Span(left), Value::Span(right)) => span(left.checked_add(&right)),
        (Arithmetic::Subtract, Value::Span(left), Value::Span(right)) => span(left.checked_sub(&right)),
        (_, left, right @ (Value::Long(_) | Value::Double(_))) => arithmetic(operator, millis(left), right),
        _ => Value::Unknown,
    }
}

fn whole<'a>(operator: Arithmetic, left: i64, right: i64) -> Value<'a> {
    let result = match operator {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => left.checked_div(right),
        Arithmetic::Modulo => left.checked_rem(right),
    };
    result.map_or(Value::Unknown, Value::Long)
}

fn fraction<'a>(operator: Arithmetic, left: f64, right: f64) -> Value<'a> {
    match operator {
        Arithmetic::Add => Value::Double(left + right),
        Arithmetic::Subtract => Value::Double(left - right),
        Arithmetic::Multiply => Value::Double(left * right),
        Arithmetic::Divide if right != 0.0 => Value::Double(left / right),
        Arithmetic::Divide | Arithmetic::Modulo => Value::Unknown,
    }
}

pub(super) fn negate<'a>(of: &Value<'_>) -> Value<'a> {
    match of {
        Value::Long(number) => number.checked_neg().map_or(Value::Unknown, Value::Long),
        Value::Double(number) => Value::Double(-number),
        Value::Decimal(number) => Value::Decimal(Cow::Owned(number.negated())),
        _ => Value::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_fractional_numbers_compare_exactly() {
        let big = 9_007_199_254_740_993;
        assert_eq!(
            long_with_double(big, 9_007_199_254_740_992.0),
            Some(Ordering::Greater)
        );
        assert_eq!(long_with_double(i64::MAX, 9.3e18), Some(Ordering::Less));
        assert_eq!(
            long_with_double(i64::MIN, f64::NEG_INFINITY),
            Some(Ordering::Greater)
        );
        assert_eq!(long_with_double(1000, 1000.5), Some(Ordering::Less));
        assert_eq!(long_with_double(-1000, -1000.5), Some(Ordering::Greater));
        assert_eq!(long_with_double(5, 5.0), Some(Ordering::Equal));
        assert_eq!(long_with_double(0, f64::NAN), None);
    }

    #[test]
    fn overflow_and_zero_are_unknown() {
        for (operator, left, right) in [
            (Arithmetic::Add, i64::MAX, 1),
            (Arithmetic::Divide, 1, 0),
            (Arithmetic::Modulo, i64::MIN, -1),
        ] {
            assert!(
                matches!(whole(operator, left, right), Value::Unknown),
                "{operator:?}"
            );
        }
    }
}
