use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;

const NOW: Millis = 1_700_000_000_000;

fn verifier(scheme: Scheme, secrets: &[&str]) -> Verifier {
    let secrets = secrets
        .iter()
        .map(|text| WebhookSecret::new(&scheme, text).unwrap());
    Verifier {
        secrets: secrets.collect(),
        tolerance: 300_000,
        scheme,
    }
}

fn tag(secret: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn verified(
    verifier: &Verifier,
    headers: &[(&str, &str)],
    body: &str,
    now: Millis,
) -> Result<Delivery, WebhookFault> {
    let headers: HashMap<_, _> = headers.iter().copied().collect();
    verifier.verify(|name| headers.get(name).copied(), body.as_bytes(), now)
}

fn reason(verifier: &Verifier, headers: &[(&str, &str)], body: &str) -> &'static str {
    verified(verifier, headers, body, NOW).unwrap_err().reason()
}

#[test]
fn github_as_its_page_shows_it() {
    // "Validating webhook deliveries", testing values.
    let github = verifier(Scheme::Github, &["It's a Secret to Everybody"]);
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let headers = [
        ("x-hub-signature-256", signature),
        ("x-github-delivery", "72d3162e"),
    ];
    let delivery = verified(&github, &headers, "Hello, World!", NOW).unwrap();
    assert_eq!(
        delivery,
        Delivery {
            id: Some("72d3162e".to_owned()),
            sent: None
        }
    );
    assert_eq!(reason(&github, &headers, "Hello, world!"), "signature_wrong");
    assert_eq!(reason(&github, &[], "Hello, World!"), "signature_missing");
    for bad in [
        "sha1=757107ea",
        &signature[..70],
        &signature[7..],
        "sha256=",
        "sha256=zz",
    ] {
        let headers = [("x-hub-signature-256", bad)];
        assert_eq!(
            reason(&github, &headers, "Hello, World!"),
            "signature_malformed",
            "{bad}"
        );
    }
}

#[test]
fn slack_as_its_page_shows_it() {
    // "Verifying requests from Slack".
    let slack = verifier(Scheme::Slack, &["8f742231b10e8888abcd99yyyzzz85a5"]);
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let headers = [
        ("x-slack-request-timestamp", "1531420618"),
        (
            "x-slack-signature",
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        ),
    ];
    let sent = 1_531_420_618_000;
    assert_eq!(
        verified(&slack, &headers, body, sent + 300_000),
        Ok(Delivery {
            id: None,
            sent: Some(sent)
        })
    );
    for far in [sent + 300_001, sent - 300_001, NOW, 0, Millis::MIN, Millis::MAX] {
        assert_eq!(
            verified(&slack, &headers, body, far),
            Err(WebhookFault::Stale),
            "{far}"
        );
    }
    let moved = [("x-slack-request-timestamp", "1700000000"), headers[1]];
    assert_eq!(reason(&slack, &moved, body), "signature_wrong");
    for time in ["", "+1531420618", " 1531420618", "1e9", "9999999999999"] {
        let headers = [("x-slack-request-timestamp", time), headers[1]];
        assert_ne!(reason(&slack, &headers, body), "signature_wrong", "{time}");
    }
}

#[test]
fn stripe_takes_any_of_its_signatures_and_any_secret() {
    let stripe = verifier(Scheme::Stripe, &["whsec_old", "whsec_new"]);
    let good = hex::encode(tag(b"whsec_new", "1700000000.{}"));
    let other = "0".repeat(64);
    for header in [
        format!("t=1700000000,v1={good}"),
        format!("t=1700000000,v1={other},v1={good},v0=xyz"),
        format!("v1={good}, t=1700000000"),
    ] {
        let delivery = verified(&stripe, &[("stripe-signature", &header)], "{}", NOW).unwrap();
        assert_eq!(delivery.sent, Some(NOW));
    }
    for (header, wanted) in [
        (format!("t=1700000000,v0={good}"), "signature_wrong"),
        (format!("t=1699999999,v1={good}"), "signature_wrong"),
        (format!("v1={good}"), "signature_malformed"),
        (
            format!("t=1700000000,t=1700000000,v1={good}"),
            "signature_malformed",
        ),
        ("t".to_owned(), "signature_malformed"),
    ] {
        assert_eq!(
            reason(&stripe, &[("stripe-signature", &header)], "{}"),
            wanted,
            "{header}"
        );
    }
}

#[test]
fn standard_webhooks_as_its_libraries_show_it() {
    let standard = verifier(Scheme::Standard, &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
    let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "{\"test\": 2432232314}");
    let good = format!(
        "v1,{}",
        STANDARD.encode(tag(&secret, &format!("{id}.1700000000.{body}")))
    );
    let several = format!("v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,x {good}");
    for family in ["webhook", "svix"] {
        let names = ["id", "timestamp", "signature"].map(|part| format!("{family}-{part}"));
        for signature in [&good, &several] {
            let headers = [
                (&*names[0], id),
                (&*names[1], "1700000000"),
                (&*names[2], signature.as_str()),
            ];
            let delivery = verified(&standard, &headers, body, NOW + 300_000).unwrap();
            assert_eq!(
                delivery,
                Delivery {
                    id: Some(id.to_owned()),
                    sent: Some(NOW)
                }
            );
            for time in [NOW + 300_001, NOW - 300_001] {
                assert_eq!(
                    verified(&standard, &headers, body, time),
                    Err(WebhookFault::Stale)
                );
            }
            for missing in 0..3 {
                let mut headers = headers.to_vec();
                headers.remove(missing);
                assert_eq!(reason(&standard, &headers, body), "signature_missing");
            }
        }
    }
    for signature in ["v1,", "v1", &good[..20], &good[3..], &good.replace("v1", "v2")] {
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", "1700000000"),
            ("webhook-signature", signature),
        ];
        assert_eq!(
            reason(&standard, &headers, body),
            "signature_wrong",
            "{signature}"
        );
    }
    let mixed = [
        ("webhook-id", "other"),
        ("svix-id", id),
        ("svix-timestamp", "1700000000"),
        ("svix-signature", &good),
    ];
    assert_eq!(reason(&standard, &mixed, body), "signature_missing");
}

#[test]
fn another_cut_of_the_same_text_is_refused() {
    let standard = verifier(Scheme::Standard, &["whsec_c2VjcmV0"]);
    let good = format!(
        "v1,{}",
        STANDARD.encode(tag(b"secret", "msg.1700000000.1700000000.{}"))
    );
    let headers = [
        ("webhook-id", "msg.1700000000"),
        ("webhook-timestamp", "1700000000"),
        ("webhook-signature", &good),
    ];
    assert_eq!(reason(&standard, &headers, "{}"), "signature_malformed");
}

#[test]
fn no_secret_is_empty() {
    for text in ["", "whsec_", "whsec_%"] {
        assert!(WebhookSecret::new(&Scheme::Standard, text).is_err(), "{text}");
    }
    for scheme in [Scheme::Github, Scheme::Slack, Scheme::Stripe] {
        assert_eq!(WebhookSecret::new(&scheme, "").unwrap_err(), SecretFault::Empty);
    }
    let none = Verifier {
        scheme: Scheme::Github,
        secrets: Vec::new(),
        tolerance: 0,
    };
    let headers = [("x-hub-signature-256", &*format!("sha256={}", "0".repeat(64)))];
    assert_eq!(reason(&none, &headers, ""), "signature_wrong");
}

#[test]
fn a_plain_signature_stands_in_the_header_that_is_configured() {
    for (encoding, signature) in [
        (Encoding::Hex, hex::encode(tag(b"secret", "{}"))),
        (Encoding::Base64, STANDARD.encode(tag(b"secret", "{}"))),
    ] {
        let scheme = Scheme::Hmac {
            header: "x-signature".to_owned(),
            prefix: "sha256=".to_owned(),
            encoding,
            id_header: Some("x-id".to_owned()),
        };
        let plain = verifier(scheme, &["secret"]);
        let headers = [("x-signature", &*format!("sha256={signature}")), ("x-id", "7")];
        assert_eq!(
            verified(&plain, &headers, "{}", NOW).unwrap().id.as_deref(),
            Some("7")
        );
        assert_eq!(reason(&plain, &headers, "[]"), "signature_wrong");
        assert_eq!(
            reason(&plain, &[("x-signature", &signature)], "{}"),
            "signature_malformed"
        );
    }
}

/// The vectors of the shared folder, where it is there.
#[test]
fn every_vector_of_standard_webhooks() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/apis/standard_webhooks/vectors.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: {path} is not there");
        return;
    };
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    for vector in file["vectors"].as_array().unwrap() {
        let text = |name: &str| vector[name].as_str().unwrap_or_default();
        let standard = verifier(Scheme::Standard, &[text("secret")]);
        let seconds = vector["webhook-timestamp"].as_i64().unwrap_or(NOW / 1000);
        let headers = [
            ("webhook-id", text("webhook-id")),
            ("webhook-timestamp", &*seconds.to_string()),
            ("webhook-signature", text("signature")),
        ];
        let verdict = verified(&standard, &headers, text("body"), seconds * 1000);
        assert_eq!(
            verdict.is_ok(),
            vector["valid"].as_bool().unwrap(),
            "{vector} {verdict:?}"
        );
    }
}
