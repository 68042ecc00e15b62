//! A contender as its driver sees it.

use super::{Tuning, Work};
use crate::course::Course;
use crate::driver::Broker;
use crate::process;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(2);

/// A process; killed when dropped.
pub(crate) struct Contender {
    child: Child,
    said: Receiver<usize>,
}

impl Contender {
    /// Starts it.
    pub(crate) fn start(broker: &Broker, course: &Course, work: Work, tuning: &Tuning) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("contender").arg(work.name());
        command
            .args(["--brokers", &broker.address, "--prefix", &course.prefix.apply("")])
            .args(["--partitions", &course.partitions.to_string()])
            .args(["--instance", &tuning.instance])
            .args(["--least-ms", &tuning.least_ms.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let said = listen(child.stdout.take().context("a child without output")?);
        Ok(Self { child, said })
    }

    /// Starts it and waits until it works on all partitions.
    pub(crate) fn running(broker: &Broker, course: &Course, work: Work, tuning: &Tuning) -> Result<Self> {
        let contender = Self::start(broker, course, work, tuning)?;
        contender.wait_for(|partitions| partitions == course.partition_count())?;
        Ok(contender)
    }

    /// Waits until it works on a number of partitions that is as wished.
    pub(crate) fn wait_for(&self, wished: impl Fn(usize) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self
                .said
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(partitions) if wished(partitions) => return Ok(()),
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("the contender ended early"),
                Err(RecvTimeoutError::Timeout) => bail!("the contender does not come to work"),
            }
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU seconds so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.pid())
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the contender ended with {status}");
        }
        Ok(())
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(output: ChildStdout) -> Receiver<usize> {
    let (say, said) = channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        for line in lines {
            let number = line.strip_prefix("running ").map(str::parse);
            match number {
                Some(Ok(number)) if say.send(number).is_err() => return,
                Some(_) => {}
                None => crate::say(line),
            }
        }
    });
    said
}
