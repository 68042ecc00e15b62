//! Up, up again, down, up.

use crate::database::Database;
use sqlx::PgPool;
use testkit::Sandbox;

#[tokio::test]
async fn migrations_run_twice_and_are_taken_back_without_remains() {
    let db = Database::new("sink_migrations").await;
    sink::migrate(&db.pool).await.unwrap();
    sink::revert(&db.pool, 0).await.unwrap();
    let remains = "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace \
        AND relname NOT LIKE '\\_sqlx%') + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)";
    assert_eq!(db.number(remains).await, 0);
    sink::migrate(&db.pool).await.unwrap();
    assert_eq!(db.count("events").await, 0);
}

#[tokio::test]
async fn what_was_told_of_the_stream_itself_is_no_tenants() {
    let sandbox = Sandbox::new("sink_operational").await.unwrap();
    let pool = PgPool::connect(sandbox.postgres_url()).await.unwrap();
    sink::migrations().run_to(11, &pool).await.unwrap();
    let before = "
        INSERT INTO notifications (id, tenant, channel, group_key, origin, origin_id, subject, level, state, title, body,
            time, planned_at)
        SELECT id, tenant, 'ops', 'g', 'detection', origin, 's', 'high', 'detected', 't', 'b', now(), now()
        FROM (VALUES ('ours', 'operational', 'operational:ops:7'), ('theirs', 'operational', 'det_1'),
            ('other', 'acme', 'det_2')) AS told (id, tenant, origin);
        INSERT INTO receipts (notification_id, tenant, channel, status, attempts, latency_ms, detail, answered_at)
        SELECT id, tenant, channel, 'delivered', 1, 1, '', now() FROM notifications;
        INSERT INTO dead_letters (stage, topic, kafka_partition, kafka_offset, time, reason, message, tenant)
        SELECT stage, 't', 0, 0, now(), 'r', 'm', 'operational' FROM (VALUES ('notifier-deliver'), ('scorer')) AS s (stage)";
    sqlx::raw_sql(before).execute(&pool).await.unwrap();
    sink::migrate(&pool).await.unwrap();
    let ids = async |query: &'static str| -> Vec<String> {
        let ids = sqlx::query_scalar(query).fetch_all(&pool).await;
        ids.unwrap()
    };
    let ours = "SELECT id FROM notifications WHERE tenant = '~operational'";
    assert_eq!(ids(ours).await, ["ours"]);
    let receipts = "SELECT notification_id FROM receipts WHERE tenant = '~operational'";
    assert_eq!(ids(receipts).await, ["ours"]);
    let theirs = "SELECT id FROM notifications WHERE tenant = 'operational'";
    assert_eq!(ids(theirs).await, ["theirs"]);
    let letters = "SELECT stage FROM dead_letters WHERE tenant = '~operational'";
    assert_eq!(ids(letters).await, ["notifier-deliver"]);
}
