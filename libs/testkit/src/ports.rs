//! Ports for servers of one test.

use crate::error::TestkitError;
use std::net::{Ipv4Addr, TcpListener};
use uuid::Uuid;

/// Below the ports that the kernel gives to outgoing connections: one of those could take the port of a server that
/// is down for a moment, or a client that tries again and again could even connect to itself.
const FIRST: u128 = 12_000;
const COUNT: u128 = 19_000;
const TRIES: usize = 1_000;

/// So many different ports on which nothing listens now.
///
/// # Errors
/// There are none to be had.
pub fn free_ports<const N: usize>() -> Result<[u16; N], TestkitError> {
    let mut held = Vec::new();
    for _ in 0..TRIES {
        if held.len() == N {
            break;
        }
        let port = u16::try_from(FIRST + Uuid::new_v4().as_u128() % COUNT).unwrap_or_default();
        held.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(|socket| (socket, port)));
    }
    let ports: Vec<u16> = held.iter().map(|(_, port)| *port).collect();
    ports.try_into().map_err(|_| TestkitError::Place {
        reason: format!("no {N} free ports from {FIRST} on"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn are_different_and_outside_of_those_for_outgoing_connections() {
        let ports: [u16; 8] = free_ports().unwrap();
        assert_eq!(BTreeSet::from(ports).len(), 8);
        assert!(
            ports.iter().all(|port| (12_000..31_000).contains(port)),
            "{ports:?}"
        );
    }
}
