//! Words and phrases that spam is made of, in groups that say what they are for.

use super::Feature;
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use std::sync::LazyLock;

/// Lures of one purpose.
struct Group {
    name: &'static str,
    /// Weight of the first lure found, and of each other one.
    first: f32,
    more: f32,
    most: f32,
    /// Words between blanks; a phrase is separated by `|`.
    lures: &'static str,
}

const GROUPS: [Group; 11] = [
    Group {
        name: "prize",
        first: 1.6,
        more: 0.9,
        most: 3.6,
        lures: "winner|you won|you have won|youve won|have won|u won|prize|prizes|award|awarded|awards|jackpot|lottery|claim|\
                claims|reward|rewards|gift card|giftcard|voucher|vouchers|to win|win a|win an|win up|bonus|unclaimed|\
                congratulations|guaranteed|selected|entitled|you have been chosen|sweepstake|prize draw|raffle",
    },
    Group {
        name: "free_offer",
        first: 0.9,
        more: 0.7,
        most: 2.4,
        lures: "free|for free|100% free|free entry|free msg|freemsg|free gift|offer|offers|discount|half price|sale|\
                special offer|complimentary|no cost|trial|per week|a week|weekly|wkly|save up|best price|cheap",
    },
    Group {
        name: "urgency",
        first: 1.0,
        more: 0.5,
        most: 2.0,
        lures: "urgent|act now|hurry|last chance|expires|expire|final notice|final attempt|limited time|only today|\
                today only|immediately|important message|dont miss|ends soon|2nd attempt|trying to contact|\
                attempt to contact|tried to contact|valid 12hrs|now only",
    },
    Group {
        name: "call_to_action",
        first: 1.1,
        more: 0.6,
        most: 2.4,
        lures: "call now|please call|call free|call from|to claim|txt|text now|reply|click|click here|click the link|\
                link in bio|sign up|register now|visit|order now|buy now|apply now|send your|download|join now|\
                join us|contact us|get it now|just call|ring us|text yes",
    },
    Group {
        name: "self_promotion",
        first: 3.1,
        more: 0.8,
        most: 4.5,
        lures: "subscribe|suscribe|subscribes|subscribers|subs|sub me|sub my|sub to|sub for sub|sub4sub|sub 4 sub|my channel|\
                my chanel|our channel|this channel|gaming channel|new channel|youtuber|check out my|check out our|\
                check me out|check us out|check my|come check|checking out my|checked out|check out this|check this out|\
                check it out|check them out|follow me|follow my|follow us|follow him|follow back|\
                follow 4 follow|like 4 like|my videos|my first video|my stream|my cover|my covers|my rap|my remixes|\
                my book|give me a chance|give us a chance|give it a like|watch my video|add me|new to youtube|music producer",
    },
    Group {
        name: "plea",
        first: 1.4,
        more: 1.0,
        most: 3.0,
        lures: "my page|my music|my song|my new|my account|my facebook|my youtube|my project|my video|our song|\
                please like|like and share|like my|like comment|vote for|please watch|please check|please share|plz check|pls check|\
                visit my|take a look|upcoming artist|new artist|please help|help me get|your support|share this|thumbs up|\
                comment and|go to my|look at my|like this comment|spread the word|sign this|sign the petition|donate|\
                follower please|go here|get money|need money|real money|pay pal|paypal",
    },
    Group {
        name: "paid_service",
        first: 1.3,
        more: 0.9,
        most: 3.6,
        lures: "ringtone|ringtones|tones|polyphonic|subscription|unsubscribe|opt out|optout|stop to|send stop|\
                text stop|txt stop|to stop|t cs|tcs|ts cs|t c|terms apply|std rate|standard rate|per min|per msg|p min|ppm|a min|\
                150p|150ppm|10p|25p|50p|national rate|landline|customer service|custcare|cust care|helpline|\
                mobile upgrade|latest nokia|camera phone|account statement|po box|pobox|box|18 only|over 18|over18|\
                16 only|premium rate|msg rate|mob offer|claim code|identifier code|free minutes|\
                camcorder|handset|colour phone|sim",
    },
    Group {
        name: "money_lure",
        first: 1.4,
        more: 0.9,
        most: 3.6,
        lures: "earn|make money|extra income|from home|work from home|passive income|easy money|cash|guaranteed profit|\
                guaranteed returns|double your|triple your|per day|a day|loan|loans|credit score|investment plan|\
                invest|trading signals|financial freedom|get rich|profits|payout|wire transfer|inheritance|\
                bank account details|get paid|refund",
    },
    Group {
        name: "token_lure",
        first: 1.6,
        more: 1.0,
        most: 4.0,
        lures: "airdrop|free tokens|giveaway|presale|pre sale|whitelist spot|seed phrase|recovery phrase|private key|\
                connect your wallet|connect wallet|validate your wallet|verify your wallet|wallet will be|sync your wallet|\
                recover your funds|recover lost|100x|1000x|next 100x|send 1|get 2|back double|elon|claim your|free mint|\
                free nft|dm me|dm to|inbox me|message me|write me|whatsapp|telegram group|pump group|vip group|vip signals|\
                official giveaway|support team|expert trader|account manager|thanks to mrs|legit trader",
    },
    Group {
        name: "account_lure",
        first: 1.5,
        more: 1.0,
        most: 3.0,
        lures: "your account|has been suspended|will be suspended|suspended|verify your|confirm your|unusual activity|\
                security alert|update your|your payment|your parcel|your package|delivery fee|log in to|click below|\
                your password|restore access|be locked",
    },
    Group {
        name: "adult",
        first: 1.6,
        more: 1.0,
        most: 3.6,
        lures: "sexy|xxx|adult|horny|singles|dating|date service|hot girls|live chat|naked|porn|sex|chat line|chatlines|\
                secret admirer|someone who knows you|fancies you|meet local|onlyfans|flirt|chat to|pics|babes|nude",
    },
];

struct Lures {
    automaton: Option<AhoCorasick>,
    /// The group of each pattern.
    groups: Vec<usize>,
}

static LURES: LazyLock<Lures> = LazyLock::new(|| {
    let lures = GROUPS.iter().enumerate().flat_map(|(group, of)| {
        of.lures
            .split('|')
            .map(move |lure| (group, format!(" {} ", lure.trim())))
    });
    let (groups, patterns): (Vec<usize>, Vec<String>) = lures.unzip();
    let automaton = AhoCorasickBuilder::new()
        .match_kind(MatchKind::Standard)
        .build(patterns);
    Lures {
        automaton: automaton.ok(),
        groups,
    }
});

/// The groups whose lures stand in `plain`, words in lower case between single blanks. A lure counts once.
pub(super) fn features(plain: &str) -> Vec<Feature> {
    let mut seen = vec![false; LURES.groups.len()];
    let mut counts = [0_u8; GROUPS.len()];
    for found in LURES
        .automaton
        .iter()
        .flat_map(|lures| lures.find_overlapping_iter(plain))
    {
        let lure = found.pattern().as_usize();
        if !std::mem::replace(&mut seen[lure], true) {
            counts[LURES.groups[lure]] = counts[LURES.groups[lure]].saturating_add(1);
        }
    }
    let found = GROUPS.iter().zip(counts).filter(|(_, count)| *count > 0);
    found
        .map(|(group, count)| Feature {
            name: group.name,
            weight: (group.first + group.more * f32::from(count - 1)).min(group.most),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lures_are_searched() {
        assert!(LURES.automaton.is_some());
        assert_eq!(features(" claim your prize ")[0].name, "prize");
        assert!(features(" disclaimers ").is_empty());
    }
}
