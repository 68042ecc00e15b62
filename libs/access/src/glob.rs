//! Patterns of sources and types: `*` stands for any characters, everything else for itself. No I/O.

use serde::{Deserialize, Serialize};

/// A pattern such as `/shop/*` or `user.*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glob(String);

impl Glob {
    /// A pattern as it is written.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// How it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole text is of this pattern. Takes at most `pattern × text` steps.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut at, mut read) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while read < text.len() {
            match (pattern.get(at), star) {
                (Some(b'*'), _) => {
                    star = Some((at, read));
                    at += 1;
                }
                (Some(byte), _) if *byte == text[read] => {
                    at += 1;
                    read += 1;
                }
                // The last star takes one byte more.
                (_, Some((star_at, taken))) => {
                    star = Some((star_at, taken + 1));
                    at = star_at + 1;
                    read = taken + 1;
                }
                (_, None) => return false,
            }
        }
        pattern[at..].iter().all(|byte| *byte == b'*')
    }
}

/// A list of patterns, of which one must match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Globs(Vec<Glob>);

impl Globs {
    /// The list that everything matches.
    pub fn any() -> Self {
        Self(vec![Glob::new("*")])
    }

    /// These patterns.
    pub fn of<T: Into<String>>(patterns: impl IntoIterator<Item = T>) -> Self {
        Self(patterns.into_iter().map(Glob::new).collect())
    }

    /// Whether one of them matches.
    pub fn matches(&self, text: &str) -> bool {
        self.0.iter().any(|glob| glob.matches(text))
    }

    /// Whether there is none, so that nothing matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As they are written, for people.
    pub fn listed(&self) -> String {
        let patterns: Vec<_> = self.0.iter().map(Glob::as_str).collect();
        patterns.join(", ")
    }
}

impl Default for Globs {
    fn default() -> Self {
        Self::any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_stand_for_anything_and_the_rest_for_itself() {
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("*", "/shop/eu", true),
            ("", "", true),
            ("", "a", false),
            ("/shop/*", "/shop/", true),
            ("/shop/*", "/shop", false),
            ("/shop/*", "/shopping/eu", false),
            ("user.*", "user.login", true),
            ("user.*", "user", false),
            ("*.login", "user.login", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("user.?ogin", "user.login", false),
            ("[a]", "a", false),
            ("é*", "émile", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_end_soon() {
        let pattern = Glob::new("*a".repeat(200) + "b");
        assert!(!pattern.matches(&"a".repeat(4096)));
    }

    proptest! {
        #[test]
        fn a_text_matches_itself_and_every_cut_of_it(text in "[a-c.]{0,20}", cut in 0_usize..20) {
            let cut = cut.min(text.len());
            prop_assert!(Glob::new(text.clone()).matches(&text));
            let starred = format!("{}*{}", &text[..cut], &text[cut..]);
            prop_assert!(Glob::new(starred).matches(&text));
        }
    }
}
