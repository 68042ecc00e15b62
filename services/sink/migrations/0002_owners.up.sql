-- Each partition has one owner at a time. Whoever takes a partition over raises its epoch; a batch that comes with an
-- older one is refused. A partition that was taken over and not yet stored has no offsets.
ALTER TABLE sink_offsets ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
ALTER TABLE sink_offsets ALTER COLUMN next_offset DROP NOT NULL;
ALTER TABLE sink_offsets ALTER COLUMN batch_from DROP NOT NULL;
