//! Mail to one SMTP server, guarded, bounded and limited as every other call is. It takes no way through a proxy.
//!
//! Unless plain text is asked for, nothing is said before TLS: a server that offers no STARTTLS gets no mail, and no
//! password.

mod stream;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::answer::{SHOWN, one_line};
use crate::{CallError, ClientError, Networks};
use stream::Bounded;

/// How long a server has to say goodbye; what it took it has.
const COURTESY: Duration = Duration::from_millis(250);

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte (RFC 8314), mostly on port 465.
    Implicit,
    /// TLS by STARTTLS, without which nothing is sent, mostly on port 587.
    StartTls,
    /// Plain text, for a relay in a network of one's own.
    Plain,
}

/// Where mail goes, and what it may cost.
#[derive(Clone)]
pub struct SmtpPolicy {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// User and password, where the server asks for them.
    pub login: Option<(String, String)>,
    /// Of one attempt, from the name look-up to the last reply.
    pub timeout: Duration,
    /// Most mails a second, if limited.
    pub rate_per_s: Option<NonZeroU32>,
    /// Networks that may be called beside the public internet.
    pub networks: Networks,
    /// Certificate authorities beside the system's, in DER.
    pub authorities: Vec<Vec<u8>>,
}

/// Where in a conversation a reply came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpStep {
    /// The greeting, EHLO, STARTTLS.
    Connect,
    /// AUTH.
    Login,
    /// MAIL, RCPT, DATA and what follows.
    Message,
}

/// The reply that ended an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpAnswer {
    /// Scheme, host and port.
    pub endpoint: String,
    /// Where it came.
    pub step: SmtpStep,
    /// Its code (RFC 5321 §4.2).
    pub code: u16,
    /// Its text, in one short line.
    pub text: String,
}

/// Sends mail. Clones share the limit.
#[derive(Clone)]
pub struct Smtp(Arc<Inner>);

struct Inner {
    policy: SmtpPolicy,
    endpoint: String,
    limiter: Option<DefaultDirectRateLimiter>,
    implicit: TlsConnector,
    explicit: TlsParameters,
}

impl Smtp {
    /// A way to send with this policy.
    ///
    /// # Errors
    /// The TLS of this machine cannot be used.
    pub fn new(policy: SmtpPolicy) -> Result<Self, ClientError> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let limiter = policy
            .rate_per_s
            .map(|rate| RateLimiter::direct(Quota::per_second(rate)));
        Ok(Self(Arc::new(Inner {
            endpoint: format!("smtp://{}:{}", policy.host, policy.port),
            limiter,
            implicit: implicit(&policy)?,
            explicit: explicit(&policy)?,
            policy,
        })))
    }

    /// One attempt: gives the reply to the message, or the one that refused it before.
    ///
    /// # Errors
    /// There was no attempt, or no reply.
    pub async fn send(&self, envelope: &Envelope, message: &[u8]) -> Result<SmtpAnswer, CallError> {
        self.check_room()?;
        let after = self.0.policy.timeout;
        let conversation = self.converse(envelope, message);
        let (answer, connection) =
            tokio::time::timeout(after, conversation)
                .await
                .map_err(|_| CallError::Timeout {
                    endpoint: self.0.endpoint.clone(),
                    after,
                })??;
        if let Some(mut connection) = connection {
            // What it took it has, whatever it says now.
            let _ = tokio::time::timeout(COURTESY, connection.quit()).await;
        }
        Ok(answer)
    }

    fn check_room(&self) -> Result<(), CallError> {
        let Some(Err(not_yet)) = self.0.limiter.as_ref().map(RateLimiter::check) else {
            return Ok(());
        };
        Err(CallError::Throttled {
            endpoint: self.0.endpoint.clone(),
            retry_in: not_yet.wait_time_from(DefaultClock::default().now()),
        })
    }

    async fn converse(
        &self,
        envelope: &Envelope,
        message: &[u8],
    ) -> Result<(SmtpAnswer, Option<AsyncSmtpConnection>), CallError> {
        let mut connection = match self.connect().await? {
            Ok(connection) => connection,
            Err(error) => return Ok((self.refusal(SmtpStep::Connect, &error)?, None)),
        };
        if let Some((user, password)) = self.0.policy.login.clone() {
            let login = Credentials::new(user, password);
            if let Err(error) = connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &login)
                .await
            {
                return Ok((self.refusal(SmtpStep::Login, &error)?, None));
            }
        }
        match connection.send(envelope, message).await {
            Ok(reply) => {
                let text = reply.message().collect::<Vec<_>>().join(" ");
                Ok((
                    self.answer(SmtpStep::Message, reply.code().into(), &text),
                    Some(connection),
                ))
            }
            Err(error) => Ok((self.refusal(SmtpStep::Message, &error)?, None)),
        }
    }

    async fn connect(&self) -> Result<Result<AsyncSmtpConnection, Error>, CallError> {
        let addresses = self.addresses().await?;
        let tcp = TcpStream::connect(&*addresses)
            .await
            .map_err(|error| self.unreachable(&error))?;
        let peer = tcp.peer_addr().map_err(|error| self.unreachable(&error))?;
        let stream: Box<dyn AsyncTokioStream> = match self.0.policy.security {
            SmtpSecurity::Implicit => {
                let name = ServerName::try_from(self.0.policy.host.clone());
                let name = name.map_err(|error| self.unreachable(&error))?;
                let tls = self.0.implicit.connect(name, tcp).await;
                Box::new(Bounded::new(tls.map_err(|error| self.unreachable(&error))?, peer))
            }
            SmtpSecurity::StartTls | SmtpSecurity::Plain => Box::new(Bounded::new(tcp, peer)),
        };
        let hello = ClientId::default();
        let mut connection = match AsyncSmtpConnection::connect_with_transport(stream, &hello).await {
            Ok(connection) => connection,
            Err(error) => return Ok(Err(error)),
        };
        if self.0.policy.security == SmtpSecurity::StartTls
            && let Err(error) = connection.starttls(self.0.explicit.clone(), &hello).await
        {
            return Ok(Err(error));
        }
        Ok(Ok(connection))
    }

    /// The connection is made to the very addresses that are checked here.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, CallError> {
        let SmtpPolicy {
            host, port, networks, ..
        } = &self.0.policy;
        let found = tokio::net::lookup_host((host.as_str(), *port)).await;
        let found: Vec<_> = found.map_err(|error| self.unreachable(&error))?.collect();
        networks.allowed(found).map_err(|why| CallError::Forbidden {
            endpoint: self.0.endpoint.clone(),
            why: why.to_owned(),
        })
    }

    /// A reply that refuses, if there is one.
    fn refusal(&self, step: SmtpStep, error: &Error) -> Result<SmtpAnswer, CallError> {
        match error.status() {
            Some(code) => Ok(self.answer(step, code.into(), &error.to_string())),
            None => Err(self.unreachable(error)),
        }
    }

    fn answer(&self, step: SmtpStep, code: u16, text: &str) -> SmtpAnswer {
        SmtpAnswer {
            endpoint: self.0.endpoint.clone(),
            step,
            code,
            text: shown(text),
        }
    }

    fn unreachable(&self, error: &dyn std::fmt::Display) -> CallError {
        CallError::Unreachable {
            endpoint: self.0.endpoint.clone(),
            reason: shown(&error.to_string()),
        }
    }
}

fn implicit(policy: &SmtpPolicy) -> Result<TlsConnector, ClientError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let authorities = policy
        .authorities
        .iter()
        .map(|der| CertificateDer::from(der.clone()));
    let verifier =
        Verifier::new_with_extra_roots(authorities, Arc::clone(&provider)).map_err(|error| tls(&error))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| tls(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn explicit(policy: &SmtpPolicy) -> Result<TlsParameters, ClientError> {
    let mut parameters = TlsParameters::builder(policy.host.clone());
    for der in &policy.authorities {
        let authority = Certificate::from_der(der.clone()).map_err(|error| tls(&error))?;
        parameters = parameters.add_root_certificate(authority);
    }
    parameters.build().map_err(|error| tls(&error))
}

fn tls(error: &dyn std::fmt::Display) -> ClientError {
    ClientError::Tls(error.to_string())
}

/// One short line.
fn shown(text: &str) -> String {
    one_line(text).chars().take(SHOWN).collect()
}
