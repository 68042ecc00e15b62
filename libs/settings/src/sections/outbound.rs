//! Where calls to the outside world may go, and by which way.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::problem::Problems;
use crate::secret::Secret;

/// Where webhooks, sources of facts and the like may be: the public internet, and what is named here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutboundSettings {
    /// Private networks that may be called, such as `[10.20.0.0/16, 'fd12::/16', 127.0.0.1]`. The metadata service of a
    /// cloud is opened by its own address alone (`169.254.169.254`), not by a network around it.
    pub allowed_networks: Vec<String>,
    /// An HTTP proxy that all calls leave through, `http://user:password@host:3128`; a secret as a whole.
    pub proxy: Option<Secret>,
    /// Hosts, domains (`.svc.cluster.local`) and networks that are called without the proxy.
    pub no_proxy: Vec<String>,
}

impl OutboundSettings {
    /// The allowed networks; an address alone is a network of one.
    pub fn networks(&self) -> Vec<IpNet> {
        let networks = self.allowed_networks.iter();
        networks.filter_map(|network| parsed(network)).collect()
    }

    pub(crate) fn specimen() -> Self {
        Self {
            allowed_networks: vec![String::new()],
            proxy: Some(Secret::default()),
            no_proxy: vec![String::new()],
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        for (index, network) in self.allowed_networks.iter().enumerate() {
            problems.unless(
                parsed(network).is_some(),
                format!("outbound.allowed_networks[{index}]"),
                network,
                "write a network like 10.20.0.0/16 or fd12::/16, or one address",
            );
        }
        if let Some(proxy) = &self.proxy {
            let usable = url::Url::parse(proxy.expose())
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
            if !usable {
                problems.add_hidden("outbound.proxy", "write it like http://user:password@host:3128");
            }
        }
    }
}

fn parsed(network: &str) -> Option<IpNet> {
    let network = network.trim();
    network.parse().ok().or_else(|| {
        network
            .parse()
            .ok()
            .map(|address: std::net::IpAddr| address.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_single_addresses_are_read_and_others_are_told() {
        let settings = |networks: &[&str]| OutboundSettings {
            allowed_networks: networks.iter().map(|&network| network.to_owned()).collect(),
            ..OutboundSettings::default()
        };
        let good = settings(&["10.20.0.0/16", "::1", " 127.0.0.1 "]).networks();
        let shown: Vec<_> = good.iter().map(IpNet::to_string).collect();
        assert_eq!(shown, ["10.20.0.0/16", "::1/128", "127.0.0.1/32"]);
        let mut problems = Problems::default();
        settings(&["10.0.0.0/33", "localhost", "fd12::/16"]).check(&mut problems);
        let keys: Vec<_> = problems.0.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(
            keys,
            ["outbound.allowed_networks[0]", "outbound.allowed_networks[1]"]
        );
    }
}
