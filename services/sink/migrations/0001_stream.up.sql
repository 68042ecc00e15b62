-- What the stream leaves behind. Written by the sink alone, in batches, with its offsets in the same transaction.
--
-- Texts are compared by bytes (COLLATE "C"): cheaper, and the same on every machine.
-- Identifiers longer than 1024 bytes are cut and end in the hash of the whole, so that any of them can be indexed.
-- Times outside the years 1 to 9999 are kept as the nearest of these bounds.

CREATE TABLE raw_events (
    kafka_partition int         NOT NULL,
    kafka_offset    bigint      NOT NULL,
    received_at     timestamptz NOT NULL,
    tenant          text COLLATE "C" NOT NULL,
    source          text COLLATE "C" NOT NULL,
    id              text COLLATE "C" NOT NULL,
    type            text COLLATE "C" NOT NULL,
    subject         text COLLATE "C",
    time            timestamptz,
    content_type    text COLLATE "C",
    data            jsonb,
    data_bytes      bytea,
    extensions      jsonb,
    trace_id        text COLLATE "C",
    PRIMARY KEY (kafka_partition, kafka_offset)
);
COMMENT ON TABLE raw_events IS 'Audit: every delivery on ingest.events that could be read, repeats included, as it was sent.';
COMMENT ON COLUMN raw_events.data IS 'The payload, when it is JSON that jsonb can hold.';
COMMENT ON COLUMN raw_events.data_bytes IS 'The payload byte for byte, when it is anything else.';
CREATE INDEX raw_events_received_at ON raw_events USING brin (received_at) WITH (autosummarize = on);

CREATE TABLE events (
    event_key       uuid        NOT NULL PRIMARY KEY,
    tenant          text COLLATE "C" NOT NULL,
    source          text COLLATE "C" NOT NULL,
    id              text COLLATE "C" NOT NULL,
    type            text COLLATE "C" NOT NULL,
    subject         text COLLATE "C" NOT NULL,
    time            timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    stored_at       timestamptz NOT NULL DEFAULT now(),
    title           text COLLATE "C",
    text            text COLLATE "C",
    url             text COLLATE "C",
    author          text COLLATE "C",
    lang            text COLLATE "C",
    lang_confidence double precision,
    severity        text COLLATE "C",
    score           double precision NOT NULL,
    level           text COLLATE "C" NOT NULL,
    matched         int         NOT NULL,
    entities        jsonb,
    attributes      jsonb,
    reasons         jsonb,
    unknown         jsonb,
    rules_version   text COLLATE "C" NOT NULL,
    trace_id        text COLLATE "C"
);
COMMENT ON TABLE events IS 'Every event once, with its score. The first delivery of an idempotency key wins.';
COMMENT ON COLUMN events.event_key IS 'xxh3-128 of tenant, source and id: the idempotency key.';
COMMENT ON COLUMN events.entities IS 'Cashtags, hashtags, urls, addresses and tags; NULL when there are none.';
CREATE INDEX events_time ON events (time, event_key);
CREATE INDEX events_subject ON events (subject, time);

CREATE TABLE signals (
    signal_key      text COLLATE "C" NOT NULL PRIMARY KEY,
    version         bigint      NOT NULL,
    tenant          text COLLATE "C" NOT NULL,
    type            text COLLATE "C" NOT NULL,
    subject         text COLLATE "C" NOT NULL,
    title           text COLLATE "C" NOT NULL,
    lang            text COLLATE "C",
    state           text COLLATE "C" NOT NULL,
    score           double precision NOT NULL,
    level           text COLLATE "C" NOT NULL,
    evidence_count  bigint      NOT NULL,
    source_count    bigint      NOT NULL,
    suppressed      bigint      NOT NULL,
    first_seen      timestamptz NOT NULL,
    last_seen       timestamptz NOT NULL,
    reasons         jsonb,
    unknown         jsonb,
    facts           jsonb,
    rules_version   text COLLATE "C" NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE signals IS 'The newest version of every signal of signals.enriched.';
CREATE INDEX signals_last_seen ON signals (last_seen, signal_key);
CREATE INDEX signals_subject ON signals (subject, last_seen);

CREATE TABLE signal_evidence (
    signal_key      text COLLATE "C" NOT NULL,
    event_key       uuid        NOT NULL,
    event_id        text COLLATE "C" NOT NULL,
    source          text COLLATE "C" NOT NULL,
    type            text COLLATE "C" NOT NULL,
    time            timestamptz NOT NULL,
    author          text COLLATE "C",
    url             text COLLATE "C",
    text            text COLLATE "C",
    score           double precision NOT NULL,
    PRIMARY KEY (signal_key, event_key)
);
COMMENT ON TABLE signal_evidence IS 'The events a signal rests on, also those that its capped list has dropped since.';

CREATE TABLE detections (
    id              text COLLATE "C" NOT NULL PRIMARY KEY,
    tenant          text COLLATE "C" NOT NULL,
    rule            text COLLATE "C" NOT NULL,
    subject         text COLLATE "C" NOT NULL,
    severity        text COLLATE "C" NOT NULL,
    description     text COLLATE "C" NOT NULL,
    time            timestamptz NOT NULL,
    window_start    timestamptz NOT NULL,
    window_end      timestamptz NOT NULL,
    count           bigint      NOT NULL,
    threshold       double precision NOT NULL,
    event_ids       jsonb,
    attributes      jsonb,
    rules_version   text COLLATE "C" NOT NULL
);
CREATE INDEX detections_time ON detections (time, id);
CREATE INDEX detections_subject ON detections (subject, time);

CREATE TABLE notifications (
    id              text COLLATE "C" NOT NULL PRIMARY KEY,
    tenant          text COLLATE "C" NOT NULL,
    channel         text COLLATE "C" NOT NULL,
    group_key       text COLLATE "C" NOT NULL,
    origin          text COLLATE "C" NOT NULL,
    origin_id       text COLLATE "C" NOT NULL,
    subject         text COLLATE "C" NOT NULL,
    level           text COLLATE "C" NOT NULL,
    state           text COLLATE "C" NOT NULL,
    title           text COLLATE "C" NOT NULL,
    body            text COLLATE "C" NOT NULL,
    time            timestamptz NOT NULL,
    planned_at      timestamptz NOT NULL,
    facts           jsonb
);
CREATE INDEX notifications_time ON notifications (time, id);

CREATE TABLE receipts (
    notification_id text COLLATE "C" NOT NULL PRIMARY KEY,
    tenant          text COLLATE "C" NOT NULL,
    channel         text COLLATE "C" NOT NULL,
    status          text COLLATE "C" NOT NULL,
    attempts        int         NOT NULL,
    http_status     int,
    latency_ms      bigint      NOT NULL,
    detail          text COLLATE "C" NOT NULL,
    answered_at     timestamptz NOT NULL
);
COMMENT ON TABLE receipts IS 'The newest receipt of each notification; it may be here before its notification.';

CREATE TABLE dead_letters (
    stage           text COLLATE "C" NOT NULL,
    topic           text COLLATE "C" NOT NULL,
    kafka_partition int         NOT NULL,
    kafka_offset    bigint      NOT NULL,
    time            timestamptz NOT NULL,
    reason          text COLLATE "C" NOT NULL,
    message         text COLLATE "C" NOT NULL,
    trace_id        text COLLATE "C",
    key_bytes       bytea,
    payload         bytea,
    PRIMARY KEY (stage, topic, kafka_partition, kafka_offset)
);
CREATE INDEX dead_letters_time ON dead_letters (time, stage, topic, kafka_partition, kafka_offset);

CREATE TABLE sink_offsets (
    topic           text COLLATE "C" NOT NULL,
    kafka_partition int         NOT NULL,
    next_offset     bigint      NOT NULL,
    batch_from      bigint      NOT NULL,
    read            bigint      NOT NULL,
    out             bigint      NOT NULL,
    emitted         bigint      NOT NULL,
    duplicate       bigint      NOT NULL,
    filtered        jsonb       NOT NULL,
    dead            jsonb       NOT NULL,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, kafka_partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE sink_offsets IS 'How far each partition is stored, and what became of its records. Topic names without the prefix.';

CREATE VIEW sink_flow AS
    SELECT topic, kafka_partition, read, out, emitted, duplicate, filtered, dead, updated_at FROM sink_offsets;

-- Counts by reason, added up.
CREATE FUNCTION sink_add_counts(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN b = '{}'::jsonb THEN a ELSE (
        SELECT coalesce(jsonb_object_agg(reason, total), '{}'::jsonb)
        FROM (
            SELECT key AS reason, sum(value::bigint) AS total
            FROM (SELECT * FROM jsonb_each_text(a) UNION ALL SELECT * FROM jsonb_each_text(b)) AS each_count
            GROUP BY key
        ) AS totals
    ) END
$$;
