//! The enricher as an effect: it may ask the outside world, and always comes to an end.

use model::{Facts, Millis, Signal};
use outbound::{ClientError, Reach};
use rules::RuleSet;
use settings::{EnricherSettings, WatchError, WatchStatus, Watched};
use stage::{Attempt, Cx, Effect, Emit, IdempotencyKey, Outcome};

use crate::fold::enriched;
use crate::http::{HttpFacts, Question};
use crate::memory::{EnricherStores, Memory};
use crate::output::EnrichedSignal;
use crate::table::Table;

/// What a source says again is kept anew after so long.
const WORTH_KEEPING: Millis = 10 * 60 * 1000;

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

    /// The signal with all that is known of it, and what was learned on the way.
    async fn enrich(&self, signal: &Signal, memory: Option<Memory>) -> (Signal, Option<Memory>) {
        let mut facts = Facts::new();
        for table in &self.tables {
            table.add(signal, &mut facts);
        }
        let (mut unknown, mut learned) = (Vec::new(), None);
        if let Some((http, question)) = self.question(signal) {
            let before = memory.map(|memory| memory.knowledge).unwrap_or_default();
            let rules = self.rules.load();
            let found = http.look_up(&question, before.clone(), &rules).await;
            facts.extend(http.facts(&found));
            unknown.extend(found.unknown.map(|why| format!("{}: {why}", http.prefix())));
            let is_news = found.knowledge.is_news_to(&before, WORTH_KEEPING);
            learned = is_news.then(|| Memory {
                tenant: signal.tenant.clone(),
                question: question.name,
                knowledge: found.knowledge,
            });
        }
        let signal = enriched(signal.clone(), facts, unknown, &self.rules.guard());
        (signal, learned)
    }

    fn question(&self, signal: &Signal) -> Option<(&HttpFacts, Question)> {
        let http = self.http.as_ref()?;
        Some((http, http.question(signal)?))
    }
}

impl Effect for EnricherEffect {
    type In = Signal;
    type Out = EnrichedSignal;
    type Stores = EnricherStores;
    type Memory = Memory;

    /// One version of one signal. Asking changes nothing outside, so nobody is told of it.
    fn idempotency_key(&self, input: &Signal) -> IdempotencyKey {
        IdempotencyKey::new(format!("{}:{}", input.signal_key, input.version))
    }

    fn recall(&self, input: &Signal, stores: &EnricherStores) -> Option<Memory> {
        let (_, question) = self.question(input)?;
        let knowledge = stores.get(&input.tenant, &question.name)?.clone();
        Some(Memory {
            tenant: input.tenant.clone(),
            question: question.name,
            knowledge,
        })
    }

    async fn perform(
        &self,
        input: &Signal,
        _: &IdempotencyKey,
        _: Attempt,
        memory: Option<Memory>,
        _: &Cx<'_>,
    ) -> Outcome<EnrichedSignal, Memory> {
        let (signal, learned) = self.enrich(input, memory).await;
        let emit = Emit::One(EnrichedSignal(signal));
        match learned {
            Some(memory) => Outcome::Learned(emit, memory),
            None => Outcome::Done(emit),
        }
    }

    fn remember(&self, memory: Memory, stores: &mut EnricherStores) {
        if let Some((ttl, most)) = self.http.as_ref().map(HttpFacts::bounds) {
            stores.keep(memory, ttl, most);
        }
    }

    /// What one partition knows, signals of the others profit from.
    fn take_up(&self, stores: &EnricherStores) {
        if let Some(http) = &self.http {
            for (question, knowledge) in stores.all() {
                http.learn(question, knowledge);
            }
        }
    }
}
