DROP FUNCTION sink_add_counts(jsonb, jsonb);
DROP VIEW sink_flow;
DROP TABLE sink_offsets, dead_letters, receipts, notifications, detections, signal_evidence, signals, events, raw_events;
