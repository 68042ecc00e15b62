//! The networks that may be called although they are not the public internet. No I/O.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use crate::address::{inner, is_metadata, refused};

/// Networks that are allowed beside the public internet. None by default.
///
/// A network opens what lies in it, with one exception: the metadata service of a cloud is opened only by its own
/// address (`169.254.169.254/32`), since whoever allows `169.254.0.0/16` or `0.0.0.0/0` rarely means that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Exactly these.
    pub const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Every address, but no metadata service.
    pub fn all() -> Self {
        Self(vec![
            IpNet::V4(ipnet::Ipv4Net::default()),
            IpNet::V6(ipnet::Ipv6Net::default()),
        ])
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, others: &Self) -> Self {
        self.0.extend_from_slice(&others.0);
        self
    }

    /// Why this address must not be called, or nothing if it may be.
    pub fn refused(&self, address: IpAddr) -> Option<&'static str> {
        let why = refused(address)?;
        let metadata = is_metadata(address);
        let opens = |network: &IpNet| {
            let holds = network.contains(&address) || network.contains(&inner(address));
            holds && (!metadata || network.prefix_len() == network.max_prefix_len())
        };
        (!self.0.iter().any(opens)).then_some(why)
    }

    /// The addresses that may be called of those that a name led to; why the first may not, where none may.
    pub(crate) fn allowed(&self, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, &'static str> {
        let first_refusal = found.iter().find_map(|at| self.refused(at.ip()));
        let mut allowed = found;
        allowed.retain(|at| self.refused(at.ip()).is_none());
        match first_refusal {
            Some(why) if allowed.is_empty() => Err(why),
            _ => Ok(allowed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(list: &[&str]) -> Networks {
        Networks::new(list.iter().map(|network| network.parse().unwrap()).collect())
    }

    fn allows(networks: &Networks, address: &str) -> bool {
        networks.refused(address.parse().unwrap()).is_none()
    }

    #[test]
    fn a_network_opens_what_lies_in_it_however_it_is_written() {
        let ours = networks(&["10.0.0.0/8", "fd12::/16"]);
        for address in [
            "10.1.2.3",
            "::ffff:10.1.2.3",
            "64:ff9b::10.1.2.3",
            "fd12::7",
            "1.1.1.1",
        ] {
            assert!(allows(&ours, address), "{address}");
        }
        for address in [
            "11::1",
            "127.0.0.1",
            "192.168.0.1",
            "fd13::7",
            "::ffff:0:192.168.0.1",
        ] {
            assert!(!allows(&ours, address), "{address}");
        }
    }

    #[test]
    fn a_metadata_service_is_opened_by_its_own_address_alone() {
        let wide = networks(&["169.254.0.0/16", "0.0.0.0/0", "::/0"]);
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fd00:ec2::254",
            "168.63.129.16",
        ] {
            assert!(!allows(&wide, address), "{address}");
            assert!(!allows(&Networks::all(), address), "{address}");
        }
        assert!(allows(&wide, "169.254.1.1"));
        assert!(allows(&Networks::all(), "127.0.0.1") && allows(&Networks::all(), "::1"));
        let named = networks(&["169.254.169.254/32"]);
        assert!(allows(&named, "169.254.169.254") && allows(&named, "::ffff:169.254.169.254"));
        assert!(!allows(&named, "169.254.170.2"));
    }
}
