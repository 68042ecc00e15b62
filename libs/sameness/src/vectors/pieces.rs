//! `WordPiece`: a word as the longest pieces of the vocabulary, from the left (Schuster and Nakajima 2012).

use crate::words::place;

/// Letters of a word beyond which it is no word.
const LONGEST: usize = 64;

/// Hands the place of each piece to `take`; a word that cannot be made of pieces has none.
pub(super) fn each(word: &str, mut take: impl FnMut(usize)) {
    // Signs inside a word part it: `1,000`, `don't`.
    for part in word
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
    {
        if let Some(place) = place(part) {
            take(place);
        } else if part.len() <= LONGEST {
            pieces(part).unwrap_or_default().into_iter().for_each(&mut take);
        }
    }
}

fn pieces(word: &str) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    let mut rest = word;
    let mut piece = String::with_capacity(word.len() + 2);
    while !rest.is_empty() {
        let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
        let (place, end) = ends.into_iter().find_map(|end| {
            piece.clear();
            piece.push_str(if found.is_empty() { "" } else { "##" });
            piece.push_str(rest.get(..end)?);
            Some((place(&piece)?, end))
        })?;
        found.push(place);
        rest = rest.get(end..)?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn longest_pieces_first() {
        let of = |word: &str| {
            let mut all = Vec::new();
            each(word, |place| all.push(place));
            all
        };
        assert_eq!(
            of("embeddings"),
            ["em", "##bed", "##ding", "##s"].map(|piece| place(piece).unwrap())
        );
        assert_eq!(of("5.1"), ["5", "1"].map(|piece| place(piece).unwrap()));
        assert!(of("\u{1f600}").is_empty());
    }

    proptest! {
        #[test]
        fn any_word_ends(word in "\\PC{0,40}") {
            each(&word, |place| assert!(place < 30_522));
        }
    }
}
