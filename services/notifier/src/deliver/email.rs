//! E-mail: what is written, and what a server's replies mean. No clock, no I/O: `mail.rs` carries it.
//!
//! | reply | what follows |
//! |---|---|
//! | 2xx to the message | taken |
//! | any before the login; 4xx (RFC 5321 §4.2.1) | tried again |
//! | 5xx to the login; 530 | the channel is disabled (`unauthorized`) |
//! | 5xx that says 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10 or 5.2.1 (RFC 3463): no such mailbox | the channel is disabled (`receiver_gone`) |
//! | any other 5xx | a dead letter (`smtp_5xx`) |

use std::time::{Duration, UNIX_EPOCH};

use model::Notification;
use outbound::lettre::address::{Address, Envelope};
use outbound::lettre::message::header::{ContentType, HeaderName, HeaderValue};
use outbound::lettre::message::{Mailbox, Message as Mail, MultiPart, MultiPartKind, SinglePart};
use outbound::{SmtpAnswer, SmtpStep, one_line};
use settings::ChannelSettings;

use super::DeliverError;
use super::digest::digest;
use super::vendor::{Meaning, Message, Unwritable};
use super::vendors::template;
use super::verdict::{RECEIVER_GONE, UNAUTHORIZED};
use crate::text::{Escape, Limit, Template};

const SHIPPED: &str = include_str!("../../../../templates/channels/email.html");
/// Nobody reads a longer mail; cards are far shorter.
const LONGEST: Limit = Limit::bytes(256 * 1024);
/// The reason of a mail that its server will never take.
const REFUSED: &str = "smtp_5xx";
/// No such mailbox, host, syntax of one; moved; null MX; disabled.
const NO_MAILBOX: [&str; 6] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];

/// See the module.
pub(super) struct Email {
    from: Mailbox,
    to: Vec<Mailbox>,
    unsubscribe: Option<String>,
    template: Template,
}

/// A mail that is ready to be sent.
pub(super) struct Letter {
    pub(super) envelope: Envelope,
    pub(super) bytes: Vec<u8>,
}

impl Email {
    pub(super) fn new(settings: &ChannelSettings) -> Result<Self, DeliverError> {
        let wrong = |text: &str| DeliverError::Address {
            channel: settings.name.clone(),
            address: text.to_owned(),
        };
        let read = |text: &str| text.trim().parse::<Mailbox>().map_err(|_| wrong(text));
        let to = settings.to.as_deref().unwrap_or_default().split(',');
        Ok(Self {
            from: read(settings.from.as_deref().unwrap_or_default())?,
            to: to.map(read).collect::<Result<_, _>>()?,
            unsubscribe: settings.unsubscribe.clone(),
            template: template(settings, SHIPPED, Escape::Html)?,
        })
    }

    /// The mail, as text and as HTML.
    pub(super) fn letter(&self, message: &Message<'_>) -> Result<Letter, Unwritable> {
        let notification = message.notification;
        let html = self.template.fitted(notification, LONGEST, str::len)?;
        let sent_at = UNIX_EPOCH + Duration::from_secs(message.sent_at.unsigned_abs());
        let domain = self.from.email.domain();
        let thread = format!("<{}@{domain}>", thread(notification));
        let mut mail = Mail::builder()
            .from(self.from.clone())
            .date(sent_at)
            .subject(one_line(&notification.title))
            .message_id(Some(format!("<{}@{domain}>", hex(notification.id.as_bytes()))))
            .in_reply_to(thread.clone())
            .references(thread)
            // RFC 3834: nobody's absence is to be told to us.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Notification-Id", &one_line(&notification.id)));
        if let Some(unsubscribe) = &self.unsubscribe {
            mail = mail.raw_header(header("List-Unsubscribe", &format!("<{unsubscribe}>")));
        }
        let mail = self.to.iter().fold(mail, |mail, to| mail.to(to.clone()));
        let parts = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(format!("=_{}", hex(notification.id.as_bytes())))
            .singlepart(part(ContentType::TEXT_PLAIN, notification.body.clone()))
            .singlepart(part(ContentType::TEXT_HTML, html));
        let mail = mail.multipart(parts)?;
        Ok(Letter {
            envelope: self.envelope()?,
            bytes: mail.formatted(),
        })
    }

    fn envelope(&self) -> Result<Envelope, outbound::lettre::error::Error> {
        let to: Vec<Address> = self.to.iter().map(|to| to.email.clone()).collect();
        Envelope::new(Some(self.from.email.clone()), to)
    }
}

/// What is told of one signal is one conversation.
fn thread(notification: &Notification) -> String {
    hex(format!("{}/{}", notification.tenant, notification.origin_id).as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    digest(bytes, 16)
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn part(kind: ContentType, text: String) -> SinglePart {
    SinglePart::builder().header(kind).body(text)
}

/// The table of the module.
pub(super) fn meaning(answer: &SmtpAnswer) -> Meaning {
    let names_no_mailbox = answer.text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    let names_no_mailbox = names_no_mailbox
        .into_iter()
        .any(|word| NO_MAILBOX.contains(&word));
    match (answer.step, answer.code) {
        (SmtpStep::Message, 200..=299) => Meaning::Taken,
        (SmtpStep::Login, 500..=599) | (SmtpStep::Message, 530) => Meaning::Disable(UNAUTHORIZED),
        (SmtpStep::Message, 500..=599) if names_no_mailbox => Meaning::Disable(RECEIVER_GONE),
        (SmtpStep::Message, 500..=599) => Meaning::Never(REFUSED),
        _ => Meaning::LATER,
    }
}

#[cfg(test)]
mod tests {
    use super::super::vendor::Changes;
    use super::*;

    fn email() -> Email {
        Email::new(&ChannelSettings {
            from: Some("Sluicebox <sluicebox@example.com>".to_owned()),
            to: Some("Ann <ann@example.com>, bob@example.org".to_owned()),
            unsubscribe: Some("mailto:off@example.com".to_owned()),
            ..ChannelSettings::default()
        })
        .unwrap()
    }

    fn written(notification: &Notification) -> String {
        let message = Message {
            notification,
            key: &notification.id,
            traceparent: None,
            sent_at: 1_700_000_000,
            changes: &Changes::default(),
        };
        String::from_utf8(email().letter(&message).unwrap().bytes).unwrap()
    }

    fn notification(title: &str, body: &str) -> Notification {
        Notification {
            id: "ntf_1".to_owned(),
            title: title.to_owned(),
            body: body.to_owned(),
            ..Notification::default()
        }
    }

    #[test]
    fn a_mail_has_both_forms_and_what_lists_need() {
        let mail = written(&notification("[HIGH] a < b", "one <script> line"));
        for part in [
            "From: Sluicebox <sluicebox@example.com>\r\n",
            "bob@example.org",
            "Subject: [HIGH] a < b\r\n",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
            "List-Unsubscribe: <mailto:off@example.com>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: multipart/alternative;",
            "one <script> line\r\n",
            "one &lt;script&gt; line",
        ] {
            assert!(mail.contains(part), "{part} not in {mail}");
        }
        assert_eq!(
            mail,
            written(&notification("[HIGH] a < b", "one <script> line")),
            "every attempt is the same mail"
        );
    }

    #[test]
    fn nothing_of_others_becomes_a_header() {
        let mail = written(&notification(
            "a\r\nBcc: eve@example.com",
            "\r\n.\r\nMAIL FROM:<eve@example.com>",
        ));
        let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
        assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
        let mail = written(&notification("größer 👍", "größer 👍"));
        assert!(mail.is_ascii(), "{mail}");
    }

    #[test]
    fn an_address_that_is_none_is_told() {
        let to = Some("ann@example.com, nobody".to_owned());
        let from = Some("a@example.com".to_owned());
        let error = Email::new(&ChannelSettings {
            to,
            from,
            ..ChannelSettings::default()
        });
        assert!(error.err().unwrap().to_string().contains("nobody"));
    }

    #[test]
    fn each_reply_has_its_meaning() {
        let of = |step, code, text: &str| {
            let (endpoint, text) = (String::new(), text.to_owned());
            meaning(&SmtpAnswer {
                endpoint,
                step,
                code,
                text,
            })
        };
        let (connect, login, message) = (SmtpStep::Connect, SmtpStep::Login, SmtpStep::Message);
        assert_eq!(of(message, 250, "2.0.0 Ok: queued"), Meaning::Taken);
        for (step, code) in [
            (connect, 421),
            (connect, 554),
            (login, 454),
            (message, 451),
            (message, 452),
            (login, 235),
        ] {
            assert_eq!(of(step, code, ""), Meaning::LATER, "{step:?} {code}");
        }
        assert_eq!(
            of(login, 535, "5.7.8 Bad credentials"),
            Meaning::Disable(UNAUTHORIZED)
        );
        assert_eq!(
            of(message, 530, "5.7.0 Authentication required"),
            Meaning::Disable(UNAUTHORIZED)
        );
        assert_eq!(
            of(message, 550, "permanent error (550): 5.1.1 no such user"),
            Meaning::Disable(RECEIVER_GONE)
        );
        assert_eq!(
            of(message, 550, "5.7.1 looks like spam"),
            Meaning::Never("smtp_5xx")
        );
        assert_eq!(
            of(message, 552, "5.3.4 message too big"),
            Meaning::Never("smtp_5xx")
        );
    }
}
