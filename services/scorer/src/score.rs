//! Scoring as a stage. Every event goes on, also one that no rule matched: whoever reads the scored events
//! decides what to do with it.

use model::{Coverage, Event, ScoredEvent, Shadow};
use rules::{RuleSet, Scope, Scoring};
use settings::{CachedReader, Watched};
use stage::{Cx, Emit, Poison, Stage};

use crate::trials::Trials;

/// The scorer. Each lane has its own; they share the rules.
pub struct ScorerStage {
    rules: CachedReader<RuleSet>,
    trials: Trials,
}

impl ScorerStage {
    /// A scorer that follows these rules.
    pub fn new(rules: &Watched<RuleSet>) -> Self {
        Self {
            rules: rules.cached(),
            trials: Trials::default(),
        }
    }

    /// The same, counting what rules on trial would have changed.
    #[must_use]
    pub fn counting(mut self, trials: Trials) -> Self {
        self.trials = trials;
        self
    }
}

impl Stage for ScorerStage {
    type In = Event;
    type Out = ScoredEvent;
    type Stores = ();

    fn apply(&mut self, input: Event, (): &mut (), _: &Cx<'_>) -> Result<Emit<ScoredEvent>, Poison> {
        let rules = self.rules.load();
        let scoring = rules.score(&input, Scope::Event);
        let scored = scored(input, scoring, rules.version());
        self.trials.note(&scored);
        Ok(Emit::One(scored))
    }
}

/// The scored event: what the rules say, in the words of the contract.
pub fn scored(event: Event, scoring: Scoring, rules_version: &str) -> ScoredEvent {
    let coverage = scoring.coverage;
    ScoredEvent {
        event,
        score: scoring.score,
        level: scoring.level,
        matched: count(scoring.matched),
        reasons: scoring.reasons,
        unknown: scoring.unknown,
        rules_version: rules_version.to_owned(),
        coverage: Some(Coverage {
            decided: count(coverage.decided),
            undecided: count(coverage.undecided),
            could_add: coverage.could_add,
            could_take: coverage.could_take,
        }),
        shadow: scoring.shadow.map(|shadow| Shadow {
            score: shadow.score,
            level: shadow.level,
            reasons: shadow.reasons,
        }),
    }
}

fn count(rules: usize) -> i32 {
    i32::try_from(rules).unwrap_or(i32::MAX)
}
