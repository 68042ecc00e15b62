//! Whether a request without authentication was meant for this listener: against DNS rebinding and posts from pages of
//! other sites. Decides over the head of a request: no I/O.
//!
//! Source: RFC 9110 section 7.4 (421 for a request of another authority), Fetch's `Origin` header.

use std::net::{IpAddr, SocketAddr};

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{StatusCode, Version};

/// Hosts that a listener answers for.
#[derive(Debug, Clone)]
pub struct Hosts {
    loopback: bool,
    allowed: Vec<String>,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostRefusal {
    /// HTTP/1.1 asks for exactly one `Host`.
    #[error("send exactly one `Host` header (RFC 9112)")]
    Missing,
    /// The host is none of ours.
    #[error(
        "this server does not answer for the host `{0}`: without authentication only its own address, localhost and \
         the names in `allowed_hosts` are answered for"
    )]
    Host(String),
    /// A page of another site sends the request.
    #[error(
        "a page of `{0}` sent this request: without authentication only pages of this server, of localhost and of the \
         names in `allowed_hosts` may"
    )]
    Origin(String),
}

impl HostRefusal {
    /// The HTTP status: 400, 421 or 403.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Missing => StatusCode::BAD_REQUEST,
            Self::Host(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin(_) => StatusCode::FORBIDDEN,
        }
    }

    /// The short name, for metrics and problems.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "host_missing",
            Self::Host(_) => "host_not_allowed",
            Self::Origin(_) => "origin_not_allowed",
        }
    }
}

/// Longest host that a refusal repeats, in characters.
const MAX_SHOWN: usize = 100;

impl Hosts {
    /// For a listener on this address, with further names. A listener on a loopback address answers for loopback
    /// addresses only, any other for every address written as a number: no name of somebody else's leads there.
    pub fn new(listen: SocketAddr, allowed: &[String]) -> Self {
        Self {
            loopback: listen.ip().to_canonical().is_loopback(),
            allowed: allowed.iter().map(|host| bare(host)).collect(),
        }
    }

    /// Whether a request is meant for this listener.
    pub fn check(&self, request: &Parts) -> Result<(), HostRefusal> {
        if let Some(host) = host_of(request)?
            && !self.answers_for(&host)
        {
            return Err(HostRefusal::Host(shown(&host)));
        }
        for origin in request.headers.get_all(ORIGIN) {
            let origin = String::from_utf8_lossy(origin.as_bytes());
            let host = origin.split_once("://").map(|(_, host)| host);
            if !host.is_some_and(|host| self.answers_for(host)) {
                return Err(HostRefusal::Origin(shown(&origin)));
            }
        }
        Ok(())
    }

    fn answers_for(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else {
            return false;
        };
        if authority.as_str().contains('@') {
            return false;
        }
        let host = bare(authority.host());
        let number = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>();
        match number {
            Ok(number) if !self.loopback || number.to_canonical().is_loopback() => true,
            _ => host == "localhost" || host.ends_with(".localhost") || self.allowed.contains(&host),
        }
    }
}

/// Lower case, without the dot of a full name.
fn bare(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn shown(text: &str) -> String {
    text.chars().take(MAX_SHOWN).collect()
}

/// The host that a request is for: of its target, if that has one, else of its header. HTTP/1.0 may have none.
fn host_of(request: &Parts) -> Result<Option<String>, HostRefusal> {
    let mut given = request.headers.get_all(HOST).iter();
    let header = match (given.next(), given.next()) {
        (Some(one), None) => Some(String::from_utf8_lossy(one.as_bytes()).trim().to_owned()),
        (None, None) if request.version < Version::HTTP_11 => None,
        (None, None) if request.uri.authority().is_some() => None,
        _ => return Err(HostRefusal::Missing),
    };
    Ok(request
        .uri
        .authority()
        .map(|target| target.as_str().to_owned())
        .or(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(listen: &str, allowed: &[&str], headers: &[(&str, &str)]) -> Result<(), HostRefusal> {
        let mut request = http::Request::builder().uri("/v1/events");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let allowed: Vec<_> = allowed.iter().map(|host| (*host).to_owned()).collect();
        Hosts::new(listen.parse().unwrap(), &allowed).check(&parts)
    }

    #[test]
    fn its_own_address_localhost_and_the_names_of_the_settings_are_answered_for() {
        for host in [
            "127.0.0.1:8080",
            "localhost:1",
            "LOCALHOST",
            "localhost.",
            "[::1]:80",
            "127.1.2.3",
            "Edge.example:80",
        ] {
            assert_eq!(
                check("127.0.0.1:80", &["edge.EXAMPLE"], &[("host", host)]),
                Ok(()),
                "{host}"
            );
        }
        for host in ["10.1.2.3", "[2001:db8::1]:9"] {
            assert_eq!(check("0.0.0.0:80", &[], &[("host", host)]), Ok(()), "{host}");
        }
    }

    #[test]
    fn other_names_are_not() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.1.2.3",
            "2130706433",
            "127.1",
            "a@localhost",
            "",
            "[::1",
        ] {
            let refused = check("127.0.0.1:80", &["edge.example"], &[("host", host)]).unwrap_err();
            assert_eq!(
                (refused.status().as_u16(), refused.reason()),
                (421, "host_not_allowed"),
                "{host}"
            );
        }
        let two = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(check("127.0.0.1:80", &[], &two), Err(HostRefusal::Missing));
        assert_eq!(check("127.0.0.1:80", &[], &[]), Err(HostRefusal::Missing));
    }

    #[test]
    fn pages_of_other_sites_send_nothing() {
        for (origin, fine) in [
            ("http://localhost:3000", true),
            ("http://127.0.0.1:8088", true),
            ("https://edge.example", true),
            ("https://evil.example", false),
            ("null", false),
            ("file://", false),
            ("http://localhost@evil.example", false),
            ("http://localhost.evil.example", false),
        ] {
            let checked = check(
                "127.0.0.1:80",
                &["edge.example"],
                &[("host", "localhost"), ("origin", origin)],
            );
            assert_eq!(checked.is_ok(), fine, "{origin}");
            if let Err(refused) = checked {
                assert_eq!(
                    (refused.status().as_u16(), refused.reason()),
                    (403, "origin_not_allowed")
                );
            }
        }
    }

    #[test]
    fn the_target_counts_before_the_header() {
        let hosts = Hosts::new("127.0.0.1:80".parse().unwrap(), &[]);
        let (parts, ()) = http::Request::builder()
            .uri("http://evil.example/v1/events")
            .header("host", "localhost")
            .body(())
            .unwrap()
            .into_parts();
        assert!(matches!(hosts.check(&parts), Err(HostRefusal::Host(_))));
    }
}
