//! The script most letters of a text belong to; many scripts name their language.

/// What the script alone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// The script belongs to one language, or to one by far.
    Decided(&'static str),
    /// Latin letters: words decide.
    Latin,
    /// Cyrillic letters: single letters decide.
    Cyrillic,
    /// Arabic letters: single letters decide.
    Arabic,
}

const KINDS: usize = 24;
const LATIN: usize = 0;
const CYRILLIC: usize = 1;
const ARABIC: usize = 2;
const HAN: usize = 3;
const KANA: usize = 4;

/// Languages of the scripts from [`HAN`] on.
const LANGUAGES: [&str; KINDS - HAN] = [
    "zh", "ja", "ko", "th", "hi", "he", "el", "ka", "hy", "bn", "ta", "te", "gu", "kn", "ml", "pa", "my",
    "km", "lo", "si", "am",
];

/// How many letters of each script a text has.
#[derive(Debug)]
pub(super) struct Census {
    letters: [u32; KINDS],
}

impl Census {
    /// Counts the letters; digits, marks and emoji belong to no script.
    pub(super) fn of(text: &str) -> Self {
        let mut letters = [0; KINDS];
        for c in text.chars() {
            if let Some(kind) = kind(c) {
                letters[kind] += 1;
            }
        }
        Self { letters }
    }

    /// The writing of most letters; `None` without any. An ideograph or syllable weighs as much as two letters
    /// of an alphabet, so that Latin product names in a Chinese post do not outvote it.
    pub(super) fn writing(&self) -> Option<Writing> {
        let weigh = |kind: usize| self.letters[kind] * if (HAN..=KANA + 1).contains(&kind) { 2 } else { 1 };
        let best = (0..KINDS)
            .max_by_key(|&kind| (weigh(kind), KINDS - kind))
            .filter(|&kind| weigh(kind) > 0)?;
        Some(match best {
            LATIN => Writing::Latin,
            CYRILLIC => Writing::Cyrillic,
            ARABIC => Writing::Arabic,
            // Japanese mixes ideographs with its syllables; Chinese has none of the latter.
            HAN if self.letters[KANA] * 20 > self.letters[HAN] => Writing::Decided("ja"),
            kind => Writing::Decided(LANGUAGES[kind - HAN]),
        })
    }

    /// The share of the leading script, at most 0.99, less for very few letters.
    pub(super) fn confidence(&self) -> f32 {
        let total: u32 = self.letters.iter().sum();
        let cjk: u32 = self.letters[HAN..=KANA].iter().sum();
        let best = self.letters.iter().copied().max().unwrap_or(0).max(cjk);
        let share = best as f32 / total.max(1) as f32;
        if best < 3 { share * 0.7 } else { share.min(0.99) }
    }
}

fn kind(c: char) -> Option<usize> {
    Some(match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => LATIN,
        '\u{400}'..='\u{52f}' => CYRILLIC,
        '\u{620}'..='\u{64a}' | '\u{66e}'..='\u{6d5}' | '\u{6ee}'..='\u{6ef}' | '\u{6fa}'..='\u{77f}' => {
            ARABIC
        }
        '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{2ffff}' => HAN,
        '\u{3041}'..='\u{30ff}' => KANA,
        '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' => 5,
        '\u{e01}'..='\u{e5b}' => 6,
        '\u{900}'..='\u{97f}' => 7,
        '\u{5d0}'..='\u{5ea}' => 8,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => 9,
        '\u{10a0}'..='\u{10ff}' => 10,
        '\u{530}'..='\u{58f}' => 11,
        '\u{980}'..='\u{9ff}' => 12,
        '\u{b80}'..='\u{bff}' => 13,
        '\u{c00}'..='\u{c7f}' => 14,
        '\u{a80}'..='\u{aff}' => 15,
        '\u{c80}'..='\u{cff}' => 16,
        '\u{d00}'..='\u{d7f}' => 17,
        '\u{a00}'..='\u{a7f}' => 18,
        '\u{1000}'..='\u{109f}' => 19,
        '\u{1780}'..='\u{17ff}' => 20,
        '\u{e80}'..='\u{eff}' => 21,
        '\u{d80}'..='\u{dff}' => 22,
        '\u{1200}'..='\u{137f}' => 23,
        _ => return None,
    })
}
