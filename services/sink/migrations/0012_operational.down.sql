UPDATE receipts SET tenant = 'operational' WHERE tenant = '~operational';
UPDATE notifications SET tenant = 'operational' WHERE tenant = '~operational';
UPDATE dead_letters SET tenant = 'operational' WHERE tenant = '~operational';
