//! Sentiment of English text and of emoji: how the words feel, turned by negation, intensifiers and `but`. No I/O.
//!
//! The method is VADER's (Hutto and Gilbert, 2014) with a larger lexicon. Four things differ: a capitalised word
//! inside a sentence is mostly a name (`Justice`, `Grace`) and counts little, what a negative word says weighs more,
//! a question weighs less, and the sum is divided by a power of the length instead of being bent at the ends.

mod lexicon;
mod modifier;

use crate::words::{is_apostrophe, is_unspaced};
use lexicon::feeling;
use modifier::Modifiers;

/// Words that are read; nobody's feeling takes longer to show.
const WORDS_READ: usize = 400;
/// What is left of the feeling of a word that seems to be part of a name.
const NAME_SHARE: f32 = 0.3;
/// How much more a negative word counts.
const NEGATIVE_WEIGHT: f32 = 1.4;
/// What is left of the feeling of a text that asks.
const QUESTION_SHARE: f32 = 0.6;
/// Weights of what stands before and after a `but`.
const BEFORE_BUT: f32 = 0.8;
const AFTER_BUT: f32 = 1.1;
/// The sum is divided by the number of words plus three to this power, and halved.
const LENGTH_POWER: f32 = 0.7;

/// How `text` feels, from -1 to 1; `None` when no word, emoticon or emoji of it carries a feeling. Words are
/// English; emoji speak every language.
///
/// ```
/// use text::sentiment::score;
/// assert!(score("What a great launch 🚀").is_some_and(|score| score > 0.3));
/// assert!(score("This is not good").is_some_and(|score| score < 0.0));
/// assert_eq!(score("The meeting is on Tuesday"), None);
/// ```
pub fn score(text: &str) -> Option<f32> {
    read(text, Reader::default())
}

/// How the emoticons and emoji of `text` feel, from -1 to 1, whatever its language; `None` when there are none.
pub fn score_signs(text: &str) -> Option<f32> {
    read(
        text,
        Reader {
            only_signs: true,
            ..Reader::default()
        },
    )
}

fn read(text: &str, mut reader: Reader) -> Option<f32> {
    for run in text.split_whitespace().take(WORDS_READ) {
        reader.run(run);
    }
    reader.score(text.contains('?'))
}

/// What was felt so far.
#[derive(Default)]
struct Reader {
    modifiers: Modifiers,
    before: f32,
    /// Feeling since the last `but`, when there was one.
    after: Option<f32>,
    words: u16,
    carriers: u16,
    /// The next word begins no sentence.
    inside: bool,
    /// What a `no` of this clause was felt as: nothing bad, if what there is none of is bad (`no problem`).
    no: f32,
    /// Words are counted and not felt.
    only_signs: bool,
}

impl Reader {
    /// One run of characters without blanks: an emoticon, or words, emoji and punctuation.
    fn run(&mut self, run: &str) {
        if run.contains("://") || run.starts_with(['@', '#', '$']) && run.is_ascii() {
            return;
        }
        if !run.starts_with(|c: char| c.is_alphanumeric())
            && let Some(emoticon) = feeling(run)
        {
            self.feel(emoticon);
            return;
        }
        let (run, glued) = without_emoticon(run);
        self.letters(run);
        if let Some(emoticon) = glued {
            self.feel(emoticon);
        }
    }

    fn letters(&mut self, run: &str) {
        let mut start = None;
        for (at, c) in run.char_indices() {
            let in_word =
                c.is_alphabetic() && !is_unspaced(c) || (is_apostrophe(c) || c == '-') && start.is_some();
            match (in_word, start) {
                (true, None) => start = Some(at),
                (false, Some(began)) => {
                    self.word(&run[began..at]);
                    start = None;
                }
                _ => {}
            }
            if !in_word {
                self.sign(c);
            }
        }
        if let Some(began) = start {
            self.word(&run[began..]);
        }
    }

    fn sign(&mut self, c: char) {
        if matches!(c, '.' | '!' | '?' | ';' | ':') {
            self.modifiers.end_of_clause();
            self.no = 0.0;
            self.inside = matches!(c, ';' | ':');
        } else if c > '\u{2000}'
            && let Some(emoji) = lexicon::emoji(c)
        {
            self.feel(emoji);
        }
    }

    fn word(&mut self, written: &str) {
        let Some(word) = lexicon::lower(written) else {
            return;
        };
        self.words = self.words.saturating_add(1);
        let name = self.inside && is_name(written);
        self.inside = true;
        if self.only_signs {
            return;
        }
        if matches!(&*word, "but" | "however") {
            self.before += self.after.take().unwrap_or_default();
            self.after = Some(0.0);
        }
        let own = lexicon::feeling_of_word(&word).filter(|_| !modifier::is_silent(&word));
        if let Some(feeling) = own {
            let turned = self.modifiers.turn(feeling);
            if feeling < 0.0 && self.modifiers.negates() {
                self.add(-self.no);
                self.no = 0.0;
            }
            let felt = self.feel(if name { turned * NAME_SHARE } else { turned });
            if *word == *"no" {
                self.no = felt;
            }
        }
        self.modifiers.hear(&word);
    }

    /// Counts a feeling; gives what was added for it.
    fn feel(&mut self, feeling: f32) -> f32 {
        self.carriers = self.carriers.saturating_add(1);
        let weighed = if feeling < 0.0 {
            feeling * NEGATIVE_WEIGHT
        } else {
            feeling
        };
        self.add(weighed);
        weighed
    }

    fn add(&mut self, feeling: f32) {
        *self.after.as_mut().unwrap_or(&mut self.before) += feeling;
    }

    fn score(&self, asks: bool) -> Option<f32> {
        if self.carriers == 0 {
            return None;
        }
        let sum = match self.after {
            Some(after) => self.before * BEFORE_BUT + after * AFTER_BUT,
            None => self.before,
        };
        let share = if asks { QUESTION_SHARE } else { 1.0 };
        let length = f32::from(self.words) + 3.0;
        Some((sum * share / length.powf(LENGTH_POWER) / 2.0).clamp(-1.0, 1.0))
    }
}

/// A run without the emoticon at its end (`great:)`), and how that feels.
fn without_emoticon(run: &str) -> (&str, Option<f32>) {
    let end = match run.strip_suffix("<3") {
        Some(before) => before.len(),
        None => run.trim_end_matches(|c: char| !c.is_alphanumeric()).len(),
    };
    let at = run[end..]
        .find([':', ';', '=', '<'])
        .map_or(run.len(), |at| end + at);
    match feeling(&run[at..]) {
        Some(emoticon) if run.len() > at + 1 => (&run[..at], Some(emoticon)),
        _ => (run, None),
    }
}

/// One capital letter followed by small ones.
fn is_name(written: &str) -> bool {
    let mut letters = written.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.any(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::score;
    use proptest::prelude::*;

    fn of(text: &str) -> f32 {
        score(text).unwrap_or_default()
    }

    #[test]
    fn words_are_turned() {
        assert!(of("good") > 0.0 && of("not good") < 0.0 && of("isn't very good") < 0.0);
        assert!(of("extremely good") > of("good") && of("slightly good") < of("good"));
        assert!(of("It was slow. Not a problem") < 0.0 || of("not a problem") > 0.0);
        assert!(of("The team is great, but the product is a scam") < 0.0);
    }

    #[test]
    fn none_of_what_is_bad_is_not_bad() {
        assert!(of("No problem, thanks for the quick fix") > 0.1);
        assert!(of("no bugs this time") >= 0.0 && of("No. This is a problem") < 0.0);
        assert!(of("Never been so disappointed in a product") < -0.1);
        assert!(of("I have never been so happy") > 0.1 && of("I was never happy") < 0.0);
    }

    #[test]
    fn traders_are_understood() {
        for good in [
            "$ETH mooning, wagmi 🚀🚀",
            "breakout soon, very bullish",
            "LFG!!!",
        ] {
            assert!(of(good) > 0.1, "{good}: {}", of(good));
        }
        for bad in [
            "got rugged again",
            "bridge drained, funds not safe",
            "this looks like a rug pull",
            "rekt 💀",
        ] {
            assert!(of(bad) < -0.1, "{bad}: {}", of(bad));
        }
    }

    #[test]
    fn emoji_speak_every_language() {
        assert!(of("今天 🎉🎉") > 0.0 && of("😭😭") < 0.0);
        assert_eq!(score("交易所暂停提现"), None);
        assert_eq!(super::score_signs("die Post war fast da"), None);
        assert!(super::score_signs("die Post ist da 🎉").is_some_and(|score| score > 0.0));
        assert_eq!(score("https://great.example/love @happy"), None);
    }

    #[test]
    fn one_run_of_a_hundred_thousand_words_is_survived() {
        assert!(score(&"good,🎉".repeat(100_000)).is_some_and(|score| score > 0.0));
    }

    #[test]
    fn every_apostrophe_negates() {
        let straight = score("I don't like this listing");
        assert!(straight.is_some_and(|score| score < 0.0));
        for apostrophe in [
            '\u{2019}', '\u{2018}', '\u{2bc}', '\u{b4}', '`', '\u{2032}', '\u{ff07}', '\u{201b}',
        ] {
            let text = format!("I don{apostrophe}t like this listing");
            assert_eq!(score(&text), straight, "{text}");
        }
        assert_eq!(
            score("Vitalik\u{2bc}s great launch"),
            score("Vitalik's great launch")
        );
    }

    #[test]
    fn signs_count_without_a_blank() {
        for (glued, apart) in [
            ("love it😍", "love it 😍"),
            ("😭why", "😭 why"),
            ("great:)", "great :)"),
            ("so done:(", "so done :("),
            ("thanks<3", "thanks <3"),
        ] {
            assert_eq!(score(glued), score(apart), "{glued}");
        }
        assert_eq!(score("ratio 3:1, see below:"), None);
    }

    #[test]
    fn hearts_are_glad() {
        for heart in "❤♥❣💓💗💖💕💞💘💝💟💚💙💛🧡💜🖤🤍🤎🩷🩵🩶".chars()
        {
            assert!(
                score(&heart.to_string()).is_some_and(|score| score > 0.0),
                "{heart}"
            );
        }
        assert!(of("a happy holder💗💓💗💓") > 0.0 && of("❤\u{fe0f}\u{200d}🔥") > 0.0 && of("💔") < 0.0);
    }

    #[test]
    fn what_is_not_the_worst_is_no_worse() {
        let worst = of("The worst launch");
        for better in [
            "Not the worst launch",
            "This isn\u{2019}t the worst launch",
            "It was never the worst launch",
            "Not exactly the worst launch",
            "Hardly the worst launch",
            "NOT THE WORST LAUNCH",
            "It is not by far the worst launch",
        ] {
            assert!(of(better) >= worst, "{better}: {} {worst}", of(better));
        }
    }

    proptest! {
        #[test]
        fn stays_in_bounds(text in "\\PC{0,300}") {
            prop_assert!(score(&text).is_none_or(|score| (-1.0..=1.0).contains(&score)));
        }
    }
}
