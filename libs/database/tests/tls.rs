//! A real PostgreSQL with TLS: what each mode demands of the server, and what the server demands of us.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use settings::{PostgresSettings, Secret, SslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use testkit::{Authority, Identity, OwnParts, Part};

/// Bound of every wait.
const PATIENCE: Duration = Duration::from_secs(20);

/// An authority, the files of a server and of a client that it signed, and one authority that signed nothing.
struct Files {
    folder: tempfile::TempDir,
    ca: String,
    server: Identity,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ours, others) = (Authority::new("ours").unwrap(), Authority::new("others").unwrap());
        let client = ours.issue("certuser").unwrap();
        let server = ours.issue("127.0.0.1").unwrap();
        for (name, text) in [
            ("ca.pem", ours.pem()),
            ("others.pem", others.pem()),
            ("client.pem", client.certificate_pem()),
            ("client.key", client.key_pem()),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self {
            folder,
            ca: ours.pem(),
            server,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Lets the server write a file into its data folder, readable by it alone.
async fn write(server: &mut PgConnection, name: &str, text: &str) {
    let lines: Vec<String> = text.lines().map(|line| format!("('{line}')")).collect();
    let statement = format!(
        "COPY (SELECT * FROM (VALUES {}) AS line) TO PROGRAM 'umask 077; cat > {name}'",
        lines.join(", ")
    );
    sqlx::query(AssertSqlSafe(statement))
        .execute(server)
        .await
        .unwrap();
}

const HBA: &str = "host all probe 127.0.0.1/32 trust
hostssl all certuser 127.0.0.1/32 cert
host all all 127.0.0.1/32 scram-sha-256";

/// Switches TLS on in a running server.
async fn switch_on(url: &str, files: &Files) {
    let mut server = PgConnection::connect(url).await.unwrap();
    write(&mut server, "server.crt", &files.server.certificate_pem()).await;
    write(&mut server, "server.key", &files.server.key_pem()).await;
    write(&mut server, "root.crt", &files.ca).await;
    write(&mut server, "pg_hba.conf", HBA).await;
    for statement in [
        "CREATE ROLE certuser LOGIN",
        "ALTER SYSTEM SET ssl_ca_file = 'root.crt'",
        "ALTER SYSTEM SET ssl = on",
        "SELECT pg_reload_conf()",
    ] {
        sqlx::query(statement).execute(&mut server).await.unwrap();
    }
    let deadline = Instant::now() + PATIENCE;
    while sqlx::query_scalar::<_, String>("SHOW ssl")
        .fetch_one(&mut server)
        .await
        .unwrap()
        != "on"
    {
        assert!(Instant::now() < deadline, "the server does not switch TLS on");
    }
}

fn settings(url: &str, mode: SslMode) -> PostgresSettings {
    PostgresSettings {
        url: Secret::new(url),
        sslmode: Some(mode),
        ..PostgresSettings::default()
    }
}

/// Whether the connection is encrypted, or why there is none.
async fn encrypted(settings: &PostgresSettings) -> Result<bool, String> {
    let options = database::options(settings, "test").map_err(|error| error.to_string())?;
    let connected = tokio::time::timeout(PATIENCE, options.connect()).await;
    let mut connection = connected
        .map_err(|_| "no answer".to_owned())?
        .map_err(|error| database::explain(&error))?;
    let asked = sqlx::query_scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    asked
        .fetch_one(&mut connection)
        .await
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn each_mode_asks_of_the_server_what_it_says() {
    let parts = OwnParts::new().unwrap();
    parts.up(&[Part::Postgres]).unwrap();
    let url = parts.addresses().unwrap().postgres_url;
    let files = Files::new();

    let without = encrypted(&settings(&url, SslMode::Require)).await.unwrap_err();
    assert!(without.contains("set `ssl = on` at the server"), "{without}");
    assert_eq!(encrypted(&settings(&url, SslMode::Prefer)).await, Ok(false));

    switch_on(&url, &files).await;
    assert_eq!(encrypted(&settings(&url, SslMode::Disable)).await, Ok(false));
    assert_eq!(encrypted(&settings(&url, SslMode::Prefer)).await, Ok(true));
    assert_eq!(encrypted(&settings(&url, SslMode::Require)).await, Ok(true));
    checks_the_authority(&url, &files).await;
    checks_the_name(&url, &files).await;
    shows_a_certificate(&url, &files).await;
}

async fn checks_the_authority(url: &str, files: &Files) {
    for mode in [SslMode::VerifyCa, SslMode::VerifyFull] {
        let mut asked = settings(url, mode);
        for ca in [None, Some(files.path("others.pem"))] {
            asked.ca = ca;
            let refused = encrypted(&asked).await.unwrap_err();
            assert!(refused.contains("set postgres.ca"), "{refused}");
        }
        asked.ca = Some(files.path("ca.pem"));
        assert_eq!(encrypted(&asked).await, Ok(true));
    }
}

async fn checks_the_name(url: &str, files: &Files) {
    let mut asked = settings(&url.replace("127.0.0.1", "localhost"), SslMode::VerifyFull);
    asked.ca = Some(files.path("ca.pem"));
    let refused = encrypted(&asked).await.unwrap_err();
    assert!(refused.contains("name the host in postgres.url"), "{refused}");
    asked.sslmode = Some(SslMode::VerifyCa);
    assert_eq!(encrypted(&asked).await, Ok(true));
}

async fn shows_a_certificate(url: &str, files: &Files) {
    let at = |key: &str| url.replace("sluicebox:sluicebox@", key);
    let mut asked = settings(&at("certuser@"), SslMode::VerifyFull);
    asked.ca = Some(files.path("ca.pem"));
    assert!(
        encrypted(&asked).await.is_err(),
        "nobody is let in without a certificate"
    );
    asked.certificate = Some(files.path("client.pem"));
    asked.key = Some(files.path("client.key"));
    assert_eq!(encrypted(&asked).await, Ok(true));
    renewed(&mut asked, files.folder.path()).await;
}

/// Files that change are those of the next connection, without a restart.
async fn renewed(asked: &mut PostgresSettings, folder: &Path) {
    let options = database::options(asked, "test").unwrap();
    std::fs::write(
        folder.join("client.pem"),
        std::fs::read(folder.join("others.pem")).unwrap(),
    )
    .unwrap();
    let connected = tokio::time::timeout(PATIENCE, options.connect()).await.unwrap();
    assert!(connected.is_err(), "the old certificate was used");
}
