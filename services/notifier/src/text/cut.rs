//! Cuts a text to what a receiver takes, at a word where there is one: receivers count in different units, and a text
//! that is too long is refused as a whole, or cut by them in the midst of a character. Pure.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// What shows that there was more.
const MORE: &str = "…";

/// What a receiver counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Unicode scalar values.
    Chars,
    /// Code units of UTF-16, of which an emoji has two or more.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

/// The most that a receiver takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) most: usize,
    pub(crate) unit: Unit,
}

impl Unit {
    /// How long a text is.
    pub(crate) fn length(self, text: &str) -> usize {
        match self {
            Self::Chars => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Bytes => text.len(),
        }
    }
}

impl Limit {
    pub(crate) const fn chars(most: usize) -> Self {
        Self {
            most,
            unit: Unit::Chars,
        }
    }

    pub(crate) const fn utf16(most: usize) -> Self {
        Self {
            most,
            unit: Unit::Utf16,
        }
    }

    pub(crate) const fn bytes(most: usize) -> Self {
        Self {
            most,
            unit: Unit::Bytes,
        }
    }

    /// The same with another number.
    pub(crate) const fn with(self, most: usize) -> Self {
        Self { most, ..self }
    }
}

/// The text, or as much of its beginning as fits with an ellipsis behind it: whole words, unless that would lose more than
/// half, and always whole characters as people see them.
pub(crate) fn cut(text: &str, limit: Limit) -> Cow<'_, str> {
    let Limit { most, unit } = limit;
    if unit.length(text) <= most {
        return Cow::Borrowed(text);
    }
    let Some(room) = most.checked_sub(unit.length(MORE)) else {
        return Cow::Borrowed("");
    };
    let kept = text.get(..end_within(text, room, unit)).unwrap_or_default();
    Cow::Owned(format!("{}{MORE}", kept.trim_end()))
}

/// Where the part that fits into `room` ends.
fn end_within(text: &str, room: usize, unit: Unit) -> usize {
    let (mut used, mut end) = (0, 0);
    let (mut word_end, mut used_by_words) = (0, 0);
    for (at, shown) in text.grapheme_indices(true) {
        if shown.chars().all(char::is_whitespace) {
            (word_end, used_by_words) = (at, used);
        }
        used += unit.length(shown);
        if used > room {
            break;
        }
        end = at + shown.len();
    }
    if used_by_words * 2 >= room { word_end } else { end }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stay_whole_and_long_ones_are_cut() {
        let cut = |text, most| super::cut(text, Limit::chars(most)).into_owned();
        assert_eq!(cut("one two three", 13), "one two three");
        assert_eq!(cut("one two three", 12), "one two…");
        assert_eq!(cut("one two three", 8), "one two…");
        assert_eq!(cut("one two three", 7), "one…");
        assert_eq!(cut("abcdefghijkl", 5), "abcd…");
        assert_eq!(
            cut("a bcdefghijklmnop", 9),
            "a bcdefg…",
            "half is not thrown away for a word"
        );
        assert_eq!((cut("ab", 1), cut("ab", 0)), ("…".to_owned(), String::new()));
    }

    #[test]
    fn what_people_see_as_one_character_is_never_cut() {
        let family = "👨\u{200d}👩\u{200d}👧";
        assert_eq!(Unit::Utf16.length(family), 8);
        assert_eq!(cut(&family.repeat(2), Limit::utf16(10)), format!("{family}…"));
        assert_eq!(cut(&family.repeat(2), Limit::utf16(8)), "…");
        assert_eq!(cut("日本語の文章です", Limit::bytes(12)), "日本語…");
    }

    proptest! {
        #[test]
        fn it_fits_begins_alike_and_changes_nothing_that_fits(text in "(?s).{0,80}", most in 0_usize..60) {
            for unit in [Unit::Chars, Unit::Utf16, Unit::Bytes] {
                let short = cut(&text, Limit { most, unit });
                prop_assert!(unit.length(&short) <= most);
                prop_assert!(text.starts_with(short.trim_end_matches(MORE)) || short == text);
                prop_assert_eq!(unit.length(&text) <= most, short == text);
            }
        }
    }
}
