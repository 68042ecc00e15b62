//! TLS of a listener. Certificate and key are followed while it runs: a new pair is used by the next handshake, and
//! one that does not fit together changes nothing.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use settings::TlsSettings;
use std::sync::{PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;

/// How often the two files are looked at. They are two, and replaced one after the other or by a link to their folder.
const LOOK: Duration = Duration::from_secs(1);

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or holds something else.
    #[error("{path}: {why}; it must be PEM")]
    File {
        /// The file.
        path: PathBuf,
        /// What is in the way.
        why: String,
    },
    /// Certificate and key cannot be used together.
    #[error("{certificate} and {key} cannot be used together: {why}")]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What rustls says.
        why: String,
    },
}

/// TLS with a certificate. Clones share it.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    pair: Arc<Pair>,
}

/// The pair in use, and when its files were written.
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
    in_use: RwLock<Arc<CertifiedKey>>,
}

type Written = [Option<(SystemTime, u64)>; 2];

impl Tls {
    /// Reads the pair and follows its files, looking every second on the Tokio runtime of the caller.
    pub fn follow(settings: &TlsSettings) -> Result<Self, TlsError> {
        let (certificate, key) = (settings.certificate.clone(), settings.key.clone());
        let written = written(&certificate, &key);
        let in_use = RwLock::new(read(&certificate, &key)?);
        let pair = Arc::new(Pair {
            certificate,
            key,
            in_use,
        });
        tokio::spawn(look(Arc::downgrade(&pair), written));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| pair.unusable(&error))?;
        let mut config = config
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&pair) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            pair,
        })
    }

    pub(crate) const fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Reads the files again now. The pair in use stays if they cannot be used.
    pub fn renew(&self) -> Result<(), TlsError> {
        self.pair.renew()
    }
}

impl Pair {
    fn renew(&self) -> Result<(), TlsError> {
        let new = read(&self.certificate, &self.key)?;
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    fn unusable(&self, error: &rustls::Error) -> TlsError {
        TlsError::Pair {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            why: error.to_string(),
        }
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Pair {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self.in_use.read().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

async fn look(pair: std::sync::Weak<Pair>, mut seen: Written) {
    let mut look = tokio::time::interval(LOOK);
    loop {
        look.tick().await;
        let Some(pair) = pair.upgrade() else { return };
        let now = written(&pair.certificate, &pair.key);
        if now == seen {
            continue;
        }
        seen = now;
        match pair.renew() {
            Ok(()) => {
                tracing::info!(certificate = %pair.certificate.display(), "a new certificate is in use");
            }
            Err(error) => tracing::warn!(%error, "the certificate before stays in use"),
        }
    }
}

fn written(certificate: &Path, key: &Path) -> Written {
    [certificate, key].map(|path| {
        let file = std::fs::metadata(path).ok()?;
        Some((file.modified().ok()?, file.len()))
    })
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, TlsError> {
    let of = |path: &Path| {
        let path = path.to_owned();
        move |error: rustls::pki_types::pem::Error| TlsError::File {
            path,
            why: error.to_string(),
        }
    };
    let chain = CertificateDer::pem_file_iter(certificate).map_err(of(certificate))?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(of(certificate))?;
    if chain.is_empty() {
        return Err(TlsError::File {
            path: certificate.to_owned(),
            why: "it holds no certificate".to_owned(),
        });
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(of(key))?;
    let pair = CertifiedKey::from_der(chain, secret, &ring::default_provider());
    pair.map(Arc::new).map_err(|error| TlsError::Pair {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        why: error.to_string(),
    })
}
