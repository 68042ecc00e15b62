//! Scoring as a stage. Every event goes on, also one that no rule matched: whoever reads the scored events
//! decides what to do with it.

use model::{Event, ScoredEvent};
use rules::{RuleSet, Scope, Scoring};
use settings::{CachedReader, Watched};
use stage::{Cx, Emit, Poison, Stage};

/// The scorer. Each lane has its own; they share the rules.
pub struct ScorerStage {
    rules: CachedReader<RuleSet>,
}

impl ScorerStage {
    /// A scorer that follows these rules.
    pub fn new(rules: &Watched<RuleSet>) -> Self {
        Self {
            rules: rules.cached(),
        }
    }
}

impl Stage for ScorerStage {
    type In = Event;
    type Out = ScoredEvent;
    type Stores = ();

    fn apply(&mut self, input: Event, (): &mut (), _: &Cx<'_>) -> Result<Emit<ScoredEvent>, Poison> {
        let rules = self.rules.load();
        let Scoring {
            score,
            level,
            reasons,
            unknown,
            matched,
        } = rules.score(&input, Scope::Event);
        let matched = i32::try_from(matched).unwrap_or(i32::MAX);
        let rules_version = rules.version().to_owned();
        Ok(Emit::One(ScoredEvent {
            event: input,
            score,
            level,
            matched,
            reasons,
            unknown,
            rules_version,
        }))
    }
}
