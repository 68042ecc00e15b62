-- Three more tables are cut by time, so that what is old is dropped as a whole: detections and notifications by month,
-- dead letters, which hold payloads and come in floods, by day. As with events, what no part has room for is in
-- `…_default`, and what was stored before is in `…_before`.
--
-- The primary keys get the time, which every part has to have in them. A detection and a notification are known by their
-- ids alone, as before: the sink looks (services/sink/src/tables/known.rs).
--
-- `sluicebox migrate up` does what takes long beforehand (an index, checked bounds); what is left to do here are moments.
-- Where nothing was done beforehand, it is done here.

-- The first day that is not in `…_before`, by table.
CREATE TABLE IF NOT EXISTS sink_cuts (parent text NOT NULL PRIMARY KEY, cut date NOT NULL);
INSERT INTO sink_cuts
SELECT parent, CASE parent WHEN 'dead_letters' THEN later ELSE (date_trunc('month', later) + interval '1 month')::date END
FROM unnest(ARRAY['detections', 'notifications', 'dead_letters']) AS parent, (SELECT (now() AT TIME ZONE 'UTC')::date + 3) AS days (later)
ON CONFLICT DO NOTHING;

CREATE FUNCTION sink_partition(parent text, place text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    old text := parent || '_before';
    others text := parent || '_default';
    cut text := quote_literal((SELECT sink_cuts.cut FROM sink_cuts WHERE sink_cuts.parent = $1) || ' 00:00:00+00');
    index_name text;
    definition text;
    empty boolean;
BEGIN
    EXECUTE format('ALTER TABLE %I RENAME TO %I', parent, old);
    FOR index_name IN SELECT indexname FROM pg_indexes WHERE schemaname = current_schema AND tablename = old LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', index_name, regexp_replace(index_name, '^' || parent, old));
    END LOOP;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING COMMENTS) PARTITION BY RANGE (time)', parent, old);
    FOR definition IN
        SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = old::regclass AND NOT indisunique
    LOOP
        EXECUTE replace(definition, old, parent);
    END LOOP;
    EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (%s)', parent, place);
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I (LIKE %I INCLUDING DEFAULTS)', others, old);
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = old::regclass AND conname = parent || '_cut' AND convalidated)
    THEN
        EXECUTE format('WITH moved AS (DELETE FROM %I WHERE time >= %s RETURNING *) INSERT INTO %I SELECT * FROM moved', old,
            cut, others);
    END IF;
    EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I)', old) INTO empty;
    IF empty THEN
        EXECUTE format('DROP TABLE %I', old);
    ELSE
        IF to_regclass(old || '_place') IS NULL THEN
            EXECUTE format('CREATE UNIQUE INDEX %I ON %I (%s)', old || '_place', old, place);
        END IF;
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', old, old || '_pkey');
        EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY USING INDEX %I', old, old || '_place');
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)', parent, old, cut);
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT IF EXISTS %I', old, parent || '_cut');
    END IF;
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', parent, others);
END
$$;

-- In the order in which the sink takes them.
LOCK TABLE detections, notifications, dead_letters IN ACCESS EXCLUSIVE MODE;
SELECT sink_partition('detections', 'id, time');
SELECT sink_partition('notifications', 'id, time');
SELECT sink_partition('dead_letters', 'stage, topic, kafka_partition, kafka_offset, time');
DROP FUNCTION sink_partition;
DROP TABLE sink_cuts;

-- Whoever looked after the tables before deletes what is old by the places of rows, which now are those of each part: it
-- is told to stop, since it would delete other rows as well.
CREATE FUNCTION parts_are_dropped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('application_name') IN ('sluicebox', 'sluicebox-upkeep') THEN
        RAISE EXCEPTION 'this program is older than the tables' USING ERRCODE = '42P01', HINT = 'start the new version';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER parts_are_dropped BEFORE DELETE ON detections FOR EACH STATEMENT EXECUTE FUNCTION parts_are_dropped();
CREATE TRIGGER parts_are_dropped BEFORE DELETE ON notifications FOR EACH STATEMENT EXECUTE FUNCTION parts_are_dropped();
CREATE TRIGGER parts_are_dropped BEFORE DELETE ON dead_letters FOR EACH STATEMENT EXECUTE FUNCTION parts_are_dropped();
