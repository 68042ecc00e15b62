//! Letters that one language alone uses decide for it, where the model does not know the language.

use super::Language;

/// Cyrillic: the languages with letters of their own that the model of Russian, Ukrainian and Bulgarian lacks.
pub(super) fn cyrillic(prose: &str) -> Option<Language> {
    let has = |letters: &str| prose.chars().any(|c| letters.contains(c));
    let code = if has("әғқңөұүһ") {
        "kk"
    } else if has("ў") {
        "be"
    } else if has("ѓќѕ") {
        "mk"
    } else if has("ђјљњћџ") {
        "sr"
    } else {
        return None;
    };
    Some(sure(code, prose))
}

/// Arabic script: Urdu has letters of its own.
pub(super) fn arabic(prose: &str) -> Option<Language> {
    let urdu = prose.chars().filter(|&c| "ٹڈڑںےھہ".contains(c)).count();
    let total = prose.chars().filter(|c| c.is_alphabetic()).count();
    (urdu * 100 > total * 2).then(|| sure("ur", prose))
}

fn sure(code: &'static str, prose: &str) -> Language {
    let letters = prose.chars().filter(|c| c.is_alphabetic()).take(21).count();
    Language {
        code,
        confidence: if letters > 20 { 0.95 } else { 0.75 },
    }
}
