-- What else a signal says: how often it is heard of, in which languages, and how it came to its state. Signals stored before
-- say nothing of it.
ALTER TABLE signals ADD COLUMN subjects jsonb, ADD COLUMN langs jsonb, ADD COLUMN heat_10m bigint, ADD COLUMN heat_30m bigint,
    ADD COLUMN slope_10m double precision, ADD COLUMN slope_30m double precision, ADD COLUMN changes jsonb;
COMMENT ON COLUMN signals.subjects IS 'What its events are about, where somebody named it.';
COMMENT ON COLUMN signals.langs IS 'How many of its events are in which language, ISO 639-1.';
COMMENT ON COLUMN signals.heat_10m IS 'Events of the ten minutes up to last_seen.';
COMMENT ON COLUMN signals.heat_30m IS 'Events of the thirty minutes up to last_seen.';
COMMENT ON COLUMN signals.slope_10m IS 'How many more events a minute these ten minutes had than the ten before.';
COMMENT ON COLUMN signals.slope_30m IS 'How many more events a minute these thirty minutes had than the thirty before.';
COMMENT ON COLUMN signals.changes IS 'How it came to its state, oldest first: `time`, `state`, `reason`.';

ALTER TABLE story_changes ADD COLUMN changed_by text COLLATE "C", ADD COLUMN reason text COLLATE "C";
COMMENT ON COLUMN story_changes.tier IS 'By what they were compared: `words` or `words_and_vectors`; `by_hand`, `pinned` or `unpinned` where a person said so.';
COMMENT ON COLUMN story_changes.changed_by IS 'Who said so, where a person did.';
COMMENT ON COLUMN story_changes.reason IS 'Why the person said so.';
