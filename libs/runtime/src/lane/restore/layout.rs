//! Whether a topic has the partitions by which its keys were given to tasks. No Kafka, no clock, no I/O.
//!
//! A key's partition follows from how many there are, and so does the partition of the changelog that is a task's. So what
//! is found must be what the settings say, and what it was when the stage committed last.

/// The partitions of one input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// By the broker.
    pub found: i32,
    /// By `kafka.partitions`.
    pub configured: i32,
    /// By the metadata of an offset that the stage committed, if it says so.
    pub committed: Option<i32>,
}

impl Layout {
    /// Why no record of the topic may be read.
    pub(super) fn refusal(self, topic: &str) -> Option<String> {
        let Self {
            found,
            configured,
            committed,
        } = self;
        if found != configured {
            return Some(format!(
                "{topic} has {found} partitions, and kafka.partitions says {configured}: state would be looked for where \
                 it is not; set kafka.partitions to {found}"
            ));
        }
        let before = committed.filter(|committed| *committed != found)?;
        Some(format!(
            "{topic} had {before} partitions when the stage committed last, and has {found}: keys have moved away from \
             their state; see docs/FAULTS.md, \"More partitions\""
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(found: i32, configured: i32, committed: Option<i32>) -> Option<String> {
        let layout = Layout {
            found,
            configured,
            committed,
        };
        layout.refusal("signals")
    }

    #[test]
    fn what_is_found_must_be_what_is_configured_and_what_was_committed() {
        assert_eq!(
            refusal(12, 12, None),
            None,
            "a first start, or an older version's offset"
        );
        assert_eq!(refusal(12, 12, Some(12)), None);
        assert!(
            refusal(12, 24, Some(12))
                .unwrap()
                .contains("set kafka.partitions to 12")
        );
        assert!(
            refusal(24, 12, Some(12))
                .unwrap()
                .contains("set kafka.partitions to 24")
        );
        assert!(refusal(24, 24, Some(12)).unwrap().contains("had 12 partitions"));
    }
}
