//! A channel that is disabled by its receiver, enabled again by one command, and what was sent or not sent to it.

use crate::installation::{Installation, WEBHOOK_KEY};
use crate::receiver::Receiver;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::path::Path;
use testkit::Sandbox;

const RULES: &str = "
groups:
  - name: listings
    rules:
      - {id: listed, when: type == 'listing', score: 60, reason: a new listing}
";
/// The clock of the database, which is that of this machine, as the command line reads times.
const NOW: &str = r#"SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"#;

fn configuration(folder: &Path, receiver: &Receiver) -> String {
    std::fs::write(folder.join("rules.yml"), RULES).expect("the folder can be written");
    format!(
        "adapters: {{api_keys: [{key}]}}\n\
         telemetry: {{log_level: error}}\n\
         notifier:\n  \
           channels:\n    \
             - {{name: ops, kind: webhook, url: '{url}', secret: {WEBHOOK_KEY}, allow_private: true,\n       \
                 kinds: [signal], states: [candidate, verified]}}\n",
        key = Installation::key(),
        url = receiver.url("ops"),
    )
}

/// What leads to one notification.
fn listing(number: u32) -> Value {
    json!({
        "specversion": "1.0", "id": number.to_string(), "source": "/exchange", "type": "listing",
        "subject": format!("listing:{number}"), "data": {"n": number}
    })
}

impl Installation {
    /// Lets the stream tell the channel of another listing, and waits for what comes of it.
    async fn list(&self, number: u32) {
        self.post(&listing(number)).await;
        self.drain();
    }

    /// Runs the program, which prints one JSON object.
    fn told(&self, arguments: &[&str]) -> Value {
        let output = self.succeeds(arguments);
        serde_json::from_slice(&output.stdout).expect("one JSON object")
    }

    fn resend(&self, which: &[&str]) -> u64 {
        let told = self.told(&[&["notifications", "resend", "--json"], which].concat());
        self.drain();
        told["resent"].as_u64().expect("a number")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_gone_is_enabled_by_one_command_and_what_it_missed_is_sent() {
    let sandbox = Sandbox::new("channels").await.expect("the servers for tests run");
    let mut installation = Installation::configured(sandbox, configuration).await;
    let rules = installation.file("rules.yml");
    installation.start_with("all", &[("SLUICEBOX__SCORER__RULES", &rules)]);
    installation.ready().await;

    installation.receiver.answer(StatusCode::GONE);
    installation.list(1).await;
    installation
        .until_health("all", |health| health.contains("disabled (http_410)"))
        .await;
    let state = installation.told(&["notifications", "channels", "--json"]);
    assert_eq!(
        (&state["channel"], &state["enabled"], &state["reason"]),
        (&json!("ops"), &json!(false), &json!("http_410"))
    );

    installation.receiver.answer(StatusCode::NO_CONTENT);
    installation.list(2).await;
    assert_eq!(
        installation.receiver.taken().len(),
        0,
        "nothing goes to a disabled channel"
    );
    let first = installation
        .texts("SELECT id FROM notifications WHERE subject = 'listing:1'")
        .await
        .concat();
    assert_eq!(installation.resend(&["--id", &first]), 1);
    let by_hand = [(first, 1)].into();
    assert_eq!(
        installation.receiver.taken(),
        by_hand,
        "but what somebody sends by hand"
    );

    installation.succeeds(&["notifications", "enable", "ops"]);
    installation
        .until_health("all", |health| health.contains(r#""enabled""#))
        .await;
    let before_the_third = installation.texts(NOW).await.concat();
    installation.list(3).await;
    assert_eq!(installation.receiver.taken().len(), 2);

    let missed = ["--stage", "notifier-deliver", "--reason", "channel_disabled"];
    installation.succeeds(&[&["dlq", "replay"], missed.as_slice()].concat());
    installation.drain();
    assert_eq!(
        installation.receiver.taken().into_values().collect::<Vec<_>>(),
        [1; 3]
    );

    let ops = ["--channel", "ops", "--from", "1h"];
    assert_eq!(installation.resend(&[&ops, ["--dry-run"].as_slice()].concat()), 3);
    assert_eq!(installation.receiver.taken().into_values().sum::<u32>(), 3);
    assert_eq!(installation.resend(&ops), 3);
    assert_eq!(
        installation.receiver.taken().into_values().collect::<Vec<_>>(),
        [2; 3]
    );
    assert_eq!(
        installation.resend(&["--channel", "ops", "--from", &before_the_third]),
        1
    );
    assert_eq!(
        installation.resend(&["--from", "1h", "--to", &before_the_third]),
        2
    );
    assert_eq!(
        installation.receiver.taken().into_values().collect::<Vec<_>>(),
        [3; 3]
    );
    assert_eq!(installation.resend(&["--channel", "other", "--from", "1h"]), 0);
    for bodies in installation.receiver.bodies().into_values() {
        assert_eq!(bodies.len(), 1, "each time with the same words");
    }
    installation.stop();
}
