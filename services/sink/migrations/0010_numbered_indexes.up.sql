-- What a row costs when it is written are its indexes. Those of events and signals by a value begin with a number that
-- stands for tenant and value instead of with both texts: such a number is compared in a fraction of the time, and takes
-- less room. Whoever reads compares the texts as well (services/api/src/walk.rs). Evidence has one index instead of two.
--
-- `sluicebox migrate up` makes and drops these beforehand, CONCURRENTLY, one line of the lists a statement, and for each
-- part of a table that is cut. What is left to do here takes no lock for long where that was done.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'events_by_subject ON events (hashtextextended(subject, hashtextextended(tenant, 0)), time, event_key)',
        'events_by_source ON events (hashtextextended(source, hashtextextended(tenant, 0)), time, event_key)',
        'events_by_type ON events (hashtextextended(type, hashtextextended(tenant, 0)), time, event_key)',
        'events_by_level ON events (hashtextextended(level, hashtextextended(tenant, 0)), time, event_key)',
        'events_by_severity ON events (hashtextextended(severity, hashtextextended(tenant, 0)), time, event_key) WHERE severity IS NOT NULL',
        'signals_by_subject ON signals (hashtextextended(subject, hashtextextended(tenant, 0)), last_seen, signal_key)',
        'signals_by_type ON signals (hashtextextended(type, hashtextextended(tenant, 0)), last_seen, signal_key)',
        'signals_by_level ON signals (hashtextextended(level, hashtextextended(tenant, 0)), last_seen, signal_key)',
        'signals_by_state ON signals (hashtextextended(state, hashtextextended(tenant, 0)), last_seen, signal_key)'
    ] LOOP
        IF to_regclass(split_part(wanted, ' ', 1)) IS NULL THEN
            EXECUTE 'CREATE INDEX ' || wanted;
        END IF;
    END LOOP;
    FOREACH wanted IN ARRAY ARRAY[
        'events_tenant_subject',
        'events_tenant_source',
        'events_tenant_type',
        'events_tenant_level',
        'events_tenant_severity',
        'signals_tenant_subject',
        'signals_tenant_type',
        'signals_tenant_level',
        'signals_tenant_state'
    ] LOOP
        IF to_regclass(wanted) IS NOT NULL THEN
            EXECUTE 'DROP INDEX ' || wanted;
        END IF;
    END LOOP;
    IF to_regclass('signal_evidence_once') IS NULL THEN
        CREATE UNIQUE INDEX signal_evidence_once ON signal_evidence (signal_key, time, event_key);
    END IF;
END
$$;
-- An event is evidence at one time.
ALTER TABLE signal_evidence DROP CONSTRAINT signal_evidence_pkey;
ALTER TABLE signal_evidence ADD CONSTRAINT signal_evidence_pkey PRIMARY KEY USING INDEX signal_evidence_once;
DROP INDEX IF EXISTS signal_evidence_time;
