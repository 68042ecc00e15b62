-- Every filter and sort of the API has an index that has the rows of one tenant, and of one value, in the order of the
-- list: a page reads its own rows and no others.
--
-- `sluicebox migrate up` makes and drops these beforehand, CONCURRENTLY, one line of the lists a statement. What is left
-- to do here takes no lock where that was done, and no time where the tables are empty.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'events_tenant_time ON events (tenant, time, event_key)',
        'events_tenant_subject ON events (tenant, subject, time, event_key)',
        'events_tenant_source ON events (tenant, source, time, event_key)',
        'events_tenant_type ON events (tenant, type, time, event_key)',
        'events_tenant_level ON events (tenant, level, time, event_key)',
        'events_tenant_severity ON events (tenant, severity, time, event_key) WHERE severity IS NOT NULL',
        'signals_tenant_last_seen ON signals (tenant, last_seen, signal_key)',
        'signals_tenant_subject ON signals (tenant, subject, last_seen, signal_key)',
        'signals_tenant_type ON signals (tenant, type, last_seen, signal_key)',
        'signals_tenant_level ON signals (tenant, level, last_seen, signal_key)',
        'signals_tenant_state ON signals (tenant, state, last_seen, signal_key)',
        'signals_tenant_score ON signals (tenant, score, signal_key)',
        'signal_evidence_time ON signal_evidence (signal_key, time, event_key)',
        'detections_tenant_time ON detections (tenant, time, id)',
        'detections_tenant_subject ON detections (tenant, subject, time, id)',
        'detections_tenant_rule ON detections (tenant, rule, time, id)',
        'detections_tenant_severity ON detections (tenant, severity, time, id)',
        'notifications_tenant_time ON notifications (tenant, time, id)',
        'notifications_tenant_channel ON notifications (tenant, channel, time, id)',
        'notifications_tenant_subject ON notifications (tenant, subject, time, id)',
        'notifications_tenant_origin ON notifications (tenant, origin_id, time, id)',
        'notifications_tenant_level ON notifications (tenant, level, time, id)',
        'notifications_tenant_state ON notifications (tenant, state, time, id)',
        'receipts_tenant_answered ON receipts (tenant, answered_at, notification_id)',
        'receipts_tenant_status ON receipts (tenant, status, answered_at, notification_id)',
        'receipts_tenant_channel ON receipts (tenant, channel, answered_at, notification_id)',
        'dead_letters_reason ON dead_letters (reason, time, stage, topic, kafka_partition, kafka_offset)',
        'dead_letters_stage ON dead_letters (stage, time, topic, kafka_partition, kafka_offset)',
        'dead_letters_topic ON dead_letters (topic, time, stage, kafka_partition, kafka_offset)'
    ] LOOP
        IF to_regclass(split_part(wanted, ' ', 1)) IS NULL THEN
            EXECUTE 'CREATE INDEX ' || wanted;
        END IF;
    END LOOP;
    FOREACH wanted IN ARRAY ARRAY[
        'events_time',
        'events_subject',
        'signals_last_seen',
        'signals_subject',
        'detections_time',
        'detections_subject',
        'notifications_time'
    ] LOOP
        IF to_regclass(wanted) IS NOT NULL THEN
            EXECUTE 'DROP INDEX ' || wanted;
        END IF;
    END LOOP;
END
$$;
