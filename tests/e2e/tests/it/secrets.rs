//! Secrets are changed in their files while the process runs: the old one is refused from then on, the new one taken.

use crate::installation::{Installation, PATIENCE, client};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use testkit::Sandbox;

/// Between two questions; every wait has a deadline.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
const OLD: &str = "the old secret, of at least 32 bytes";
const NEW: &str = "the new secret, of at least 32 bytes";

/// Each secret in a file of its own.
fn of_callers(folder: &Path) -> String {
    for name in ["key", "token", "shared"] {
        std::fs::write(folder.join(name), OLD).expect("the folder can be written");
    }
    let file = |name: &str| folder.join(name).display().to_string();
    format!(
        "telemetry: {{log_level: error}}\n\
         adapters: {{api_keys_file: {}}}\n\
         access: {{jwt: [{{name: app, tenant: acme, secrets_file: {}}}]}}\n\
         ops: {{token_file: {}}}\n",
        file("key"),
        file("shared"),
        file("token")
    )
}

fn token(secret: &str) -> String {
    let encoded = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let ends = now.expect("a clock after 1970").as_secs() + 600;
    let claims = json!({"sub": "x", "scope": "ingest read", "exp": ends});
    let signed = format!("{}.{}", encoded(&json!({"alg": "HS256"})), encoded(&claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// The statuses of the edge and of metrics for who shows these.
async fn statuses(installation: &Installation, secret: &str) -> [u16; 3] {
    let post = |credential: String| {
        let event = r#"{"source":"s","type":"t"}"#;
        client()
            .post(format!("{}/v1/events", installation.edge()))
            .bearer_auth(credential)
            .body(event)
    };
    let metrics = client().get(format!("{}/metrics", installation.ops("adapters")));
    let mut statuses = [0; 3];
    let asked = [
        post(secret.to_owned()),
        post(token(secret)),
        metrics.bearer_auth(secret),
    ];
    for (status, asked) in statuses.iter_mut().zip(asked) {
        *status = asked.send().await.expect("it answers").status().as_u16();
    }
    statuses
}

/// Waits until the parts of health hold these words, told to who knows the token.
async fn until_health(installation: &Installation, token: &str, words: &str) {
    let target = installation.targets().next().expect("a process runs");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let health = client()
            .get(format!("{}/readyz", installation.ops(target)))
            .bearer_auth(token);
        let health = health
            .send()
            .await
            .expect("it answers")
            .text()
            .await
            .expect("health is text");
        if health.contains(words) {
            return;
        }
        assert!(Instant::now() < deadline, "{health}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_shared_secrets_and_the_token_of_health_are_changed_without_a_restart() {
    let sandbox = Sandbox::new("secrets").await.expect("the servers for tests run");
    let mut installation = Installation::configured(sandbox, |folder, _| of_callers(folder)).await;
    installation.start("adapters");
    installation.ready().await;
    assert_eq!(statuses(&installation, OLD).await, [202, 202, 200]);
    assert_eq!(statuses(&installation, NEW).await, [401, 401, 401]);
    for name in ["key", "shared", "token"] {
        // As a file is while it is written: no change to nothing.
        std::fs::write(installation.file(name), "").expect("the folder can be written");
    }
    until_health(&installation, OLD, "the file is empty").await;
    assert_eq!(statuses(&installation, OLD).await, [202, 202, 200]);
    for (name, text) in [
        ("shared", NEW),
        ("token", NEW),
        ("key", &format!("{NEW}\nanother key")),
    ] {
        std::fs::write(installation.file(name), text).expect("the folder can be written");
    }
    until_health(&installation, NEW, "2 keys of adapters.api_keys").await;
    assert_eq!(statuses(&installation, NEW).await, [202, 202, 200]);
    assert_eq!(statuses(&installation, OLD).await, [401, 401, 401]);
    installation.stop();
}

async fn run(url: &str, statement: String) {
    let pool = sqlx::PgPool::connect(url).await.expect("the database answers");
    let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(statement));
    statement.execute(&pool).await.expect("the statement is right");
    pool.close().await;
}

/// A user of the database that is dropped when its test ends well.
struct Role {
    name: String,
    url: String,
}

impl Role {
    async fn new(sandbox: &Sandbox) -> Self {
        let name = sandbox.topic_prefix().trim_end_matches('.').to_owned();
        let url = sandbox.postgres_url().to_owned();
        run(&url, format!("CREATE ROLE {name} LOGIN SUPERUSER PASSWORD 'old'")).await;
        Self { name, url }
    }

    fn url(&self, password: &str) -> String {
        let own = format!("{}:{password}@", self.name);
        self.url.replace("sluicebox:sluicebox@", &own)
    }

    /// Another password, and nobody connected by the old one.
    async fn change(&self, password: &str) {
        let name = &self.name;
        run(&self.url, format!("ALTER ROLE {name} PASSWORD '{password}'")).await;
        let gone = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'");
        run(&self.url, gone).await;
    }

    async fn drop(self) {
        run(&self.url, format!("DROP ROLE {}", self.name)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_of_the_database_is_changed_while_the_sink_stores_and_the_api_answers() {
    let sandbox = Sandbox::new("secret_database")
        .await
        .expect("the servers for tests run");
    let role = Role::new(&sandbox).await;
    let own = "telemetry: {log_level: error}\nadapters: {auth: none}\n";
    let mut installation = Installation::configured(sandbox, |_, _| own.to_owned()).await;
    let url = installation.file("url");
    std::fs::write(&url, role.url("old")).expect("the folder can be written");
    let configuration = format!("{own}postgres: {{url_file: {url}}}\n");
    std::fs::write(installation.file("sluicebox.yml"), configuration).expect("the folder can be written");
    installation.leave_out("SLUICEBOX__POSTGRES__URL");
    installation.start("all");
    installation.ready().await;
    let event = |id: &str| json!({"specversion": "1.0", "id": id, "source": "/s", "type": "t", "data": {}});
    installation.post(&event("1")).await;
    installation.drain();

    role.change("new").await;
    installation.post(&event("2")).await;
    until_health(&installation, OLD, "password authentication failed").await;
    std::fs::write(&url, role.url("new")).expect("the folder can be written");
    installation.ready().await;
    installation.drain();
    let stored = installation.texts("SELECT id FROM events ORDER BY id").await;
    assert_eq!(stored, ["1", "2"]);
    installation.stop();
    role.drop().await;
}
