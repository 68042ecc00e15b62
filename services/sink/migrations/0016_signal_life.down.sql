ALTER TABLE signals DROP COLUMN subjects, DROP COLUMN langs, DROP COLUMN heat_10m, DROP COLUMN heat_30m, DROP COLUMN slope_10m,
    DROP COLUMN slope_30m, DROP COLUMN changes;
ALTER TABLE story_changes DROP COLUMN changed_by, DROP COLUMN reason;
