//! Where calls may go, and by which way: the same for everything that one process calls.

use crate::{ClientError, IpNet, Networks, Proxy};

/// See the module. The public internet, directly, by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Networks that may be called beside the public internet.
    pub networks: Networks,
    /// The way out, if there is but one.
    pub proxy: Option<Proxy>,
}

impl Reach {
    /// These networks beside the public internet, through this proxy unless a host is in `bypass`.
    ///
    /// # Errors
    /// The proxy's address is no http or https address.
    pub fn new(networks: Vec<IpNet>, proxy: Option<&str>, bypass: &[String]) -> Result<Self, ClientError> {
        Ok(Self {
            networks: Networks::new(networks),
            proxy: proxy.map(|url| Proxy::new(url, bypass)).transpose()?,
        })
    }

    /// The same, with every network if `private`; metadata services stay as closed as they are.
    #[must_use]
    pub fn with_private(mut self, private: bool) -> Self {
        if private {
            self.networks = self.networks.and(&Networks::all());
        }
        self
    }
}
