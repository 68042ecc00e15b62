//! Whether a group's points count: always, never yet, or for a share of the subjects. No I/O, no clock.

use xxhash_rust::xxh3::xxh3_64;

/// Shares are kept in hundredths of a percent.
const WHOLE: u64 = 10_000;

/// How far a group is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Its points count.
    #[default]
    Live,
    /// Its points are only noted beside the score.
    Shadow,
    /// Its points count for this share of the subjects, in hundredths of a percent, and are noted for the others.
    Canary(u16),
}

impl Mode {
    /// `live`, `shadow`, `canary 10%` or `canary: 10%`.
    pub(super) fn read(text: &str) -> Option<Self> {
        match text.trim() {
            "live" => Some(Self::Live),
            "shadow" => Some(Self::Shadow),
            other => Self::read_share(other.strip_prefix("canary")?.trim_start_matches([':', ' '])),
        }
    }

    /// `10%` or `0.5%`: more than nothing, at most everything.
    pub(super) fn read_share(text: &str) -> Option<Self> {
        let percent: f64 = text.trim().strip_suffix('%')?.trim().parse().ok()?;
        let share = (percent * 100.0).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 10,000"
        )]
        (1.0..=10_000.0)
            .contains(&share)
            .then_some(Self::Canary(share as u16))
    }

    /// Whether points count for a subject. The same subjects are in every canary of the same size, and stay in it as
    /// the share grows.
    pub(super) fn counts_for(self, subject: &str) -> bool {
        match self {
            Self::Live => true,
            Self::Shadow => false,
            Self::Canary(share) => xxh3_64(subject.as_bytes()) % WHOLE < u64::from(share),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read() {
        assert_eq!(Mode::read("live"), Some(Mode::Live));
        assert_eq!(Mode::read(" shadow "), Some(Mode::Shadow));
        for canary in ["canary 10%", "canary: 10%", "canary:10 %"] {
            assert_eq!(Mode::read(canary), Some(Mode::Canary(1000)), "{canary}");
        }
        assert_eq!(Mode::read("canary 0.5%"), Some(Mode::Canary(50)));
        for bad in [
            "",
            "on",
            "canary",
            "canary 10",
            "canary 0%",
            "canary 101%",
            "canary NaN%",
        ] {
            assert_eq!(Mode::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_canary_is_a_stable_share_that_only_grows() {
        let subjects: Vec<String> = (0..10_000).map(|user| format!("user:{user}")).collect();
        let chosen = |share: u16| {
            subjects
                .iter()
                .filter(|subject| Mode::Canary(share).counts_for(subject))
                .collect::<Vec<_>>()
        };
        let (tenth, fifth) = (chosen(1000), chosen(2000));
        assert!((900..1100).contains(&tenth.len()), "{}", tenth.len());
        assert!(tenth.iter().all(|subject| fifth.contains(subject)));
        assert_eq!(chosen(10_000).len(), subjects.len());
    }
}
