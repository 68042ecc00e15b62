ALTER TABLE detections DROP COLUMN state;
