//! The services as processes: started, killed, frozen, stopped, and watched for ending by themselves.

use crate::clock::{Clock, ClockLibrary};
use crate::failure::Failure;
use crate::plan::Replica;
use crate::service::Service;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};

/// A process that was asked to end must have ended after this.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// All replicas that run at some time of a run.
pub(crate) struct Fleet {
    environment: Vec<(String, String)>,
    folder: PathBuf,
    slots: BTreeMap<Replica, Slot>,
}

/// The place of one replica: its ports stay the same over restarts, as its name in the group does.
struct Slot {
    ops: u16,
    edge: u16,
    clock: Clock,
    runs: AtomicBool,
    child: Mutex<Option<Child>>,
}

/// A replica that nothing else happens to as long as this is held.
pub(crate) struct Held<'a> {
    fleet: &'a Fleet,
    replica: Replica,
    slot: &'a Slot,
    child: MutexGuard<'a, Option<Child>>,
}

impl Fleet {
    /// Places for the usual replicas and one more of each replicated service; logs go into the folder.
    pub(crate) fn new(environment: Vec<(String, String)>, folder: &Path) -> Result<Self, Failure> {
        let extra = Service::REPLICATED.map(extra);
        let (mut slots, library) = (BTreeMap::new(), ClockLibrary::build(folder)?);
        for replica in Service::usual().into_iter().chain(extra) {
            let [ops, edge] = testkit::free_ports()?;
            let slot = Slot {
                ops,
                edge,
                clock: Clock::new(&library, folder, &replica.to_string())?,
                runs: AtomicBool::new(false),
                child: Mutex::new(None),
            };
            slots.insert(replica, slot);
        }
        Ok(Self {
            environment,
            folder: folder.to_owned(),
            slots,
        })
    }

    /// Takes hold of a replica; waits until nothing else happens to it.
    pub(crate) async fn hold(&self, replica: Replica) -> Option<Held<'_>> {
        let slot = self.slots.get(&replica)?;
        Some(Held {
            fleet: self,
            replica,
            slot,
            child: slot.child.lock().await,
        })
    }

    /// The wall clock of a replica is so many milliseconds ahead from now on, or behind.
    pub(crate) fn jump(&self, replica: Replica, by_ms: i64) -> Result<(), Failure> {
        let slot = self.slots.get(&replica);
        slot.map_or(Ok(()), |slot| slot.clock.jump(by_ms))
    }

    /// Those that should run now, with the addresses of their health.
    pub(crate) fn running(&self) -> Vec<(Replica, String)> {
        let running = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.runs.load(Ordering::Relaxed));
        running
            .map(|(replica, slot)| (*replica, format!("http://127.0.0.1:{}/readyz", slot.ops)))
            .collect()
    }

    /// Where events are posted.
    pub(crate) fn edge(&self) -> String {
        let edge = self
            .slots
            .iter()
            .find(|(replica, _)| replica.service == Service::Adapters);
        format!("http://127.0.0.1:{}", edge.map_or(0, |(_, slot)| slot.edge))
    }

    /// Those that have ended without being asked to, with what they said last; each is started again.
    pub(crate) fn ended_by_themselves(&self) -> Vec<String> {
        let mut ended = Vec::new();
        for (replica, slot) in &self.slots {
            let Ok(mut child) = slot.child.try_lock() else {
                continue;
            };
            let status = child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            let Some(status) = status else { continue };
            ended.push(format!(
                "{replica} ended with {status}: {}",
                self.last_words(*replica)
            ));
            *child = self.spawn(*replica, slot).ok();
        }
        ended
    }

    /// The last warning or error in a replica's log.
    fn last_words(&self, replica: Replica) -> String {
        let log = std::fs::read(self.log_of(replica)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let mut lines = log.lines().rev().take(50);
        let telling = lines.find(|line| line.contains("ERROR") || line.contains("rror:"));
        telling.or(log.lines().next_back()).unwrap_or_default().to_owned()
    }

    fn log_of(&self, replica: Replica) -> PathBuf {
        self.folder.join(format!("{replica}.log"))
    }

    fn spawn(&self, replica: Replica, slot: &Slot) -> Result<Child, Failure> {
        let path = self.log_of(replica);
        let open = || -> std::io::Result<(File, File)> {
            let log = OpenOptions::new().create(true).append(true).open(&path)?;
            Ok((log.try_clone()?, log))
        };
        let (out, err) = open().map_err(Failure::place(path.display().to_string()))?;
        let mut command = Command::new(testkit::program()?);
        command
            .args(["run", replica.service.target()])
            .envs(self.environment.iter().cloned())
            .envs(slot.clock.environment())
            .env("SLUICEBOX__INSTANCE_ID", replica.number.to_string())
            .env("SLUICEBOX__OPS__LISTEN", format!("127.0.0.1:{}", slot.ops))
            .env("SLUICEBOX__ADAPTERS__LISTEN", format!("127.0.0.1:{}", slot.edge))
            .current_dir(testkit::repository())
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .kill_on_drop(true);
        command.spawn().map_err(|why| Failure::cannot_run(&why))
    }
}

/// The replica that comes when a service is scaled up.
pub(crate) fn extra(service: Service) -> Replica {
    Replica {
        service,
        number: service.replicas(),
    }
}

impl Held<'_> {
    /// Starts it unless it runs.
    pub(crate) fn start(&mut self) -> Result<(), Failure> {
        if self.child.is_none() {
            *self.child = Some(self.fleet.spawn(self.replica, self.slot)?);
            self.slot.runs.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self) -> Result<(), Failure> {
        self.slot.runs.store(false, Ordering::Relaxed);
        if let Some(mut child) = self.child.take() {
            child
                .kill()
                .await
                .map_err(Failure::place(format!("killing {}", self.replica)))?;
        }
        Ok(())
    }

    /// SIGSTOP, or SIGCONT.
    pub(crate) async fn signal(&self, name: &str) -> Result<(), Failure> {
        let Some(pid) = self.child.as_ref().and_then(Child::id) else {
            return Ok(());
        };
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}")).arg(pid.to_string());
        let told = kill.status().await;
        told.map(drop)
            .map_err(Failure::place(format!("sending {name} to {}", self.replica)))
    }

    /// Waits until it has begun: before that nobody hears a SIGTERM, and it ends as by SIGKILL.
    async fn begun(&mut self) {
        let deadline = Instant::now() + STOP_PATIENCE;
        while let Some(child) = self.child.as_mut() {
            let gone = !matches!(child.try_wait(), Ok(None));
            let answers = TcpStream::connect(("127.0.0.1", self.slot.ops)).await.is_ok();
            if gone || answers || Instant::now() > deadline {
                return;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// SIGTERM; how long it took, or what is wrong with how it ended.
    pub(crate) async fn stop(&mut self) -> Result<Result<Duration, String>, Failure> {
        self.begun().await;
        self.signal("TERM").await?;
        self.slot.runs.store(false, Ordering::Relaxed);
        let began = Instant::now();
        let Some(mut child) = self.child.take() else {
            return Ok(Ok(Duration::ZERO));
        };
        let ended = tokio::time::timeout(STOP_PATIENCE, child.wait()).await;
        let wrong = |how: String| {
            format!(
                "{} {how} on SIGTERM: {}",
                self.replica,
                self.fleet.last_words(self.replica)
            )
        };
        Ok(match ended {
            Ok(Ok(status)) if ExitStatus::success(&status) => Ok(began.elapsed()),
            Ok(Ok(status)) => Err(wrong(format!("ended with {status}"))),
            Ok(Err(error)) => Err(wrong(format!("cannot be waited for ({error})"))),
            Err(_) => {
                let _ = child.kill().await;
                Err(wrong(format!("did not end within {STOP_PATIENCE:?}")))
            }
        })
    }
}
