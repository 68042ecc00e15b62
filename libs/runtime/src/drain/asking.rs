//! Waiting for the store without leaving the group: a store that is slow or away is no reason to be counted out.

use crate::fault::Fault;
use crate::lane::Intake;
use crate::pulse::Pulse;
use crate::stop::Stop;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long the store is waited for before the lane looks after its membership.
const LOOK_UP: Duration = Duration::from_millis(200);
/// How long one look takes.
const STEP: Duration = Duration::from_millis(20);

/// Asks the store on behalf of a lane. From the first look after the membership on, partitions are paused.
pub(super) struct Asking {
    handle: Handle,
    stop: Stop,
    pulse: Pulse,
    paused: bool,
}

impl Asking {
    pub(super) const fn new(handle: Handle, stop: Stop, pulse: Pulse) -> Self {
        Self {
            handle,
            stop,
            pulse,
            paused: false,
        }
    }

    /// The store's answer; `None` where the group, or whoever asks the lane to stop, wanted something first. The
    /// question is dropped then.
    pub(super) fn ask<T>(
        &mut self,
        intake: &Intake,
        answer: impl Future<Output = T>,
    ) -> Result<Option<T>, Fault> {
        let mut answer = pin!(answer);
        loop {
            self.pulse.beat()?;
            let waited = self
                .handle
                .block_on(async { timeout(LOOK_UP, answer.as_mut()).await });
            if let Ok(answer) = waited {
                return Ok(Some(answer));
            }
            if self.look_up(intake, STEP)? {
                return Ok(None);
            }
        }
    }

    /// Takes no records for this long, but hears what the group says; `true` as soon as the lane is wanted elsewhere.
    pub(super) fn look_up(&mut self, intake: &Intake, time: Duration) -> Result<bool, Fault> {
        if !self.paused {
            intake.hold(true)?;
            self.paused = true;
        }
        let until = Instant::now() + time;
        while !self.stop.is_set() && !intake.has_news() {
            if Instant::now() >= until {
                return Ok(false);
            }
            if intake.poll(STEP)?.is_some() {
                return Err(Fault::rebuild("a paused partition delivered a record"));
            }
        }
        Ok(true)
    }

    /// Whether partitions are paused; those that are taken up meanwhile must be too.
    pub(super) const fn is_paused(&self) -> bool {
        self.paused
    }

    /// Takes records again; says whether none were taken before.
    pub(super) fn resume(&mut self, intake: &Intake) -> Result<bool, Fault> {
        let paused = std::mem::take(&mut self.paused);
        if paused {
            intake.hold(false)?;
        }
        Ok(paused)
    }
}
