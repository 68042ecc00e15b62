//! The plan as a stage: for each channel at most one notification of the same thing in the same state and level.

use model::Notification;
use settings::{CachedReader, ChannelSettings, Watched};
use stage::{Cx, Emit, Poison, Stage};

use super::subscription::{Refusal, follows, is_follower, wants};
use super::{Cards, PlanInput, PlannedStores, writing};
use crate::Channels;

/// The plan. Each lane has its own; they share the templates.
pub struct PlanStage {
    channels: CachedReader<Channels>,
    cards: CachedReader<Cards>,
}

impl PlanStage {
    /// A plan for these channels, with these cards.
    pub fn new(channels: &Watched<Channels>, cards: &Watched<Cards>) -> Self {
        Self {
            channels: channels.cached(),
            cards: cards.cached(),
        }
    }
}

impl Stage for PlanStage {
    type In = PlanInput;
    type Out = Notification;
    type Stores = PlannedStores;

    fn apply(
        &mut self,
        input: PlanInput,
        stores: &mut PlannedStores,
        _: &Cx<'_>,
    ) -> Result<Emit<Notification>, Poison> {
        let cards = self.cards.load();
        let mut planned = Vec::new();
        let mut nearest = Refusal::NoChannel;
        for channel in self.channels.load().settings() {
            let id = writing::identity(&channel.name, &input);
            let heard = heard(channel, &input);
            let has_heard = heard.is_some_and(|heard| stores.planned.get(&heard).is_some());
            let wanted = follows(wants(channel, &input), &input, has_heard);
            let told = wanted.and_then(|()| {
                stores
                    .planned
                    .insert(id.number())
                    .then_some(())
                    .ok_or(Refusal::AlreadyPlanned)
            });
            match told {
                Ok(()) => {
                    if let Some(heard) = heard {
                        stores.planned.insert(heard);
                    }
                    planned.push(writing::notification(&id, channel, &input, cards));
                }
                Err(refusal) => nearest = nearest.max(refusal),
            }
        }
        Ok(Emit::many_or(planned, nearest.reason()))
    }
}

/// What is remembered of having told a signal, where it matters later.
fn heard(channel: &ChannelSettings, input: &PlanInput) -> Option<u128> {
    match input {
        PlanInput::Signal(signal) if is_follower(channel) => {
            Some(writing::heard(&channel.name, signal).number())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use model::{Detection, Signal, SignalState};
    use settings::{Subscription, WantedState};
    use stage::{Driver, Settled};
    use topology::Topic;

    use super::*;

    fn driver(channels: &[ChannelSettings]) -> Driver<PlanStage> {
        Driver::new(PlanStage::new(
            &Watched::fixed(Channels::for_planning(channels)),
            &Watched::fixed(Cards::with(&[]).unwrap()),
        ))
    }

    fn channel(name: &str) -> ChannelSettings {
        ChannelSettings {
            name: name.to_owned(),
            ..ChannelSettings::default()
        }
    }

    fn signal(level: &str, state: SignalState) -> PlanInput {
        PlanInput::Signal(Box::new(Signal {
            signal_key: "sig_1".to_owned(),
            subject: "symbol:UNI".to_owned(),
            level: level.to_owned(),
            state,
            ..Signal::default()
        }))
    }

    fn apply(driver: &mut Driver<PlanStage>, input: PlanInput) -> Settled<Notification> {
        driver.apply(input, &Cx::at(Topic::SignalsEnriched, 1_000))
    }

    #[test]
    fn the_same_news_is_planned_once_and_a_new_level_again() {
        let mut plan = driver(&[channel("a"), channel("b")]);
        let Settled::Out(first) = apply(&mut plan, signal("high", SignalState::Verified)) else {
            panic!()
        };
        assert_eq!(first.len(), 2);
        assert_ne!(first[0].id, first[1].id);
        assert!(first[0].id.starts_with("ntf_") && first[0].group == "symbol:UNI");
        assert_eq!(
            apply(&mut plan, signal("high", SignalState::Verified)),
            Settled::Filtered("already_planned")
        );
        assert!(matches!(
            apply(&mut plan, signal("critical", SignalState::Verified)),
            Settled::Out(_)
        ));
        let mut restarted = plan.restarted();
        assert_eq!(
            apply(&mut restarted, signal("high", SignalState::Verified)),
            Settled::Filtered("already_planned")
        );
        assert!(restarted.counts.conserves());
    }

    #[test]
    fn the_end_of_a_signal_is_told_once_to_who_heard_of_it() {
        let mut pager = channel("pager");
        pager.min_level = Some("high".to_owned());
        pager
            .states
            .extend([WantedState::Downgraded, WantedState::Closed]);
        let mut plan = driver(&[pager]);
        let closed = || signal("low", SignalState::Closed);
        assert_eq!(apply(&mut plan, closed()), Settled::Filtered("closed"));
        assert!(matches!(
            apply(&mut plan, signal("high", SignalState::Verified)),
            Settled::Out(_)
        ));
        let mut restarted = plan.restarted();
        let Settled::Out(told) = apply(&mut restarted, closed()) else {
            panic!()
        };
        assert_eq!((told.len(), told[0].state.as_str()), (1, "closed"));
        assert_eq!(
            apply(&mut restarted, closed()),
            Settled::Filtered("already_planned")
        );
        assert!(restarted.counts.conserves());
    }

    #[test]
    fn who_wants_nothing_gets_nothing_and_the_reason_is_counted() {
        assert_eq!(
            apply(&mut driver(&[]), signal("high", SignalState::Verified)),
            Settled::Filtered("no_channel")
        );
        let candidate = signal("high", SignalState::Candidate);
        assert_eq!(
            apply(&mut driver(&[channel("a")]), candidate),
            Settled::Filtered("state_not_wanted")
        );
        let closed = signal("high", SignalState::Closed);
        assert_eq!(
            apply(&mut driver(&[channel("a")]), closed),
            Settled::Filtered("closed")
        );
        let mut high = channel("a");
        high.min_level = Some("high".to_owned());
        let low = signal("low", SignalState::Verified);
        assert_eq!(apply(&mut driver(&[high]), low), Settled::Filtered("below_level"));
        let detections = ChannelSettings {
            kinds: vec![Subscription::Detection],
            ..channel("a")
        };
        let any = signal("low", SignalState::Verified);
        assert_eq!(
            apply(&mut driver(&[detections]), any),
            Settled::Filtered("not_subscribed")
        );
    }

    #[test]
    fn who_wants_to_know_how_the_stream_fares_hears_of_a_disabled_channel_once() {
        let operational = |name: &str| ChannelSettings {
            kinds: vec![Subscription::Operational],
            min_level: Some("critical".to_owned()),
            ..channel(name)
        };
        let detections = ChannelSettings {
            kinds: vec![Subscription::Detection],
            ..channel("c")
        };
        let mut plan = driver(&[operational("a"), operational("b"), detections]);
        let disabled = model::ChannelState {
            channel: "b".to_owned(),
            reason: "http_410".to_owned(),
            time: 7,
            ..model::ChannelState::default()
        };
        let Settled::Out(out) = apply(&mut plan, PlanInput::Channel(disabled.clone())) else {
            panic!()
        };
        assert_eq!(
            (out.len(), out[0].channel.as_str(), out[0].state.as_str()),
            (1, "a", "disabled")
        );
        assert!(
            !model::is_tenant(&out[0].tenant),
            "it is of no tenant, whatever one is called"
        );
        assert!(
            out[0].body.contains("sluicebox notifications enable b"),
            "{}",
            out[0].body
        );
        let again = apply(&mut plan, PlanInput::Channel(disabled.clone()));
        assert_eq!(again, Settled::Filtered("already_planned"));
        let enabled = model::ChannelState {
            enabled: true,
            ..disabled
        };
        let enabled = apply(&mut plan, PlanInput::Channel(enabled));
        assert_eq!(enabled, Settled::Filtered("state_not_wanted"));
    }

    #[test]
    fn detections_are_told_too() {
        let detection = Detection {
            id: "det_1".to_owned(),
            rule: "high_frequency_login".to_owned(),
            severity: "medium".to_owned(),
            subject: "user:1".to_owned(),
            count: 11,
            ..Detection::default()
        };
        let over = Detection {
            id: "det_1_resolved".to_owned(),
            state: Detection::RESOLVED.to_owned(),
            ..detection.clone()
        };
        let mut plan = driver(&[channel("a")]);
        for (detection, state) in [(detection, "detected"), (over, "resolved")] {
            let Settled::Out(out) = apply(&mut plan, PlanInput::Detection(detection)) else {
                panic!()
            };
            let Notification {
                state: told,
                level,
                origin_id,
                ..
            } = &out[0];
            assert_eq!(
                (told.as_str(), level.as_str(), origin_id.as_str()),
                (state, "medium", "det_1")
            );
        }
    }
}
