//! Rows as a few busy and many quiet tenants, sources and subjects leave them, over the last thirty days.

use crate::say;
use anyhow::Result;
use sqlx::PgPool;
use std::time::Instant;

/// Rows of one statement.
const PIECE: i64 = 100_000;

/// A partition for each of the last thirty days; the migration has made the newest, and the months.
const DAYS: &str = "DO $$ DECLARE day date; parent text; BEGIN FOREACH parent IN ARRAY ARRAY['events', 'dead_letters'] LOOP \
    FOR ago IN 2..31 LOOP day := (now() AT TIME ZONE 'UTC')::date - ago; \
    EXECUTE format('CREATE TABLE %s_%s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', parent, to_char(day, 'YYYYMMDD'), \
    parent, day || ' 00:00:00+00', (day + 1) || ' 00:00:00+00'); END LOOP; END LOOP; END $$";

/// Nine in ten rows are of one tenant, one in a hundred thousand of the quietest; values likewise.
const EVENTS: &str = "WITH made AS (SELECT n, power(random(), 3) AS skew, random() AS luck FROM generate_series($1, $2) n), \
    stored AS (INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, text, severity, score, \
        level, matched, attributes, rules_version) \
    SELECT md5(n::text)::uuid, CASE WHEN luck < 0.00001 THEN 'quiet' WHEN luck < 0.01 THEN 'small' WHEN luck < 0.1 \
        THEN 'middle' ELSE 'busy' END, 'source-' || (skew * 1000)::int, n::text, 'type-' || (skew * 30)::int, \
        'user:' || (skew * 200000)::int, now() - random() * interval '29 days', now(), repeat('some text ', 12), \
        CASE WHEN luck > 0.9999 THEN 'urgent' WHEN luck > 0.9 THEN 'low' END, (skew * 100)::int, \
        CASE WHEN skew > 0.999 THEN 'critical' WHEN skew > 0.5 THEN 'medium' ELSE 'low' END, 1, '{\"amount\": 12.5}', 'v' \
    FROM made RETURNING event_key, tenant, time) \
    INSERT INTO event_keys SELECT event_key, tenant, time FROM stored";

const SIGNALS: &str = "INSERT INTO signals (signal_key, version, tenant, type, subject, title, state, score, level, \
        evidence_count, source_count, suppressed, first_seen, last_seen, facts, rules_version) \
    SELECT 'sig_' || md5(n::text), 1, CASE WHEN luck < 0.00001 THEN 'quiet' WHEN luck < 0.1 THEN 'middle' ELSE 'busy' END, \
        'type-' || (skew * 30)::int, 'user:' || (skew * 200000)::int, 'a title', CASE WHEN skew > 0.999 THEN 'downgraded' \
        WHEN skew > 0.5 THEN 'verified' ELSE 'candidate' END, (skew * 10000)::int / 100.0, CASE WHEN skew > 0.999 THEN \
        'critical' ELSE 'low' END, 3, 2, 0, now() - interval '30 days', now() - random() * interval '29 days', \
        '{\"age\": 3}', 'v' \
    FROM (SELECT n, power(random(), 3) AS skew, random() AS luck FROM generate_series($1, $2) n) made";

const EVIDENCE: &str = "INSERT INTO signal_evidence (signal_key, event_key, event_id, source, type, time, score) \
    SELECT 'sig_' || md5((power(random(), 8) * 100000)::int::text), md5('e' || n)::uuid, n::text, 's', 't', \
        now() - random() * interval '29 days', 1 FROM generate_series($1, $2) n";

const DETECTIONS: &str = "INSERT INTO detections (id, tenant, rule, subject, severity, description, time, window_start, \
        window_end, count, threshold, rules_version) \
    SELECT 'det_' || n, CASE WHEN skew > 0.99 THEN 'small' ELSE 'busy' END, 'rule-' || (skew * 50)::int, \
        'user:' || (skew * 20000)::int, CASE WHEN skew > 0.999 THEN 'critical' ELSE 'low' END, '', \
        now() - random() * interval '29 days', now(), now(), 1, 1, 'v' \
    FROM (SELECT n, power(random(), 3) AS skew FROM generate_series($1, $2) n) made";

const NOTIFICATIONS: &str = "WITH planned AS (INSERT INTO notifications (id, tenant, channel, group_key, origin, origin_id, \
        subject, level, state, title, body, time, planned_at) \
    SELECT 'ntf_' || n, CASE WHEN skew > 0.99 THEN 'small' ELSE 'busy' END, 'channel-' || (skew * 20)::int, 'g', 'signal', \
        'sig_' || (skew * 100000)::int, 'user:' || (skew * 20000)::int, CASE WHEN skew > 0.999 THEN 'critical' ELSE 'low' \
        END, CASE WHEN skew > 0.5 THEN 'verified' ELSE 'candidate' END, 't', 'b', now() - random() * interval '29 days', now() \
    FROM (SELECT n, power(random(), 3) AS skew FROM generate_series($1, $2) n) made RETURNING id, tenant, channel, time) \
    INSERT INTO receipts SELECT id, tenant, channel, CASE WHEN random() < 0.001 THEN 'failed' ELSE 'delivered' END, 1, 200, \
        5, 'ok', time + interval '1 s' FROM planned";

const DEAD_LETTERS: &str = "INSERT INTO dead_letters (stage, topic, kafka_partition, kafka_offset, time, reason, message) \
    SELECT CASE WHEN skew > 0.99 THEN 'sink' ELSE 'normalizer' END, 'ingest.events', n % 12, n, \
        now() - random() * interval '29 days', CASE WHEN skew > 0.999 THEN 'panic' ELSE 'undecodable' END, 'no' \
    FROM (SELECT n, power(random(), 3) AS skew FROM generate_series($1, $2) n) made";

/// So many events, a tenth as many signals, and a hundredth of everything else.
pub(super) async fn fill(pool: &PgPool, events: i64) -> Result<()> {
    sqlx::query(DAYS).execute(pool).await?;
    for (what, rows, statement) in [
        ("events", events, EVENTS),
        ("signals", events / 10, SIGNALS),
        ("evidence", events / 10, EVIDENCE),
        ("detections", events / 100, DETECTIONS),
        ("notifications", events / 100, NOTIFICATIONS),
        ("dead letters", events / 100, DEAD_LETTERS),
    ] {
        let began = Instant::now();
        let mut from = 1;
        while from <= rows {
            let until = rows.min(from + PIECE - 1);
            sqlx::query(statement)
                .bind(from)
                .bind(until)
                .execute(pool)
                .await?;
            from = until + 1;
        }
        say(format_args!(
            "{rows:>10} {what} in {:.0} s",
            began.elapsed().as_secs_f64()
        ));
    }
    sqlx::query("VACUUM (ANALYZE)").execute(pool).await?;
    Ok(())
}
