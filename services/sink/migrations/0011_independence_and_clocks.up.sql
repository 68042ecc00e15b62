-- What the records say and the tables did not. Both columns are there at once: their defaults are noted beside the tables.
ALTER TABLE events ADD COLUMN time_corrected boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN events.time_corrected IS 'Its time was too far ahead of the clock, and is when the record came in.';
ALTER TABLE signals ADD COLUMN independent_count bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN signals.independent_count IS 'How many senders its events come from that are independent of each other.';
