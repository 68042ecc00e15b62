//! The enricher as an effect: it may ask the outside world, and always comes to an end.

use model::{Facts, Signal};
use outbound::{ClientError, Reach};
use rules::RuleSet;
use settings::{EnricherSettings, WatchError, WatchStatus, Watched};
use stage::{Attempt, Cx, Effect, Emit, IdempotencyKey, Outcome};

use crate::fold::enriched;
use crate::http::{Found, HttpFacts};
use crate::output::EnrichedSignal;
use crate::table::Table;

/// Why there is no enricher.
#[derive(Debug, thiserror::Error)]
pub enum EnricherError {
    /// A rule file or a table cannot be used.
    #[error(transparent)]
    File(#[from] WatchError),
    /// No HTTP client can be had.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Finds out what is known of a signal and scores it for good. Clones share rules, tables and answers.
#[derive(Clone)]
pub struct EnricherEffect {
    rules: Watched<RuleSet>,
    tables: Vec<Table>,
    http: Option<HttpFacts>,
}

impl EnricherEffect {
    /// An enricher with the rules, tables and the source of the settings, which is asked as far as `reach` goes; all must
    /// be good at the start.
    pub fn open(settings: &EnricherSettings, reach: &Reach) -> Result<Self, EnricherError> {
        let rules = Watched::open(&settings.rules, |texts| {
            let files = rules::scoring_files(texts);
            RuleSet::parse(&files, &|name| std::env::var(name).ok()).map_err(|errors| rules::explain(&errors))
        })?;
        let rules = rules.described(|rules| format!("{} rules, version {}", rules.len(), rules.version()));
        Self::with_rules(settings, rules, reach)
    }

    /// The same with rules that are watched already.
    pub fn with_rules(
        settings: &EnricherSettings,
        rules: Watched<RuleSet>,
        reach: &Reach,
    ) -> Result<Self, EnricherError> {
        let tables = settings
            .tables
            .iter()
            .map(Table::open)
            .collect::<Result<_, _>>()?;
        let http = settings
            .http
            .as_ref()
            .map(|http| HttpFacts::new(http, reach))
            .transpose()?;
        Ok(Self { rules, tables, http })
    }

    /// How the watched files are, by name, for health and metrics.
    pub fn watched(&self) -> Vec<(String, WatchStatus)> {
        let rules = ("rules".to_owned(), self.rules.status());
        std::iter::once(rules)
            .chain(self.tables.iter().map(Table::status))
            .collect()
    }

    async fn enrich(&self, signal: &Signal) -> Signal {
        let mut facts = Facts::new();
        for table in &self.tables {
            table.add(signal, &mut facts);
        }
        let mut unknown = Vec::new();
        if let Some(http) = &self.http {
            match http.look_up(signal).await {
                Found::Facts(found) => facts.extend(found),
                Found::Remembered(found, reason) => {
                    facts.extend(found);
                    unknown.push(format!("{}: {reason}", http.prefix()));
                }
                Found::NotAsked => {}
                Found::Unknown(reason) => unknown.push(format!("{}: {reason}", http.prefix())),
            }
        }
        enriched(signal.clone(), facts, unknown, &self.rules.guard())
    }
}

impl Effect for EnricherEffect {
    type In = Signal;
    type Out = EnrichedSignal;

    /// One version of one signal. Asking changes nothing outside, so nobody is told of it.
    fn idempotency_key(&self, input: &Signal) -> IdempotencyKey {
        IdempotencyKey::new(format!("{}:{}", input.signal_key, input.version))
    }

    async fn perform(
        &self,
        input: &Signal,
        _: &IdempotencyKey,
        _: Attempt,
        _: &Cx<'_>,
    ) -> Outcome<EnrichedSignal> {
        Outcome::Done(Emit::One(EnrichedSignal(self.enrich(input).await)))
    }
}
