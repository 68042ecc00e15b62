-- How the stream itself fares was told of under a name that a tenant could have.
UPDATE receipts SET tenant = '~operational' WHERE tenant = 'operational' AND notification_id IN
    (SELECT id FROM notifications WHERE tenant = 'operational' AND origin_id LIKE 'operational:%');
UPDATE notifications SET tenant = '~operational' WHERE tenant = 'operational' AND origin_id LIKE 'operational:%';
-- Whose notification a dead letter of before was cannot be told any more.
UPDATE dead_letters SET tenant = '~operational' WHERE tenant = 'operational' AND stage = 'notifier-deliver';
