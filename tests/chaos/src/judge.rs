//! Reads everything when the stream stands still, and has it judged.

use crate::failure::Failure;
use crate::installation::Installation;
use crate::receiver::Bodies;
use model::SchemaIds;
use oracle::fates::{self, Fates};
use oracle::{
    History, OwnSchemas, Rows, Verdict, Witness, conservation, fold, history, outbox, stages, story, truth,
};
use runtime::admin::Admin;
use scenario::day::{Day, Truth};
use serde_json::Value;
use settings::Settings;
use topology::Prefix;

/// What was found.
pub(crate) struct Judgement {
    pub(crate) verdicts: Vec<Verdict>,
    /// The whole history of the first thing that is wrong.
    pub(crate) story: Vec<String>,
}

/// Everything that is judged.
struct Evidence {
    history: History,
    rows: Rows,
    flow: Value,
    witnesses: Vec<(&'static str, Witness)>,
    bodies: Bodies,
    settings: Settings,
    schemas: OwnSchemas,
    truth: Truth,
}

/// Reads and judges; the stream must be drained.
pub(crate) async fn judge(
    installation: &Installation,
    ids: SchemaIds,
    day: &Day,
    flow: Value,
    mut witnesses: Vec<(&'static str, Witness)>,
) -> Result<Judgement, Failure> {
    let settings = installation.settings.clone();
    let prefix = Prefix::new(&settings.topic_prefix);
    let topics = history::topic_names();
    let records = Admin::new(&settings.kafka, &prefix)?.read_every(&topics).await?;
    let mut again = Witness::default();
    let through_proxy = installation.producer_settings();
    let second = Admin::new(&through_proxy.kafka, &prefix)?
        .read_every(&topics)
        .await?;
    again.saw(&second);
    witnesses.push(("a second reader at the end", again));
    let pool = sqlx::PgPool::connect(settings.postgres.url.expose()).await?;
    let rows = Rows::of(&pool).await?;
    pool.close().await;
    let evidence = Evidence {
        history: History::new(records),
        rows,
        flow,
        witnesses,
        bodies: installation.receiver.bodies(),
        settings,
        schemas: OwnSchemas(ids),
        truth: day.truth.clone(),
    };
    // The enricher's fold has a runtime of its own, which none may be around.
    let judged = tokio::task::spawn_blocking(move || evidence.judged()).await?;
    Ok(judged?)
}

impl Evidence {
    fn judged(&self) -> Result<Judgement, stages::StageError> {
        let verdicts = self.verdicts()?;
        let first = verdicts.iter().find_map(|verdict| verdict.findings.first());
        let story = first.map(|finding| story::tell(finding, &self.history, &self.rows, self.schemas));
        Ok(Judgement {
            story: story.unwrap_or_default(),
            verdicts,
        })
    }

    fn verdicts(&self) -> Result<Vec<Verdict>, stages::StageError> {
        let (history, schemas) = (&self.history, self.schemas);
        let fates = Fates::of(history, schemas);
        let mut verdicts = vec![
            fates::one_each(&fates),
            fates::buried_once(&fates),
            fates::evidence_adds_up(history, schemas, &fates),
        ];
        for folded in stages::fold_all(history, schemas, &self.settings)? {
            verdicts.push(folded.output(history));
            verdicts.push(folded.dead_letters(history, schemas));
            if !folded.stage().stores().is_empty() {
                verdicts.push(folded.state(history));
            }
            verdicts.push(conservation::counted_as_folded(&self.flow, &folded));
        }
        verdicts.push(conservation::flow_conserves(&self.flow));
        verdicts.push(fold::nothing_waits(history));
        verdicts.push(outbox::planned_once(history, schemas));
        verdicts.push(outbox::answered_once(history, schemas));
        verdicts.push(outbox::received(&self.bodies, history, schemas));
        verdicts.push(self.rows.equal(&Rows::due(history, schemas, &fates)));
        verdicts.push(truth::equals_the_day(&self.truth, history, schemas, &fates));
        verdicts.extend(
            self.witnesses
                .iter()
                .map(|(name, witness)| witness.agrees(name, history)),
        );
        Ok(verdicts)
    }
}
