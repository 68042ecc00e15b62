-- The two tables that grow with every event are cut by day: `raw_events` by when a record came in, `events` by when the
-- event happened. A day that is over is dropped as a whole. What no day has room for is in `…_default`; what was stored
-- before this migration is in `…_before`, and is dropped when the last of it is old enough.
--
-- An event may come again with another time, so that its key stands in a table of its own, across days.
--
-- `sluicebox migrate up` does what takes long beforehand (keys, an index, checked bounds); what is left to do here are
-- moments. Where nothing was done beforehand, it is done here.

CREATE TABLE IF NOT EXISTS event_keys (
    event_key uuid NOT NULL PRIMARY KEY,
    tenant    text COLLATE "C" NOT NULL,
    time      timestamptz NOT NULL
);
COMMENT ON TABLE event_keys IS 'The idempotency key of every stored event, and where in `events` it stands.';

-- The first day that is not in `…_before`, and whether its keys are in `event_keys`.
CREATE TABLE IF NOT EXISTS partition_cut (day date NOT NULL, keys boolean NOT NULL);

CREATE FUNCTION sink_partition(parent text, by_time text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    old text := parent || '_before';
    others text := parent || '_default';
    cut text := quote_literal((SELECT day FROM partition_cut) || ' 00:00:00+00');
    index_name text;
    definition text;
BEGIN
    EXECUTE format('ALTER TABLE %I RENAME TO %I', parent, old);
    FOR index_name IN SELECT indexname FROM pg_indexes WHERE schemaname = current_schema AND tablename = old LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', index_name, regexp_replace(index_name, '^' || parent, old));
    END LOOP;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING COMMENTS) PARTITION BY RANGE (%I)', parent, old,
        by_time);
    FOR definition IN
        SELECT pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid = old::regclass AND NOT indisunique AND pg_get_indexdef(indexrelid) NOT LIKE '% USING brin %'
    LOOP
        EXECUTE replace(definition, old, parent);
    END LOOP;
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I (LIKE %I INCLUDING DEFAULTS)', others, old);
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = old::regclass AND conname = parent || '_cut' AND convalidated)
    THEN
        EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %s RETURNING *) INSERT INTO %I SELECT * FROM moved', old,
            by_time, cut, others);
    END IF;
END
$$;

-- In the order in which the sink takes them.
LOCK TABLE raw_events, events, signals, detections IN ACCESS EXCLUSIVE MODE;
ALTER TABLE signals ADD COLUMN stored_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE detections ADD COLUMN stored_at timestamptz NOT NULL DEFAULT now();
INSERT INTO partition_cut SELECT (now() AT TIME ZONE 'UTC')::date + 3, false WHERE NOT EXISTS (SELECT FROM partition_cut);

SELECT sink_partition('raw_events', 'received_at');
SELECT sink_partition('events', 'time');
DROP FUNCTION sink_partition;

-- Keys, once across all days.
DROP TRIGGER IF EXISTS events_keys ON events_before;
DROP FUNCTION IF EXISTS events_keys;
INSERT INTO event_keys SELECT event_key, tenant, time FROM events_before WHERE NOT (SELECT keys FROM partition_cut)
    ON CONFLICT DO NOTHING;
INSERT INTO event_keys SELECT event_key, tenant, time FROM events_default ON CONFLICT DO NOTHING;
ALTER TABLE events_before DROP CONSTRAINT events_before_pkey;

-- A record has one place and one time.
ALTER TABLE raw_events_before DROP CONSTRAINT raw_events_before_pkey;
DO $$
BEGIN
    IF to_regclass('raw_events_before_place') IS NULL THEN
        CREATE UNIQUE INDEX raw_events_before_place ON raw_events_before (kafka_partition, kafka_offset, received_at);
    END IF;
END
$$;
ALTER TABLE raw_events_before ADD PRIMARY KEY USING INDEX raw_events_before_place;
ALTER TABLE raw_events ADD PRIMARY KEY (kafka_partition, kafka_offset, received_at);

DO $$
DECLARE
    cut text := quote_literal((SELECT day FROM partition_cut) || ' 00:00:00+00');
    parent text;
    empty boolean;
BEGIN
    FOREACH parent IN ARRAY ARRAY['raw_events', 'events'] LOOP
        EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I)', parent || '_before') INTO empty;
        IF empty THEN
            EXECUTE format('DROP TABLE %I', parent || '_before');
        ELSE
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)', parent,
                parent || '_before', cut);
            EXECUTE format('ALTER TABLE %I DROP CONSTRAINT IF EXISTS %I', parent || '_before', parent || '_cut');
        END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', parent, parent || '_default');
    END LOOP;
END
$$;
DROP TABLE partition_cut;

-- A sink of the version before knows nothing of keys across days: it is told to stop.
CREATE FUNCTION events_need_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('application_name') = 'sluicebox-sink' AND current_setting('sluicebox.keys', true) IS DISTINCT FROM 'on'
    THEN
        RAISE EXCEPTION 'this sink is older than the tables' USING ERRCODE = '42P01', HINT = 'start the new version';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER events_need_keys BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION events_need_keys();
