//! A webhook's secrets are changed in their file while the edge runs.

use crate::installation::{Installation, client};
use ring::hmac;
use std::path::Path;
use testkit::Sandbox;

const BODY: &str = r#"{"action":"opened"}"#;

fn configuration(folder: &Path) -> String {
    let secrets = folder.join("secrets");
    std::fs::write(&secrets, "old").expect("the folder can be written");
    format!(
        "telemetry: {{log_level: error}}\n\
         adapters:\n  \
           api_keys: [{key}]\n  \
           webhooks: [{{name: code, provider: github, secrets_file: {secrets}}}]\n",
        key = Installation::key(),
        secrets = secrets.display(),
    )
}

/// The status of a delivery that is signed with this secret.
async fn delivered(installation: &Installation, secret: &str) -> u16 {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hex::encode(hmac::sign(&key, BODY.as_bytes()));
    let posted = client()
        .post(format!("{}/v1/webhooks/code", installation.edge()))
        .header("x-hub-signature-256", format!("sha256={tag}"))
        .body(BODY);
    posted.send().await.expect("the edge answers").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_a_webhook_are_changed_without_a_restart() {
    let sandbox = Sandbox::new("webhooks").await.expect("the servers for tests run");
    let mut installation = Installation::configured(sandbox, |folder, _| configuration(folder)).await;
    installation.start("adapters");
    installation.ready().await;
    let answers = async |old, new| {
        assert_eq!(delivered(&installation, "old").await, old);
        assert_eq!(delivered(&installation, "new").await, new);
    };
    answers(202, 401).await;
    for (secrets, old, number) in [("new\nold\n", 202, "2"), ("new\n", 401, "1")] {
        std::fs::write(installation.file("secrets"), secrets).expect("the folder can be written");
        let told = format!("code (secrets: {number})");
        installation
            .until_health("adapters", |health| health.contains(&told))
            .await;
        answers(old, 202).await;
    }
    installation.stop();
}
