//! Failed logins by address: after ten, further attempts wait. Time is given, not read. No I/O.
//!
//! While an address waits its credentials are not looked at, so that guessing is slow. Credentials that were good
//! from this address before are let through all the same: whoever shares it with a guesser, behind one proxy, goes on.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use model::Millis;

/// Failures that cost nothing.
const FREE: u32 = 10;
/// Without a failure for so long, an address begins anew.
const FORGET: Millis = 10 * 60_000;
/// Longest wait between two attempts.
const LONGEST: Millis = 60_000;
/// Addresses that are remembered.
const MOST_ADDRESSES: usize = 10_000;
/// Good credentials that are remembered of an address.
const MOST_GOOD: usize = 64;

/// The digest of a credential.
pub(crate) type Digest = [u8; 32];

#[derive(Debug, Default)]
struct Past {
    failures: u32,
    last: Millis,
    until: Millis,
    good: VecDeque<Digest>,
}

/// What is known of addresses. Bounded: the one that was quiet for longest is forgotten first.
#[derive(Debug, Default)]
pub(crate) struct Throttle(HashMap<IpAddr, Past>);

impl Throttle {
    /// How long this address has to wait before these credentials are looked at.
    pub(crate) fn wait(&self, address: IpAddr, credential: &Digest, now: Millis) -> Option<Duration> {
        let past = self.0.get(&group(address))?;
        if now >= past.until || past.good.contains(credential) {
            return None;
        }
        Some(Duration::from_millis(
            past.until.saturating_sub(now).unsigned_abs(),
        ))
    }

    /// Notes a login that failed. Each beyond the tenth doubles the wait.
    pub(crate) fn failed(&mut self, address: IpAddr, now: Millis) {
        let past = self.past(address, now);
        if now.saturating_sub(past.last) > FORGET {
            past.failures = 0;
        }
        past.failures = past.failures.saturating_add(1);
        past.last = now;
        if past.failures > FREE {
            let doubled = 1000_i64 << (past.failures - FREE - 1).min(10);
            past.until = now.saturating_add(doubled.min(LONGEST));
        }
    }

    /// Notes a login that succeeded.
    pub(crate) fn succeeded(&mut self, address: IpAddr, credential: Digest, now: Millis) {
        let past = self.past(address, now);
        if past.good.contains(&credential) {
            return;
        }
        if past.good.len() == MOST_GOOD {
            past.good.pop_front();
        }
        past.good.push_back(credential);
    }

    fn past(&mut self, address: IpAddr, now: Millis) -> &mut Past {
        let address = group(address);
        if self.0.len() >= MOST_ADDRESSES && !self.0.contains_key(&address) {
            let half = {
                let mut times: Vec<_> = self.0.values().map(|past| past.last).collect();
                times.sort_unstable();
                times[times.len() / 2]
            };
            // Half of them at once, so that a flood of addresses does not sort the table for each.
            let mut left = MOST_ADDRESSES / 2;
            self.0.retain(|_, past| {
                let stays = past.last >= half && left > 0;
                left -= usize::from(stays);
                stays
            });
        }
        self.0.entry(address).or_insert_with(|| Past {
            last: now,
            ..Past::default()
        })
    }
}

/// A host of IPv6 has a whole /64 to send from; an IPv4 address in IPv6 form is that address.
fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUESS: Digest = [0; 32];
    const GOOD: Digest = [1; 32];

    fn at(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ten_failures_are_free_then_waits_double() {
        let (mut throttle, address) = (Throttle::default(), at("192.0.2.1"));
        for _ in 0..10 {
            throttle.failed(address, 0);
        }
        assert_eq!(throttle.wait(address, &GUESS, 0), None);
        let mut now = 0;
        for wanted in [1, 2, 4, 8, 16, 32, 60, 60] {
            throttle.failed(address, now);
            let wait = throttle.wait(address, &GUESS, now).unwrap();
            assert_eq!(wait, Duration::from_secs(wanted));
            now += i64::try_from(wanted).unwrap() * 1000;
            assert_eq!(throttle.wait(address, &GUESS, now), None);
        }
        assert_eq!(throttle.wait(at("192.0.2.2"), &GUESS, 0), None, "another address");
    }

    #[test]
    fn what_was_good_before_goes_on() {
        let (mut throttle, address) = (Throttle::default(), at("::ffff:192.0.2.1"));
        throttle.succeeded(address, GOOD, 0);
        (0..11).for_each(|_| throttle.failed(at("192.0.2.1"), 5));
        assert_eq!(throttle.wait(address, &GOOD, 6), None);
        assert!(throttle.wait(address, &GUESS, 6).is_some());
    }

    #[test]
    fn a_quiet_address_begins_anew_and_a_network_of_ipv6_is_one() {
        let mut throttle = Throttle::default();
        (0..11).for_each(|host| throttle.failed(at(&format!("2001:db8::{host}")), 0));
        assert!(throttle.wait(at("2001:db8::ffff"), &GUESS, 0).is_some());
        throttle.failed(at("2001:db8::1"), FORGET + 1);
        assert_eq!(throttle.wait(at("2001:db8::1"), &GUESS, FORGET + 1), None);
    }

    #[test]
    fn a_flood_of_addresses_takes_no_more_room() {
        let mut throttle = Throttle::default();
        for number in 0..40_000_u32 {
            throttle.failed(IpAddr::V4(number.into()), i64::from(number / 9));
            assert!(throttle.0.len() <= MOST_ADDRESSES);
        }
        assert!(throttle.0.len() >= MOST_ADDRESSES / 4);
    }
}
