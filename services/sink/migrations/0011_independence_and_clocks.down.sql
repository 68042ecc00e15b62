ALTER TABLE events DROP COLUMN time_corrected;
ALTER TABLE signals DROP COLUMN independent_count;
