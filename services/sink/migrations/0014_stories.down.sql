DROP VIEW event_topics;
DROP TABLE story_members, story_links, story_changes;
DROP INDEX signals_by_story, signals_by_topic;
ALTER TABLE signals DROP COLUMN story_key, DROP COLUMN topic_key, DROP COLUMN merged_into;
