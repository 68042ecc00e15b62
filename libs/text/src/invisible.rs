//! What nobody sees: characters without width, of direction, selectors and tags, and when a joiner is part of a word.
//! No I/O.

/// The selector that makes a sign a picture (`❤` and U+FE0F).
pub(crate) const PICTURE: char = '\u{fe0f}';
/// What makes a digit, `#` or `*` before it a key: `5️⃣` is a picture, not a number.
pub(crate) const KEYCAP: char = '\u{20e3}';

/// Characters without width or with an effect on direction only, and those that are never characters. Joiners and
/// [`PICTURE`] depend on what stands beside them: see [`Neighbours`].
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\0' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
        || (c.is_control() && !c.is_whitespace() && c < '\u{a0}')
}

/// Zero-width non-joiner and joiner, which some scripts and emoji need.
pub(crate) fn joins(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// What stands beside a joiner or a selector.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neighbours {
    pub(crate) before: char,
    pub(crate) after: Option<char>,
}

impl Neighbours {
    /// Whether a joiner here changes how letters or emoji look.
    pub(crate) fn need_joiner(self) -> bool {
        is_joined(self.before) && self.after.is_some_and(is_joined)
    }

    /// Whether a joiner here is part of a word: between letters of a script that has joined letters.
    pub(crate) fn join_letters(self) -> bool {
        has_joined_letters(self.before) && self.after.is_some_and(has_joined_letters)
    }

    /// Whether [`PICTURE`] here makes a picture of the sign before it.
    pub(crate) fn are_picture(self) -> bool {
        let key = self.after == Some(KEYCAP) && is_key(self.before);
        key || is_pictograph(self.before)
            || matches!(self.before, '©' | '®' | '‼' | '⁉' | '〰' | '〽' | '㊗' | '㊙')
    }
}

/// What has a key of its own among emoji.
pub(crate) fn is_key(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '#' | '*')
}

fn is_joined(c: char) -> bool {
    has_joined_letters(c) || is_pictograph(c) || c == PICTURE
}

/// Arabic to Malayalam and Sinhala: scripts whose letters change with a joiner.
fn has_joined_letters(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{dff}')
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2100}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// Letters that are drawn like Latin ones, and marks, which make another letter of the one before: a word in Latin
/// letters that goes on with one of these is not what it looks like.
pub(crate) fn looks_latin(c: char) -> bool {
    let script = matches!(c,
        '\0'..='\u{58f}' | '\u{13a0}'..='\u{13ff}' | '\u{1c80}'..='\u{1c8f}' | '\u{1d00}'..='\u{1fff}'
        | '\u{2c60}'..='\u{2cff}' | '\u{2de0}'..='\u{2dff}' | '\u{a4d0}'..='\u{a4ff}' | '\u{a640}'..='\u{a69f}'
        | '\u{a720}'..='\u{a7ff}' | '\u{ab30}'..='\u{abbf}');
    // Marks that go on any letter; those of Indian and Thai scripts belong to their own.
    let mark = matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}');
    (script && c.is_alphabetic()) || mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joiner_belongs_to_some_scripts() {
        let beside = |before, after| Neighbours {
            before,
            after: Some(after),
        };
        assert!(beside('ی', 'خ').join_letters() && beside('👨', '💻').need_joiner());
        assert!(!beside('e', 'F').need_joiner() && !beside('👨', '💻').join_letters());
        assert!(beside('❤', ' ').are_picture() && beside('#', KEYCAP).are_picture());
        assert!(!beside('#', 'D').are_picture() && !beside('i', ' ').are_picture());
    }

    #[test]
    fn letters_that_look_latin() {
        assert!("aéЅΝаօꓴⲞ\u{301}".chars().all(looks_latin));
        assert!(!"比가ขو1_. ".chars().any(looks_latin));
    }
}
