//! The proxy through which calls leave a network that lets nothing else out.

use std::fmt;

use reqwest::{NoProxy, Url};

use crate::ClientError;

/// An egress proxy: HTTP `CONNECT` for https, whole addresses for http (RFC 9110 §9.3.6, RFC 9112 §3.2.2).
///
/// It looks names up, so it decides which addresses they may have; addresses written as numbers are checked here all
/// the same. User name and password in its address become `Proxy-Authorization`; they are never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    url: Url,
    bypass: Vec<String>,
}

impl Proxy {
    /// A proxy at `url`; hosts, domains (`.svc.cluster.local`) and networks in `bypass` are called without it.
    ///
    /// # Errors
    /// The address is no http or https address.
    pub fn new(url: &str, bypass: &[String]) -> Result<Self, ClientError> {
        let url = Url::parse(url).map_err(|_| ClientError::Proxy)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(ClientError::Proxy);
        }
        let bypass = bypass.to_vec();
        Ok(Self { url, bypass })
    }

    /// The proxy's own host.
    pub(crate) fn host(&self) -> Option<String> {
        self.url.host_str().map(str::to_owned)
    }

    pub(crate) fn of_reqwest(&self) -> Result<reqwest::Proxy, ClientError> {
        let proxy = reqwest::Proxy::all(self.url.clone()).map_err(|_| ClientError::Proxy)?;
        Ok(proxy.no_proxy(NoProxy::from_string(&self.bypass.join(","))))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.url.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_password_is_not_shown_and_other_schemes_are_refused() {
        let proxy = Proxy::new("http://user:hunter2@proxy.example:3128", &[]).unwrap();
        let shown = format!("{proxy:?}");
        assert!(
            shown.contains("proxy.example:3128") && !shown.contains("hunter2"),
            "{shown}"
        );
        for wrong in ["socks5://p:1", "proxy:3128", "", "http://"] {
            assert!(Proxy::new(wrong, &[]).is_err(), "{wrong}");
        }
    }
}
