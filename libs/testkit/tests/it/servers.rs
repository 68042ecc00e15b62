//! The servers for tests really answer, and each sandbox is alone.

use std::io::{Read, Write};
use std::net::TcpStream;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use testkit::{Sandbox, parts};

async fn databases_named(name: &str) -> i64 {
    let mut connection = PgConnection::connect(&parts().await.unwrap().postgres_url)
        .await
        .unwrap();
    let counted = sqlx::query("SELECT count(*) FROM pg_database WHERE datname = $1").bind(name);
    counted.fetch_one(&mut connection).await.unwrap().get(0)
}

#[tokio::test]
async fn a_database_is_there_for_one_test_and_gone_after_it() {
    let sandbox = Sandbox::new("database").await.unwrap();
    let name = sandbox.postgres_url().rsplit('/').next().unwrap().to_owned();
    let mut connection = PgConnection::connect(sandbox.postgres_url()).await.unwrap();
    connection
        .execute(AssertSqlSafe("CREATE TABLE mine (id int)"))
        .await
        .unwrap();
    assert_eq!(databases_named(&name).await, 1);
    // The open connection must not keep the database.
    drop(sandbox);
    assert_eq!(databases_named(&name).await, 0);
}

#[tokio::test]
async fn sandboxes_of_one_test_do_not_meet() {
    let (one, other) = (
        Sandbox::new("same").await.unwrap(),
        Sandbox::new("same").await.unwrap(),
    );
    assert_ne!(one.topic_prefix(), other.topic_prefix());
    assert_ne!(one.postgres_url(), other.postgres_url());
}

#[tokio::test]
async fn settings_are_valid_and_equal_to_the_environment() {
    let sandbox = Sandbox::new("settings").await.unwrap();
    assert_eq!(sandbox.settings().problems(), vec![]);
    let loaded = settings::Settings::load(None, sandbox.environment()).unwrap();
    assert_eq!(loaded, sandbox.settings());
}

#[tokio::test]
async fn the_registry_answers() {
    let address = parts().await.unwrap().registry_url.trim_start_matches("http://");
    let mut registry = TcpStream::connect(address).unwrap();
    registry
        .write_all(b"GET /subjects HTTP/1.0\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    registry.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
}
