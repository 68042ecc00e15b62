DROP INDEX dead_letters_tenant;
ALTER TABLE dead_letters DROP COLUMN tenant;
