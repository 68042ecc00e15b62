//! Which faults come, when, and to whom: a function of the seed, so that a run can be had again. No clock, no I/O.

use crate::service::Service;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt;
use std::time::Duration;

/// Between the beginnings of two faults; a fault may begin while others last.
const APART_MS: std::ops::Range<u64> = 3_000..5_000;

/// One process: a service, and which of its replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Replica {
    /// What it runs.
    pub service: Service,
    /// Which one, from 0.
    pub number: usize,
}

impl fmt::Display for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.service, self.number)
    }
}

/// A way through a proxy of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// To the broker.
    Broker,
    /// To the database.
    Database,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broker => "broker",
            Self::Database => "database",
        })
    }
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// All connections are closed.
    Cut,
    /// All connections are reset.
    Reset,
    /// Nothing gets through for this long, and nothing is closed.
    Stall(Duration),
    /// Each piece comes so much later, for so long.
    Delay(Duration, Duration),
    /// New connections are refused for this long, and those there are, cut.
    Refuse(Duration),
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL; started again after this long.
    Kill(Replica, Duration),
    /// SIGSTOP for this long, longer than the session timeout, then SIGCONT: a zombie.
    Freeze(Replica, Duration),
    /// SIGTERM; must end well; started again after this long.
    Terminate(Replica, Duration),
    /// Each replica of a service is stopped in good order and started, one after the other.
    Roll(Service),
    /// One replica more than usual for this long.
    Scale(Service, Duration),
    /// SIGKILL of the broker, and a new start.
    BrokerKill,
    /// The same, with index files of its logs torn while it is away.
    BrokerTorn(u64),
    /// SIGSTOP of the broker for this long, then SIGCONT.
    BrokerPause(Duration),
    /// The next request that ends a transaction is held, with its connection, for this long; then it arrives.
    HeldEndTxn(Duration),
    /// Something happens to the connections.
    Network(Way, Trouble),
    /// SIGKILL of the database, and a new start.
    DatabaseKill,
    /// SIGKILL of the registry, and a new start after this long.
    RegistryStop(Duration),
    /// The wall clock of one process jumps, and jumps back after this long.
    ClockJump(Replica, Jump, Duration),
}

/// A jump of a wall clock. Less than an hour: what is dated further ahead the broker refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jump {
    /// So far ahead.
    Ahead(Duration),
    /// So far behind.
    Behind(Duration),
}

impl Jump {
    /// By how many milliseconds the clock is ahead after it.
    pub fn by_ms(self) -> i64 {
        let ms = |by: Duration| i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        match self {
            Self::Ahead(by) => ms(by),
            Self::Behind(by) => -ms(by),
        }
    }
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Ahead(by) | Self::Behind(by)) = self;
        write!(f, "by {by:?}")
    }
}

impl Fault {
    /// Its kind, for counting.
    pub fn kind(&self) -> String {
        match self {
            Self::Kill(..) => "SIGKILL".to_owned(),
            Self::Freeze(..) => "SIGSTOP, zombie".to_owned(),
            Self::Terminate(..) => "SIGTERM".to_owned(),
            Self::Roll(_) => "rolling restart".to_owned(),
            Self::Scale(..) => "scale up and down".to_owned(),
            Self::BrokerKill => "broker SIGKILL".to_owned(),
            Self::BrokerTorn(_) => "broker SIGKILL, torn index files".to_owned(),
            Self::BrokerPause(_) => "broker paused".to_owned(),
            Self::HeldEndTxn(_) => "EndTxn held and late".to_owned(),
            Self::Network(way, Trouble::Cut) => format!("{way} connections cut"),
            Self::Network(way, Trouble::Reset) => format!("{way} connections reset"),
            Self::Network(way, Trouble::Stall(_)) => format!("{way} connections stalled"),
            Self::Network(way, Trouble::Delay(..)) => format!("{way} connections delayed"),
            Self::Network(way, Trouble::Refuse(_)) => format!("{way} connections refused"),
            Self::DatabaseKill => "database SIGKILL".to_owned(),
            Self::RegistryStop(_) => "registry SIGKILL".to_owned(),
            Self::ClockJump(_, Jump::Ahead(_), _) => "clock jumps ahead".to_owned(),
            Self::ClockJump(_, Jump::Behind(_), _) => "clock jumps behind".to_owned(),
        }
    }

    /// Whom it happens to, for people.
    pub fn victim(&self) -> String {
        match self {
            Self::Kill(replica, time) | Self::Freeze(replica, time) | Self::Terminate(replica, time) => {
                format!("{replica} for {time:?}")
            }
            Self::Roll(service) => service.to_string(),
            Self::Scale(service, time) => format!("{service} for {time:?}"),
            Self::BrokerPause(time) | Self::HeldEndTxn(time) | Self::RegistryStop(time) => {
                format!("for {time:?}")
            }
            Self::Network(_, Trouble::Stall(time) | Trouble::Refuse(time)) => format!("for {time:?}"),
            Self::Network(_, Trouble::Delay(by, time)) => format!("by {by:?} for {time:?}"),
            Self::BrokerTorn(seed) => format!("seed {seed}"),
            Self::ClockJump(replica, jump, time) => format!("{replica} {jump} for {time:?}"),
            Self::BrokerKill | Self::DatabaseKill | Self::Network(..) => String::new(),
        }
    }
}

/// A fault, and how long after the beginning of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// How long after.
    pub after: Duration,
    /// What.
    pub fault: Fault,
}

/// What is there for faults to happen to.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The replicas that usually run.
    pub replicas: Vec<Replica>,
    /// After this silence the group gives a member up.
    pub session_timeout: Duration,
}

/// So many faults; the first ones are of every kind once, in an order of the seed, then as they come.
pub fn plan(seed: u64, faults: usize, setting: &Setting) -> Vec<Planned> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut kinds: Vec<usize> = Vec::new();
    let mut planned = Vec::with_capacity(faults);
    while planned.len() < faults {
        if kinds.is_empty() {
            kinds = shuffled_weights(&mut random);
        }
        let Some(kind) = kinds.pop() else { break };
        planned.push(Planned {
            after: Duration::from_millis(random.random_range(APART_MS)),
            fault: fault(kind, &mut random, setting),
        });
    }
    planned
}

/// How often each kind comes in one round.
const WEIGHTS: [usize; 18] = [6, 4, 3, 1, 1, 2, 1, 2, 2, 2, 2, 1, 2, 1, 1, 1, 1, 3];

/// One round of all kinds, the rarest ones first to be popped at random places.
fn shuffled_weights(random: &mut ChaCha8Rng) -> Vec<usize> {
    use rand::seq::SliceRandom;
    let mut kinds: Vec<usize> = WEIGHTS
        .iter()
        .enumerate()
        .flat_map(|(kind, weight)| std::iter::repeat_n(kind, *weight))
        .collect();
    kinds.shuffle(random);
    kinds
}

fn fault(kind: usize, random: &mut ChaCha8Rng, setting: &Setting) -> Fault {
    let replica = |random: &mut ChaCha8Rng| setting.replicas.choose(random).copied();
    let stateful = |random: &mut ChaCha8Rng| {
        let service = Service::REPLICATED.choose(random).copied();
        service.unwrap_or(Service::DedupAggregator)
    };
    let some =
        |random: &mut ChaCha8Rng, from: u64, to: u64| Duration::from_millis(random.random_range(from..to));
    let session = u64::try_from(setting.session_timeout.as_millis()).unwrap_or(u64::MAX / 4);
    let victim = replica(random).unwrap_or(Replica {
        service: Service::Normalizer,
        number: 0,
    });
    match kind {
        0 => Fault::Kill(victim, some(random, 100, session + 3_000)),
        1 => Fault::Freeze(victim, some(random, session + 1_000, session + 3_000)),
        2 => Fault::Terminate(victim, some(random, 100, 4_000)),
        3 => Fault::Roll(stateful(random)),
        4 => Fault::Scale(stateful(random), some(random, 6_000, 15_000)),
        5 => Fault::BrokerKill,
        6 => Fault::BrokerTorn(random.random()),
        7 => Fault::BrokerPause(some(random, 500, session + 2_000)),
        8 => Fault::HeldEndTxn(some(random, 11_000, 14_000)),
        9 => Fault::Network(Way::Broker, Trouble::Cut),
        10 => Fault::Network(Way::Broker, Trouble::Reset),
        11 => Fault::Network(Way::Broker, Trouble::Stall(some(random, 500, 6_000))),
        12 => Fault::Network(
            Way::Broker,
            Trouble::Delay(some(random, 20, 300), some(random, 2_000, 8_000)),
        ),
        13 => Fault::Network(Way::Broker, Trouble::Refuse(some(random, 500, 4_000))),
        14 => Fault::Network(Way::Database, database_trouble(random)),
        15 => Fault::DatabaseKill,
        16 => Fault::RegistryStop(some(random, 2_000, 8_000)),
        _ => Fault::ClockJump(victim, jump(random), some(random, 2_000, 10_000)),
    }
}

fn jump(random: &mut ChaCha8Rng) -> Jump {
    let by = Duration::from_secs(random.random_range(30..50 * 60));
    if random.random() {
        Jump::Ahead(by)
    } else {
        Jump::Behind(by)
    }
}

fn database_trouble(random: &mut ChaCha8Rng) -> Trouble {
    let time = Duration::from_millis(random.random_range(500..6_000));
    match random.random_range(0..5) {
        0 => Trouble::Cut,
        1 => Trouble::Reset,
        2 => Trouble::Stall(time),
        3 => Trouble::Delay(Duration::from_millis(random.random_range(20..300)), time),
        _ => Trouble::Refuse(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn setting() -> Setting {
        Setting {
            replicas: Service::usual(),
            session_timeout: Duration::from_secs(3),
        }
    }

    #[test]
    fn the_seed_decides_everything() {
        assert_eq!(plan(7, 60, &setting()), plan(7, 60, &setting()));
        assert_ne!(plan(7, 60, &setting()), plan(8, 60, &setting()));
    }

    #[test]
    fn clocks_jump_both_ways_and_never_so_far_that_the_broker_refuses_records() {
        let hour = 60 * 60 * 1_000;
        let planned = plan(3, 400, &setting());
        let jumps = planned.iter().filter_map(|planned| match planned.fault {
            Fault::ClockJump(_, jump, _) => Some(jump.by_ms()),
            _ => None,
        });
        let jumps: Vec<i64> = jumps.collect();
        assert!(
            jumps.iter().any(|by| *by > 0) && jumps.iter().any(|by| *by < 0),
            "{jumps:?}"
        );
        assert!(jumps.iter().all(|by| by.abs() < hour), "{jumps:?}");
    }

    #[test]
    fn every_kind_comes_within_two_rounds() {
        let rounds = 2 * WEIGHTS.iter().sum::<usize>();
        let kinds: BTreeSet<_> = plan(1, rounds, &setting())
            .iter()
            .map(|planned| planned.fault.kind())
            .collect();
        assert!(kinds.len() >= WEIGHTS.len(), "{kinds:?}");
    }
}
