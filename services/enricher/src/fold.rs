//! From a signal and what was found out to the enriched signal. No I/O, no clock.

use model::{Facts, Signal, SignalChange, SignalState};
use rules::{RuleSet, Scope, Verdict};

/// The signal with these facts, with the points of the rules that name them, and with its final level and state.
///
/// `unknown` says which sources did not answer and why. Rules may verify a candidate or downgrade a signal. A signal whose
/// final level is below its provisional one is `downgraded`, whatever it was: what became known speaks against it. A signal
/// that is over stays `closed`.
pub(crate) fn enriched(mut signal: Signal, facts: Facts, unknown: Vec<String>, rules: &RuleSet) -> Signal {
    signal.facts.extend(facts);
    let later = rules.score(&signal, Scope::Signal);
    let provisional = signal.score;
    signal.score += later.score;
    signal.reasons.extend(later.reasons);
    for name in later.unknown.into_iter().chain(unknown) {
        if !signal.unknown.contains(&name) {
            signal.unknown.push(name);
        }
    }
    let level = rules.level_for(signal.score);
    let over = signal.state == SignalState::Closed;
    if later.verdict == Some(Verdict::Upgrade) && signal.state == SignalState::Candidate {
        change(
            &mut signal,
            SignalState::Verified,
            "a rule verifies it".to_owned(),
        );
    }
    // Both levels by the same rules: the provisional one may have been given by an earlier version.
    let fell = rank(rules, level) < rank(rules, rules.level_for(provisional));
    if !over && later.verdict == Some(Verdict::Downgrade) {
        change(
            &mut signal,
            SignalState::Downgraded,
            "a rule speaks against it".to_owned(),
        );
    } else if !over && fell {
        let reason = format!(
            "what became known took its level from {} to {level}",
            signal.level
        );
        change(&mut signal, SignalState::Downgraded, reason);
    }
    level.clone_into(&mut signal.level);
    rules.version().clone_into(&mut signal.rules_version);
    signal
}

/// Gives it a state, and writes down why, as the stages before did.
fn change(signal: &mut Signal, state: SignalState, reason: String) {
    if signal.state != state {
        signal.state = state;
        let time = signal.last_seen;
        signal.changes.push(SignalChange { time, state, reason });
    }
}

/// The higher the better; a level that the rules do not name is the lowest.
fn rank(rules: &RuleSet, level: &str) -> usize {
    let names: Vec<_> = rules.levels().names().collect();
    names
        .iter()
        .position(|name| *name == level)
        .map_or(0, |at| names.len() - at)
}

#[cfg(test)]
mod tests {
    use model::Value;

    use super::*;

    const RULES: &str = "
groups:
  - name: market
    priority: 1
    rules:
      - id: deep
        when: market.liquidity_usd > 1000000
        score: 20
        reason: deep market
      - id: trap
        when: security.honeypot == true
        score: -60
        reason: cannot be sold
";

    fn rules() -> RuleSet {
        RuleSet::parse(&[("r.yml", RULES)], &|_| None).unwrap()
    }

    fn signal() -> Signal {
        Signal {
            score: 55.0,
            level: "high".to_owned(),
            state: SignalState::Verified,
            unknown: vec!["data.x".to_owned()],
            ..Signal::default()
        }
    }

    #[test]
    fn later_points_are_added_and_the_level_follows() {
        let facts = Facts::from([("market.liquidity_usd".to_owned(), Value::Long(98_000_000))]);
        let got = enriched(
            Signal {
                score: 65.0,
                ..signal()
            },
            facts,
            Vec::new(),
            &rules(),
        );
        assert_eq!(
            (got.score, got.level.as_str(), got.state),
            (85.0, "critical", SignalState::Verified)
        );
        assert_eq!(got.reasons.len(), 1);
        assert_eq!(got.unknown, ["data.x", "security.honeypot"]);
        assert_eq!(got.rules_version, rules().version());
    }

    #[test]
    fn what_speaks_against_it_downgrades_it() {
        let facts = Facts::from([("security.honeypot".to_owned(), Value::Bool(true))]);
        let got = enriched(signal(), facts, Vec::new(), &rules());
        assert_eq!(
            (got.score, got.level.as_str(), got.state),
            (-5.0, "low", SignalState::Downgraded)
        );
    }

    #[test]
    fn without_facts_it_stays_as_it_was_and_says_what_is_unknown() {
        let got = enriched(
            signal(),
            Facts::new(),
            vec!["market: timeout".to_owned()],
            &rules(),
        );
        assert_eq!(
            (got.score, got.level.as_str(), got.state),
            (55.0, "high", SignalState::Verified)
        );
        assert_eq!(
            got.unknown,
            [
                "data.x",
                "market.liquidity_usd",
                "security.honeypot",
                "market: timeout"
            ]
        );
    }

    #[test]
    fn what_is_over_stays_closed_and_gets_its_facts() {
        let closed = Signal {
            state: SignalState::Closed,
            merged_into: Some("sig_2".to_owned()),
            ..signal()
        };
        let facts = Facts::from([("security.honeypot".to_owned(), Value::Bool(true))]);
        let got = enriched(closed, facts.clone(), Vec::new(), &rules());
        assert_eq!(
            (got.score, got.level.as_str(), got.state),
            (-5.0, "low", SignalState::Closed)
        );
        assert_eq!((got.facts, got.merged_into.as_deref()), (facts, Some("sig_2")));
    }

    #[test]
    fn verdicts_of_rules_move_the_state_of_what_is_not_over() {
        let text = "groups: [{name: g, rules: [
            {id: up, when: onchain.growth_ratio >= 2, verdict: upgrade}, {id: down, when: onchain.top10_share >= 0.7, verdict: downgrade}]}]";
        let rules = RuleSet::parse(&[("r.yml", text)], &|_| None).unwrap();
        let from = |state: SignalState, share: f64| {
            let before = Signal { state, ..signal() };
            let known = [
                ("onchain.growth_ratio", Value::Double(3.0)),
                ("onchain.top10_share", Value::Double(share)),
            ];
            let facts: Facts = known
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            enriched(before, facts, Vec::new(), &rules).state
        };
        assert_eq!(from(SignalState::Candidate, 0.1), SignalState::Verified);
        let downgraded = from(SignalState::Candidate, 0.9);
        assert_eq!(downgraded, SignalState::Downgraded, "caution comes first");
        for share in [0.1, 0.9] {
            assert_eq!(from(SignalState::Closed, share), SignalState::Closed);
        }
    }
}
