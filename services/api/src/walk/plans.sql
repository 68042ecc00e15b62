CREATE TABLE detections_202601 PARTITION OF detections FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00');
CREATE TABLE notifications_202601 PARTITION OF notifications
    FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00');
CREATE TABLE dead_letters_20260102 PARTITION OF dead_letters
    FOR VALUES FROM ('2026-01-02 00:00:00+00') TO ('2026-01-03 00:00:00+00');
CREATE TABLE events_20260102 PARTITION OF events FOR VALUES FROM ('2026-01-02 00:00:00+00') TO ('2026-01-03 00:00:00+00');
CREATE TABLE events_20260103 PARTITION OF events FOR VALUES FROM ('2026-01-03 00:00:00+00') TO ('2026-01-04 00:00:00+00');
INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, severity, score, level, matched,
    rules_version)
SELECT md5(n::text)::uuid, 't' || n % 3, 'v' || n % 5, n::text, 'v' || n % 5, 'v' || n % 5,
    '2026-01-01T00:00:00Z'::timestamptz + n / 4 * interval '1 h', now(), 'v' || n % 5, n % 7, 'v' || n % 5, 1, 'v'
FROM generate_series(1, 300) n;
INSERT INTO signals (signal_key, version, tenant, type, subject, title, state, score, level, evidence_count, source_count,
    suppressed, first_seen, last_seen, rules_version, story_key, topic_key)
SELECT 'v' || n, 1, 't' || n % 3, 'v' || n % 5, 'v' || n % 5, 't', 'v' || n % 5, n % 7, 'v' || n % 5, 1, 1, 0, now(),
    '2026-01-01T00:00:00Z'::timestamptz + n / 4 * interval '1 h', 'v', 'v' || n % 5, 'v' || n % 5
FROM generate_series(1, 300) n;
INSERT INTO signal_evidence (signal_key, event_key, event_id, source, type, time, score)
SELECT 'v' || n % 5, md5(n::text)::uuid, n::text, 's', 't', '2026-01-01T00:00:00Z'::timestamptz + n / 4 * interval '1 h', 1
FROM generate_series(1, 300) n;
INSERT INTO detections
SELECT 'v' || n, 't' || n % 3, 'v' || n % 5, 'v' || n % 5, 'v' || n % 5, '',
    '2026-01-01T00:00:00Z'::timestamptz + n / 4 * interval '1 h', now(), now(), 1, 1, NULL, NULL, 'v'
FROM generate_series(1, 300) n;
INSERT INTO notifications
SELECT 'v' || n, 't' || n % 3, 'v' || n % 5, 'g', 'signal', 'v' || n % 5, 'v' || n % 5, 'v' || n % 5, 'v' || n % 5, 't', 'b',
    '2026-01-01T00:00:00Z'::timestamptz + n / 4 * interval '1 h', now(), NULL
FROM generate_series(1, 300) n;
INSERT INTO receipts
SELECT 'v' || n, 't' || n % 3, 'v' || n % 5, 'v' || n % 5, 1, 200, 1, '',
    '2026-01-01T00:00:00Z'::timestamptz + n / 4 * interval '1 h'
FROM generate_series(1, 300) n;
INSERT INTO dead_letters
SELECT 'v' || n % 5, 'v' || n % 5, 0, n, '2026-01-01T00:00:00Z'::timestamptz + n / 4 * interval '1 h', 'v' || n % 5, '',
    NULL, NULL, NULL, 1
FROM generate_series(1, 300) n;
ANALYZE;
