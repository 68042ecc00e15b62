-- Whose record died, so that whoever asks for one tenant sees no other's. Dead letters from before have none and are shown
-- to those who may see every tenant. The index is of the rows to come, so that it is made in no time.
ALTER TABLE dead_letters ADD COLUMN tenant text COLLATE "C";
COMMENT ON COLUMN dead_letters.tenant IS 'Whose record it was, where that could be read.';
CREATE INDEX dead_letters_tenant ON dead_letters (tenant, time, stage, topic, kafka_partition, kafka_offset)
    WHERE tenant IS NOT NULL;
