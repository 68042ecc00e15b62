//! From a signal or a detection to the notification of one channel. Pure.

use model::{Detection, Facts, Id, Notification, OPERATIONAL_TENANT, Origin, Value};
use settings::ChannelSettings;

use super::PlanInput;
use super::cards::Cards;

/// Receivers route by few facts; a signal may have hundreds.
const MAX_FACTS: usize = 64;
/// The state of a detection that something happened, or began to hold.
const DETECTED: &str = "detected";
/// The state of a channel that is told of.
const DISABLED: &str = "disabled";
/// Kept beside the identities of notifications, and none of them.
const HEARD: &str = "heard";
/// What the stream itself is called, as an origin.
const OPERATIONAL: &str = "operational";

/// The identity of the notification that tells `channel` of this, in this state and at this level.
pub(super) fn identity(channel: &str, input: &PlanInput) -> Id {
    let id = Id::new().part(channel);
    match input {
        PlanInput::Signal(signal) => {
            let id = id.part(Origin::Signal.as_str()).part(&signal.signal_key);
            id.part(signal.state.as_str()).part(&signal.level)
        }
        PlanInput::Detection(detection) => {
            let id = id.part(Origin::Detection.as_str()).part(&detection.id);
            id.part(state_of(detection)).part(&detection.severity)
        }
        PlanInput::Channel(state) => {
            let id = id.part(OPERATIONAL).part(&state.channel);
            id.part(DISABLED).part(state.time.to_be_bytes())
        }
    }
}

/// Stands for having told `channel` of this signal, in whatever state and at whatever level.
pub(super) fn heard(channel: &str, signal: &model::Signal) -> Id {
    Id::new().part(channel).part(HEARD).part(&signal.signal_key)
}

/// The notification.
pub(super) fn notification(
    id: &Id,
    channel: &ChannelSettings,
    input: &PlanInput,
    cards: &Cards,
) -> Notification {
    let card = cards.card(&channel.lang, input);
    let addressed = Notification {
        id: id.text("ntf_"),
        channel: channel.name.clone(),
        title: card.title,
        body: card.body,
        ..Notification::default()
    };
    match input {
        PlanInput::Signal(signal) => Notification {
            tenant: signal.tenant.clone(),
            group: signal.subject.clone(),
            origin: Origin::Signal,
            origin_id: signal.signal_key.clone(),
            subject: signal.subject.clone(),
            level: signal.level.clone(),
            state: signal.state.as_str().to_owned(),
            time: signal.last_seen,
            facts: facts_of_signal(signal),
            ..addressed
        },
        PlanInput::Detection(detection) => Notification {
            tenant: detection.tenant.clone(),
            group: detection.subject.clone(),
            origin: Origin::Detection,
            origin_id: detection.began_as().to_owned(),
            subject: detection.subject.clone(),
            level: detection.severity.clone(),
            state: state_of(detection).to_owned(),
            time: detection.time,
            facts: facts_of_detection(detection),
            ..addressed
        },
        PlanInput::Channel(state) => Notification {
            tenant: OPERATIONAL_TENANT.to_owned(),
            group: format!("channel:{}", state.channel),
            origin: Origin::Detection,
            origin_id: format!("{OPERATIONAL}:{}:{}", state.channel, state.time),
            subject: format!("channel:{}", state.channel),
            level: "high".to_owned(),
            state: DISABLED.to_owned(),
            time: state.time,
            facts: facts_of_channel(state),
            ..addressed
        },
    }
}

fn state_of(detection: &Detection) -> &'static str {
    if detection.state == Detection::RESOLVED {
        Detection::RESOLVED
    } else {
        DETECTED
    }
}

fn facts_of_signal(signal: &model::Signal) -> Facts {
    let own = [
        ("type", Value::from(signal.kind.as_str())),
        ("score", Value::from(signal.score)),
        ("evidence_count", Value::from(signal.evidence_count)),
        ("source_count", Value::from(signal.source_count)),
    ];
    with_others(own, &signal.facts)
}

fn facts_of_channel(state: &model::ChannelState) -> Facts {
    let since = state
        .failing_since
        .map(|since| ("failing_since".to_owned(), Value::Long(since)));
    let reason = ("reason".to_owned(), Value::from(state.reason.as_str()));
    since.into_iter().chain([reason]).collect()
}

fn facts_of_detection(detection: &Detection) -> Facts {
    let own = [
        ("rule", Value::from(detection.rule.as_str())),
        ("count", Value::from(detection.count)),
        ("threshold", Value::from(detection.threshold)),
    ];
    with_others(own, &detection.attributes)
}

fn with_others<const N: usize>(own: [(&str, Value); N], others: &Facts) -> Facts {
    // What was found out goes before what events claim, of which there may be any number.
    let (claimed, known): (Vec<_>, Vec<_>) = others.iter().partition(|(name, _)| name.starts_with("data."));
    let mut facts: Facts = known
        .into_iter()
        .chain(claimed)
        .take(MAX_FACTS)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    facts.extend(own.map(|(name, value)| (name.to_owned(), value)));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_events_claim_keeps_out_nothing_that_was_found_out() {
        let claims = (0..200).map(|n| (format!("data.junk{n}"), Value::Long(n)));
        let found = ("market.liquidity_usd".to_owned(), Value::Long(5));
        let facts = with_others([("rule", Value::from("r"))], &claims.chain([found]).collect());
        assert!(facts.contains_key("market.liquidity_usd") && facts.contains_key("rule"));
        assert_eq!(facts.len(), MAX_FACTS + 1);
    }
}
