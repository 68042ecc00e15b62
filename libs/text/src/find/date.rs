//! Dates: `2024-05-01`, `May 1st, 2024`, `1 May`, `01.05.2024`, `2024年5月1日`, `Q3 2024`. No I/O, no calendar of today.

use crate::span::Span;

/// A date found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date {
    /// ISO 8601: `2024-05-01`; `2024-05` without a day; `--05-01` without a year; a quarter as `2024-Q3`.
    pub date: String,
    /// Where it stands, with a time of day that follows an ISO date.
    pub span: Span,
}

/// Names of months and their usual short forms.
const MONTHS: [(&str, &str, u32); 12] = [
    ("january", "jan", 1),
    ("february", "feb", 2),
    ("march", "mar", 3),
    ("april", "apr", 4),
    ("may", "may", 5),
    ("june", "jun", 6),
    ("july", "jul", 7),
    ("august", "aug", 8),
    ("september", "sep", 9),
    ("october", "oct", 10),
    ("november", "nov", 11),
    ("december", "dec", 12),
];

/// What has the form of a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dated {
    /// A date that there is.
    Date(Date),
    /// One that no calendar has, such as 30 February, and the place behind it: its parts are no dates either.
    Never(usize),
}

/// What is written in the form of a date, in ISO 8601; nothing where no calendar has it.
struct Day(Option<String>);

/// What is read of a text, and how far.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

/// The date that begins with the digit at `at`.
pub(super) fn numeric(text: &str, at: usize) -> Option<Dated> {
    if text[..at].ends_with(['.', '/', '-', ':'])
        && text[..at].len() > 1
        && text.as_bytes()[at - 2].is_ascii_digit()
    {
        return None;
    }
    let ways = [year_first, day_first, ideographic, day_month];
    let dated = ways.into_iter().find_map(|way| dated(text, at, way))?;
    let end = match &dated {
        Dated::Date(date) => date.span.end,
        Dated::Never(end) => *end,
    };
    let ends = !text[end..].starts_with(|c: char| c.is_ascii_alphanumeric());
    ends.then_some(dated)
}

/// The date that begins with the word at `at`: a month, or a quarter.
pub(super) fn worded(text: &str, at: usize) -> Option<Dated> {
    let ways = [month_first, quarter];
    ways.into_iter().find_map(|way| dated(text, at, way))
}

/// What one way of writing finds here: nothing, a day that there is, or one that there is not.
fn dated(text: &str, at: usize, way: fn(&mut Cursor<'_>) -> Option<Day>) -> Option<Dated> {
    let mut cursor = Cursor { text, at };
    let date = way(&mut cursor)?;
    let span = Span {
        start: at,
        end: cursor.at,
    };
    Some(match date.0 {
        Some(date) => Dated::Date(Date { date, span }),
        None => Dated::Never(span.end),
    })
}

/// `2024-05-01`, with a time of day or without; `2024/05/01`; `2024.05.01`.
fn year_first(cursor: &mut Cursor<'_>) -> Option<Day> {
    let year = cursor.number(4, 4)?;
    let separator = cursor.one_of("-/.")?;
    let month = cursor.number(1, 2)?;
    cursor.one_of_this(separator)?;
    let day = cursor.number(1, 2)?;
    let time = cursor.time_of_day();
    Some(Day(full(year, month, day).filter(|_| time)))
}

/// `01.05.2024`, `31/12/2024`, and `5/1/2024` with the month first as Americans write it.
fn day_first(cursor: &mut Cursor<'_>) -> Option<Day> {
    let first = cursor.number(1, 2)?;
    let separator = cursor.one_of("./")?;
    let second = cursor.number(1, 2)?;
    cursor.one_of_this(separator)?;
    let year = cursor.number(4, 4)?;
    let (day, month) = if separator == '.' || first > 12 {
        (first, second)
    } else {
        (second, first)
    };
    Some(Day(full(year, month, day)))
}

/// `2024年5月1日`, `5月1日`, `2024년 5월 1일`.
fn ideographic(cursor: &mut Cursor<'_>) -> Option<Day> {
    let mut year = None;
    let mut number = cursor.number(1, 4)?;
    if cursor.one_of("年년").is_some() {
        // `24年` is a year of this century or of an emperor.
        year = Some(number).filter(|year| *year >= 1_000);
        year?;
        cursor.skip(' ');
        number = cursor.number(1, 2)?;
    }
    cursor.one_of("月월")?;
    let month = number;
    cursor.skip(' ');
    let before_day = cursor.at;
    let day = cursor.number(1, 2).filter(|_| cursor.one_of("日号일").is_some());
    match (year, day) {
        (Some(year), Some(day)) => Some(Day(full(year, month, day))),
        (None, Some(day)) => Some(Day(yearless(month, day))),
        (Some(year), None) => {
            cursor.at = before_day;
            Some(Day(monthly(year, month)))
        }
        (None, None) => None,
    }
}

/// `1 May 2024`, `1st of May`, `15. March`.
fn day_month(cursor: &mut Cursor<'_>) -> Option<Day> {
    let day = cursor.day()?;
    cursor.ordinal();
    cursor.skip('.');
    if !cursor.skip(' ') && !cursor.skip('-') {
        return None;
    }
    if cursor.word("of") {
        cursor.skip(' ');
    }
    let month = cursor.month()?;
    let after = cursor.at;
    if let Some(year) = cursor.year_after() {
        return Some(Day(full(year, month, day)));
    }
    cursor.at = after;
    Some(Day(yearless(month, day)))
}

/// `May 1, 2024`, `May 1st`, `Sept. 5`, `May 2024`.
fn month_first(cursor: &mut Cursor<'_>) -> Option<Day> {
    let month = cursor.month()?;
    cursor.skip('.');
    cursor.skip(',');
    if !cursor.skip(' ') {
        return None;
    }
    let before = cursor.at;
    if let Some(year) = cursor.year() {
        return Some(Day(monthly(year, month)));
    }
    cursor.at = before;
    let day = cursor.day()?;
    cursor.ordinal();
    if cursor
        .rest()
        .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '%')
        || cursor.is_amount()
    {
        return None;
    }
    let after = cursor.at;
    if let Some(year) = cursor.year_after() {
        return Some(Day(full(year, month, day)));
    }
    cursor.at = after;
    Some(Day(yearless(month, day)))
}

/// `Q3 2024`, `Q3'24`.
fn quarter(cursor: &mut Cursor<'_>) -> Option<Day> {
    cursor.one_of("Qq")?;
    let quarter = cursor.number(1, 1).filter(|quarter| (1..=4).contains(quarter))?;
    if !cursor.skip(' ') && !cursor.skip('/') && !cursor.skip('-') {
        return None;
    }
    let year = cursor.year()?;
    Some(Day(Some(format!("{year:04}-Q{quarter}"))))
}

fn full(year: u32, month: u32, day: u32) -> Option<String> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let real = (1900..=2100).contains(&year) && (1..=12).contains(&month) && (1..=days).contains(&day);
    real.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

fn monthly(year: u32, month: u32) -> Option<String> {
    full(year, month, 1).map(|_| format!("{year:04}-{month:02}"))
}

fn yearless(month: u32, day: u32) -> Option<String> {
    full(2000, month, day).map(|_| format!("--{month:02}-{day:02}"))
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// A number of so many digits, not followed by another.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self
            .rest()
            .bytes()
            .take(most + 1)
            .take_while(u8::is_ascii_digit)
            .count();
        if !(least..=most).contains(&digits) {
            return None;
        }
        let number = self.rest()[..digits].parse().ok();
        self.at += digits;
        number
    }

    /// A number that days of some month have: `40 May` is none.
    fn day(&mut self) -> Option<u32> {
        self.number(1, 2).filter(|day| (1..=31).contains(day))
    }

    fn year(&mut self) -> Option<u32> {
        let year = self.number(4, 4).filter(|year| (1900..=2100).contains(year))?;
        let goes_on = self
            .rest()
            .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '%');
        (!goes_on).then_some(year)
    }

    /// A year behind a blank, a comma or a dash.
    fn year_after(&mut self) -> Option<u32> {
        self.skip(',');
        (self.skip(' ') || self.skip('-')).then(|| self.year()).flatten()
    }

    fn one_of(&mut self, signs: &str) -> Option<char> {
        let sign = self.rest().chars().next().filter(|c| signs.contains(*c))?;
        self.at += sign.len_utf8();
        Some(sign)
    }

    fn one_of_this(&mut self, sign: char) -> Option<char> {
        self.skip(sign).then_some(sign)
    }

    fn skip(&mut self, sign: char) -> bool {
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len_utf8() } else { 0 };
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word) && self.rest()[word.len()..].starts_with(' ');
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn ordinal(&mut self) {
        if ["st", "nd", "rd", "th"]
            .iter()
            .any(|ending| self.rest().starts_with(ending))
        {
            self.at += 2;
        }
    }

    /// A month's name or short form; `may`, `mar` and `dec` and so on only with a capital letter.
    fn month(&mut self) -> Option<u32> {
        let length = self
            .rest()
            .bytes()
            .take(10)
            .take_while(u8::is_ascii_alphabetic)
            .count();
        let written = &self.rest()[..length];
        let capital = written.starts_with(|c: char| c.is_ascii_uppercase());
        let lower = written.to_ascii_lowercase();
        let lower = if lower == "sept" { "sep" } else { &lower };
        let found = MONTHS
            .iter()
            .find(|(name, short, _)| lower == *name || lower == *short)?;
        let month = (capital || (length > 4 && lower != "march")).then_some(found.2)?;
        self.at += length;
        Some(month)
    }

    /// Whether a unit follows that makes the number an amount: `May 5 million`.
    fn is_amount(&self) -> bool {
        let next = self.rest().trim_start_matches(' ');
        ["million", "billion", "percent", "%", "k ", "M "]
            .iter()
            .any(|unit| next.starts_with(unit))
            || self.rest().starts_with([',', '.', ':'])
                && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit())
    }

    /// `T12:00:00Z`, ` 12:00`: kept within the span, since it belongs to the date. Whether no clock forbids it: a time
    /// behind a `T` that there is not makes the whole no date; behind a blank it is left alone.
    fn time_of_day(&mut self) -> bool {
        let before = self.at;
        let glued = self.skip('T');
        let time = if glued || self.skip(' ') {
            self.clock()
        } else {
            None
        };
        match time {
            Some(true) => self.at += self.seconds_and_zone(),
            Some(false) if glued => {
                self.at += self.seconds_and_zone();
                return false;
            }
            None | Some(false) => self.at = before,
        }
        true
    }

    /// Hours and minutes, and whether a clock shows them.
    fn clock(&mut self) -> Option<bool> {
        let hour = self.number(2, 2)?;
        self.one_of_this(':')?;
        let minute = self.number(2, 2)?;
        let seconds = self
            .rest()
            .strip_prefix(':')
            .and_then(|rest| rest.get(..2)?.parse::<u32>().ok());
        let within = hour < 24 && minute < 60 && seconds.unwrap_or(0) <= 60;
        let midnight = hour == 24 && minute == 0 && seconds.unwrap_or(0) == 0;
        Some(within || midnight)
    }

    /// The length of what follows hours and minutes.
    fn seconds_and_zone(&self) -> usize {
        let zone = self
            .rest()
            .bytes()
            .take(20)
            .take_while(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'+' | b'Z' | b'-'));
        let length = zone.count();
        self.rest()[..length].trim_end_matches(['.', ':', '-', '+']).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(dated: Option<Dated>) -> Option<(String, usize)> {
        match dated? {
            Dated::Date(date) => Some((date.date, date.span.end)),
            Dated::Never(_) => None,
        }
    }

    fn number(text: &str) -> Option<(String, usize)> {
        date(numeric(text, 0))
    }

    #[test]
    fn ways_to_write_dates() {
        assert_eq!(number("2024-05-01T12:00:00Z."), Some(("2024-05-01".into(), 20)));
        assert_eq!(number("31/12/2024"), Some(("2024-12-31".into(), 10)));
        assert_eq!(number("1st of May 2024"), Some(("2024-05-01".into(), 15)));
        assert_eq!(number("5 March"), Some(("--03-05".into(), 7)));
        assert_eq!(number("2024年5月1日起"), Some(("2024-05-01".into(), 15)));
        for none in [
            "2024-13-01",
            "2024",
            "12:30",
            "1/2",
            "3.5",
            "30/2/2024",
            "5 marches",
        ] {
            assert_eq!(number(none), None, "{none}");
        }
        let word = |text| date(worded(text, 0)).map(|(date, _)| date);
        assert_eq!(word("May 1st, 2024").as_deref(), Some("2024-05-01"));
        assert_eq!(word("Sept. 5").as_deref(), Some("--09-05"));
        assert_eq!(word("Q3 2024").as_deref(), Some("2024-Q3"));
        for none in ["may 5 people", "May be", "March 5 million", "Quarter", "May 5%"] {
            assert_eq!(word(none), None, "{none}");
        }
    }

    #[test]
    fn a_day_that_no_calendar_has_is_none_nor_are_its_parts() {
        for never in [
            "2024-02-30",
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "31.04.2024",
            "29/02/2023",
            "30 February 2024",
            "31 April",
            "2023年2月29日",
            "Feb 30, 2024",
            "June 31",
            "29 Feb 2023",
            "2024-05-01T24:61:00Z",
            "2024-05-01T12:60Z",
            "2024-00-10",
            "2024-05-00",
        ] {
            let found = crate::find(never);
            assert_eq!(found.dates, [], "{never}");
        }
        for (text, day) in [
            ("2024-02-29", "2024-02-29"),
            ("2000-02-29", "2000-02-29"),
            ("29 February", "--02-29"),
            ("2024-05-01T24:00Z", "2024-05-01"),
            ("2024-05-01 25:00", "2024-05-01"),
            ("2016-12-31T23:59:60Z", "2016-12-31"),
        ] {
            let dates = crate::find(text).dates;
            assert_eq!(
                dates.iter().map(|date| &*date.date).collect::<Vec<_>>(),
                [day],
                "{text}"
            );
        }
    }
}
