//! Transactional calls under a watchdog: they run on a thread of their own, so that one which never returns holds up
//! nobody.
//!
//! librdkafka's `send_offsets_to_transaction` and `commit_transaction` may ignore their timeouts (librdkafka #5456), and
//! a request to end a transaction that timed out is sent again without a word, while the first may still be on its way
//! (KIP-890; `docs/FAULTS.md`). So a call that does not return in time is never asked again: the lane is begun anew.
//! And a call that returned, but whose producer has ever had a request that timed out or a connection that broke, is told
//! as *doubtful*: that producer must not begin another transaction. It stays so until it is replaced: the client says the
//! same thing of a connection only once in 30 s, so that what breaks a second time is not heard.

use crate::fault::{self, Fault};
use crate::host::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use crate::host::thread;
use crate::kafka::{Producer, TransactionError};
use crate::stop::{LAST_WAIT, Patience, Stop, WaitEnd};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::{ClientContext, Message};
use stage::Task;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use topology::Topic;

/// librdkafka should answer within its own limit; this much later nobody waits for it any more.
const GRACE: Duration = Duration::from_secs(2);
/// Initialising waits until the broker has ended the predecessor's transaction, and the broker may just be starting. To
/// give up sooner would leave a request behind that fences whoever is tried next.
const LEAST_INIT: Duration = Duration::from_secs(30);
/// How often deliveries are served while a call runs.
const SERVE: Duration = Duration::from_millis(1);

/// What the client says of its deliveries and of its connections.
#[derive(Default)]
pub(crate) struct Deliveries {
    failed: Mutex<Option<Fault>>,
    refused: Mutex<Option<String>>,
    doubt: AtomicBool,
}

impl Deliveries {
    /// The first delivery that failed since this was asked last.
    pub(super) fn take_failure(&self) -> Option<Fault> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// A record for a topic did not arrive.
    pub(crate) fn failed(&self, topic: &str, error: &KafkaError, task: usize) {
        if !fault::is_consequence(error)
            && let Ok(mut failed) = self.failed.lock()
        {
            failed.get_or_insert_with(|| Fault::of_delivery(topic, error, task_of(task)));
        }
    }

    /// Why the broker, or the provider of tokens, refused the login, if either did since this was asked last.
    fn take_refusal(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The facilities under which librdkafka logs a request that timed out and a connection that broke: after either, a
/// request may be sent twice. They are the only place where it says so. The third one is that of a partition without a
/// leader, to which it may never send again (librdkafka issue 5430).
const DOUBT: [&str; 3] = ["REQTMOUT", "FAIL", "METADATAUPDATE"];

/// A connection that was never there has no request on its way, and a client with several addresses to try meets some.
fn was_connected(message: &str) -> bool {
    !message.contains("Connect to ") && !message.contains("Failed to resolve")
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if DOUBT.contains(&facility) && was_connected(message) {
            self.doubt.store(true, Ordering::Release);
            tracing::debug!(facility, message, "kafka producer");
        } else {
            tracing::info!(?level, facility, message, "kafka producer");
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if was_connected(reason) {
            self.doubt.store(true, Ordering::Release);
        }
        tracing::warn!(%error, reason, "kafka producer");
        if fault::is_refused_login(&error)
            && let Ok(mut refused) = self.refused.lock()
        {
            *refused = Some(reason.to_owned());
        }
    }
}

/// The task on whose behalf a record is written, as it goes with the record through the client.
pub(super) const fn opaque(task: Task) -> usize {
    ((task.topic as usize) << 32) | task.partition.cast_unsigned() as usize
}

pub(super) fn task_of(opaque: usize) -> Option<Task> {
    let topic = Topic::all().nth(opaque >> 32)?;
    let partition = i32::try_from(opaque & 0xffff_ffff).ok()?;
    Some(Task { topic, partition })
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, task: usize) {
        if let Err((error, record)) = result {
            self.failed(record.topic(), error, task);
        }
    }
}

/// Every lane is, but for those of the bench that show what it costs.
pub(super) fn is_transactional(config: &ClientConfig) -> bool {
    config.get("transactional.id").is_some()
}

enum Call<G> {
    Init,
    Commit(Box<(TopicPartitionList, G)>),
    Abort,
    /// Asks why the transaction failed: the client tells whoever commits, and commits nothing then.
    Explain,
}

impl<G> Call<G> {
    /// How long the client may take for it, where most calls may take `limit`.
    fn limit(&self, limit: Duration) -> Duration {
        match self {
            Self::Init => limit.max(LEAST_INIT),
            Self::Commit(_) | Self::Abort | Self::Explain => limit,
        }
    }

    /// How long a lane that is asked to stop still waits for it.
    const fn last_wait(&self) -> Duration {
        match self {
            Self::Init => Duration::ZERO,
            Self::Commit(_) | Self::Abort | Self::Explain => LAST_WAIT,
        }
    }
}

/// A producer, and the thread that ends its transactions.
pub(super) struct Transactor<P: Producer> {
    // Dropped before the channel: the thread holds the last reference, so that destroying a client that hangs holds
    // up that thread and nobody else.
    producer: Arc<P>,
    calls: Sender<Call<P::Group>>,
    answers: Receiver<Result<(), TransactionError>>,
    limit: Duration,
    stop: Stop,
}

impl<P: Producer> Transactor<P> {
    /// A producer that has ended whatever its predecessor of the same transactional id left open. `limit` is how long
    /// a call may take.
    pub(super) fn start(
        producer: P,
        config: &ClientConfig,
        limit: Duration,
        stop: Stop,
    ) -> Result<Self, Fault> {
        let producer = Arc::new(producer);
        let (calls, received) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let worker = Arc::clone(&producer);
        let serve = move || {
            while let Ok(call) = received.recv() {
                if answer.send(perform(&*worker, call, limit)).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("transactor".to_owned()).spawn(serve);
        thread.map_err(|error| Fault::halt(format!("a thread cannot be started: {error}")))?;
        let this = Self {
            producer,
            calls,
            answers,
            limit,
            stop,
        };
        if is_transactional(config) {
            this.call(Call::Init, "initialising transactions")?;
        }
        Ok(this)
    }

    /// Why the client takes no more records into the open transaction.
    pub(super) fn why_void(&self) -> Option<Fault> {
        self.call(Call::Explain, "writing into the transaction").err()
    }

    /// The producer, to write with.
    pub(super) fn producer(&self) -> &P {
        &self.producer
    }

    /// Begins a transaction. Local to the client: it asks nobody.
    pub(super) fn begin(&self) -> Result<(), Fault> {
        let begun = self.producer.begin_transaction();
        begun.map_err(|error| error.fault("beginning a transaction"))
    }

    /// Commits the open transaction with these offsets; says whether a request of it may still be on its way.
    pub(super) fn commit(&self, offsets: TopicPartitionList, group: P::Group) -> Result<bool, Fault> {
        self.call(
            Call::Commit(Box::new((offsets, group))),
            "committing the transaction",
        )?;
        Ok(self.is_doubtful())
    }

    /// Aborts the open transaction; says the same.
    pub(super) fn abort(&self) -> Result<bool, Fault> {
        self.call(Call::Abort, "aborting the transaction")?;
        Ok(self.is_doubtful())
    }

    fn is_doubtful(&self) -> bool {
        self.producer.deliveries().doubt.load(Ordering::Acquire)
    }

    fn call(&self, call: Call<P::Group>, doing: &str) -> Result<(), Fault> {
        let ended = || Fault::rebuild(format!("{doing}: the thread of the producer ended"));
        let within = call.limit(self.limit) + GRACE;
        let mut patience = Patience::new(&self.stop, within, call.last_wait());
        self.calls.send(call).map_err(|_| ended())?;
        loop {
            match self.answers.recv_timeout(SERVE) {
                Ok(answer) => return answer.map_err(|error| error.fault(doing)),
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
                // An abort waits until what it purged is told, and that is told to whoever polls.
                Err(RecvTimeoutError::Timeout) => self.producer.poll(),
            }
            // librdkafka tries again until the call's time is over, and says then only that it is over.
            if let Some(why) = self.producer.deliveries().take_refusal() {
                return Err(Fault::refused_login(doing, &why));
            }
            let why = match patience.end() {
                None => continue,
                Some(WaitEnd::Stopping) => "left, because the process stops".to_owned(),
                Some(WaitEnd::TimedOut) => {
                    format!("the client did not return within {within:?}; what came of it is unknown")
                }
            };
            return Err(Fault::rebuild(format!("{doing}: {why}")));
        }
    }
}

fn perform<P: Producer>(producer: &P, call: Call<P::Group>, limit: Duration) -> Result<(), TransactionError> {
    let limit = call.limit(limit);
    match call {
        Call::Init => producer.init_transactions(limit),
        Call::Commit(what) => {
            // Outputs and offsets may be on their way together; only the end has to wait for both.
            producer.pulse();
            producer.send_offsets_to_transaction(&what.0, &what.1, limit)?;
            producer.flush(limit)?;
            producer.commit_transaction(limit)
        }
        Call::Abort => producer.abort_transaction(limit),
        Call::Explain => producer.commit_transaction(limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::{Kafka, Librdkafka};

    #[test]
    fn a_task_comes_back_from_the_client_as_it_went() {
        for (topic, partition) in [(Topic::IngestEvents, 0), (Topic::NotificationsChannels, i32::MAX)] {
            let task = Task { topic, partition };
            assert_eq!(task_of(opaque(task)), Some(task));
        }
        assert_eq!(task_of(usize::MAX), None);
    }

    /// Beginning a transaction fails here, which is all the same to the doubt.
    #[test]
    fn a_transaction_that_begins_dispels_no_doubt() {
        let mut nowhere = ClientConfig::new();
        nowhere.set("bootstrap.servers", "127.0.0.1:1");
        let producer = Librdkafka::producer(&nowhere).unwrap();
        let transactor = Transactor::start(producer, &nowhere, Duration::ZERO, Stop::default()).unwrap();
        let heard = transactor.producer().deliveries();
        heard.log(RDKafkaLogLevel::Error, "REQTMOUT", "Timed out 1 in-flight");
        let _ = transactor.begin();
        assert!(transactor.is_doubtful());
    }

    #[test]
    fn a_connection_that_broke_is_doubt_and_one_that_never_was_is_none() {
        let heard = Deliveries::default();
        let log = |message| heard.log(RDKafkaLogLevel::Error, "FAIL", message);
        log("[thrd:localhost:9092/bootstrap]: Connect to ipv6#[::1]:9092 failed: Connection refused");
        assert!(!heard.doubt.load(Ordering::Relaxed));
        log("[thrd:localhost:9092/1]: Disconnected (after 2051ms in state UP)");
        assert!(heard.doubt.load(Ordering::Relaxed));
    }
}
