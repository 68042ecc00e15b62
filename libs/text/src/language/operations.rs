//! Words in which machines report. They do so in English whoever runs them, and in so few words that their letters
//! alone do not tell. No I/O, no state.

/// Some are words of another language too, whose sentences have others that outweigh them.
const WORDS: [&str; 32] = [
    "behind",
    "cache",
    "crashed",
    "degraded",
    "deploy",
    "disk",
    "down",
    "error",
    "errors",
    "exceeded",
    "failed",
    "failing",
    "failover",
    "failure",
    "full",
    "heap",
    "latency",
    "memory",
    "node",
    "outage",
    "queue",
    "rate",
    "replica",
    "request",
    "requests",
    "restarted",
    "retrying",
    "throughput",
    "timeout",
    "unhealthy",
    "unreachable",
    "usage",
];
/// What each of them is worth, as a logarithm, and how many count: a sentence of another language outweighs them.
const WORTH: f32 = 3.0;
const MOST: usize = 4;

/// How much the words speak for English.
pub(super) fn english(prose: &str) -> f32 {
    let words = prose
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| WORDS.binary_search(word).is_ok());
    WORTH * words.take(MOST).count() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_and_no_more_than_so_much() {
        assert!(WORDS.is_sorted());
        assert!(english("disk usage: on") > english("the disk") && english("the disk") > 0.0);
        assert!(english("die platte ist voll") <= 0.0);
        assert!(english(&"usage ".repeat(100)) <= WORTH * MOST as f32);
    }
}
