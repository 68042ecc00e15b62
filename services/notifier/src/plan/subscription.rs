//! Whether a channel wants to be told. Pure.

use model::{ChannelState, SignalState};
use settings::{ChannelSettings, Subscription, WantedState};

use super::PlanInput;

/// The levels that can be compared, lowest first.
const ORDERED: [&str; 4] = ["low", "medium", "high", "critical"];

/// Why a channel is not told, in the order in which it is asked; the later, the nearer it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refusal {
    NoChannel,
    OtherTenant,
    NotSubscribed,
    Over,
    StateNotWanted,
    LevelNotWanted,
    AlreadyPlanned,
}

impl Refusal {
    /// The reason for the flow's counts.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::NoChannel => "no_channel",
            Self::OtherTenant => "other_tenant",
            Self::NotSubscribed => "not_subscribed",
            Self::Over => "closed",
            Self::StateNotWanted => "state_not_wanted",
            Self::LevelNotWanted => "below_level",
            Self::AlreadyPlanned => "already_planned",
        }
    }
}

/// Whether the channel wants this, and if not, why.
pub(super) fn wants(channel: &ChannelSettings, input: &PlanInput) -> Result<(), Refusal> {
    let (kind, tenant, level) = match input {
        PlanInput::Signal(signal) => (Subscription::Signal, &signal.tenant, &signal.level),
        PlanInput::Detection(it) => (Subscription::Detection, &it.tenant, &it.severity),
        PlanInput::Channel(state) => return wants_to_hear_of(channel, state),
    };
    if !channel.is_for(tenant) {
        return Err(Refusal::OtherTenant);
    }
    if !channel.kinds.contains(&kind) {
        return Err(Refusal::NotSubscribed);
    }
    if let PlanInput::Signal(signal) = input {
        let state = wanted(signal.state);
        if !channel.states.contains(&state) {
            let is_over = state == WantedState::Closed;
            return Err(if is_over {
                Refusal::Over
            } else {
                Refusal::StateNotWanted
            });
        }
    }
    let listed = channel
        .levels
        .as_ref()
        .is_none_or(|levels| levels.contains(level));
    let high_enough = channel
        .min_level
        .as_ref()
        .is_none_or(|least| rank(level).is_some_and(|at| Some(at) >= rank(least)));
    if listed && high_enough {
        Ok(())
    } else {
        Err(Refusal::LevelNotWanted)
    }
}

/// Whether the channel hears of it after all, or not: what corrects a signal goes to whoever heard of the signal, also where
/// its level fell, or an incident would stay open; and its end goes to nobody else.
pub(super) fn follows(wanted: Result<(), Refusal>, input: &PlanInput, heard: bool) -> Result<(), Refusal> {
    let PlanInput::Signal(signal) = input else {
        return wanted;
    };
    let is_over = signal.state == SignalState::Closed;
    let falls = is_over || signal.state == SignalState::Downgraded;
    match wanted {
        Err(Refusal::LevelNotWanted) if falls && heard => Ok(()),
        Ok(()) | Err(Refusal::LevelNotWanted) if is_over && !heard => Err(Refusal::Over),
        _ => wanted,
    }
}

/// Whether the channel is told what becomes of signals that it heard of.
pub(super) fn is_follower(channel: &ChannelSettings) -> bool {
    let later = [WantedState::Downgraded, WantedState::Closed];
    later.iter().any(|state| channel.states.contains(state))
}

/// Whoever wants to know how the stream fares hears of each channel that is disabled, whatever its level: but not that
/// channel itself, nor one of some tenants alone, whom the channels of others do not concern.
fn wants_to_hear_of(channel: &ChannelSettings, state: &ChannelState) -> Result<(), Refusal> {
    if channel.tenants.is_some() {
        return Err(Refusal::OtherTenant);
    }
    if !channel.kinds.contains(&Subscription::Operational) || channel.name == state.channel {
        return Err(Refusal::NotSubscribed);
    }
    if state.enabled {
        return Err(Refusal::StateNotWanted);
    }
    Ok(())
}

/// A level that is not one of the ordered ones is never high enough: it is named by `levels`.
fn rank(level: &str) -> Option<usize> {
    ORDERED.iter().position(|known| *known == level)
}

/// What a channel calls the state.
const fn wanted(state: SignalState) -> WantedState {
    match state {
        SignalState::Candidate => WantedState::Candidate,
        SignalState::Verified => WantedState::Verified,
        SignalState::Downgraded => WantedState::Downgraded,
        SignalState::Closed => WantedState::Closed,
    }
}

#[cfg(test)]
mod tests {
    use model::{Detection, Signal};

    use super::*;

    fn signal(state: SignalState, level: &str) -> PlanInput {
        PlanInput::Signal(Box::new(Signal {
            state,
            level: level.to_owned(),
            ..Signal::default()
        }))
    }

    #[test]
    fn a_channel_gets_what_it_asked_for() {
        let channel = ChannelSettings {
            min_level: Some("high".to_owned()),
            ..ChannelSettings::default()
        };
        assert_eq!(
            wants(&channel, &signal(SignalState::Verified, "critical")),
            Ok(())
        );
        assert_eq!(wants(&channel, &signal(SignalState::Verified, "high")), Ok(()));
        assert_eq!(
            wants(&channel, &signal(SignalState::Verified, "medium")),
            Err(Refusal::LevelNotWanted)
        );
        assert_eq!(
            wants(&channel, &signal(SignalState::Verified, "ours")),
            Err(Refusal::LevelNotWanted)
        );
        assert_eq!(
            wants(&channel, &signal(SignalState::Candidate, "critical")),
            Err(Refusal::StateNotWanted)
        );
    }

    #[test]
    fn nobody_is_told_of_what_is_over_who_did_not_ask() {
        let channel = ChannelSettings {
            states: vec![
                WantedState::Candidate,
                WantedState::Verified,
                WantedState::Downgraded,
            ],
            ..ChannelSettings::default()
        };
        assert_eq!(wants(&channel, &signal(SignalState::Downgraded, "high")), Ok(()));
        for level in ["low", "critical", "ours"] {
            let over = signal(SignalState::Closed, level);
            assert_eq!(wants(&channel, &over), Err(Refusal::Over));
        }
    }

    #[test]
    fn what_becomes_of_a_signal_goes_to_whoever_heard_of_it() {
        let channel = ChannelSettings {
            states: vec![
                WantedState::Verified,
                WantedState::Downgraded,
                WantedState::Closed,
            ],
            min_level: Some("high".to_owned()),
            ..ChannelSettings::default()
        };
        let told = |state, level, heard| {
            let input = signal(state, level);
            follows(wants(&channel, &input), &input, heard)
        };
        let (closed, downgraded) = (SignalState::Closed, SignalState::Downgraded);
        assert_eq!(
            (told(closed, "low", true), told(closed, "high", true)),
            (Ok(()), Ok(()))
        );
        assert_eq!(
            told(closed, "high", false),
            Err(Refusal::Over),
            "it never heard of it"
        );
        assert_eq!(told(downgraded, "low", true), Ok(()));
        assert_eq!(told(downgraded, "low", false), Err(Refusal::LevelNotWanted));
        assert_eq!(told(downgraded, "high", false), Ok(()));
        assert_eq!(
            told(SignalState::Verified, "low", true),
            Err(Refusal::LevelNotWanted),
            "that is no correction"
        );
    }

    #[test]
    fn own_levels_are_named_one_by_one() {
        let channel = ChannelSettings {
            levels: Some(vec!["opportunity".to_owned()]),
            ..ChannelSettings::default()
        };
        assert_eq!(
            wants(&channel, &signal(SignalState::Verified, "opportunity")),
            Ok(())
        );
        assert_eq!(
            wants(&channel, &signal(SignalState::Verified, "observe")),
            Err(Refusal::LevelNotWanted)
        );
    }

    #[test]
    fn a_channel_of_some_tenants_hears_of_them_alone() {
        let channel = ChannelSettings {
            tenants: Some(vec!["acme".to_owned(), "zenith".to_owned()]),
            ..ChannelSettings::default()
        };
        let of = |tenant: &str| {
            let tenant = tenant.to_owned();
            let signal = Signal {
                tenant: tenant.clone(),
                state: SignalState::Verified,
                ..Signal::default()
            };
            let detection = Detection {
                tenant,
                ..Detection::default()
            };
            let inputs = [
                PlanInput::Signal(Box::new(signal)),
                PlanInput::Detection(detection),
            ];
            inputs.map(|input| wants(&channel, &input))
        };
        assert_eq!((of("acme"), of("zenith")), ([Ok(()), Ok(())], [Ok(()), Ok(())]));
        for other in ["other", "acm", "acme2", ""] {
            let refused = [Err(Refusal::OtherTenant), Err(Refusal::OtherTenant)];
            assert_eq!(of(other), refused, "{other}");
        }
        let disabled = PlanInput::Channel(ChannelState::default());
        assert_eq!(wants(&channel, &disabled), Err(Refusal::OtherTenant));
        assert_eq!(wants(&ChannelSettings::default(), &disabled), Ok(()));
    }

    #[test]
    fn detections_have_no_state() {
        let detection = PlanInput::Detection(Detection {
            severity: "high".to_owned(),
            ..Detection::default()
        });
        let channel = ChannelSettings {
            states: Vec::new(),
            ..ChannelSettings::default()
        };
        assert_eq!(wants(&channel, &detection), Ok(()));
        let signals_only = ChannelSettings {
            kinds: vec![Subscription::Signal],
            ..channel
        };
        assert_eq!(wants(&signals_only, &detection), Err(Refusal::NotSubscribed));
    }
}
