CREATE INDEX events_tenant_subject ON events (tenant, subject, time, event_key);
CREATE INDEX events_tenant_source ON events (tenant, source, time, event_key);
CREATE INDEX events_tenant_type ON events (tenant, type, time, event_key);
CREATE INDEX events_tenant_level ON events (tenant, level, time, event_key);
CREATE INDEX events_tenant_severity ON events (tenant, severity, time, event_key) WHERE severity IS NOT NULL;
CREATE INDEX signals_tenant_subject ON signals (tenant, subject, last_seen, signal_key);
CREATE INDEX signals_tenant_type ON signals (tenant, type, last_seen, signal_key);
CREATE INDEX signals_tenant_level ON signals (tenant, level, last_seen, signal_key);
CREATE INDEX signals_tenant_state ON signals (tenant, state, last_seen, signal_key);
DROP INDEX events_by_subject, events_by_source, events_by_type, events_by_level, events_by_severity, signals_by_subject,
    signals_by_type, signals_by_level, signals_by_state;
CREATE INDEX signal_evidence_time ON signal_evidence (signal_key, time, event_key);
ALTER TABLE signal_evidence DROP CONSTRAINT signal_evidence_pkey;
DELETE FROM signal_evidence a USING signal_evidence b
    WHERE a.signal_key = b.signal_key AND a.event_key = b.event_key AND a.time > b.time;
ALTER TABLE signal_evidence ADD PRIMARY KEY (signal_key, event_key);
