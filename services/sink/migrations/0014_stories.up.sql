-- What belongs together: which part of a story each text belongs to, which story and topic a part is of now, and how it
-- came to that. Parts never change what they hold; only links do, so that a merge of two stories is one row.
--
-- `sluicebox migrate up` adds the columns of signals and makes their indexes beforehand, CONCURRENTLY, one line of the list
-- a statement. What is left to do here takes no lock for long where that was done.

ALTER TABLE signals ADD COLUMN IF NOT EXISTS story_key text COLLATE "C", ADD COLUMN IF NOT EXISTS topic_key text COLLATE "C",
    ADD COLUMN IF NOT EXISTS merged_into text COLLATE "C";
COMMENT ON COLUMN signals.story_key IS 'The story that it is, where its events have words.';
COMMENT ON COLUMN signals.topic_key IS 'The topic of its story when this version was written; event_topics follows later merges.';
COMMENT ON COLUMN signals.merged_into IS 'The signal that took this one in, where it is closed for that.';

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'signals_by_story ON signals (hashtextextended(story_key, hashtextextended(tenant, 0)), last_seen, signal_key) WHERE story_key IS NOT NULL',
        'signals_by_topic ON signals (hashtextextended(topic_key, hashtextextended(tenant, 0)), last_seen, signal_key) WHERE topic_key IS NOT NULL'
    ] LOOP
        IF to_regclass(split_part(wanted, ' ', 1)) IS NULL THEN
            EXECUTE 'CREATE INDEX ' || wanted;
        END IF;
    END LOOP;
END
$$;

-- By day, like the events they are of.
CREATE TABLE story_members (
    source    text COLLATE "C" NOT NULL,
    event_id  text COLLATE "C" NOT NULL,
    tenant    text COLLATE "C" NOT NULL,
    time      timestamptz NOT NULL,
    part      text COLLATE "C" NOT NULL,
    copy      boolean     NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, event_id, tenant, time)
) PARTITION BY RANGE (time);
COMMENT ON TABLE story_members IS 'Which part of a story the text of each event belongs to. It never changes.';
COMMENT ON COLUMN story_members.copy IS 'The text only repeats one that the part has.';
CREATE INDEX story_members_part ON story_members (part);
CREATE TABLE story_members_default PARTITION OF story_members DEFAULT;
CREATE INDEX story_members_default_time ON story_members_default (time);

CREATE TABLE story_links (
    tenant     text COLLATE "C" NOT NULL,
    level      text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    into_id    text COLLATE "C" NOT NULL,
    tier       text COLLATE "C",
    similarity double precision,
    shared     jsonb,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (id, level, tenant)
);
COMMENT ON TABLE story_links IS 'What each part, story and topic belongs to since it was last heard of: follow id to into_id until both are the same, or there is no row.';
COMMENT ON COLUMN story_links.level IS '`story`: a part or a story, and the story it is of. `topic`: a story or a topic, and the topic it is of.';
COMMENT ON COLUMN story_links.tier IS 'By what they were compared: `words` or `words_and_vectors`; NULL for what began then.';
COMMENT ON COLUMN story_links.shared IS 'Up to five words that both have, as stems.';
CREATE INDEX story_links_into ON story_links (into_id, tenant);
CREATE INDEX story_links_changed ON story_links (tenant, changed_at);

-- By month.
CREATE TABLE story_changes (
    kafka_partition int         NOT NULL,
    kafka_offset    bigint      NOT NULL,
    tenant          text COLLATE "C" NOT NULL,
    time            timestamptz NOT NULL,
    kind            text COLLATE "C" NOT NULL,
    id              text COLLATE "C" NOT NULL,
    into_id         text COLLATE "C",
    tier            text COLLATE "C",
    similarity      double precision,
    shared          jsonb,
    PRIMARY KEY (kafka_partition, kafka_offset, time)
) PARTITION BY RANGE (time);
COMMENT ON TABLE story_changes IS 'Every change of what belongs together, with its reason, in the order of kafka_offset within a tenant.';
CREATE INDEX story_changes_id ON story_changes (tenant, id, time);
CREATE TABLE story_changes_default PARTITION OF story_changes DEFAULT;
CREATE INDEX story_changes_default_time ON story_changes_default (time);

-- Links are followed at most 128 times, as in the stream itself; merges into the larger make chains that grow with the
-- logarithm of what they hold. An event whose text came by several partitions is of the story of the earliest.
CREATE VIEW event_topics AS
SELECT member.tenant, member.source, member.event_id, story.id AS story_key, topic.id AS topic_key
FROM (SELECT DISTINCT ON (source, event_id, tenant) source, event_id, tenant, part FROM story_members
      ORDER BY source, event_id, tenant, time) AS member
CROSS JOIN LATERAL (
    WITH RECURSIVE way (id, steps) AS (
        SELECT member.part, 0
        UNION ALL
        SELECT link.into_id, steps + 1 FROM way JOIN story_links link
            ON link.id = way.id AND link.level = 'story' AND link.tenant = member.tenant AND link.into_id <> link.id
        WHERE steps < 128
    ) SELECT id FROM way ORDER BY steps DESC LIMIT 1
) AS story
CROSS JOIN LATERAL (
    WITH RECURSIVE way (id, steps) AS (
        SELECT story.id, 0
        UNION ALL
        SELECT link.into_id, steps + 1 FROM way JOIN story_links link
            ON link.id = way.id AND link.level = 'topic' AND link.tenant = member.tenant AND link.into_id <> link.id
        WHERE steps < 128
    ) SELECT id FROM way ORDER BY steps DESC LIMIT 1
) AS topic;
COMMENT ON VIEW event_topics IS 'The story and topic that the text of each event belongs to now, merges followed.';
