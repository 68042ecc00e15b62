//! Currencies: signs, codes of ISO 4217, words of many languages, and what stands before a number only. Tables only.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Lines `code TAB words`.
const WORDS: &str = include_str!("currencies.txt");

static CODES_OF_WORDS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = WORDS.lines().filter_map(|line| line.split_once('\t'));
    lines
        .flat_map(|(code, words)| words.split(", ").map(move |word| (word, code)))
        .collect()
});

/// The currency of a sign; `¥` is yen.
pub(super) fn sign(c: char) -> Option<&'static str> {
    Some(match c {
        '$' => "USD",
        '£' | '₤' => "GBP",
        '¥' => "JPY",
        '€' => "EUR",
        '₹' | '₨' => "INR",
        '₩' => "KRW",
        '₽' => "RUB",
        '₴' => "UAH",
        '₫' => "VND",
        '₺' => "TRY",
        '฿' => "THB",
        '₦' => "NGN",
        '₱' => "PHP",
        '₪' => "ILS",
        '₸' => "KZT",
        '₮' => "MNT",
        '₭' => "LAK",
        '₡' => "CRC",
        '₲' => "PYG",
        '₵' => "GHS",
        '₼' => "AZN",
        '₾' => "GEL",
        '৳' => "BDT",
        '៛' => "KHR",
        '﷼' => "IRR",
        '؋' => "AFN",
        '₿' => "BTC",
        'Ξ' => "ETH",
        _ => return None,
    })
}

/// Letters before a dollar sign, a pound sign or a yen sign that say whose it is.
const COUNTRIES: &[(&str, char, &str)] = &[
    ("US", '$', "USD"),
    ("USD", '$', "USD"),
    ("A", '$', "AUD"),
    ("AU", '$', "AUD"),
    ("AUD", '$', "AUD"),
    ("C", '$', "CAD"),
    ("CA", '$', "CAD"),
    ("CAD", '$', "CAD"),
    ("CDN", '$', "CAD"),
    ("HK", '$', "HKD"),
    ("NT", '$', "TWD"),
    ("NZ", '$', "NZD"),
    ("S", '$', "SGD"),
    ("SG", '$', "SGD"),
    ("R", '$', "BRL"),
    ("MX", '$', "MXN"),
    ("Mex", '$', "MXN"),
    ("AR", '$', "ARS"),
    ("CL", '$', "CLP"),
    ("COL", '$', "COP"),
    ("CO", '$', "COP"),
    ("RD", '$', "DOP"),
    ("J", '$', "JMD"),
    ("TT", '$', "TTD"),
    ("E", '£', "EGP"),
    ("EG", '£', "EGP"),
    ("CN", '¥', "CNY"),
    ("RMB", '¥', "CNY"),
    ("JP", '¥', "JPY"),
];

/// The currency that letters before a sign name, as in `R$`.
pub(super) fn country(letters: &str, sign: char) -> Option<&'static str> {
    let found = COUNTRIES
        .iter()
        .find(|(name, of, _)| *name == letters && *of == sign);
    found.map(|(_, _, code)| *code)
}

/// `500 R$`: the same behind a number, and its length in bytes.
pub(super) fn country_before(rest: &str) -> Option<(&'static str, usize)> {
    let letters = rest.bytes().take(4).take_while(u8::is_ascii_alphabetic).count();
    let sign = rest[letters..].chars().next().filter(|_| letters > 0)?;
    let end = letters + sign.len_utf8();
    let ends = !rest[end..].starts_with(|c: char| c.is_alphanumeric());
    Some((country(&rest[..letters], sign).filter(|_| ends)?, end))
}

/// Codes of ISO 4217 that are no word people shout (`ALL`, `TOP`, `CUP`), and two that are used as if they were codes.
const CODES: &[&str] = &[
    "AED", "ARS", "AUD", "AZN", "BDT", "BGN", "BHD", "BRL", "BYN", "CAD", "CHF", "CLP", "CNY", "COP", "CRC",
    "CZK", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "GBP", "GEL", "GHS", "HKD", "HRK", "HUF", "IDR", "ILS",
    "INR", "IQD", "IRR", "ISK", "JOD", "JPY", "KES", "KRW", "KWD", "KZT", "LKR", "MAD", "MMK", "MXN", "MYR",
    "NGN", "NOK", "NPR", "NZD", "OMR", "PEN", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SEK",
    "SGD", "THB", "TND", "TRY", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VND", "XAF", "XOF", "ZAR",
];

/// The currency of a code, in capitals.
pub(super) fn code(written: &str) -> Option<&'static str> {
    match written {
        "RMB" | "CNH" => Some("CNY"),
        "Ft" => Some("HUF"),
        "kr" => Some("SEK"),
        _ => CODES
            .binary_search(&written)
            .ok()
            .and_then(|place| CODES.get(place))
            .copied(),
    }
}

/// What stands before a number only, with the dot that may follow: `Rs. 500`, `kr 500`, `Rp50.000`, `CHF 5`.
pub(super) fn before(written: &str) -> Option<&'static str> {
    Some(match written {
        "Rs" | "rs" | "RS" | "Re" | "रु" => "INR",
        "NRs" => "NPR",
        "SLRs" => "LKR",
        "Tk" => "BDT",
        "kr" | "Kr" => "NOK",
        "Fr" | "SFr" | "sFr" => "CHF",
        "Rp" => "IDR",
        "RM" => "MYR",
        "KSh" | "Ksh" => "KES",
        "TSh" => "TZS",
        "Php" => "PHP",
        "GHc" => "GHS",
        "VNĐ" => "VND",
        "руб" => "RUB",
        _ => return code(written),
    })
}

/// What is a word of its own where digits follow without a blank: models of cars, conferences (`COP28`), replies.
const NOT_GLUED: [&str; 8] = ["COP", "Fr", "Kr", "MAD", "PEN", "RM", "RS", "Re"];

/// How much of a word of ASCII letters and digits may stand before a number: all of it, or the letters of `Rp5`.
pub(super) fn length_before(word: &str) -> usize {
    let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    let name = &word[..letters];
    let glued = letters < word.len() && before(name).is_some() && !NOT_GLUED.contains(&name);
    if glued { letters } else { word.len() }
}

/// The currency of a word in lower case.
pub(super) fn word(lower: &str) -> Option<&'static str> {
    CODES_OF_WORDS.get(lower).copied()
}

/// Words of scripts without blanks, the longer first.
const UNSPACED: [(&str, &str); 32] = [
    ("美元", "USD"),
    ("美金", "USD"),
    ("ドル", "USD"),
    ("달러", "USD"),
    ("ดอลลาร์", "USD"),
    ("欧元", "EUR"),
    ("歐元", "EUR"),
    ("ユーロ", "EUR"),
    ("유로", "EUR"),
    ("英镑", "GBP"),
    ("英鎊", "GBP"),
    ("ポンド", "GBP"),
    ("人民币", "CNY"),
    ("人民幣", "CNY"),
    ("人民元", "CNY"),
    ("위안", "CNY"),
    ("日元", "JPY"),
    ("日圆", "JPY"),
    ("日圓", "JPY"),
    ("엔", "JPY"),
    ("港元", "HKD"),
    ("港币", "HKD"),
    ("港幣", "HKD"),
    ("台币", "TWD"),
    ("台幣", "TWD"),
    ("韩元", "KRW"),
    ("韓元", "KRW"),
    ("ウォン", "KRW"),
    ("卢比", "INR"),
    ("卢布", "RUB"),
    ("บาท", "THB"),
    ("원", "KRW"),
];

/// The currency at the beginning of `rest` in a script without blanks, and its length in bytes.
pub(super) fn unspaced(rest: &str) -> Option<(&'static str, usize)> {
    let found = UNSPACED.iter().find(|(word, _)| rest.starts_with(word));
    let last = || {
        let (word, code) = [("元", "CNY"), ("块", "CNY"), ("円", "JPY"), ("圓", "TWD")]
            .into_iter()
            .find(|(word, _)| rest.starts_with(word))?;
        Some((code, word.len()))
    };
    rest.chars().next().filter(|c| *c >= '\u{e00}')?;
    found.map(|(word, code)| (*code, word.len())).or_else(last)
}

/// How a currency's countries read one dot and three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dot {
    /// As a thousand and more: `R$ 1.500`.
    Thousands,
    /// One way or the other: `€1.299` is the price of a bicycle or of a litre.
    Either,
    /// As a fraction: `$1.234`.
    Fraction,
}

/// How to read one dot and three digits beside this currency.
pub(super) fn dot(code: &str) -> Dot {
    match code {
        "EUR" => Dot::Either,
        "ARS" | "BRL" | "CLP" | "COP" | "CRC" | "CZK" | "DKK" | "HUF" | "IDR" | "ISK" | "NOK" | "PLN"
        | "PYG" | "RON" | "RSD" | "RUB" | "SEK" | "TRY" | "UYU" | "VND" => Dot::Thousands,
        _ => Dot::Fraction,
    }
}

/// The dollar of a language that parts thousands with dots.
const CONTINENTAL_DOLLARS: [&str; 7] = ["dólar", "dolar", "dollár", "dollar", "δολάρ", "đô", "доллар"];

/// Whether a word behind a number is one of a language that parts thousands with dots: `3.500 dólares`, not `dollars`.
pub(super) fn is_continental(written: &str) -> bool {
    let lower = written.to_lowercase();
    let english = matches!(&*lower, "dollar" | "dollars");
    !english && CONTINENTAL_DOLLARS.iter().any(|dollar| lower.starts_with(dollar))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::magnitude::folded;

    #[test]
    fn every_line_is_read() {
        assert!(CODES.is_sorted());
        let mut seen = std::collections::HashSet::new();
        for line in WORDS.lines().filter(|line| !line.starts_with('#')) {
            let (code, words) = line.split_once('\t').unwrap();
            assert_eq!(code.len(), 3, "{line}");
            for word in words.split(", ") {
                assert_eq!(folded(word).as_deref(), Some(word), "{line}");
                assert!(seen.insert(word), "{word} stands twice");
            }
        }
    }

    #[test]
    fn letters_say_whose_sign_it_is() {
        assert_eq!((country("R", '$'), country("X", '$')), (Some("BRL"), None));
        assert_eq!(country_before("US$."), Some(("USD", 3)));
        assert_eq!((country_before("US$x"), country_before("$")), (None, None));
    }
}
