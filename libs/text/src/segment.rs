//! Words of any script: by blanks where there are some, by dictionary for Chinese, Japanese, Thai and their
//! neighbours. No I/O; the dictionaries are part of the program and are paged in when such a text comes.

use crate::words::is_unspaced;
use icu_segmenter::WordSegmenter;
use icu_segmenter::options::WordBreakInvariantOptions;

/// Bytes of a text that are segmented.
const SEGMENTED: usize = 4_096;

/// The words of `text` in order, without punctuation, blanks and emoji, from its first 4 KiB.
///
/// ```
/// assert_eq!(text::segments("交易所暂停提现"), ["交易所", "暂停", "提", "现"]);
/// assert_eq!(text::segments("hot wallet drained!"), ["hot", "wallet", "drained"]);
/// ```
pub fn segments(text: &str) -> Vec<&str> {
    let text = crate::span::prefix(text, SEGMENTED);
    if !text.contains(is_unspaced) {
        return unicode_segmentation::UnicodeSegmentation::unicode_words(text).collect();
    }
    let segmenter = WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
    let mut words = Vec::new();
    let mut start = 0;
    for (end, kind) in segmenter.segment_str(text).iter_with_word_type() {
        if kind.is_word_like() && start < end {
            words.push(&text[start..end]);
        }
        start = end;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::segments;
    use proptest::prelude::*;

    #[test]
    fn scripts_without_blanks_are_segmented() {
        assert!(segments("取引所は攻撃を受けて出金を停止しました").contains(&"取引"));
        assert!(segments("ตลาดหยุดการถอนเงิน").len() >= 3);
        assert_eq!(
            segments("거래소는 출금을 중단했습니다"),
            ["거래소는", "출금을", "중단했습니다"]
        );
        assert_eq!(segments("Биржа, вывод"), ["Биржа", "вывод"]);
        assert_eq!(segments("أوقفت المنصة"), ["أوقفت", "المنصة"]);
    }

    proptest! {
        #[test]
        fn segments_are_parts_in_order(text in "[a-z交易所提现กขคあいう 。]{0,60}") {
            let mut at = 0;
            for word in segments(&text) {
                let found = text[at..].find(word);
                prop_assert!(found.is_some());
                at += found.unwrap_or_default() + word.len();
            }
        }
    }
}
