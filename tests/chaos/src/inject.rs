//! Makes faults happen, each from its beginning to its end. What is one of a kind (broker, database, a way) has one
//! fault at a time; different things fail at the same time.

use crate::failure::Failure;
use crate::fleet::{Fleet, extra};
use crate::installation::Installation;
use crate::plan::{Fault, Jump, Replica, Trouble, Way};
use crate::service::Service;
use crate::torn;
use proxy::{ApiKey, Proxy};
use std::sync::{Arc, Mutex as Plain, PoisonError};
use std::time::Duration;
use testkit::{OwnParts, Part, TestkitError};
use tokio::sync::Mutex;

/// After a signal to a part that is to be started anew.
const AWAY: Duration = Duration::from_millis(300);

/// A transaction is ended within this, or there is none.
const COMES: Duration = Duration::from_secs(5);
const ANSWERED: Duration = Duration::from_secs(5);

/// What faults happen to.
pub(crate) struct Injector {
    pub(crate) installation: Installation,
    pub(crate) fleet: Arc<Fleet>,
    /// What went wrong that no fault excuses: a process that did not end well when asked to.
    pub(crate) wrong: Plain<Vec<String>>,
    servers: Mutex<()>,
    ways: [Mutex<()>; 2],
}

impl Injector {
    pub(crate) fn new(installation: Installation, fleet: Arc<Fleet>) -> Self {
        Self {
            installation,
            fleet,
            wrong: Plain::default(),
            servers: Mutex::default(),
            ways: [Mutex::default(), Mutex::default()],
        }
    }

    /// Returns when the fault is over: the victim runs again, the way is open.
    pub(crate) async fn inject(&self, fault: Fault) -> Result<(), Failure> {
        match fault {
            Fault::Kill(replica, back) => self.kill(replica, back).await,
            Fault::Freeze(replica, time) => self.freeze(replica, time).await,
            Fault::Terminate(replica, back) => self.terminate(replica, back).await,
            Fault::Roll(service) => self.roll(service).await,
            Fault::Scale(service, time) => self.scale(service, time).await,
            Fault::BrokerKill => self.begin_anew(Part::Kafka, AWAY, None).await,
            Fault::BrokerTorn(seed) => self.begin_anew(Part::Kafka, AWAY, Some(seed)).await,
            Fault::DatabaseKill => self.begin_anew(Part::Postgres, AWAY, None).await,
            Fault::RegistryStop(time) => self.begin_anew(Part::Registry, time, None).await,
            Fault::BrokerPause(time) => self.pause_broker(time).await,
            Fault::HeldEndTxn(time) => self.hold_end_txn(time).await,
            Fault::Network(way, trouble) => self.trouble(way, trouble).await,
            Fault::ClockJump(replica, jump, time) => self.jump(replica, jump, time).await,
        }
    }

    async fn kill(&self, replica: Replica, back: Duration) -> Result<(), Failure> {
        let Some(mut held) = self.fleet.hold(replica).await else {
            return Ok(());
        };
        held.kill().await?;
        tokio::time::sleep(back).await;
        held.start()
    }

    async fn freeze(&self, replica: Replica, time: Duration) -> Result<(), Failure> {
        let Some(held) = self.fleet.hold(replica).await else {
            return Ok(());
        };
        held.signal("STOP").await?;
        tokio::time::sleep(time).await;
        held.signal("CONT").await
    }

    async fn terminate(&self, replica: Replica, back: Duration) -> Result<(), Failure> {
        let Some(mut held) = self.fleet.hold(replica).await else {
            return Ok(());
        };
        self.note(held.stop().await?);
        tokio::time::sleep(back).await;
        held.start()
    }

    async fn roll(&self, service: Service) -> Result<(), Failure> {
        for number in 0..service.replicas() {
            self.terminate(Replica { service, number }, Duration::ZERO)
                .await?;
        }
        Ok(())
    }

    async fn scale(&self, service: Service, time: Duration) -> Result<(), Failure> {
        let Some(mut held) = self.fleet.hold(extra(service)).await else {
            return Ok(());
        };
        held.start()?;
        tokio::time::sleep(time).await;
        self.note(held.stop().await?);
        Ok(())
    }

    async fn begin_anew(&self, part: Part, away: Duration, torn: Option<u64>) -> Result<(), Failure> {
        let _alone = self.servers.lock().await;
        self.tell(move |parts| parts.kill(part)).await?;
        if let Some(seed) = torn {
            torn::tear(&self.installation.parts.folder().join("kafka/logs"), seed)?;
        }
        tokio::time::sleep(away).await;
        // A registry whose database is away ends by itself, so whatever is missing is started.
        self.tell(|parts| parts.up(&[Part::Postgres, Part::Kafka, Part::Registry]))
            .await
    }

    async fn pause_broker(&self, time: Duration) -> Result<(), Failure> {
        let _alone = self.servers.lock().await;
        self.tell(|parts| parts.pause(Part::Kafka)).await?;
        tokio::time::sleep(time).await;
        self.tell(|parts| parts.resume(Part::Kafka)).await
    }

    /// The client times out, asks again on a new connection and believes the second answer; then the first arrives.
    async fn hold_end_txn(&self, time: Duration) -> Result<(), Failure> {
        let _alone = self.ways[0].lock().await;
        let hold = self.installation.broker.hold_next(ApiKey::END_TXN);
        let holding = move || {
            // Nothing is held where nobody commits just now, and whoever sent it may be gone: both are no matter here.
            if hold.arrived(COMES).is_ok() {
                std::thread::sleep(time);
                let _ = hold.release(ANSWERED);
            }
        };
        Ok(tokio::task::spawn_blocking(holding).await?)
    }

    async fn trouble(&self, way: Way, trouble: Trouble) -> Result<(), Failure> {
        let (proxy, lock) = match way {
            Way::Broker => (&self.installation.broker, &self.ways[0]),
            Way::Database => (&self.installation.database, &self.ways[1]),
        };
        let _alone = lock.lock().await;
        through(proxy, trouble)
            .await
            .map_err(Failure::place(format!("the proxy before the {way}")))
    }

    /// Whatever else happens to the replica meanwhile.
    async fn jump(&self, replica: Replica, jump: Jump, time: Duration) -> Result<(), Failure> {
        self.fleet.jump(replica, jump.by_ms())?;
        tokio::time::sleep(time).await;
        self.fleet.jump(replica, 0)
    }

    async fn tell(
        &self,
        what: impl FnOnce(&OwnParts) -> Result<(), TestkitError> + Send + 'static,
    ) -> Result<(), Failure> {
        let parts = Arc::clone(&self.installation.parts);
        tokio::task::spawn_blocking(move || what(&parts)).await??;
        Ok(())
    }

    fn note(&self, stopped: Result<Duration, String>) {
        if let Err(what) = stopped {
            self.wrong
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(what);
        }
    }
}

async fn through(proxy: &Proxy, trouble: Trouble) -> std::io::Result<()> {
    match trouble {
        Trouble::Cut => proxy.cut(),
        Trouble::Reset => proxy.reset(),
        Trouble::Stall(time) => {
            proxy.pause();
            tokio::time::sleep(time).await;
            proxy.resume();
        }
        Trouble::Delay(by, time) => {
            proxy.delay(by);
            tokio::time::sleep(time).await;
            proxy.delay(Duration::ZERO);
        }
        Trouble::Refuse(time) => {
            proxy.refuse();
            proxy.cut();
            tokio::time::sleep(time).await;
            proxy.accept()?;
        }
    }
    Ok(())
}
