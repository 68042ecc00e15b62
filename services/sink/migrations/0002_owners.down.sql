DELETE FROM sink_offsets WHERE next_offset IS NULL;
ALTER TABLE sink_offsets ALTER COLUMN batch_from SET NOT NULL;
ALTER TABLE sink_offsets ALTER COLUMN next_offset SET NOT NULL;
ALTER TABLE sink_offsets DROP COLUMN epoch;
