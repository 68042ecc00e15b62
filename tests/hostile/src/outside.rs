//! Where the attackers are: outside, on machines of their own. Here they share the cores with what they attack, and what
//! would be measured is the work of thousands of clients as much as the program's. So their threads run at the lowest
//! priority and take what everybody else leaves of the cores, which is a lot; everything that the program, its broker
//! and its database do about them is done at the priority it has for everybody. What they are, and how many, is the
//! same, and how often they strike is counted.

use crate::attacks::{self, Afternoon};
use crate::failure::Failure;
use crate::place::Targets;
use crate::strikes::{Strikes, Struck};
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The lowest there is among threads that are not idle ones.
const NICE: i32 = 19;

/// Attackers at work; they end with it.
pub(crate) struct Outside {
    threads: Option<Runtime>,
    attacks: JoinSet<()>,
    tell: watch::Sender<bool>,
    strikes: Arc<Strikes>,
    began: Instant,
}

impl Outside {
    /// Returns once all are under way.
    pub(crate) async fn begin(targets: Targets) -> Result<Self, Failure> {
        let threads = threads().map_err(|error| Failure::Threads(error.to_string()))?;
        let (tell, over) = watch::channel(false);
        let strikes = Arc::<Strikes>::default();
        let afternoon = Afternoon::new(over, Arc::clone(&strikes));
        let begun = threads.spawn(async move { attacks::begin(&targets, &afternoon).await });
        let attacks = begun.await.map_err(|error| Failure::Threads(error.to_string()));
        Ok(Self {
            threads: Some(threads),
            attacks: attacks??,
            tell,
            strikes,
            began: Instant::now(),
        })
    }

    /// Ends the attacks, and says how often they struck.
    pub(crate) async fn end(mut self) -> Vec<Struck> {
        let struck = self.strikes.over(self.began.elapsed());
        self.tell.send_replace(true);
        while self.attacks.join_next().await.is_some() {}
        struck
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

/// Threads of the lowest priority; those that they start, such as a producer's, inherit it.
fn threads() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .thread_name("attacker")
        .on_thread_start(|| {
            // Whoever may not lower it attacks at the priority of everybody, which is only harder.
            let _ = rustix::process::setpriority_process(None, NICE);
        })
        .build()
}
