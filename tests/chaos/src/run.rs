//! A run from its first server to its verdicts.

use crate::failure::Failure;
use crate::feeder::{Feeder, Sent};
use crate::fleet::Fleet;
use crate::inject::Injector;
use crate::installation::{Installation, SESSION_TIMEOUT};
use crate::judge::judge;
use crate::plan::{Planned, Setting, plan};
use crate::readers::read_along;
use crate::readiness::{Readiness, all_ready};
use crate::report::{Happened, Report};
use crate::service::Service;
use model::SchemaIds;
use oracle::{Verdict, Witness};
use registry::Registry;
use scenario::day::Day;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use topology::Prefix;

/// How long everything may take to be ready, or to be read to the end.
const PATIENCE: Duration = Duration::from_mins(4);
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How often the readers read on.
const READ_AGAIN: [Duration; 2] = [Duration::from_secs(4), Duration::from_secs(7)];
/// Records of the day for each fault, so that there is traffic all the time.
const RECORDS_PER_FAULT: usize = 120;
const LEAST_RECORDS: usize = 1_500;

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Decides the day and the faults.
    pub seed: u64,
    /// How many faults.
    pub faults: usize,
}

/// Runs in this folder, which keeps the logs of the services; `say` is told what happens when.
pub async fn run(
    options: &Options,
    folder: &Path,
    say: Arc<dyn Fn(String) + Send + Sync>,
) -> Result<Report, Failure> {
    let began = Instant::now();
    let records = (options.faults * RECORDS_PER_FAULT).max(LEAST_RECORDS);
    let day = Day::new(options.seed, records);
    let installation = Installation::new(folder, &day).await?;
    let ids = schema_ids(&installation).await?;
    let fleet = Arc::new(Fleet::new(installation.service_environment(), folder)?);
    let injector = Arc::new(Injector::new(installation, Arc::clone(&fleet)));
    let run = Run {
        injector,
        fleet,
        ids,
        began,
        say,
    };
    run.start_all().await?;
    run.say("all services are ready");
    let (passed, sent, ended) = run.through_the_faults(options, &day).await?;
    run.start_all().await?;
    run.say("all services are ready again; waiting until everything is read");
    let flow = run.drained().await?;
    let mut judgement = judge(
        &run.injector.installation,
        ids,
        &day,
        flow.clone(),
        passed.witnesses,
    )
    .await?;
    let wrong = run.stop_all().await?;
    let ended: Vec<String> = ended.into_iter().chain(wrong).collect();
    let processes = Verdict::told("processes end when told, and well", options.faults, &ended);
    judgement.verdicts.push(processes);
    Ok(Report {
        seed: options.seed,
        faults: passed.faults,
        sent,
        flow,
        verdicts: judgement.verdicts,
        story: judgement.story,
        took: began.elapsed(),
    })
}

async fn schema_ids(installation: &Installation) -> Result<SchemaIds, Failure> {
    let settings = &installation.settings;
    let registry = Registry::connect(&settings.registry)?;
    Ok(registry
        .register_all(&Prefix::new(&settings.topic_prefix))
        .await?)
}

/// A run that is under way.
struct Run {
    injector: Arc<Injector>,
    fleet: Arc<Fleet>,
    ids: SchemaIds,
    began: Instant,
    say: Arc<dyn Fn(String) + Send + Sync>,
}

/// What came of the time of faults.
struct Passed {
    faults: Vec<Happened>,
    witnesses: Vec<(&'static str, Witness)>,
}

impl Run {
    fn say(&self, what: &str) {
        (self.say)(format!("{:7.1} s  {what}", self.began.elapsed().as_secs_f64()));
    }

    /// Starts every usual replica that does not run, and waits until all are ready.
    async fn start_all(&self) -> Result<(), Failure> {
        for replica in Service::usual() {
            if let Some(mut held) = self.fleet.hold(replica).await {
                held.start()?;
            }
        }
        let client = crate::http_client(LOOK_AGAIN * 5)?;
        let deadline = Instant::now() + PATIENCE;
        while !all_ready(&self.fleet, &client).await {
            if Instant::now() > deadline {
                let what = "the services did not become ready; their logs are in the run's folder".to_owned();
                return Err(Failure::Patience {
                    what,
                    patience: PATIENCE,
                });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Stops all in good order; what was wrong with that, here and when faults asked for it.
    async fn stop_all(&self) -> Result<Vec<String>, Failure> {
        for replica in Service::usual() {
            if let Some(mut held) = self.fleet.hold(replica).await
                && let Err(wrong) = held.stop().await?
            {
                self.wrong().push(wrong);
            }
        }
        Ok(std::mem::take(&mut *self.wrong()))
    }

    fn wrong(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.injector.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn through_the_faults(
        &self,
        options: &Options,
        day: &Day,
    ) -> Result<(Passed, Sent, Vec<String>), Failure> {
        let installation = &self.injector.installation;
        let (pace, progress) = watch::channel(0.0);
        let (stop, stopped) = watch::channel(false);
        let direct = installation.settings.clone();
        let readers = [
            ("a reader during the run", direct, READ_AGAIN[0]),
            (
                "a reader behind the proxy",
                installation.producer_settings(),
                READ_AGAIN[1],
            ),
        ];
        let readers = readers.map(|(name, settings, every)| {
            let reading = tokio::spawn(read_along(settings, every, stopped.clone()));
            (name, reading)
        });
        let readiness = Readiness::default();
        let watching = tokio::spawn(
            readiness
                .clone()
                .watch(Arc::clone(&self.fleet), crate::http_client(PATIENCE)?),
        );
        let ended = Arc::new(Mutex::new(Vec::new()));
        let supervising = self.supervise(Arc::clone(&ended));
        let feeder = Feeder::new(installation, self.ids, self.fleet.edge())?;
        let shipments = day.shipments.clone();
        let feeding = tokio::spawn(async move { feeder.send(&shipments, progress).await });
        let setting = Setting {
            replicas: Service::usual(),
            session_timeout: SESSION_TIMEOUT,
        };
        let mut faults = self
            .inject_all(&plan(options.seed, options.faults, &setting), &pace)
            .await?;
        drop(pace);
        self.say("the faults are over; sending the rest");
        let sent = feeding.await??;
        self.start_all().await?;
        // One more look, so that the last fault has its time of recovery.
        tokio::time::sleep(LOOK_AGAIN * 3).await;
        for fault in &mut faults {
            fault.ready = readiness.first_after(fault.over).map(|ready| ready - fault.over);
        }
        stop.send_replace(true);
        let mut witnesses = Vec::new();
        for (name, reading) in readers {
            witnesses.push((name, reading.await??));
        }
        watching.abort();
        supervising.abort();
        let ended = std::mem::take(&mut *ended.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((Passed { faults, witnesses }, sent, ended))
    }

    /// As an orchestrator would, starts again what has ended by itself, and notes that it did.
    fn supervise(&self, ended: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
        let (fleet, say, began) = (Arc::clone(&self.fleet), Arc::clone(&self.say), self.began);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_AGAIN).await;
                for one in fleet.ended_by_themselves() {
                    say(format!("{:7.1} s  {one}", began.elapsed().as_secs_f64()));
                    ended.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                }
            }
        })
    }

    /// Each fault begins when it is planned, whatever else lasts still; returns when the last is over.
    async fn inject_all(
        &self,
        planned: &[Planned],
        pace: &watch::Sender<f64>,
    ) -> Result<Vec<Happened>, Failure> {
        let (mut injecting, mut happened) = (JoinSet::new(), Vec::new());
        for (at, one) in planned.iter().enumerate() {
            self.wait(
                one.after,
                at as f64 / planned.len() as f64,
                1.0 / planned.len() as f64,
                pace,
            )
            .await;
            // A fault that could not be made, or mended, ends the run at once.
            while let Some(over) = injecting.try_join_next() {
                happened.push(over??);
            }
            let fault = one.fault;
            self.say(&format!("{:3} {} {}", at + 1, fault.kind(), fault.victim()));
            let (injector, began) = (Arc::clone(&self.injector), Instant::now());
            injecting.spawn(async move {
                injector.inject(fault).await.map(|()| Happened {
                    fault,
                    lasted: began.elapsed(),
                    over: Instant::now(),
                    ready: None,
                })
            });
        }
        while let Some(one) = injecting.join_next().await {
            happened.push(one??);
        }
        Ok(happened)
    }

    /// Waits, and moves the pace on in small steps meanwhile.
    async fn wait(&self, time: Duration, from: f64, share: f64, pace: &watch::Sender<f64>) {
        const STEPS: u32 = 20;
        for step in 1..=STEPS {
            tokio::time::sleep(time / STEPS).await;
            pace.send_replace(from + share * f64::from(step) / f64::from(STEPS));
        }
    }

    /// The counts of all stages once everything is read. That they do not add up is for the judge to say.
    async fn drained(&self) -> Result<serde_json::Value, Failure> {
        let timeout = format!("{}s", PATIENCE.as_secs());
        let arguments = ["flow", "--json", "--wait", "--timeout", &timeout];
        let output = self.injector.installation.printed(&arguments).await?;
        let counts: Option<serde_json::Value> = serde_json::from_slice(&output.stdout).ok();
        let drained = counts.filter(|counts| counts["drained"] == true);
        drained.ok_or_else(|| Failure::Command {
            command: arguments.join(" "),
            said: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        })
    }
}
