//! Sending what lingers, and waiting until the broker has acknowledged it.
//!
//! The wrapper's `flush` asks librdkafka for no more than an instant, every 100 ms; a batch that the thread of the broker
//! does not pick up in that instant lingers on. librdkafka's own sends everything for as long as it lasts. But while it
//! lasts and a batch of a partition is on its way, the thread turns in a loop for the next one (librdkafka issue 3692);
//! so we flush in pulses, and leave the cores to others in between.

use rdkafka::bindings::{rd_kafka_flush, rd_kafka_resp_err_t};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer, ProducerContext};
use std::time::{Duration, Instant};

/// The first pulse is long enough for a thread that is not kept from running, later ones for one that is.
const SHORTEST_PULSE: Duration = Duration::from_millis(1);
const LONGEST_PULSE: Duration = Duration::from_millis(32);
/// How much longer than a pulse the time after it is.
const REST: u32 = 3;
const LOOK_AGAIN: Duration = Duration::from_micros(300);

/// Waits until nothing is on its way any more. Somebody else polls the producer meanwhile: failures are told there.
pub(crate) fn flush<C: ProducerContext>(
    producer: &BaseProducer<C>,
    limit: Duration,
) -> Result<(), KafkaError> {
    let deadline = Instant::now() + limit;
    let mut pulse = SHORTEST_PULSE;
    while !flushed_within(producer, pulse) && !quiet_within(producer, pulse * REST) {
        if Instant::now() >= deadline {
            return Err(KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut));
        }
        pulse = (pulse * 2).min(LONGEST_PULSE);
    }
    Ok(())
}

/// Sends what lingers, without waiting for its acknowledgement.
pub(crate) fn pulse<C: ProducerContext>(producer: &BaseProducer<C>) {
    flushed_within(producer, SHORTEST_PULSE);
}

/// Sends what lingers for this long; says whether everything was acknowledged.
fn flushed_within<C: ProducerContext>(producer: &BaseProducer<C>, limit: Duration) -> bool {
    let limit = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
    #[expect(unsafe_code, reason = "the wrapper has no call that waits")]
    // SAFETY: the client lives as long as the producer that is borrowed here, and may be flushed from any thread.
    let outcome = unsafe { rd_kafka_flush(producer.client().native_ptr(), limit) };
    outcome == rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
}

/// Waits for acknowledgements alone; says whether there are none left to wait for.
fn quiet_within<C: ProducerContext>(producer: &BaseProducer<C>, limit: Duration) -> bool {
    let began = Instant::now();
    while producer.in_flight_count() > 0 {
        if began.elapsed() >= limit {
            return false;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    true
}
