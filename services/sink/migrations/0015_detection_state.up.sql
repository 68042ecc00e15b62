-- A condition that was told can end. Detections stored before are of what happened, or of what began.
ALTER TABLE detections ADD COLUMN state text COLLATE "C" NOT NULL DEFAULT 'firing';
COMMENT ON COLUMN detections.state IS '`firing`, or `resolved` where a condition that was told holds no more; window_start is the same of both.';
