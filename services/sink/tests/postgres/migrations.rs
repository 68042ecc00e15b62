//! Up, up again, down, up.

use crate::database::Database;

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
