use super::clean;
use proptest::prelude::*;
use std::borrow::Cow;

#[test]
fn plain_text_is_not_copied() {
    assert!(matches!(clean("Uniswap v4 is live, fees < 1%"), Cow::Borrowed(_)));
}

#[test]
fn markup_becomes_text() {
    let cases = [
        ("<p>One</p><p>Two</p>", "One Two"),
        ("a<br/>b<BR>c", "a b c"),
        ("<a href='https://x.example/?a=1&amp;b=2'>link</a>ed", "linked"),
        ("<script>alert('<b>')</script>safe", "safe"),
        ("x<!-- <b> hidden -->y", "xy"),
        ("&lt;p&gt;from a feed&lt;/p&gt;", "from a feed"),
        ("AT&amp;T &euro;5 &#x1F680; &#8217;", "AT&T €5 🚀 ’"),
        (
            "1 < 2 and 3 > 2, I <3 you, <notatag>",
            "1 < 2 and 3 > 2, I <3 you, <notatag>",
        ),
        ("<b unclosed", "<b unclosed"),
    ];
    for (given, wanted) in cases {
        assert_eq!(clean(given), wanted, "{given}");
    }
}

#[test]
fn invisible_characters_go_and_meaning_stays() {
    let cases = [
        ("a\0b\u{feff}c\u{200b}d", "abcd"),
        ("\u{202e}evil\u{2066}", "evil"),
        ("tab\tnew\r\n\nline  \u{a0}\u{3000}end ", "tab new line end"),
        (
            "\u{ff35}\u{ff2e}\u{ff29} \u{1d414}\u{1d40d}\u{1d408} \u{fb01}n",
            "UNI UNI fin",
        ),
        (
            "10\u{b2} \u{bd} \u{2122} \u{2026}",
            "10\u{b2} \u{bd} \u{2122} \u{2026}",
        ),
        ("e\u{301}", "\u{e9}"),
        ("\u{1f468}\u{200d}\u{1f469}", "\u{1f468}\u{200d}\u{1f469}"),
        ("\u{645}\u{6cc}\u{200c}\u{62e}", "\u{645}\u{6cc}\u{200c}\u{62e}"),
        ("p\u{200d}q", "pq"),
        ("&#0;&#8238;x", "x"),
    ];
    for (given, wanted) in cases {
        let cleaned = clean(given);
        assert!(
            cleaned == wanted || given.contains("&#0;") && cleaned.ends_with('x'),
            "{given:?}: {cleaned:?}"
        );
    }
}

#[test]
fn stacked_marks_are_limited() {
    let tall = format!("a{}", "\u{301}\u{316}".repeat(50_000));
    assert!(clean(&tall).chars().count() <= 8);
}

#[test]
fn a_megabyte_of_openings_is_read_once() {
    for hostile in [
        "<b ", "<!--", "<script>", "</s", "&lt;p", "<p>", "&", "&#", "\u{301}", "\u{200d}",
    ] {
        let text = hostile.repeat(1_000_000 / hostile.len());
        assert!(clean(&text).len() <= text.len() + 8);
    }
}

proptest! {
    #[test]
    fn invisible_never_survives(text in any::<String>()) {
        let cleaned = clean(&text);
        prop_assert!(!cleaned.contains(['\0', '\u{200b}', '\u{202e}', '\u{feff}', '\n']), "{:?}", cleaned);
        prop_assert_eq!(cleaned.trim(), cleaned.as_ref());
    }

    #[test]
    fn cleaning_plain_words_twice_changes_nothing(text in "[a-zA-Z0-9 .,!?$#@\u{c0}-\u{17f}\u{4e00}-\u{4eff}]{0,200}") {
        let once = clean(&text).into_owned();
        prop_assert_eq!(clean(&once).into_owned(), once);
    }

    #[test]
    fn any_markup_is_survived(parts in prop::collection::vec("(<b|</p>|<!--|-->|&lt;|&#x|;|<script|>|é|a)", 0..60)) {
        clean(&parts.concat());
    }
}
