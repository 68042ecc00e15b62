//! Patterns with RE2's meaning: `\d`, `\w`, `\s` and `\b` are ASCII (<https://github.com/google/re2/wiki/Syntax>), where
//! the engine would take digits and letters of every script. `(?u)` asks for those. No I/O.

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    AssertionKind, Ast, ClassPerlKind, ClassSetItem, Error, Flag, Flags, GroupKind, Span, Visitor, visit,
};

/// The pattern in the engine's syntax.
pub(super) fn translated(pattern: &str) -> Result<String, Box<Error>> {
    let ast = Parser::new().parse(pattern).map_err(Box::new)?;
    let rewriting = Rewriting {
        pattern,
        unicode: false,
        around: Vec::new(),
        done: 0,
        out: String::with_capacity(pattern.len() + 16),
    };
    visit(&ast, rewriting)
}

/// What the visitor has copied so far; it meets the parts in the order in which they are written.
struct Rewriting<'p> {
    pattern: &'p str,
    /// Whether `(?u)` holds here.
    unicode: bool,
    /// Whether it held before each open group.
    around: Vec<bool>,
    /// Bytes of the pattern that are copied or replaced.
    done: usize,
    out: String,
}

impl Rewriting<'_> {
    fn replace(&mut self, span: Span, with: &str) {
        self.copy_to(span.start.offset);
        self.out.push_str(with);
        self.done = span.end.offset;
    }

    fn copy_to(&mut self, end: usize) {
        self.out
            .push_str(self.pattern.get(self.done..end).unwrap_or_default());
        self.done = self.done.max(end);
    }

    fn class(&mut self, span: Span, kind: &ClassPerlKind, negated: bool) {
        let set = match (kind, negated) {
            _ if self.unicode => return,
            (ClassPerlKind::Digit, false) => "[0-9]",
            (ClassPerlKind::Digit, true) => "[^0-9]",
            (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
            (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
            // A blank would be skipped where `(?x)` holds.
            (ClassPerlKind::Space, false) => r"[\t\n\f\r\x20]",
            (ClassPerlKind::Space, true) => r"[^\t\n\f\r\x20]",
        };
        self.replace(span, set);
    }

    fn flags(&mut self, flags: &Flags) {
        if let Some(unicode) = flags.flag_state(Flag::Unicode) {
            self.unicode = unicode;
        }
    }
}

impl Visitor for Rewriting<'_> {
    type Output = String;
    type Err = Box<Error>;

    fn finish(mut self) -> Result<String, Box<Error>> {
        self.copy_to(self.pattern.len());
        Ok(self.out)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Box<Error>> {
        match ast {
            Ast::Group(group) => {
                self.around.push(self.unicode);
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.flags(flags);
                }
            }
            Ast::Flags(set) => self.flags(&set.flags),
            Ast::ClassPerl(class) => self.class(class.span, &class.kind, class.negated),
            Ast::Assertion(assertion) if !self.unicode && is_about_words(&assertion.kind) => {
                let written = self
                    .pattern
                    .get(assertion.span.start.offset..assertion.span.end.offset);
                let ascii = format!("(?-u:{})", written.unwrap_or_default());
                self.replace(assertion.span, &ascii);
            }
            _ => {}
        }
        Ok(())
    }

    fn visit_post(&mut self, ast: &Ast) -> Result<(), Box<Error>> {
        if matches!(ast, Ast::Group(_)) {
            self.unicode = self.around.pop().unwrap_or(false);
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Box<Error>> {
        if let ClassSetItem::Perl(class) = item {
            self.class(class.span, &class.kind, class.negated);
        }
        Ok(())
    }
}

const fn is_about_words(kind: &AssertionKind) -> bool {
    !matches!(
        kind,
        AssertionKind::StartLine | AssertionKind::EndLine | AssertionKind::StartText | AssertionKind::EndText
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_automata::meta::Regex;

    use super::translated;

    fn matches(pattern: &str, text: &str) -> bool {
        let translated = translated(pattern).unwrap_or_else(|error| panic!("{error}"));
        Regex::new(&translated)
            .unwrap_or_else(|error| panic!("{translated}: {error}"))
            .is_match(text)
    }

    #[test]
    fn classes_and_word_boundaries_are_ascii() {
        for (pattern, text, wanted) in [
            (r"^\d{4}$", "1234", true),
            (r"^\d{4}$", "١٢٣٤", false),
            (r"^[\d.]+$", "1.٢", false),
            (r"^[^\D]+$", "٢", false),
            (r"^\D$", "٢", true),
            (r"^\w+$", "café", false),
            (r"^[\w-]+$", "a_b-1", true),
            (r"^\W$", "é", true),
            (r"\bx", "éx", true),
            (r"\Bx", "éx", false),
            (r"a\Bb", "ab", true),
            (r"^\s$", "\u{a0}", false),
            (r"^\s$", "\u{b}", false),
            (r"(?x) ^ [\s] $", " ", true),
            (r"^.$", "é", true),
            (r"^\pL+$", "café", true),
            (r"(?i)^É$", "é", true),
            (r"(?i)^\w$", "é", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn a_flag_asks_for_every_script_as_far_as_it_reaches() {
        for (pattern, text, wanted) in [
            (r"(?u)^\d+$", "٢", true),
            (r"^(?u:\w)\w$", "éa", true),
            (r"^(?u:\w)\w$", "aé", false),
            (r"^((?u)\w)\w$", "aé", false),
            (r"^((?u)a|\w)$", "é", true),
            (r"(?u)^[\w](?-u:a)\b", "éa", true),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} on {text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_has_no_such_class_stays_as_it_is(pattern in r"[a-cé.*+?|()^$\[\]-]{0,12}") {
            if let Ok(translated) = translated(&pattern) {
                prop_assert_eq!(translated, pattern);
            }
        }

        #[test]
        fn the_translation_of_a_pattern_is_a_pattern(
            parts in prop::collection::vec(prop::sample::select(vec![
                r"\d", r"\W", r"\s", r"\b", r"\B", r"[\d", r"[^\w", "]", "a", "é", "(", "(?u)", "(?x) ", "(?i:", ")", "|", "*", "#", " ",
            ]), 0..12))
        {
            let pattern = parts.concat();
            if Regex::new(&pattern).is_ok() {
                let translated = translated(&pattern).expect("it parses");
                prop_assert!(Regex::new(&translated).is_ok(), "{} is {}", pattern, translated);
            }
        }
    }
}
