//! Which addresses of the internet protocol must not be called on a user's word. No I/O.
//!
//! Server-side request forgery is asking us to fetch what only we can reach: the cloud's metadata service, the broker,
//! a database. Ranges: IANA's special-purpose registries (RFC 6890), <https://www.iana.org/assignments/iana-ipv4-special-registry>.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where clouds keep credentials of their machines. Each is closed unless it is named by itself.
///
/// AWS, GCP, Azure and others (169.254.169.254), ECS and EKS, Oracle, Azure's wire server, Alibaba.
const METADATA_V4: [Ipv4Addr; 6] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(100, 100, 100, 200),
];
/// EC2 (IMDS and EKS) and GCP.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];
const METADATA: &str = "a metadata service of a cloud";

/// Why this address must not be called, or nothing if it may be.
pub fn refused(address: IpAddr) -> Option<&'static str> {
    match inner(address) {
        IpAddr::V4(address) => refused_v4(address),
        IpAddr::V6(address) => refused_v6(address),
    }
}

/// Whether the address is one of those where clouds give credentials away.
pub(crate) fn is_metadata(address: IpAddr) -> bool {
    match inner(address) {
        IpAddr::V4(address) => METADATA_V4.contains(&address),
        IpAddr::V6(address) => METADATA_V6.contains(&address),
    }
}

/// The address that packets to this one end at: an IPv4 address that is written as one of IPv6 is that IPv4 address.
pub(crate) fn inner(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(outer) => embedded_v4(outer).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn refused_v4(address: Ipv4Addr) -> Option<&'static str> {
    if METADATA_V4.contains(&address) {
        return Some(METADATA);
    }
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (0, ..) => Some("of this network"),
        (127, ..) => Some("loopback"),
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => Some("private"),
        (100, 64..=127, _) => Some("shared with the provider"),
        (169, 254, _) => Some("link-local"),
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (198, 18..=19, _) | (192, 88, 99) => {
            Some("reserved")
        }
        (224..=239, ..) => Some("multicast"),
        (240..=255, ..) => Some("reserved or broadcast"),
        _ => None,
    }
}

fn refused_v6(address: Ipv6Addr) -> Option<&'static str> {
    if METADATA_V6.contains(&address) {
        return Some(METADATA);
    }
    let [first, second, third, ..] = address.segments();
    match first {
        _ if address.is_unspecified() => Some("of this network"),
        _ if address.is_loopback() => Some("loopback"),
        0xfc00..=0xfdff => Some("private"),
        0xfe80..=0xfebf => Some("link-local"),
        0xfec0..=0xfeff => Some("site-local"),
        0xff00..=0xffff => Some("multicast"),
        // NAT64 of a local prefix (RFC 8215): only its operator knows where the IPv4 address stands in it.
        0x0064 if second == 0xff9b && third == 1 => Some("a translation of this network"),
        // Teredo (2001::/32), which hides an IPv4 address in a way that depends on its server, and documentation
        // (RFC 3849, RFC 9637).
        0x2001 if second == 0xdb8 || second < 0x200 => Some("reserved for special use"),
        0x3fff if second < 0x1000 => Some("reserved for documentation"),
        // Unicast of the internet is 2000::/3 alone (RFC 4291 and IANA's registry).
        0x2000..=0x3fff => None,
        _ => Some("reserved"),
    }
}

/// The IPv4 address that a mapped, compatible, translated (SIIT, NAT64), ISATAP or 6to4 address leads to.
///
/// RFC 4291 §2.5.5, RFC 7915 (`::ffff:0:0:0/96`), RFC 6052 (`64:ff9b::/96`), RFC 5214, RFC 3056.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [_, _, _, _, 0 | 0x200, 0x5efe, high, low]
        | [0x2002, high, low, ..] => of(high, low),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 || low > 1 => of(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_we_can_reach_is_refused() {
        let inside = [
            "127.0.0.1",
            "127.255.255.254",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "169.254.1.1",
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.7",
            "192.88.99.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "ff02::1",
            "100::1",
            "5f00::1",
            "2001:db8::1",
            "3fff::1",
            "4000::1",
            "1000::1",
        ];
        for address in inside {
            assert!(refused(address.parse().unwrap()).is_some(), "{address}");
        }
    }

    /// Every way to write 10.0.0.5 and 169.254.169.254 as an address of IPv6.
    #[test]
    fn no_form_of_ipv6_leads_to_a_private_ipv4_address() {
        for address in [
            "::ffff:10.0.0.5",
            "::ffff:a00:5",
            "::10.0.0.5",
            "::ffff:0:10.0.0.5",
            "::ffff:0:a9fe:a9fe",
            "64:ff9b::10.0.0.5",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::10.0.0.5",
            "64:ff9b:1:a00:0:500::",
            "64:ff9b:2::1",
            "2002:a00:5::",
            "2002:a9fe:a9fe:1::7",
            "2001:0:4136:e378:8000:63bf:f5ff:fffa",
            "fe80::5efe:10.0.0.5",
            "2606:4700::5efe:10.0.0.5",
            "2606:4700::200:5efe:10.0.0.5",
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert!(refused(parsed).is_some(), "{address}");
        }
    }

    #[test]
    fn a_metadata_service_is_known_however_it_is_written() {
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "2002:a9fe:a9fe::",
            "fd00:ec2::254",
        ] {
            assert!(is_metadata(address.parse().unwrap()), "{address}");
        }
        assert!(!is_metadata("169.254.1.1".parse().unwrap()));
    }

    #[test]
    fn the_public_internet_is_not_refused() {
        for address in [
            "1.1.1.1",
            "172.32.0.1",
            "172.15.0.1",
            "100.128.0.1",
            "168.63.129.17",
            "2606:4700:4700::1111",
            "2a00:1450:4001::200e",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert_eq!(refused(address.parse().unwrap()), None, "{address}");
        }
    }
}
