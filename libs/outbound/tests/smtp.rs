//! Mail to a real server that behaves, and misbehaves, as mail servers do.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outbound::lettre::address::Envelope;
use outbound::{CallError, Networks, Smtp, SmtpAnswer, SmtpPolicy, SmtpSecurity, SmtpStep};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const SECRET: &str = "s3cr3t-password";
const MAIL: &[u8] = b"Subject: x\r\n\r\n.a line that begins with a dot\r\n";

/// What a server says to a command in place of the usual; nothing for one that hangs.
type Script = Option<(&'static str, Option<&'static str>)>;
type Said = Arc<Mutex<Vec<String>>>;

struct Server {
    address: SocketAddr,
    said: Said,
    authority: Vec<u8>,
}

/// One connection after another, with TLS from the first byte or after STARTTLS.
async fn server(script: Script, implicit: bool) -> Server {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    drop(rustls::crypto::ring::default_provider().install_default());
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let said = Said::default();
    let authority = cert.der().to_vec();
    let noted = Arc::clone(&said);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            if implicit {
                if let Ok(tls) = acceptor.accept(tcp).await {
                    talk(tls, script, &noted, true).await;
                }
            } else if let Some(tcp) = talk(tcp, script, &noted, true).await
                && let Ok(tls) = acceptor.accept(tcp).await
            {
                talk(tls, script, &noted, false).await;
            }
        }
    });
    Server {
        address,
        said,
        authority,
    }
}

/// One conversation; gives the stream back for TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    script: Script,
    said: &Said,
    greets: bool,
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    let mut command = if greets {
        "GREETING".to_owned()
    } else {
        String::new()
    };
    loop {
        if !command.is_empty() && !answer(&mut stream, &command, script).await {
            return None;
        }
        if command.starts_with("STARTTLS") {
            return Some(stream.into_inner());
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        said.lock().unwrap().push(line.trim_end().to_owned());
        let refuses_data = script.is_some_and(|(verb, _)| verb == "DATA");
        let in_message = (command.starts_with("DATA") && !refuses_data) || command == "TEXT";
        command = match line.trim_end() {
            "." => ".".to_owned(),
            _ if in_message => "TEXT".to_owned(),
            other => other.to_owned(),
        };
    }
}

async fn answer<S: AsyncWrite + Unpin>(stream: &mut S, command: &str, script: Script) -> bool {
    let other = script
        .filter(|(verb, _)| command.starts_with(verb))
        .map(|(_, reply)| reply);
    let reply = match (other, command.split(' ').next()) {
        (Some(None), _) => std::future::pending().await,
        (Some(Some("ENDLESS")), _) => {
            while stream.write_all(&[b'2'; 4096]).await.is_ok() {}
            return false;
        }
        (Some(Some(reply)), _) => reply,
        (None, Some("TEXT")) => return true,
        (None, Some("GREETING")) => "220 mail.example ready",
        (None, Some("EHLO")) => "250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250-STARTTLS\r\n250 8BITMIME",
        (None, Some("AUTH")) => "235 2.7.0 welcome",
        (None, Some("DATA")) => "354 go on",
        (None, Some("QUIT")) => "221 bye",
        (None, _) => "250 2.0.0 ok",
    };
    stream.write_all(format!("{reply}\r\n").as_bytes()).await.is_ok()
}

fn policy(server: &Server, security: SmtpSecurity) -> SmtpPolicy {
    SmtpPolicy {
        host: "localhost".to_owned(),
        port: server.address.port(),
        security,
        login: Some(("ann".to_owned(), SECRET.to_owned())),
        timeout: Duration::from_secs(20),
        rate_per_s: None,
        networks: Networks::all(),
        authorities: vec![server.authority.clone()],
    }
}

async fn sent(policy: SmtpPolicy) -> Result<SmtpAnswer, CallError> {
    let to = vec!["bob@example.com".parse().unwrap()];
    let envelope = Envelope::new(Some("ann@example.com".parse().unwrap()), to).unwrap();
    Smtp::new(policy).unwrap().send(&envelope, MAIL).await
}

#[tokio::test]
async fn mail_goes_by_tls_of_either_kind_and_in_plain_text_where_that_is_asked_for() {
    for (security, implicit) in [
        (SmtpSecurity::Implicit, true),
        (SmtpSecurity::StartTls, false),
        (SmtpSecurity::Plain, false),
    ] {
        let server = server(None, implicit).await;
        let answer = sent(policy(&server, security)).await.unwrap();
        assert_eq!(
            (answer.step, answer.code),
            (SmtpStep::Message, 250),
            "{security:?}"
        );
        let said = server.said.lock().unwrap().clone();
        assert!(said.contains(&"RCPT TO:<bob@example.com>".to_owned()), "{said:?}");
        assert!(
            said.contains(&"..a line that begins with a dot".to_owned()),
            "{said:?}"
        );
        let starttls = said.iter().position(|line| line == "STARTTLS");
        assert_eq!(starttls.is_some(), security == SmtpSecurity::StartTls);
        assert!(starttls < said.iter().position(|line| line.starts_with("AUTH")));
    }
}

#[tokio::test]
async fn who_is_not_the_server_hears_no_password() {
    let no_starttls = Some(("EHLO", Some("250-mail.example\r\n250 AUTH PLAIN")));
    let plain = server(no_starttls, false).await;
    assert!(matches!(
        sent(policy(&plain, SmtpSecurity::StartTls)).await,
        Err(CallError::Unreachable { .. })
    ));
    for (security, implicit) in [(SmtpSecurity::Implicit, true), (SmtpSecurity::StartTls, false)] {
        let server = server(None, implicit).await;
        let stranger = SmtpPolicy {
            authorities: Vec::new(),
            ..policy(&server, security)
        };
        let error = sent(stranger).await.unwrap_err();
        assert!(matches!(error, CallError::Unreachable { .. }), "{error}");
        let said = server.said.lock().unwrap().clone();
        assert!(
            !said
                .iter()
                .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")),
            "{said:?}"
        );
    }
    assert!(
        !plain
            .said
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.starts_with("AUTH"))
    );
}

#[tokio::test]
async fn a_refusal_says_where_it_came() {
    for (verb, reply, step, code) in [
        ("GREETING", "554 no service", SmtpStep::Connect, 554),
        ("AUTH", "535 5.7.8 bad credentials", SmtpStep::Login, 535),
        ("RCPT", "550 5.1.1 no such user", SmtpStep::Message, 550),
        ("DATA", "451 4.3.0 later", SmtpStep::Message, 451),
        (".", "552 5.3.4 too big", SmtpStep::Message, 552),
    ] {
        let server = server(Some((verb, Some(reply))), false).await;
        let answer = sent(policy(&server, SmtpSecurity::Plain)).await.unwrap();
        assert_eq!((answer.step, answer.code), (step, code), "{verb}");
        assert!(
            answer.text.contains(&reply[4..]) && !answer.text.contains(SECRET),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_server_that_hangs_or_never_ends_costs_a_bounded_time_and_memory() {
    for verb in ["GREETING", "EHLO", "AUTH", "."] {
        let server = server(Some((verb, None)), false).await;
        let hurried = SmtpPolicy {
            timeout: Duration::from_millis(300),
            ..policy(&server, SmtpSecurity::Plain)
        };
        assert!(
            matches!(sent(hurried).await, Err(CallError::Timeout { .. })),
            "{verb}"
        );
    }
    for verb in ["GREETING", "EHLO", "."] {
        let server = server(Some((verb, Some("ENDLESS"))), false).await;
        let error = sent(policy(&server, SmtpSecurity::Plain)).await.unwrap_err();
        assert!(matches!(error, CallError::Unreachable { .. }), "{verb}: {error}");
    }
    for nonsense in [
        "hello",
        "250",
        "99999 x",
        "250-more and then\r\nnothing of the kind",
    ] {
        let server = server(Some(("EHLO", Some(nonsense))), false).await;
        let hurried = SmtpPolicy {
            timeout: Duration::from_secs(1),
            ..policy(&server, SmtpSecurity::Plain)
        };
        assert!(sent(hurried).await.is_err(), "{nonsense}");
    }
    let late = server(Some(("QUIT", None)), false).await;
    assert_eq!(
        sent(policy(&late, SmtpSecurity::Plain)).await.unwrap().code,
        250,
        "it has the mail"
    );
}

#[tokio::test]
async fn private_addresses_are_refused_and_the_rate_is_kept() {
    let server = server(None, false).await;
    let public = SmtpPolicy {
        networks: Networks::default(),
        ..policy(&server, SmtpSecurity::Plain)
    };
    assert!(matches!(sent(public).await, Err(CallError::Forbidden { .. })));
    assert!(server.said.lock().unwrap().is_empty());
    let limited = SmtpPolicy {
        rate_per_s: std::num::NonZeroU32::new(1),
        ..policy(&server, SmtpSecurity::Plain)
    };
    let smtp = Smtp::new(limited).unwrap();
    let to = vec!["bob@example.com".parse().unwrap()];
    let envelope = Envelope::new(None, to).unwrap();
    assert!(smtp.send(&envelope, MAIL).await.is_ok());
    assert!(matches!(
        smtp.send(&envelope, MAIL).await,
        Err(CallError::Throttled { .. })
    ));
}
