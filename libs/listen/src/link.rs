//! What the parts of one connection know together: where it stands, and whether it has to end.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::time::Instant;

use futures_util::task::AtomicWaker;

use crate::standing::{Ms, Phase, Standing};

/// Bytes that count as coming on: a client that sends or reads one byte now and then stands still.
const STEP: u64 = 1024;
/// Of the word that holds phase and time, the bits of the phase.
const PHASE_BITS: u32 = 3;

/// The clock of a listener: milliseconds since it was opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Ms {
        Ms::try_from(self.0.elapsed().as_millis()).unwrap_or(Ms::MAX >> PHASE_BITS)
    }
}

/// The address that places are counted by: one host may have a whole /64 of IPv6.
pub(crate) fn origin(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// One connection. Everything is atomic: the listener looks while the connection works.
pub(crate) struct Link {
    pub(crate) id: u64,
    pub(crate) origin: IpAddr,
    clock: Clock,
    phase_since: AtomicU64,
    began: AtomicU64,
    /// Bytes since it last came on.
    moved: AtomicU64,
    /// Whether the answer was handed over whole; it may not be sent yet.
    answered: AtomicBool,
    ended: AtomicBool,
    /// When the request began that has taken longer than it may, of which its client is still told.
    late: AtomicU64,
    waker: AtomicWaker,
}

impl Link {
    pub(crate) fn new(id: u64, origin: IpAddr, clock: Clock) -> Self {
        let link = Self {
            id,
            origin,
            clock,
            phase_since: AtomicU64::new(0),
            began: AtomicU64::new(0),
            moved: AtomicU64::new(0),
            answered: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            late: AtomicU64::new(Ms::MAX),
            waker: AtomicWaker::new(),
        };
        link.enter(Phase::Opening);
        link
    }

    pub(crate) fn standing(&self) -> Standing {
        let word = self.phase_since.load(Ordering::Relaxed);
        Standing {
            phase: Phase::from_bits(word),
            since: word >> PHASE_BITS,
            began: self.began.load(Ordering::Relaxed),
        }
    }

    fn phase(&self) -> Phase {
        Phase::from_bits(self.phase_since.load(Ordering::Relaxed))
    }

    /// A phase begins.
    pub(crate) fn enter(&self, phase: Phase) {
        let now = self.clock.now();
        self.moved.store(0, Ordering::Relaxed);
        self.phase_since
            .store((now << PHASE_BITS) | phase as u64, Ordering::Relaxed);
    }

    /// A request begins: its head is complete.
    pub(crate) fn begin(&self, has_body: bool) {
        self.began.store(self.clock.now(), Ordering::Relaxed);
        self.enter(if has_body {
            Phase::Receiving
        } else {
            Phase::Working
        });
    }

    /// Leaves a phase for another, if the connection is in it.
    pub(crate) fn turn(&self, from: Phase, to: Phase) {
        if self.phase() == from {
            self.enter(to);
        }
    }

    /// Bytes moved in this phase.
    pub(crate) fn came_on(&self, phase: Phase, bytes: usize) {
        if self.phase() != phase {
            return;
        }
        let moved = self.moved.load(Ordering::Relaxed) + bytes as u64;
        if moved >= STEP {
            self.enter(phase);
        } else {
            self.moved.store(moved, Ordering::Relaxed);
        }
    }

    /// Bytes were read from the socket: after a rest they begin a head.
    pub(crate) fn read(&self, bytes: usize) {
        match self.phase() {
            Phase::Idle if bytes > 0 => self.enter(Phase::Opening),
            Phase::Upgraded if bytes > 0 => self.enter(Phase::Upgraded),
            _ => {}
        }
    }

    /// Bytes were taken by the socket.
    pub(crate) fn wrote(&self, bytes: usize) {
        self.came_on(Phase::Sending, bytes);
    }

    /// The answer was handed over whole.
    pub(crate) fn answered(&self) {
        if self.phase() == Phase::Sending {
            self.answered.store(true, Ordering::Relaxed);
        }
    }

    /// Everything handed over so far was taken by the socket.
    pub(crate) fn flushed(&self) {
        if self.answered.swap(false, Ordering::Relaxed) {
            self.turn(Phase::Sending, Phase::Idle);
        }
    }

    /// Ends the connection: its socket fails from now on, and whoever waits for it is woken.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether the connection has to end; if not, the task is woken when it has to.
    pub(crate) fn has_ended(&self, cx: &Context<'_>) -> bool {
        if self.ended.load(Ordering::Acquire) {
            return true;
        }
        self.register(cx.waker());
        self.ended.load(Ordering::Acquire)
    }

    /// The request that began then has taken longer than it may: whoever works on it is woken.
    pub(crate) fn be_late(&self, began: Ms) {
        if self.late.swap(began, Ordering::Release) != began {
            self.waker.wake();
        }
    }

    /// Whether the request has taken longer than it may; if not, the task is woken when it has.
    pub(crate) fn is_late(&self, cx: &Context<'_>) -> bool {
        self.register(cx.waker());
        self.late.load(Ordering::Acquire) == self.began.load(Ordering::Relaxed)
    }

    fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_is_counted_by_its_network_and_a_mapped_one_as_ipv4() {
        let of = |text: &str| origin(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn a_connection_goes_through_its_phases() {
        let link = Link::new(1, [127, 0, 0, 1].into(), Clock::start());
        assert_eq!(link.phase(), Phase::Opening);
        link.begin(true);
        assert_eq!(link.phase(), Phase::Receiving);
        link.turn(Phase::Receiving, Phase::Working);
        link.turn(Phase::Receiving, Phase::Idle);
        assert_eq!(link.phase(), Phase::Working);
        link.enter(Phase::Sending);
        link.flushed();
        assert_eq!(link.phase(), Phase::Sending);
        link.answered();
        link.flushed();
        link.read(0);
        assert_eq!(link.phase(), Phase::Idle);
        link.read(1);
        assert_eq!(link.phase(), Phase::Opening);
    }
}
