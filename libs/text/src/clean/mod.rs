//! Cleaning: what a reader would see, without markup, invisible characters and look-alike encodings. No I/O.
//!
//! The order matters: markup goes first, so that an escaped `&lt;b&gt;` stays text; characters afterwards, so
//! that a character reference cannot bring back what cleaning removes. Every step is linear in its input.

mod characters;
mod lookalike;
mod markup;
mod mojibake;

pub use lookalike::fold;

use std::borrow::Cow;

/// Cleans `text`: markup and character references resolved, mojibake mended, control, zero-width and direction characters
/// removed, compatibility forms folded where the meaning stays (`ＵＮＩ` and `𝐔𝐍𝐈` become `UNI`; `x²` and `½`
/// stay), white space folded to single blanks. The caller keeps the original.
///
/// ```
/// use text::clean;
/// assert_eq!(clean("<p>Buy&nbsp;<b>$UNI</b></p> now"), "Buy $UNI now");
/// assert_eq!(clean("in\u{200b}vis\u{202e}ible"), "invisible");
/// ```
pub fn clean(text: &str) -> Cow<'_, str> {
    let plain = markup::strip(text);
    if characters::is_clean(&plain) && !plain.contains("\\x") {
        return plain;
    }
    Cow::Owned(characters::fold(&mojibake::mend(&plain)))
}

#[cfg(test)]
mod tests;
