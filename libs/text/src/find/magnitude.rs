//! Words and letters behind a number that make it larger: `million`, `Mrd.`, `crore`, `万`, `k`; alone (`5 lakh`),
//! multiplied (`5 lakh crore`, `2 mil millones`, `5千万`) and added up (`2 crore 50 lakh`, `3億5000万`). No I/O.

use super::number::number;
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::char::is_combining_mark;

/// Lines `factor TAB words`.
const WORDS: &str = include_str!("magnitudes.txt");

static FACTORS: LazyLock<HashMap<&'static str, f64>> = LazyLock::new(|| {
    let lines = WORDS.lines().filter_map(|line| line.split_once('\t'));
    lines
        .filter_map(|(factor, words)| Some((factor.parse().ok()?, words)))
        .flat_map(|(factor, words): (f64, &str)| words.split(' ').map(move |word| (word, factor)))
        .collect()
});

/// Magnitudes of scripts without blanks, the longer first.
const UNSPACED: [(&str, f64); 24] = [
    ("ล้าน", 1e6),
    ("แสน", 1e5),
    ("หมื่น", 1e4),
    ("พัน", 1e3),
    ("十", 10.0),
    ("百", 100.0),
    ("千", 1e3),
    ("仟", 1e3),
    ("万", 1e4),
    ("萬", 1e4),
    ("亿", 1e8),
    ("億", 1e8),
    ("兆", 1e12),
    ("京", 1e16),
    ("십", 10.0),
    ("백", 100.0),
    ("천", 1e3),
    ("만", 1e4),
    ("억", 1e8),
    ("조", 1e12),
    ("경", 1e16),
    ("ສິບ", 10.0),
    ("ພັນ", 1e3),
    ("ລ້ານ", 1e6),
];
/// `5万多元`, `10余亿`: somewhat more than that.
const SOMEWHAT: [char; 4] = ['多', '余', '餘', '여'];
/// The least factor that ends a part of a number in Chinese, Japanese and Korean (`3千5百万`).
const MYRIAD: f64 = 1e4;
/// Longest word that is looked up, in characters.
const LONGEST: usize = 24;
/// Magnitudes one behind another, and parts that are added up.
const MOST: usize = 4;

/// A number with what stands behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scaled<'t> {
    pub(super) value: f64,
    /// What the first number was multiplied with; `None` without a magnitude.
    pub(super) factor: Option<f64>,
    /// The first magnitude as written.
    pub(super) word: &'t str,
    /// Length in bytes of all that stands behind the first number.
    pub(super) length: usize,
    /// It was a word or an ideograph, not a letter.
    pub(super) is_word: bool,
}

/// What stands behind a number of this value. `money` says that a currency came before, which makes `$5 m` millions.
pub(super) fn scaled(value: f64, rest: &str, money: Money) -> Scaled<'_> {
    let Some(first) = product(rest, money) else {
        return Scaled {
            value,
            factor: None,
            word: "",
            length: 0,
            is_word: false,
        };
    };
    let mut sum = Sum::default();
    sum.add(value, first.factor);
    let mut length = first.length;
    if first.is_word {
        for _ in 0..MOST {
            let Some(more) = sum.next(&rest[length..], money) else {
                break;
            };
            length += more;
        }
    }
    Scaled {
        value: sum.value(),
        factor: Some(first.factor),
        word: first.word,
        length,
        is_word: first.is_word,
    }
}

/// What is known of money before a magnitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Money {
    /// Nothing stood before the number.
    Unknown,
    /// Some currency did.
    Before,
    /// One of South Asia, whose letters and words mean something else elsewhere.
    Indian,
}

/// Parts of one number, from the largest down.
#[derive(Default)]
struct Sum {
    whole: f64,
    /// Thousands, hundreds and tens that wait for their myriad.
    section: f64,
    last: f64,
}

impl Sum {
    fn add(&mut self, value: f64, factor: f64) {
        self.section += times(value, factor);
        self.last = factor;
    }

    fn value(&self) -> f64 {
        self.whole + self.section
    }

    /// The part that begins here, if it goes on with this number: its length.
    fn next(&mut self, rest: &str, money: Money) -> Option<usize> {
        let blank = usize::from(rest.starts_with(' '));
        let part = number(&rest[blank..], false)?;
        let end = blank + part.length;
        let Some(behind) = product(&rest[end..], money) else {
            // `6万5000`: the smaller part needs no word of its own where nothing stands between.
            let is_smaller = blank == 0 && part.value < self.last;
            return is_smaller.then(|| {
                self.section += part.value;
                end
            });
        };
        if behind.is_word && behind.factor < self.last {
            (self.whole, self.section) = (self.whole + self.section, 0.0);
            self.add(part.value, behind.factor);
        } else if self.last < MYRIAD && behind.factor >= MYRIAD && blank == 0 {
            // `3千5百万`: both are myriads.
            let small = behind.first.min(MYRIAD / 10.0);
            let small = if behind.first < MYRIAD { small } else { 1.0 };
            let myriads = behind.factor / small;
            self.section = times(self.section + part.value * small, myriads);
            self.last = myriads;
        } else {
            return None;
        }
        Some(end + behind.length)
    }
}

/// One magnitude, or several that multiply.
struct Product<'t> {
    factor: f64,
    /// The first one's.
    first: f64,
    word: &'t str,
    length: usize,
    is_word: bool,
}

fn product(rest: &str, money: Money) -> Option<Product<'_>> {
    let first = magnitude(rest, money)?;
    let mut product = Product {
        factor: first.factor,
        first: first.factor,
        word: &rest[first.start..first.end],
        length: first.end,
        is_word: first.is_word,
    };
    let mut last = first.factor;
    for _ in 1..MOST {
        let next = magnitude(&rest[product.length..], money);
        let Some(next) = next.filter(|next| product.is_word && next.is_word && next.factor >= last) else {
            break;
        };
        product.factor *= next.factor;
        last = next.factor;
        product.length += next.end;
    }
    Some(product)
}

/// A magnitude and where it stands, with a dot that shortens it.
struct Magnitude {
    factor: f64,
    start: usize,
    end: usize,
    is_word: bool,
}

fn magnitude(rest: &str, money: Money) -> Option<Magnitude> {
    let blank = usize::from(rest.starts_with([' ', '-']));
    let written = &rest[blank..];
    let first = written.chars().next()?;
    if crate::words::is_unspaced(first) || matches!(first, '\u{ac00}'..='\u{d7a3}') {
        return unspaced(written, blank);
    }
    let length = letters(written);
    let word = &written[..length];
    let lower = folded(word)?;
    let factor = factor(&lower, money)?;
    let letter = word.chars().count() == 1;
    if letter && blank > 0 && !letter_stands_alone(&lower, rest, blank + length, money) {
        return None;
    }
    // `Mio.`, `тыс.`: behind a longer word a dot ends the sentence.
    let is_short = (2..=4).contains(&word.chars().count()) && !is_english(&lower);
    let dot = usize::from(is_short && written[length..].starts_with('.'));
    Some(Magnitude {
        factor,
        start: blank,
        end: blank + length + dot,
        is_word: word.chars().count() > 2 || !word.is_ascii(),
    })
}

fn unspaced(written: &str, blank: usize) -> Option<Magnitude> {
    let skipped = written
        .chars()
        .next()
        .filter(|c| SOMEWHAT.contains(c))
        .map_or(0, char::len_utf8);
    let (word, factor) = UNSPACED
        .iter()
        .find(|(word, _)| written[skipped..].starts_with(word))?;
    let mut end = skipped + word.len();
    if let Some(more) = written[end..].chars().next().filter(|c| SOMEWHAT.contains(c)) {
        end += more.len_utf8();
    }
    Some(Magnitude {
        factor: *factor,
        start: blank,
        end: blank + end,
        is_word: true,
    })
}

/// The factor of a word; some have one behind a currency alone.
fn factor(lower: &str, money: Money) -> Option<f64> {
    match (lower, money) {
        ("l", Money::Indian) => Some(1e5),
        ("arab" | "kharab", Money::Unknown | Money::Before) | ("t", Money::Indian) => None,
        ("mi" | "mdp" | "mdd", Money::Before) => Some(1e6),
        ("bi" | "mmdp", Money::Before) => Some(1e9),
        ("tri", Money::Before) => Some(1e12),
        _ => FACTORS.get(lower).copied(),
    }
}

/// `$5 m`, `5 M€`: a letter apart from its number needs a currency before it or right behind it, and is no beginning of
/// something else (`$5 T-shirt`).
fn letter_stands_alone(lower: &str, rest: &str, end: usize, money: Money) -> bool {
    let behind = &rest[end..];
    let goes_on = behind.starts_with(['-', '\'', '&']) || behind.starts_with(" shirt");
    if money == Money::Unknown {
        return super::unit::is_money(behind.strip_prefix(' ').unwrap_or(behind)) && lower != "t";
    }
    !goes_on && (lower != "t" || rest[..end].ends_with('T')) && rest.starts_with(' ')
}

/// Those that English writes without a dot: one behind them ends the sentence.
fn is_english(lower: &str) -> bool {
    matches!(
        lower,
        "hundred"
            | "thousand"
            | "million"
            | "millions"
            | "billion"
            | "billions"
            | "trillion"
            | "trillions"
            | "mn"
            | "bn"
            | "tn"
            | "mm"
            | "trn"
            | "bil"
            | "lakh"
            | "lakhs"
            | "crore"
            | "crores"
    )
}

/// Whether a magnitude is one of English, which has a dot before fractions and never before thousands.
pub(super) fn speaks_english(word: &str) -> bool {
    let lower = word.to_lowercase();
    is_english(&lower) || matches!(&*lower, "k" | "m" | "b" | "t")
}

/// How many bytes of letters of one kind of script, with their marks, `text` begins with: `ETH转走` begins with three.
pub(super) fn letters(text: &str) -> usize {
    // Beyond these code points, but for more Latin and Greek ones, scripts put words one behind another.
    let is_eastern = |c: char| c >= '\u{e00}' && !matches!(c, '\u{1e00}'..='\u{1fff}');
    let kind = text.chars().next().is_some_and(is_eastern);
    let is_part = |c: char| is_combining_mark(c) || c.is_alphabetic() && is_eastern(c) == kind;
    text.find(|c: char| !is_part(c)).unwrap_or(text.len())
}

/// A word as the tables have it: lower case, without marks that some keyboards leave out.
pub(super) fn folded(word: &str) -> Option<String> {
    if word.is_empty() || word.chars().take(LONGEST + 1).count() > LONGEST {
        return None;
    }
    let is_kept = |c: &char| !matches!(c, '\u{93c}' | '\u{9bc}' | '\u{a3c}' | '\u{64b}'..='\u{652}');
    Some(word.to_lowercase().chars().filter(is_kept).collect())
}

/// A product without the last digits that binary fractions add: 8.2 million is 8,200,000.
pub(super) fn times(value: f64, factor: f64) -> f64 {
    let product = value * factor;
    format!("{product:.14e}").parse().unwrap_or(product)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64, rest: &str, money: Money) -> (f64, usize) {
        let scaled = scaled(value, rest, money);
        (scaled.value, scaled.length)
    }

    fn is(number: f64, rest: &str, money: Money, value: f64) -> bool {
        (of(number, rest, money).0 - value).abs() < 1e-6
    }

    #[test]
    fn every_line_is_read() {
        let words = WORDS.lines().filter(|line| !line.starts_with('#'));
        let mut seen = std::collections::HashSet::new();
        for line in words {
            let (factor, words) = line.split_once('\t').unwrap();
            assert!(factor.parse::<f64>().is_ok(), "{line}");
            for word in words.split(' ') {
                assert_eq!(folded(word).as_deref(), Some(word), "{line}");
                assert!(seen.insert(word), "{word} stands twice");
            }
        }
    }

    #[test]
    fn magnitudes_have_words() {
        assert_eq!(of(5.0, "M", Money::Before), (5e6, 1));
        assert_eq!(of(5.0, " billion", Money::Unknown), (5e9, 8));
        assert_eq!(of(5.0, "亿元", Money::Unknown), (5e8, 3));
        assert_eq!(of(5.0, " m tall", Money::Unknown), (5.0, 0));
        assert_eq!(of(5.0, "ms", Money::Unknown), (5.0, 0));
        assert_eq!(of(5.0, " Mio. €", Money::Unknown), (5e6, 5));
        assert_eq!(of(5.0, " L", Money::Indian), (5e5, 2));
        assert!(is(5.0, " करोड\u{93c} रुपये", Money::Unknown, 5e7));
    }

    #[test]
    fn magnitudes_multiply_and_add_up() {
        assert_eq!(of(5.0, " lakh crore", Money::Before), (5e12, 11));
        assert_eq!(of(2.0, " mil millones", Money::Unknown), (2e9, 13));
        assert_eq!(of(2.0, " crore 50 lakh rupees", Money::Unknown), (25e6, 14));
        assert!(is(3.0, "億5000万円", Money::Unknown, 3.5e8));
        assert!(is(1.0, "兆2000億3500万", Money::Unknown, 1_200_035_000_000.0));
        assert!(is(3.0, "千5百万", Money::Unknown, 35e6));
        assert!(is(3.0, "억 5000만 원", Money::Unknown, 3.5e8));
        assert!(is(5.0, "千万", Money::Unknown, 5e7));
        assert!(is(6.0, "万5000", Money::Unknown, 65e3));
        assert!(is(10.0, "多亿", Money::Unknown, 1e9));
        assert_eq!(of(5.0, " million 300 people", Money::Before), (5e6, 8));
        assert!(is(8.2, "M", Money::Before, 8_200_000.0));
    }
}
