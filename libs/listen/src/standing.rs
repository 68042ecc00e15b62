//! What a connection is doing, whether that takes too long, and which connection leaves for a newcomer.
//! Decides over plain values: no sockets, no clock.

use crate::limits::Limits;

/// Milliseconds on a clock of the listener's own.
pub(crate) type Ms = u64;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// The head of a request is awaited, or the TLS handshake before it.
    Opening = 0,
    /// The body of a request is coming.
    Receiving = 1,
    /// The request is complete, its answer is awaited from the handler.
    Working = 2,
    /// The answer is being sent.
    Sending = 3,
    /// Between two requests.
    Idle = 4,
    /// No longer HTTP: a WebSocket.
    Upgraded = 5,
}

impl Phase {
    pub(crate) const fn from_bits(bits: u64) -> Self {
        match bits & 7 {
            0 => Self::Opening,
            1 => Self::Receiving,
            2 => Self::Working,
            3 => Self::Sending,
            4 => Self::Idle,
            _ => Self::Upgraded,
        }
    }
}

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) phase: Phase,
    /// When the phase began, or when it last came on.
    pub(crate) since: Ms,
    /// When the request's head was complete; of no meaning while opening and idle.
    pub(crate) began: Ms,
}

/// Why a connection is closed by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdue {
    Header,
    Request,
    Send,
    Idle,
}

/// Whether a request has taken longer than it may; its client is told so in words.
pub(crate) fn is_late(standing: Standing, now: Ms, limits: &Limits) -> bool {
    let took = std::time::Duration::from_millis(now.saturating_sub(standing.began));
    matches!(standing.phase, Phase::Receiving | Phase::Working) && took > limits.request
}

/// Whether a connection has taken longer than its phase may.
pub(crate) fn overdue(standing: Standing, now: Ms, limits: &Limits) -> Option<Overdue> {
    let since = |then: Ms| std::time::Duration::from_millis(now.saturating_sub(then));
    // Whoever is late is told so in words; this one is for those who do not hear it.
    let request = limits.request + GRACE;
    match standing.phase {
        Phase::Opening => (since(standing.since) > limits.header).then_some(Overdue::Header),
        Phase::Receiving | Phase::Working => (since(standing.began) > request).then_some(Overdue::Request),
        Phase::Sending => (since(standing.since) > limits.send).then_some(Overdue::Send),
        Phase::Idle | Phase::Upgraded => (since(standing.since) > limits.idle).then_some(Overdue::Idle),
    }
}

const GRACE: std::time::Duration = std::time::Duration::from_secs(2);

/// How long a connection may stand still in its phase before a newcomer may take its place, in milliseconds; none
/// while the server itself is at work. Short, because they count only while all places are taken.
const fn patience(phase: Phase) -> Option<Ms> {
    match phase {
        Phase::Opening => Some(100),
        Phase::Receiving | Phase::Idle | Phase::Upgraded => Some(250),
        Phase::Sending => Some(1_000),
        Phase::Working => None,
    }
}

/// Who goes first, the least first.
const fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Opening => 0,
        Phase::Receiving => 1,
        Phase::Sending => 2,
        Phase::Idle => 3,
        Phase::Upgraded | Phase::Working => 4,
    }
}

/// The connection that leaves for a newcomer: of those that stood still longer than their phase's patience the first
/// in rank and the longest in it; if there are none, the oldest of those that are opening.
pub(crate) fn leaves<I: Copy>(all: impl Iterator<Item = (I, Standing)>, now: Ms) -> Option<I> {
    let order = |standing: &Standing| {
        let still = now.saturating_sub(standing.since);
        let patient = patience(standing.phase).is_some_and(|patience| still > patience);
        let opening = standing.phase == Phase::Opening;
        (patient || opening).then(|| (!patient, rank(standing.phase), standing.since))
    };
    all.filter_map(|(id, standing)| Some((order(&standing)?, id)))
        .min_by_key(|(order, _)| *order)
        .map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn at(phase: Phase, since: Ms) -> Standing {
        Standing {
            phase,
            since,
            began: since,
        }
    }

    fn first(all: &[(Phase, Ms)]) -> Option<usize> {
        let all = all.iter().map(|(phase, since)| at(*phase, *since)).enumerate();
        leaves(all, 10_000)
    }

    #[test]
    fn who_has_sent_no_request_goes_first_then_silent_bodies_then_unread_answers_then_the_idle() {
        use Phase::{Idle, Opening, Receiving, Sending, Working};
        let mut all = vec![
            (Idle, 1),
            (Sending, 2),
            (Receiving, 3),
            (Opening, 5),
            (Opening, 4),
            (Working, 0),
        ];
        let mut gone = Vec::new();
        while let Some(index) = first(&all) {
            gone.push(all.remove(index));
        }
        assert_eq!(
            gone,
            [
                (Opening, 4),
                (Opening, 5),
                (Receiving, 3),
                (Sending, 2),
                (Idle, 1)
            ]
        );
        assert_eq!(all, [(Working, 0)]);
    }

    #[test]
    fn who_has_only_just_come_goes_after_those_who_stand_still() {
        use Phase::{Idle, Opening, Receiving};
        assert_eq!(first(&[(Opening, 9_990), (Receiving, 5_000)]), Some(1));
        assert_eq!(
            first(&[
                (Opening, 9_990),
                (Opening, 9_980),
                (Receiving, 9_900),
                (Idle, 9_900)
            ]),
            Some(1)
        );
        assert_eq!(first(&[(Receiving, 9_900), (Idle, 9_999)]), None);
    }

    #[test]
    fn each_phase_has_its_limit() {
        let limits = Limits {
            header: Duration::from_secs(1),
            request: Duration::from_secs(3),
            send: Duration::from_secs(5),
            idle: Duration::from_secs(7),
            drain: Duration::ZERO,
            connections: 1,
            connections_by_address: 1,
        };
        for (phase, ms, why) in [
            (Phase::Opening, 1_000, Overdue::Header),
            (Phase::Receiving, 5_000, Overdue::Request),
            (Phase::Working, 5_000, Overdue::Request),
            (Phase::Sending, 5_000, Overdue::Send),
            (Phase::Idle, 7_000, Overdue::Idle),
            (Phase::Upgraded, 7_000, Overdue::Idle),
        ] {
            assert_eq!(overdue(at(phase, 50), 50 + ms, &limits), None, "{phase:?}");
            assert_eq!(overdue(at(phase, 50), 51 + ms, &limits), Some(why), "{phase:?}");
        }
    }

    #[test]
    fn a_body_that_comes_on_is_still_bounded_as_a_whole() {
        let limits = Limits::new(
            crate::Role::Edge,
            &settings::ListenerSettings::default(),
            crate::Descriptors(1024),
        );
        let dripping = Standing {
            phase: Phase::Receiving,
            since: 99_999,
            began: 0,
        };
        assert_eq!(overdue(dripping, 100_000, &limits), Some(Overdue::Request));
    }

    proptest! {
        #[test]
        fn a_request_in_work_never_leaves(all in prop::collection::vec((0_u64..6, 0_u64..20_000), 0..20)) {
            let all: Vec<_> = all.into_iter().map(|(bits, since)| at(Phase::from_bits(bits), since)).collect();
            if let Some(index) = leaves(all.iter().copied().enumerate(), 10_000) {
                prop_assert!(all[index].phase != Phase::Working);
            }
        }
    }
}
