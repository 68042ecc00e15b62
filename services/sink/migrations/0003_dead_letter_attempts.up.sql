ALTER TABLE dead_letters ADD COLUMN attempts int NOT NULL DEFAULT 1;
COMMENT ON COLUMN dead_letters.attempts IS 'How many times the record has failed: 1 unless it was replayed before.';
