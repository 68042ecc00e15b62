//! For the bench alone: the tables of migration 3, written as they were then, before every list had its index and
//! tables were cut by day. Rows are made of records as they are today; what was no column then is bound and left out.

use crate::connect::Link;
use crate::evidence_seen::EvidenceSeen;
use crate::offsets::{self, Epochs};
use crate::rows::{Rows, Sorted};
use crate::tables::{EventRow, EvidenceRow, RawEventRow, Row, SignalRow};
use crate::{SinkError, SinkInput, connect};
use database::Way;
use settings::PostgresSettings;
use sqlx::{Connection, PgConnection};
use stage::{Batch, Task};

const EVENTS: &str = "INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, title, text, url, author, \
    lang, lang_confidence, severity, score, level, matched, entities, attributes, reasons, unknown, \
    rules_version, trace_id) \
    SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s::jsonb, t::jsonb, u::jsonb, v::jsonb, w, x \
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], \
    $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::double precision[], \
    $15::text[], $16::double precision[], $17::text[], $18::int[], $19::text[], $20::text[], $21::text[], \
    $22::text[], $23::text[], $24::text[], $25::boolean[]) \
    AS row (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, later) \
    ON CONFLICT DO NOTHING";

const SIGNALS: &str = "\
    INSERT INTO signals AS old (signal_key, version, tenant, type, subject, title, lang, state, score, level, \
        evidence_count, source_count, suppressed, first_seen, last_seen, reasons, unknown, facts, rules_version) \
    SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p::jsonb, q::jsonb, r::jsonb, s \
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], \
        $9::double precision[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::timestamptz[], \
        $15::timestamptz[], $16::text[], $17::text[], $18::text[], $19::text[], $20::bigint[], $21::text[], \
        $22::text[], $23::text[], $24::text[], $25::text[], $26::bigint[], $27::bigint[], \
        $28::double precision[], $29::double precision[], $30::text[]) \
        AS row (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, later, story, topic, merged, subjects, langs, \
            heat_10m, heat_30m, slope_10m, slope_30m, changes) \
    ON CONFLICT (signal_key) DO UPDATE SET version = excluded.version, tenant = excluded.tenant, \
        type = excluded.type, subject = excluded.subject, title = excluded.title, lang = excluded.lang, \
        state = excluded.state, score = excluded.score, level = excluded.level, \
        evidence_count = excluded.evidence_count, source_count = excluded.source_count, \
        suppressed = excluded.suppressed, first_seen = excluded.first_seen, last_seen = excluded.last_seen, \
        reasons = excluded.reasons, unknown = excluded.unknown, facts = excluded.facts, \
        rules_version = excluded.rules_version \
    WHERE excluded.version > old.version";

/// A sink of then.
pub struct Before {
    link: Link,
    epochs: Epochs,
    stored: EvidenceSeen,
}

impl Before {
    /// A sink that nothing belongs to yet.
    pub fn connect(settings: &PostgresSettings) -> Result<Self, SinkError> {
        Ok(Self {
            link: connect::link(&Way::new(settings)?),
            epochs: Epochs::new(),
            stored: EvidenceSeen::default(),
        })
    }

    /// Makes these tasks its own.
    pub async fn take_over(&mut self, tasks: &[Task]) -> Result<(), sqlx::Error> {
        let mut connection = self.link.take().await?;
        offsets::take_over(tasks, &mut self.epochs, &mut connection).await?;
        self.link.keep(connection);
        Ok(())
    }

    /// Stores a batch and its offsets; `false` if they are not where it begins.
    pub async fn store(&mut self, batch: Batch<SinkInput>) -> Result<bool, sqlx::Error> {
        let mut rows = Rows::of(batch.records, &self.stored);
        let new_evidence = std::mem::take(&mut rows.new_evidence);
        let mut connection = self.link.take().await?;
        let mut transaction = connection.begin().await?;
        let moved = offsets::advance(&batch.advances, &self.epochs, &mut transaction).await?;
        write(rows.sorted(), &mut transaction).await?;
        transaction.commit().await?;
        self.link.keep(connection);
        self.stored.remember(new_evidence);
        Ok(moved)
    }
}

async fn write(rows: Sorted, to: &mut PgConnection) -> Result<(), sqlx::Error> {
    RawEventRow::unnest(RawEventRow::INSERT, rows.raw_events, to).await?;
    EventRow::unnest(EVENTS, rows.events, to).await?;
    SignalRow::unnest(SIGNALS, rows.signals, to).await?;
    EvidenceRow::write(rows.evidence, to).await
}
