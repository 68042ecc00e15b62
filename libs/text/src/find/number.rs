//! Numbers as people write them: `1,000`, `1.000.000`, `10 000`, `1,5`, `.50`, and the words for thousands. No I/O.

/// A number and how many bytes it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) length: usize,
    /// One group of three after a single dot, which some read as thousands: `1.000`.
    pub(super) dotted_thousands: bool,
}

/// Digits and separators of one number at most.
const LONGEST: usize = 32;

/// The number at the beginning of `text`. `spaced` wants blanks between groups of three digits.
pub(super) fn number(text: &str, spaced: bool) -> Option<Number> {
    let bytes = &text.as_bytes()[..text.len().min(LONGEST)];
    let whole = digits(bytes);
    if whole == 0 && bytes.first() != Some(&b'.') {
        return None;
    }
    let separators: &[u8] = if spaced { b" " } else { b",.'" };
    let (length, groups) = separators
        .iter()
        .map(|&separator| grouped(bytes, whole, separator))
        .max()
        .unwrap_or((whole, 0));
    if spaced && groups == 0 {
        return None;
    }
    // One dot and three digits are a fraction (`0.125`), unless another one (`1.299,00`) or a continental unit follows.
    let dotted = groups == 1 && bytes.get(whole) == Some(&b'.') && fraction(bytes, length, b'.') == length;
    let (end, separator) = if groups > 0 && !dotted {
        (length, bytes[whole])
    } else {
        (whole, b' ')
    };
    let fraction = fraction(bytes, end, separator);
    if bytes.get(fraction).is_some_and(u8::is_ascii_digit) || is_version(bytes, fraction) {
        return None;
    }
    let mut plain: String = text[..end].chars().filter(char::is_ascii_digit).collect();
    if fraction > end {
        plain.push('.');
        plain.push_str(&text[end + 1..fraction]);
    }
    Some(Number {
        value: plain.parse().ok()?,
        length: fraction,
        dotted_thousands: dotted && fraction == length,
    })
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Where groups of exactly three digits behind `separator` end, and how many there are.
fn grouped(bytes: &[u8], first: usize, separator: u8) -> (usize, usize) {
    let (mut end, mut groups) = (first, 0);
    if !(1..=3).contains(&first) {
        return (end, groups);
    }
    while bytes.get(end) == Some(&separator) && digits(&bytes[end + 1..]) == 3 {
        end += 4;
        groups += 1;
    }
    (end, groups)
}

/// The end of a fraction behind a dot, or behind a comma that is not the separator of groups.
fn fraction(bytes: &[u8], end: usize, separator: u8) -> usize {
    let count = bytes.get(end + 1..).map_or(0, digits);
    match bytes.get(end) {
        Some(b'.') if separator != b'.' && count > 0 => end + 1 + count,
        Some(b',') if separator != b',' && (1..=2).contains(&count) && end > 0 => end + 1 + count,
        _ => end,
    }
}

/// Another dot and digit: a version or an address of a host.
fn is_version(bytes: &[u8], end: usize) -> bool {
    matches!(bytes.get(end), Some(b'.' | b':')) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
}

/// A word or letter for thousands and more: its factor and its length in bytes, a blank before it included.
/// `money` says that a currency sign came before, which makes `$5 m` millions.
pub(super) fn magnitude(rest: &str, money: bool) -> Option<(f64, usize)> {
    if let Some((word, factor)) = UNSPACED.iter().find(|(word, _)| rest.starts_with(word)) {
        return Some((*factor, word.len()));
    }
    let blank = usize::from(rest.starts_with([' ', '-']));
    let word: String = rest[blank..]
        .chars()
        .take(12)
        .take_while(|c| c.is_alphabetic())
        .collect();
    let lower = word.to_lowercase();
    let short = blank == 0 || (money && word.len() == 1 && lower != "t" && lower != "k");
    let factor = match lower.as_str() {
        "k" | "m" | "b" | "t" if !short => return None,
        "k" | "thousand" | "тыс" | "тысяч" | "тысячи" | "тисяч" | "tausend" | "mille" | "mil" | "tys"
        | "tysięcy" | "tisíc" | "tusen" | "duizend" | "bin" | "ribu" | "nghìn" | "ngàn" | "χιλιάδες" => {
            1e3
        }
        "m"
        | "mm"
        | "mn"
        | "mln"
        | "million"
        | "millions"
        | "mio"
        | "millionen"
        | "millones"
        | "milhões"
        | "millón"
        | "milhão"
        | "milione"
        | "milion"
        | "miliony"
        | "milionów"
        | "milionů"
        | "miljoen"
        | "miljoner"
        | "miljoonaa"
        | "εκατομμύρια"
        | "milioni"
        | "млн"
        | "миллион"
        | "миллиона"
        | "миллионов"
        | "мільйонів"
        | "juta"
        | "milyon"
        | "triệu" => 1e6,
        "b"
        | "bn"
        | "bln"
        | "billion"
        | "billions"
        | "mrd"
        | "milliarde"
        | "milliarden"
        | "milliards"
        | "milliard"
        | "bilhões"
        | "bilhão"
        | "miliardi"
        | "млрд"
        | "миллиард"
        | "миллиардов"
        | "миллиарда"
        | "мільярдів"
        | "miliardów"
        | "miljard"
        | "miljarder"
        | "miljardia"
        | "δισεκατομμύρια"
        | "miliar"
        | "milyar"
        | "tỷ" => 1e9,
        "t" | "tn" | "trn" | "trillion" | "trillions" | "трлн" => 1e12,
        "lakh" | "lakhs" => 1e5,
        "crore" | "crores" => 1e7,
        _ => return None,
    };
    let dot = usize::from(
        matches!(lower.as_str(), "mio" | "mrd" | "тыс" | "млн" | "млрд")
            && rest[blank + word.len()..].starts_with('.'),
    );
    Some((factor, blank + word.len() + dot))
}

/// Magnitudes of scripts without blanks, the longer first.
const UNSPACED: [(&str, f64); 14] = [
    ("千万", 1e7),
    ("百万", 1e6),
    ("万亿", 1e12),
    ("千亿", 1e11),
    ("百亿", 1e10),
    ("万", 1e4),
    ("萬", 1e4),
    ("亿", 1e8),
    ("億", 1e8),
    ("兆", 1e12),
    ("만", 1e4),
    ("억", 1e8),
    ("조", 1e12),
    ("ล้าน", 1e6),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<(f64, usize)> {
        number(text, false).map(|number| (number.value, number.length))
    }

    #[test]
    fn ways_to_write_numbers() {
        assert_eq!(value("1,000 x"), Some((1_000.0, 5)));
        assert_eq!(value("1,234,567.89"), Some((1_234_567.89, 12)));
        assert_eq!(value("1.000.000,5"), Some((1_000_000.5, 11)));
        assert_eq!(value("1,5 Mrd"), Some((1.5, 3)));
        assert_eq!(value("1.299,00"), Some((1_299.0, 8)));
        assert_eq!(value("1.299, 5"), Some((1.299, 5)));
        assert_eq!(value("0.125."), Some((0.125, 5)));
        assert_eq!(value("5, 6"), Some((5.0, 1)));
        assert_eq!(value(".50"), Some((0.5, 3)));
        assert_eq!(number("10 000 €", true).map(|n| n.value), Some(10_000.0));
        for none in ["1.2.3", "127.0.0.1", "12:30", "x", "."] {
            assert_eq!(value(none), None, "{none}");
        }
    }

    #[test]
    fn magnitudes_have_words() {
        assert_eq!(magnitude("M", true), Some((1e6, 1)));
        assert_eq!(magnitude(" billion", false), Some((1e9, 8)));
        assert_eq!(magnitude("亿元", false), Some((1e8, 3)));
        assert_eq!(magnitude(" m tall", false), None);
        assert_eq!(magnitude("ms", false), None);
    }
}
