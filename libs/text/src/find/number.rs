//! Numbers as people group their digits: `1,000`, `1.000.000`, `10 000`, `1’200.20`, `12,34,567`, `1,5`, `.50`. Digits
//! are ASCII here. What is grouped as nobody groups is no number. No I/O.

/// A number and how many bytes it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) length: usize,
    /// One group of three after a single dot, which some read as thousands: `1.000`.
    pub(super) dotted_thousands: bool,
}

/// Digits and separators of one number at most, in bytes.
const LONGEST: usize = 64;
/// Runs of digits of one number at most.
const MOST_RUNS: usize = 16;

/// What stands between two runs of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Dot,
    Comma,
    Apostrophe,
    Blank,
    /// `٬`, which parts groups and nothing else.
    Group,
    /// `٫`, which begins a fraction and nothing else.
    Decimal,
}

/// Runs of digits and what stands between them.
#[derive(Debug, Default)]
struct Runs<'t> {
    digits: Vec<&'t str>,
    marks: Vec<Mark>,
    length: usize,
}

/// The number at the beginning of `text`. `spaced` wants blanks between groups of three digits.
pub(super) fn number(text: &str, spaced: bool) -> Option<Number> {
    let runs = Runs::of(crate::span::prefix(text, LONGEST), spaced);
    if spaced && runs.marks.first() != Some(&Mark::Blank) || goes_on(&text[runs.length..]) {
        return None;
    }
    let (whole, fraction) = runs.whole_and_fraction()?;
    let mut plain: String = runs.digits.get(..whole)?.concat();
    // A number with zeros before it is the middle of another, or a code.
    if plain.len() > 1 && plain.starts_with('0') {
        return None;
    }
    if let Some(fraction) = fraction {
        plain.push('.');
        plain.push_str(fraction);
    }
    let dotted =
        runs.marks == [Mark::Dot] && is_grouped(&runs.digits, Mark::Dot) && !runs.digits[0].starts_with('0');
    Some(Number {
        value: plain.parse().ok()?,
        length: runs.length,
        dotted_thousands: dotted,
    })
}

/// A time of day, or more digits than any number has.
fn goes_on(rest: &str) -> bool {
    let colon = rest.strip_prefix(':');
    colon.unwrap_or(rest).starts_with(|c: char| c.is_ascii_digit())
}

impl<'t> Runs<'t> {
    fn of(text: &'t str, spaced: bool) -> Self {
        let mut runs = Self::default();
        let first = digits(text);
        if first == 0 && !text.starts_with('.') {
            return runs;
        }
        runs.digits.push(&text[..first]);
        runs.length = first;
        while runs.digits.len() < MOST_RUNS {
            let rest = &text[runs.length..];
            let Some((mark, width)) = mark(rest) else { break };
            let count = digits(&rest[width..]);
            if count == 0 || mark == Mark::Blank && !(spaced && runs.takes_blank(count)) {
                break;
            }
            runs.marks.push(mark);
            runs.digits.push(&rest[width..width + count]);
            runs.length += width + count;
        }
        runs
    }

    /// Whether a blank and so many digits go on with this number: only groups of three, none behind a fraction.
    fn takes_blank(&self, count: usize) -> bool {
        let first = self.digits.first().map_or(0, |first| first.len());
        count == 3 && (1..=3).contains(&first) && self.marks.iter().all(|mark| *mark == Mark::Blank)
    }

    /// How many runs are before the fraction, and the fraction.
    fn whole_and_fraction(&self) -> Option<(usize, Option<&'t str>)> {
        let all = self.digits.len();
        let Some((&last, before)) = self.marks.split_last() else {
            return (all == 1).then_some((1, None));
        };
        let fraction = Some((all - 1, self.digits.last().copied()));
        match before.first() {
            // One mark: a comma and three digits are a group, a dot and three digits are a fraction.
            None => match last {
                Mark::Dot | Mark::Decimal => fraction,
                Mark::Comma if !is_grouped(&self.digits, last) => fraction,
                _ => is_grouped(&self.digits, last).then_some((all, None)),
            },
            Some(&group) if before.iter().any(|mark| *mark != group) || group == Mark::Decimal => None,
            Some(&group) if group == last => is_grouped(&self.digits, group).then_some((all, None)),
            Some(&group) => {
                let begins_fraction = matches!(last, Mark::Dot | Mark::Comma | Mark::Decimal);
                fraction.filter(|_| begins_fraction && is_grouped(&self.digits[..all - 1], group))
            }
        }
    }
}

/// Groups of three behind one to three digits; behind a comma also those of India, of two and at last of three.
fn is_grouped(digits: &[&str], mark: Mark) -> bool {
    let [first, middle @ .., last] = digits else {
        return false;
    };
    let by =
        |size: usize| (1..=size).contains(&first.len()) && middle.iter().all(|group| group.len() == size);
    let indian = matches!(mark, Mark::Comma | Mark::Group) && by(2);
    last.len() == 3 && !first.starts_with('0') && (by(3) || indian)
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The mark at the beginning of `rest`, and its length in bytes.
fn mark(rest: &str) -> Option<(Mark, usize)> {
    let c = rest.chars().next()?;
    let mark = match c {
        '.' => Mark::Dot,
        ',' => Mark::Comma,
        ' ' => Mark::Blank,
        '\u{66c}' => Mark::Group,
        '\u{66b}' => Mark::Decimal,
        _ if crate::words::is_apostrophe(c) => Mark::Apostrophe,
        _ => return None,
    };
    Some((mark, c.len_utf8()))
}

/// The place behind digits that are joined to a number by what joins digits of one thing: `1.2.3`, `12:30`, `5'10`.
pub(super) fn behind_number(text: &str, mut end: usize) -> usize {
    while let Some(c) = text[end..].chars().next() {
        let joins = matches!(c, '.' | ',' | ':' | '-' | '/' | '\u{66b}' | '\u{66c}')
            || crate::words::is_apostrophe(c);
        let next = &text[end + c.len_utf8()..];
        if !joins || digits(next) == 0 {
            break;
        }
        end += c.len_utf8() + next.bytes().take_while(u8::is_ascii_alphanumeric).count();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(text: &str) -> Option<(f64, usize)> {
        number(text, false).map(|number| (number.value, number.length))
    }

    #[test]
    fn ways_to_write_numbers() {
        assert_eq!(value("1,000 x"), Some((1_000.0, 5)));
        assert_eq!(value("1,234,567.89"), Some((1_234_567.89, 12)));
        assert_eq!(value("1.000.000,5"), Some((1_000_000.5, 11)));
        assert_eq!(value("12,34,56,789.50 x"), Some((123_456_789.5, 15)));
        assert_eq!(value("1,00,000"), Some((100_000.0, 8)));
        assert_eq!(value("1'234'567.5"), Some((1_234_567.5, 11)));
        assert_eq!(value("1\u{2019}200,20"), Some((1_200.2, 10)));
        assert_eq!(value("123٬456٫78"), Some((123_456.78, 12)));
        assert_eq!(value("1.234,567"), Some((1_234.567, 9)));
        assert_eq!(value("1,5 Mrd"), Some((1.5, 3)));
        assert_eq!(value("0,125"), Some((0.125, 5)));
        assert_eq!(value("1234,567"), Some((1_234.567, 8)));
        assert_eq!(value("0,00012"), Some((0.000_12, 7)));
        assert_eq!(value("1.299,00"), Some((1_299.0, 8)));
        assert_eq!(value("1.299, 5"), Some((1.299, 5)));
        assert_eq!(value("0.125."), Some((0.125, 5)));
        assert_eq!(value("5, 6"), Some((5.0, 1)));
        assert_eq!(value(".50"), Some((0.5, 3)));
    }

    #[test]
    fn blanks_part_groups_where_they_may() {
        let spaced = |text| number(text, true).map(|number| (number.value, number.length));
        assert_eq!(spaced("10 000 €"), Some((10_000.0, 6)));
        assert_eq!(spaced("1 234 567,89 €"), Some((1_234_567.89, 12)));
        assert_eq!(spaced("1 234.5"), Some((1_234.5, 7)));
        assert_eq!(spaced("10 000 00"), Some((10_000.0, 6)));
        for none in ["10", "1 00", "2024 100", "1,5 000"] {
            assert_eq!(spaced(none), None, "{none}");
        }
    }

    #[test]
    fn what_nobody_groups_so_is_no_number() {
        for none in [
            "1.2.3",
            "127.0.0.1",
            "12:30",
            "x",
            ".",
            "1,23,4567",
            "1,234,56",
            "1,2,3",
            "1'20.50",
            "5'10",
            "000",
            "1.000.50",
            "1,000'000",
            "0,000,001",
            "1٬23",
        ] {
            assert_eq!(value(none), None, "{none}");
        }
        assert_eq!(value(&"1".repeat(LONGEST + 1)), None);
    }

    #[test]
    fn joined_digits_are_passed_over() {
        for (text, from, end) in [
            ("1.2.3b x", 1, 6),
            ("5'10\"", 1, 4),
            ("12:30, 5", 2, 5),
            ("7", 1, 1),
        ] {
            assert_eq!(behind_number(text, from), end, "{text}");
        }
    }

    /// Digits before a fraction, grouped from the right: the last group has `last`, the others `size` digits.
    fn grouped(digits: &str, size: usize, last: usize, mark: &str) -> String {
        let Some(split) = digits.len().checked_sub(last).filter(|split| *split > 0) else {
            return digits.to_owned();
        };
        let (head, tail) = digits.split_at(split);
        format!("{}{mark}{tail}", grouped(head, size, size, mark))
    }

    proptest! {
        #[test]
        fn every_grouping_is_read_back(whole in 1_000_u64..1_000_000_000_000, cents in 1_u32..100, way in 0_usize..8) {
            let (size, group, decimal) = [
                (3, ",", "."), (3, ".", ","), (3, " ", ","), (3, " ", "."), (3, "'", "."), (3, "\u{2019}", ","),
                (2, ",", "."), (3, "\u{66c}", "\u{66b}"),
            ][way];
            let written = format!("{}{decimal}{cents:02}", grouped(&whole.to_string(), size, 3, group));
            let read = number(&written, group == " ").map(|number| (number.value, number.length));
            let wanted: f64 = format!("{whole}.{cents:02}").parse().unwrap();
            prop_assert_eq!(read, Some((wanted, written.len())), "{}", written);
        }

        #[test]
        fn no_text_makes_it_panic(text in "([0-9.,:' ٬٫\u{2019}]|\\PC){0,80}", spaced: bool) {
            if let Some(number) = number(&text, spaced) {
                prop_assert!(text.get(..number.length).is_some() && number.value.is_finite());
            }
            behind_number(&text, 0);
        }
    }
}
