//! The clock, the threads and the channels that lanes get in tests ([`crate::host`]): those of the standard library, but
//! on a thread that runs a search ([`super::schedule`]), where they are simulated.

use super::schedule;
use std::ops::{Add, Sub};
use std::sync::OnceLock;
use std::time::Duration;

/// A moment of the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(std::time::Instant);

impl Instant {
    pub(crate) fn now() -> Self {
        static EPOCH: OnceLock<std::time::Instant> = OnceLock::new();
        Self(match schedule::now() {
            Some(now) => *EPOCH.get_or_init(std::time::Instant::now) + now,
            None => std::time::Instant::now(),
        })
    }

    pub(crate) fn elapsed(&self) -> Duration {
        Self::now() - *self
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0 + later)
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }
}

/// The clock of the wall.
pub(crate) struct SystemTime;

impl SystemTime {
    pub(crate) const UNIX_EPOCH: std::time::SystemTime = std::time::SystemTime::UNIX_EPOCH;
    /// When every search begins.
    const BEGINNING: Duration = Duration::from_secs(1_700_000_000);

    pub(crate) fn now() -> std::time::SystemTime {
        match schedule::now() {
            Some(now) => Self::UNIX_EPOCH + Self::BEGINNING + now,
            None => std::time::SystemTime::now(),
        }
    }
}

pub(crate) mod thread {
    use super::schedule;
    use std::io;
    use std::time::Duration;

    /// A thread to be.
    #[derive(Default)]
    pub(crate) struct Builder {
        name: String,
    }

    /// A thread that runs.
    pub(crate) struct Spawned;

    impl Builder {
        pub(crate) fn new() -> Self {
            Self::default()
        }

        pub(crate) fn name(mut self, name: String) -> Self {
            self.name = name;
            self
        }

        /// Nobody waits for the threads of a lane.
        pub(crate) fn spawn(self, run: impl FnOnce() + Send + 'static) -> io::Result<Spawned> {
            if schedule::now().is_some() {
                schedule::spawn(self.name, run);
                return Ok(Spawned);
            }
            std::thread::Builder::new()
                .name(self.name)
                .spawn(run)
                .map(|_| Spawned)
        }
    }

    pub(crate) fn sleep(time: Duration) {
        if !schedule::sleep(time) {
            std::thread::sleep(time);
        }
    }
}

pub(crate) mod mpsc {
    use super::schedule;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc;
    pub(crate) use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
    use std::time::Duration;

    pub(crate) struct Sender<T> {
        // Dropped before whoever waits is woken.
        sender: Option<mpsc::Sender<T>>,
        channel: u64,
    }

    pub(crate) struct Receiver<T> {
        receiver: mpsc::Receiver<T>,
        channel: u64,
    }

    pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
        static CHANNELS: AtomicU64 = AtomicU64::new(0);
        let (sender, receiver) = mpsc::channel();
        let channel = CHANNELS.fetch_add(1, Ordering::Relaxed);
        let sender = Some(sender);
        (Sender { sender, channel }, Receiver { receiver, channel })
    }

    impl<T> Sender<T> {
        pub(crate) fn send(&self, value: T) -> Result<(), mpsc::SendError<T>> {
            match &self.sender {
                Some(sender) => sender.send(value)?,
                None => return Err(mpsc::SendError(value)),
            }
            schedule::wake(self.channel);
            Ok(())
        }
    }

    impl<T> Clone for Sender<T> {
        fn clone(&self) -> Self {
            Self {
                sender: self.sender.clone(),
                channel: self.channel,
            }
        }
    }

    impl<T> Drop for Sender<T> {
        fn drop(&mut self) {
            self.sender = None;
            schedule::wake(self.channel);
        }
    }

    impl<T> Receiver<T> {
        pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
            self.receiver.try_recv()
        }

        pub(crate) fn recv(&self) -> Result<T, mpsc::RecvError> {
            if schedule::now().is_none() {
                return self.receiver.recv();
            }
            self.recv_timeout(Duration::MAX).map_err(|_| mpsc::RecvError)
        }

        pub(crate) fn recv_timeout(&self, most: Duration) -> Result<T, RecvTimeoutError> {
            let Some(began) = schedule::now() else {
                return self.receiver.recv_timeout(most);
            };
            let until = began.saturating_add(most.max(schedule::GRAIN));
            loop {
                match self.receiver.try_recv() {
                    Ok(value) => return Ok(value),
                    Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                    Err(TryRecvError::Empty) => {}
                }
                if schedule::now().is_none_or(|now| now >= until) {
                    return Err(RecvTimeoutError::Timeout);
                }
                schedule::wait(until, self.channel);
            }
        }
    }
}
