//! Where the attackers are: outside, as if on machines of their own. Here they share the cores with what they attack, and
//! what would be measured is the work of thousands of clients as much as the program's. So they are a process of their
//! own, which shares no memory and no locks with the client that is measured, and runs at the lowest priority: it takes
//! what everybody else leaves of the cores, which is a lot; everything that the program, its broker and its database do
//! about it is done at the priority it has for everybody. How often the attackers strike is counted.

use crate::failure::Failure;
use crate::place::Place;
use crate::strikes::Struck;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Attackers at work; they end with it.
pub(crate) struct Outside {
    process: Child,
    /// Closed to tell them that it is over.
    tell: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
    began: Instant,
}

impl Outside {
    /// Returns once all are under way.
    pub(crate) async fn begin(program: &Path, place: &Place) -> Result<Self, Failure> {
        let mut process = command(program, place).spawn().map_err(|error| failed(&error))?;
        let (tell, told) = (process.stdin.take(), process.stdout.take());
        let (Some(tell), Some(told)) = (tell, told) else {
            return Err(failed(&"they cannot be spoken to"));
        };
        let mut outside = Self {
            process,
            tell,
            told: BufReader::new(told).lines(),
            began: Instant::now(),
        };
        next(&mut outside.told).await?;
        outside.began = Instant::now();
        Ok(outside)
    }

    /// Ends the attacks, and says how often they struck.
    pub(crate) async fn end(mut self) -> Result<Vec<Struck>, Failure> {
        let time = self.began.elapsed();
        drop(self.tell);
        let told = next(&mut self.told).await?;
        self.process.wait().await.map_err(|error| failed(&error))?;
        let strikes = serde_json::from_str(&told).map_err(|error| failed(&error))?;
        Ok(Struck::all(&strikes, time))
    }
}

async fn next(told: &mut Lines<BufReader<ChildStdout>>) -> Result<String, Failure> {
    let line = told.next_line().await.map_err(|error| failed(&error))?;
    line.ok_or_else(|| failed(&"they ended"))
}

fn command(program: &Path, place: &Place) -> Command {
    let targets = place.targets();
    let mut command = Command::new(program);
    for (name, address) in [
        ("--edge", targets.edge),
        ("--api", targets.api),
        ("--ops", targets.ops),
    ] {
        command.arg(name).arg(address.to_string());
    }
    command
        .envs(place.sandbox.environment())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn failed(why: &dyn std::fmt::Display) -> Failure {
    Failure::Attackers(why.to_string())
}
