CREATE FUNCTION sink_whole(parent text, place text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    whole text := parent || '_whole';
    definition text;
    definitions text[] := ARRAY(SELECT replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') FROM pg_index
        WHERE indrelid = parent::regclass AND NOT indisunique);
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING COMMENTS)', whole, parent);
    EXECUTE format('INSERT INTO %I SELECT DISTINCT ON (%s) * FROM %I ORDER BY %s, time', whole, place, parent, place);
    EXECUTE format('DROP TABLE %I', parent);
    EXECUTE format('ALTER TABLE %I RENAME TO %I', whole, parent);
    EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (%s)', parent, place);
    FOREACH definition IN ARRAY definitions LOOP
        EXECUTE definition;
    END LOOP;
END
$$;
SELECT sink_whole('detections', 'id');
SELECT sink_whole('notifications', 'id');
SELECT sink_whole('dead_letters', 'stage, topic, kafka_partition, kafka_offset');
DROP FUNCTION sink_whole;
DROP FUNCTION parts_are_dropped;
