//! The enricher as an effect: it may ask the outside world, and always comes to an end.

use std::fmt::Display;

use model::{Facts, Millis, Signal};
use outbound::{ClientError, Reach};
use rules::RuleSet;
use settings::{EnricherSettings, LOOK, WatchError, WatchStatus, Watched};
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
    http: Watched<Option<HttpFacts>>,
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
        Ok(Self {
            rules,
            tables,
            http: Watched::fixed(http),
        })
    }

    /// The same with the HTTP source of the settings that `load` gives, asked every two seconds: its address, its headers,
    /// its limits and how far it reaches. The one in use stays when there is none that can be used; what it said stays
    /// known.
    #[must_use]
    pub fn following<E: Display>(
        self,
        load: impl Fn() -> Result<(EnricherSettings, Reach), E> + Send + Sync + 'static,
    ) -> Self {
        let first = self.http.load().as_ref().clone();
        let next = move |in_use: &Option<HttpFacts>| {
            let (wanted, reach) = load().map_err(|error| error.to_string())?;
            let (in_use, wanted) = (in_use.as_ref(), wanted.http);
            let same = |http: &HttpFacts| wanted.as_ref() == Some(http.source()) && *http.reach() == reach;
            if in_use.map_or(wanted.is_none(), same) {
                return Ok(None);
            }
            let next = wanted.map(|wanted| HttpFacts::after(in_use, &wanted, &reach));
            next.transpose().map(Some).map_err(|error| error.to_string())
        };
        let http = Watched::asking("enricher.http", first, LOOK, next);
        let http = http.described(|http| http.as_ref().map_or("no source".to_owned(), HttpFacts::described));
        Self { http, ..self }
    }

    /// How the watched files are, by name, for health and metrics.
    pub fn watched(&self) -> Vec<(String, WatchStatus)> {
        let rules = ("rules".to_owned(), self.rules.status());
        let http = ("http".to_owned(), self.http.status());
        [rules, http]
            .into_iter()
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
        let http = self.http.load();
        if let Some((http, question)) = asked(http.as_ref().as_ref(), signal) {
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
}

/// The source, and what it can be asked of the signal.
fn asked<'a>(http: Option<&'a HttpFacts>, signal: &Signal) -> Option<(&'a HttpFacts, Question)> {
    let http = http?;
    Some((http, http.question(signal)?))
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
        let http = self.http.guard();
        let (_, question) = asked(http.as_ref().as_ref(), input)?;
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
        let http = self.http.guard();
        if let Some((ttl, most)) = http.as_ref().as_ref().map(HttpFacts::bounds) {
            stores.keep(memory, ttl, most);
        }
    }

    /// What one partition knows, signals of the others profit from.
    fn take_up(&self, stores: &EnricherStores) {
        if let Some(http) = self.http.guard().as_ref().as_ref() {
            for (question, knowledge) in stores.all() {
                http.learn(question, knowledge);
            }
        }
    }
}
