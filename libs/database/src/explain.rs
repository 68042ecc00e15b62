//! Why a connection failed, with how to mend it where TLS is the reason.

use rustls::{AlertDescription, CertificateError, Error as TlsError};
use std::error::Error;

/// The error in words; what TLS refused comes with the setting that mends it.
pub fn explain(error: &sqlx::Error) -> String {
    match mend(error) {
        Some(mend) => format!("{error}; {mend}"),
        None => error.to_string(),
    }
}

fn mend(error: &sqlx::Error) -> Option<&'static str> {
    if let Some(tls) = tls_error(error) {
        return of_tls(tls);
    }
    match error {
        sqlx::Error::Tls(why) if why.to_string().contains("does not support TLS") => {
            Some("set `ssl = on` at the server, or postgres.sslmode to `prefer` or `disable`")
        }
        sqlx::Error::Database(refused) if refused.code().is_some_and(|code| code == "28000") => {
            Some("the server's pg_hba.conf has no line for this user, address and encryption")
        }
        _ => None,
    }
}

fn of_tls(error: &TlsError) -> Option<&'static str> {
    match error {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            Some("set postgres.ca to the authority that signed the server's certificate")
        }
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Some("name the host in postgres.url as the server's certificate does"),
        TlsError::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            Some("renew the server's certificate, or set this machine's clock")
        }
        TlsError::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate,
        ) => Some("the server does not take our certificate: mend postgres.certificate and postgres.key"),
        _ => None,
    }
}

/// The error of rustls, which `std::io::Error` may hold.
fn tls_error(error: &sqlx::Error) -> Option<&TlsError> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<TlsError>() {
            return Some(found);
        }
        if let Some(inner) = error
            .downcast_ref::<std::io::Error>()
            .and_then(|error| error.get_ref()?.downcast_ref::<TlsError>())
        {
            return Some(inner);
        }
        next = error.source();
    }
    None
}
