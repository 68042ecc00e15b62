//! Look-alike letters folded to Latin, for matching only: `сlаim` with two Cyrillic letters matches `claim`. No I/O.

use crate::invisible::{is_invisible, joins};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters of other scripts that look like a Latin one.
const ALIKE: [(char, &str); 24] = [
    ('a', "аɑα"),
    ('b', "Ьв"),
    ('c', "сϲ"),
    ('d', "ԁ"),
    ('e', "еєҽ"),
    ('g', "ց"),
    ('h', "һн"),
    ('i', "іӏıɩι"),
    ('j', "ј"),
    ('k', "кκ"),
    ('l', "ⅼӀ"),
    ('m', "м"),
    ('n', "п"),
    ('o', "оοօ"),
    ('p', "рρ"),
    ('q', "ԛ"),
    ('r', "г"),
    ('s', "ѕ"),
    ('t', "тτ"),
    ('u', "υս"),
    ('v', "ѵν"),
    ('w', "ԝѡω"),
    ('x', "хχ"),
    ('y', "уүγ"),
];

/// `text` in lower case without accents, and with the letters of other scripts replaced in words that have Latin
/// letters as well. For matching only: nothing is shown like this.
///
/// ```
/// assert_eq!(text::fold("Fr\u{435}\u{435} Aird\u{433}\u{43e}p, Привет, CAFÉ"), "free airdrop, привет, cafe");
/// ```
pub fn fold(text: &str) -> String {
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !is_invisible(*c) && !joins(*c))
        .flat_map(char::to_lowercase)
        .collect();
    if plain.is_ascii() {
        return plain;
    }
    let mut out = String::with_capacity(plain.len());
    for piece in plain.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let mixed = !piece.is_ascii() && piece.bytes().any(|b| b.is_ascii_alphanumeric());
        if mixed {
            out.extend(piece.chars().map(latin));
        } else {
            out.push_str(piece);
        }
    }
    // Folding to marks apart would split Korean syllables; composed again they read as before.
    out.nfc().collect()
}

fn latin(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    ALIKE
        .iter()
        .find(|(_, alike)| alike.contains(c))
        .map_or(c, |(plain, _)| *plain)
}
