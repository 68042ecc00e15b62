//! Spam: how likely a text was sent to many who did not ask for it, and which of its features say so. No I/O.
//!
//! A sum of weights, bent into a likelihood. The weights are ours, by what is known of spam in messages, comments and
//! posts: nothing is trained. One feature is seldom enough, since friends also ring, win and send links.

mod lures;
mod shape;

use std::borrow::Cow;

/// A likelihood from here on is called spam.
pub const LIKELY: f32 = 0.5;
/// Bytes of a text that are judged.
const JUDGED: usize = 2_000;
/// The sum of weights at which spam and its opposite are equally likely.
const EVEN: f32 = 3.0;

/// A feature of spam.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feature {
    /// Its name, such as `prize` or `phone_number`.
    pub name: &'static str,
    /// What it adds to the sum; 3 is even odds.
    pub weight: f32,
}

/// What is thought of a text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// From 0 to 1.
    pub likelihood: f32,
    /// The features found, the heaviest first.
    pub features: Vec<Feature>,
}

/// Judges `text`.
///
/// ```
/// use text::spam::{judge, LIKELY};
/// let spam = judge("WINNER!! Claim your FREE 1000 USD prize now, visit http://win.example.top");
/// assert!(spam.likelihood >= LIKELY);
/// assert_eq!(spam.features[0].name, "prize");
/// assert!(judge("see you at the meetup tomorrow").likelihood < 0.1);
/// ```
pub fn judge(text: &str) -> Judgement {
    let text = crate::span::prefix(text, JUDGED);
    let mut features = lures::features(&plain(text));
    shape::features(text, &mut features);
    features.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.name.cmp(b.name)));
    let sum: f32 = features.iter().map(|feature| feature.weight).sum();
    Judgement {
        likelihood: 1.0 / (1.0 + (EVEN - sum).exp()),
        features,
    }
}

/// Lower-case words between single blanks, with look-alike letters folded: what the lures are looked for in.
fn plain(text: &str) -> String {
    let folded: Cow<'_, str> = if text.is_ascii() {
        text.into()
    } else {
        crate::fold(text).into()
    };
    let mut out = String::with_capacity(folded.len() + 2);
    out.push(' ');
    for c in folded.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() || c == '%' {
            out.push(c);
        } else if !crate::words::is_apostrophe(c) && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.push(' ');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_spam(text: &str) -> bool {
        judge(text).likelihood >= LIKELY
    }

    #[test]
    fn people_would_agree() {
        for spam in [
            "Send 1 ETH and get 2 ETH back! Official giveaway, limited time only https://eth-giveaway.example.xyz",
            "Congratulations! You have been selected to receive a $500 gift card. Click here to claim now",
            "URGENT your wallet will be suspended, verify your seed phrase at https://metamask-support.example.top",
            "Please check out my channel and subscribe, I upload new covers every week!!",
            "Earn 5000 USD weekly from home, guaranteed profit, DM me on WhatsApp +1 555 010 9999",
        ] {
            assert!(is_spam(spam), "{spam}: {:?}", judge(spam));
        }
        for wanted in [
            "Uniswap v4 is live, fees drop by 30% https://blog.uniswap.org/v4",
            "Are you free tonight? Call me when you get home",
            "Congrats on winning the hackathon, well deserved!",
            "Bitcoin falls 5% to $61,200 as ETF outflows reach $400M",
            "交易所在热钱包遭到攻击后暂停提现",
            "",
        ] {
            assert!(!is_spam(wanted), "{wanted}: {:?}", judge(wanted));
        }
    }

    #[test]
    fn look_alike_letters_do_not_hide_a_lure() {
        let hidden = "Fr\u{435}\u{435} \u{430}irdrop, c\u{406}aim now";
        assert!(
            judge(hidden)
                .features
                .iter()
                .any(|feature| feature.name == "token_lure")
        );
    }

    proptest! {
        #[test]
        fn stays_in_bounds(text in "\\PC{0,300}") {
            prop_assert!((0.0..=1.0).contains(&judge(&text).likelihood));
        }
    }
}
