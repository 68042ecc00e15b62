//! Features of how a text looks: numbers to ring, prices, links, shouting, repetition.

use super::Feature;
use crate::find::is_link_start;

/// Domains where names cost nothing, and links that hide where they lead.
const CHEAP_HOSTS: &[&str] = &[
    ".xyz",
    ".top",
    ".click",
    ".icu",
    ".buzz",
    ".live",
    ".shop",
    ".site",
    ".online",
    ".win",
    ".vip",
    ".gq",
    ".tk",
    "bit.ly",
    "tinyurl",
    "goo.gl",
    "t.me/",
    "wa.me/",
    "t.co/",
    "ow.ly",
    "is.gd",
    "linktr.ee",
];
/// Hosts and parameters of shops, fund-raisers, petitions, profiles and referrals: what people post of their own.
const PROMOTED: &[&str] = &[
    "?ref=",
    "&ref=",
    "/ref=",
    "affiliate",
    "gofundme",
    "kickstarter",
    "indiegogo",
    "change.org",
    "petition",
    "avaaz",
    "teespring",
    "ebay.",
    "amazon.",
    "twitch.tv",
    "soundcloud",
    "reverbnation",
    "facebook.com",
    "instagram.com",
    "patreon",
    "tsu.co",
    "play.google",
    "apps.apple",
    "surveymonkey",
    "torrent",
    "4shared",
    "linkbucks",
    "register",
];
/// Endings of a bare domain.
const DOMAINS: &[&str] = &[
    ".com", ".net", ".org", ".co.uk", ".tv", ".me", ".info", ".biz", ".ru", ".eu", ".io", ".to",
];

/// Adds what the looks of `text` say.
pub(super) fn features(text: &str, found: &mut Vec<Feature>) {
    let mut looks = Looks::default();
    for run in text.split_whitespace() {
        looks.see(run);
    }
    let phone = looks.phones > 0;
    let features = [
        ("phone_number", if phone { 2.2 } else { 0.0 }),
        ("short_code", if looks.codes > 0 && !phone { 1.6 } else { 0.0 }),
        ("price", (f32::from(looks.prices) * 0.8).min(1.6)),
        ("link", (f32::from(looks.links) * 1.3).min(2.6)),
        (
            "link_alone",
            if looks.links > 0 && looks.words - u16::from(looks.links) <= 2 {
                1.8
            } else {
                0.0
            },
        ),
        ("promoted_link", if looks.promoted > 0 { 1.8 } else { 0.0 }),
        ("cheap_link", (f32::from(looks.cheap_links) * 1.2).min(2.4)),
        ("shouting", looks.shouting()),
        ("exclamation", (f32::from(looks.exclamations) * 0.25).min(1.0)),
        ("many_tags", (f32::from(looks.tags) - 4.0).clamp(0.0, 4.0) * 0.5),
        ("length", if looks.words >= 18 { 0.5 } else { 0.0 }),
    ];
    let present = features.into_iter().filter(|(_, weight)| *weight > 0.0);
    found.extend(present.map(|(name, weight)| Feature { name, weight }));
}

#[derive(Default)]
struct Looks {
    words: u16,
    shouted: u16,
    phones: u8,
    codes: u8,
    prices: u8,
    links: u8,
    cheap_links: u8,
    promoted: u8,
    exclamations: u8,
    tags: u8,
}

impl Looks {
    fn see(&mut self, run: &str) {
        self.words = self.words.saturating_add(1);
        let lower = run.to_ascii_lowercase();
        if is_link_start(run) || is_domain(&lower) {
            add(&mut self.links);
            if CHEAP_HOSTS.iter().any(|host| lower.contains(host)) {
                add(&mut self.cheap_links);
            }
            if PROMOTED.iter().any(|part| lower.contains(part)) {
                add(&mut self.promoted);
            }
            return;
        }
        if run.starts_with(['#', '@', '$'])
            && run.len() > 1
            && !run[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            add(&mut self.tags);
            return;
        }
        self.numbers(run);
        if run.contains('!') {
            add(&mut self.exclamations);
        }
        let letters = run.chars().filter(|c| c.is_alphabetic());
        if letters.clone().count() >= 3 && letters.clone().all(char::is_uppercase) {
            self.shouted = self.shouted.saturating_add(1);
        }
    }

    /// Ten digits and more are a telephone number, five and six a code to write to; `£` and pence are prices.
    fn numbers(&mut self, run: &str) {
        let digits = longest_digits(run);
        // Addresses and hashes have long runs of digits by chance.
        let is_code = run.len() > 20 && run.contains(|c: char| c.is_ascii_alphabetic());
        match digits {
            9..=14 if !is_code => add(&mut self.phones),
            5 | 6 if !run.contains([',', '.', '$', '#', ':']) => add(&mut self.codes),
            _ => {}
        }
        if run.len() <= 5 && digits >= 1 && run.strip_prefix('+').is_some_and(|rest| rest.len() == digits) {
            add(&mut self.phones);
        }
        if digits > 0 && (run.contains('£') || run.to_ascii_lowercase().contains("p/")) {
            add(&mut self.prices);
        }
    }

    fn shouting(&self) -> f32 {
        let share = f32::from(self.shouted) / f32::from(self.words.max(1));
        if self.shouted < 2 || share < 0.06 {
            0.0
        } else {
            (0.4 + share * 2.0).min(1.4)
        }
    }
}

fn add(count: &mut u8) {
    *count = count.saturating_add(1);
}

/// A word with a dot and the ending of a domain, not an e-mail address or the end of a sentence.
fn is_domain(lower: &str) -> bool {
    if lower.starts_with("www.") {
        return true;
    }
    // Few words have a dot, and every ending begins with one.
    lower.contains('.')
        && DOMAINS.iter().any(|ending| {
            lower.find(ending).is_some_and(|at| {
                let after = lower[at + ending.len()..].chars().next();
                at > 1 && after.is_none_or(|c| !c.is_alphanumeric()) && !lower.contains('@')
            })
        })
}

fn longest_digits(run: &str) -> usize {
    let groups = run.split(|c: char| !c.is_ascii_digit());
    groups.map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        let mut found = Vec::new();
        features(text, &mut found);
        found.into_iter().map(|feature| feature.name).collect()
    }

    #[test]
    fn looks_are_named() {
        assert_eq!(names("ring 09061701461 for £900"), ["phone_number", "price"]);
        assert_eq!(names("see murdev.com"), ["link", "link_alone"]);
        assert_eq!(names("WIN CASH NOW"), ["shouting"]);
        assert!(names("Bitcoin falls to $61,200 at 12:30").is_empty());
        assert!(names("$SOL +8%, $AVAX +6.2%, $DOGE -3% are the movers of this day").is_empty());
        assert!(names("Contract 0x6982508145454Ce325dDbE47a25d7c9Da6B33391 is live").is_empty());
        assert_eq!(names("call me back now on +44 or later"), ["phone_number"]);
    }
}
