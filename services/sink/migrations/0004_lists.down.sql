CREATE INDEX events_time ON events (time, event_key);
CREATE INDEX events_subject ON events (subject, time);
CREATE INDEX signals_last_seen ON signals (last_seen, signal_key);
CREATE INDEX signals_subject ON signals (subject, last_seen);
CREATE INDEX detections_time ON detections (time, id);
CREATE INDEX detections_subject ON detections (subject, time);
CREATE INDEX notifications_time ON notifications (time, id);
DROP INDEX events_tenant_time,
    events_tenant_subject,
    events_tenant_source,
    events_tenant_type,
    events_tenant_level,
    events_tenant_severity,
    signals_tenant_last_seen,
    signals_tenant_subject,
    signals_tenant_type,
    signals_tenant_level,
    signals_tenant_state,
    signals_tenant_score,
    signal_evidence_time,
    detections_tenant_time,
    detections_tenant_subject,
    detections_tenant_rule,
    detections_tenant_severity,
    notifications_tenant_time,
    notifications_tenant_channel,
    notifications_tenant_subject,
    notifications_tenant_origin,
    notifications_tenant_level,
    notifications_tenant_state,
    receipts_tenant_answered,
    receipts_tenant_status,
    receipts_tenant_channel,
    dead_letters_reason,
    dead_letters_stage,
    dead_letters_topic;
