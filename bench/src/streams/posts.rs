//! The posts of the comparison, byte for byte those of the Kafka Streams twin, but for their time.

use crate::driver::Record;
use crate::random::SplittableRandom;
use std::fmt::Write;

const SUBJECTS: u32 = 5_000;
const SOURCES: [&str; 4] = ["twitter", "farcaster", "telegram", "discord"];
const WORDS: [&str; 25] = [
    "Whales",
    "keep",
    "BUYING",
    "the",
    "dip",
    "Ｌｉｓｔｉｎｇ",
    "soon",
    "on",
    "major",
    "exchange",
    "AIRDROP",
    "claims",
    "open",
    "today",
    "volume",
    "is",
    "UP",
    "liquidity",
    "locked",
    "for",
    "a",
    "year",
    "devs",
    "shipped",
    "v②",
];

/// Post number `i` of a batch, made at this time (milliseconds since the epoch).
pub(super) fn post(batch: u32, i: u32, time: i64) -> Record {
    let seed = u64::from(batch)
        .wrapping_mul(1_000_000_007)
        .wrapping_add(i.into());
    let mut random = SplittableRandom::new(seed);
    let (a, b) = (random.next_u64(), random.next_u64());
    let number = random.below(SUBJECTS);
    let address = format!("{:040x}", u64::from(number) * 2_654_435_761);
    let subject = format!("token:eth:0x{address}");
    let mut text = format!("  $TKN{} ", number % 997);
    // Characters are counted as Java counts them, in UTF-16.
    while text.encode_utf16().count() < 100 {
        text.push_str(WORDS[random.below(25) as usize]);
        text.push(' ');
    }
    text.push_str("0x");
    text.push_str(&address.to_uppercase());
    text.push(' ');
    let source = SOURCES[random.below(4) as usize];
    let mut json = format!(
        r#"{{"id":"{a:016x}-{b:016x}","source":"{source}","type":"social.post","subject":"{subject}","time":{time},"data":{{"text":"{text}""#
    );
    let _ = write!(json, r#","author":"user{}""#, random.below(100_000));
    let lang = if random.below(3) > 0 { "en" } else { "pt" };
    let _ = write!(json, r#","lang":"{lang}","followers":{}"#, random.below(50_000));
    let _ = write!(
        json,
        r#","likes":{},"reposts":{}}}}}"#,
        random.below(600),
        random.below(200)
    );
    Record {
        key: subject.into_bytes(),
        value: json.into_bytes(),
        traceparent: None,
        time: None,
    }
}

/// Which post comes next: three in ten come again.
#[derive(Debug, Clone)]
pub(super) struct Order {
    random: SplittableRandom,
    /// Different posts so far.
    pub(super) unique: u32,
}

impl Order {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            random: SplittableRandom::new(seed),
            unique: 0,
        }
    }

    /// The number of the next post, and whether it was there before.
    pub(super) const fn next(&mut self) -> (u32, bool) {
        if self.unique > 0 && self.random.below(10) < 3 {
            return (self.random.below(self.unique), true);
        }
        self.unique += 1;
        (self.unique - 1, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_are_those_of_the_twin() {
        let record = post(1, 7, 1_700_000_000_000);
        assert_eq!(std::str::from_utf8(&record.value).unwrap(), TWIN);
    }

    /// What the twin's `Events.make(1, 7, 1700000000000)` gives.
    const TWIN: &str = concat!(
        r#"{"id":"61fe645da638b2f4-5301532a5741c18b","source":"farcaster","type":"social.post","subject":""#,
        r#"token:eth:0x000000000000000000000000000009cf1274602f","time":1700000000000,"data":{"text":"  $T"#,
        r#"KN75 AIRDROP keep Whales devs volume Ｌｉｓｔｉｎｇ is today liquidity keep exchange for liquidity for 0x00"#,
        r#"0000000000000000000000000009CF1274602F ","author":"user84690","lang":"pt","followers":12190,"likes":269,"reposts":186}}"#,
    );
}
