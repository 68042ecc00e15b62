//! How long each step of a connection may take, and how many connections there may be.

use std::num::NonZeroU16;
use std::time::Duration;

use settings::ListenerSettings;

use crate::Descriptors;

/// What a listener is for; it decides its part of the descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Events come in.
    Edge,
    /// People query.
    Api,
    /// Health and metrics.
    Ops,
}

impl Role {
    /// Part of the descriptors in percent, and the most connections there is a use for.
    const fn part(self) -> (usize, usize) {
        match self {
            Self::Edge => (60, 4096),
            Self::Api => (30, 2048),
            Self::Ops => (10, 256),
        }
    }
}

/// Limits of one listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the connection, or the first byte of a further request, to the end of the request's head; TLS included.
    pub header: Duration,
    /// From the end of the head to the beginning of the answer, the body included.
    pub request: Duration,
    /// How long an answer may not be read by its client.
    pub send: Duration,
    /// How long a connection may rest between two requests.
    pub idle: Duration,
    /// How long requests under way may take after the stop.
    pub drain: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one IPv4 address or one /64 of IPv6.
    pub connections_by_address: usize,
}

impl Limits {
    /// What the settings say, the number of connections being derived from the descriptors where they say nothing.
    pub fn new(role: Role, settings: &ListenerSettings, descriptors: Descriptors) -> Self {
        let (percent, most) = role.part();
        let derived = (descriptors.for_connections() * percent / 100).clamp(8, most);
        let connections = settings.max_connections.map_or(derived, places);
        let by_address = settings
            .max_connections_per_address
            .map_or_else(|| connections.div_ceil(2), places);
        Self {
            header: settings.header_timeout,
            request: settings.request_timeout,
            send: settings.send_timeout,
            idle: settings.idle_timeout,
            drain: settings.drain_timeout,
            connections,
            connections_by_address: by_address.min(connections),
        }
    }
}

fn places(number: NonZeroU16) -> usize {
    number.get().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connections_of_all_listeners_leave_descriptors_for_the_rest() {
        for open in [256, 1024, 20_000, 1_000_000] {
            let descriptors = Descriptors(open);
            let of = |role| Limits::new(role, &ListenerSettings::default(), descriptors);
            let all: usize = [Role::Edge, Role::Api, Role::Ops]
                .map(|role| of(role).connections)
                .iter()
                .sum();
            assert!(all * 2 <= open.max(256), "{all} of {open}");
            assert!(of(Role::Ops).connections_by_address >= 4);
        }
        let edge = Limits::new(Role::Edge, &ListenerSettings::default(), Descriptors(1_000_000));
        assert_eq!((edge.connections, edge.connections_by_address), (4096, 2048));
    }

    #[test]
    fn the_settings_win() {
        let settings = ListenerSettings {
            max_connections: NonZeroU16::new(10),
            max_connections_per_address: NonZeroU16::new(70),
            ..ListenerSettings::default()
        };
        let limits = Limits::new(Role::Api, &settings, Descriptors(1024));
        assert_eq!((limits.connections, limits.connections_by_address), (10, 10));
    }
}
