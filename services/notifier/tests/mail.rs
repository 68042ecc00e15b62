//! The e-mail channel, as docs/CHANNELS.md configures it, through the real delivery to a stand-in mail server.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[expect(
    dead_code,
    reason = "mail has a stand-in of its own; the configurations are the same"
)]
mod standin;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use model::Notification;
use notifier::{Cards, Channels, Console, DeliverEffect, Ledger, PlanInput};
use outbound::Reach;
use settings::{ChannelSettings, NotifierSettings, Secret, Watched};
use stage::{Attempt, Cx, Effect, Outcome};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use topology::Topic;

type Said = Arc<Mutex<Vec<String>>>;

/// A mail server without TLS, which answers this to commands that begin so.
async fn server(verb: &'static str, reply: &'static str) -> (SocketAddr, Said) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let said = Said::default();
    let noted = Arc::clone(&said);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            talk(tcp, verb, reply, &noted).await;
        }
    });
    (address, said)
}

async fn talk(tcp: TcpStream, verb: &str, reply: &str, said: &Said) -> Option<()> {
    let mut stream = BufReader::new(tcp);
    stream.write_all(b"220 mail.example ready\r\n").await.ok()?;
    let mut in_message = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        said.lock().unwrap().push(line.to_owned());
        in_message = match line {
            "." => false,
            _ => in_message || line == "DATA",
        };
        let usual = match line.split(' ').next() {
            Some("EHLO") => "250-mail.example\r\n250 AUTH PLAIN",
            Some("AUTH") => "235 welcome",
            Some("DATA") => "354 go on",
            _ if in_message => continue,
            _ => "250 2.0.0 ok",
        };
        let reply = if line.starts_with(verb) { reply } else { usual };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
    }
}

fn channel(address: SocketAddr) -> ChannelSettings {
    ChannelSettings {
        url: Some(Secret::new(format!("smtp+plain://{address}"))),
        allow_private: true,
        ..standin::configured("E-mail", 0, address)
    }
}

async fn told(channel: ChannelSettings) -> (Outcome<model::Receipt>, Ledger) {
    let notification = Notification {
        id: "ntf_1".to_owned(),
        channel: channel.name.clone(),
        title: "[HIGH] a < b".to_owned(),
        body: "see <b>this</b>".to_owned(),
        ..Notification::default()
    };
    let settings = NotifierSettings {
        channels: vec![channel],
        ..NotifierSettings::default()
    };
    let channels = Channels::new(&settings, &Console::stdout(), &Reach::default()).unwrap();
    let ledger = Ledger::default();
    let effect = DeliverEffect::new(&Watched::fixed(channels), &ledger);
    let key = effect.idempotency_key(&notification);
    let place = Cx::at(Topic::NotificationsOutbox, 0);
    let outcome = effect
        .perform(&notification, &key, Attempt::first(), None, &place)
        .await;
    (outcome, ledger)
}

#[tokio::test]
async fn the_channel_of_the_document_delivers() {
    let (address, said) = server("nothing", "").await;
    let (outcome, _) = told(channel(address)).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    let said = said.lock().unwrap().join("\n").replace("=\n", "");
    for line in [
        "RCPT TO:<ops@example.com>",
        "RCPT TO:<ann@example.com>",
        "Subject: [HIGH] a < b",
        "List-Unsubscribe: <mailto:ops-off@example.com>",
        "\nsee <b>this</b>\n",
        ">see &lt;b&gt;this&lt;/b&gt;<",
    ] {
        assert!(said.contains(line), "{line} not in {said}");
    }
}

#[tokio::test]
async fn each_reply_leads_where_its_table_says() {
    for (verb, reply, reason) in [
        ("AUTH", "535 5.7.8 bad credentials", "unauthorized"),
        ("RCPT", "550 5.1.1 no such user", "receiver_gone"),
    ] {
        let (address, _) = server(verb, reply).await;
        let (outcome, ledger) = told(channel(address)).await;
        let Outcome::Poison(poison) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(
            (poison.reason, ledger.news().unwrap().reason.as_str()),
            (reason, reason)
        );
        assert!(
            poison.message.contains(&reply[4..]) && !poison.message.contains("s3cr3t"),
            "{}",
            poison.message
        );
    }
    let (address, _) = server("RCPT", "451 4.7.1 greylisted").await;
    assert!(matches!(told(channel(address)).await.0, Outcome::Retry { .. }));
    let (address, _) = server(".", "554 5.7.1 looks like spam").await;
    let Outcome::Poison(poison) = told(channel(address)).await.0 else {
        panic!()
    };
    assert_eq!(poison.reason, "smtp_5xx");
}

#[tokio::test]
async fn without_tls_no_mail_goes_where_tls_is_demanded() {
    let (address, said) = server("nothing", "").await;
    for scheme in ["smtp", "smtps"] {
        let url = Some(Secret::new(format!("{scheme}://{address}")));
        let timeout = std::time::Duration::from_secs(1);
        let (outcome, _) = told(ChannelSettings {
            url,
            timeout,
            ..channel(address)
        })
        .await;
        assert!(matches!(outcome, Outcome::Retry { .. }), "{scheme}: {outcome:?}");
    }
    let said = said.lock().unwrap();
    assert!(
        !said
            .iter()
            .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")),
        "{said:?}"
    );
}

#[test]
fn a_look_at_a_mail_shows_it_without_the_password() {
    let sample = include_str!("../../../templates/sample.json");
    let signal = PlanInput::Signal(Box::new(serde_json::from_str(sample).unwrap()));
    let channel = channel(SocketAddr::from(([127, 0, 0, 1], 9)));
    let shown = notifier::preview(&channel, &Cards::with(&[]).unwrap(), &signal).unwrap();
    assert!(shown.to.contains("ops@example.com") && shown.title.starts_with("[HIGH] $TEST"));
    assert!(
        shown.body.contains("Subject: [HIGH] $TEST") && !shown.body.contains("s3cr3t"),
        "{}",
        shown.body
    );
}
