//! What a failure means for the lane, decided in one place. No Kafka is asked here, no clock, no thread.
//!
//! Codes are looked up in [`meanings`], whose table stands in docs/FAULTS.md too; a test compares them.

mod meanings;

use crate::kafka::TransactionError;
use meanings::{LOGIN, Meaning, of};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use stage::Task;
use std::fmt;

/// How a lane goes on after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Recovery {
    /// Abort the transaction, go back to the last commit, go on.
    Abort,
    /// Trust neither producer nor consumer any more: begin anew from committed state. The new producer raises the
    /// epoch, so whatever the old one still has on its way comes to nothing.
    Rebuild,
    /// Only a person can mend it. What concerns one task alone quarantines that task, and the others go on.
    Halt,
}

/// As what the broker knows a newer client than this one, under the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fenced {
    /// As the member of the group.
    Member,
    /// As the producer.
    Producer,
}

/// A failure, and how to go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Fault {
    pub recovery: Recovery,
    pub message: String,
    /// The task that it concerns, if it concerns no other.
    pub task: Option<Task>,
    /// Whether the client was fenced.
    pub fenced: Option<Fenced>,
}

impl Fault {
    pub(crate) fn abort(message: impl Into<String>) -> Self {
        Self::of_lane(Recovery::Abort, message.into())
    }

    pub(crate) fn rebuild(message: impl Into<String>) -> Self {
        Self::of_lane(Recovery::Rebuild, message.into())
    }

    pub(crate) fn halt(message: impl Into<String>) -> Self {
        Self::of_lane(Recovery::Halt, message.into())
    }

    const fn of_lane(recovery: Recovery, message: String) -> Self {
        Self {
            recovery,
            message,
            task: None,
            fenced: None,
        }
    }

    /// Another client has the place of this one.
    pub(crate) fn fenced(message: impl Into<String>, fenced: Fenced) -> Self {
        let fenced = Some(fenced);
        Self {
            fenced,
            ..Self::rebuild(message)
        }
    }

    /// Whether a task is to be quarantined, and which.
    pub(crate) fn quarantines(&self) -> Option<Task> {
        self.task.filter(|_| self.recovery == Recovery::Halt)
    }

    /// The same, which concerns this task and no other.
    pub(crate) fn of_task(self, task: Task) -> Self {
        let task = Some(task);
        Self { task, ..self }
    }

    /// The fault of a client error, while doing something.
    pub(crate) fn of(doing: &str, error: &KafkaError) -> Self {
        let code = error.rdkafka_error_code();
        if code.is_some_and(is_refusal) {
            return Self::refused_login(doing, &error.to_string());
        }
        Self::new(doing, error, code, of_call(meaning(error)))
    }

    /// The fault of a transactional call that failed, while doing something.
    pub(crate) fn of_transaction(doing: &str, error: &TransactionError) -> Self {
        if error.code.is_some_and(is_refusal) {
            return Self::refused_login(doing, &error.message);
        }
        let meaning = error.code.map_or(Meaning::Rebuild, |code| of(code).0);
        let recovery = of_transaction(meaning, error.requires_abort);
        Self::new(doing, error, error.code, recovery)
    }

    /// The fault of an output of a task that did not arrive: whatever the cause, the transaction is void. A record that
    /// the broker will never take is that task's alone.
    pub(crate) fn of_delivery(topic: &str, error: &KafkaError, task: Option<Task>) -> Self {
        let meaning = meaning(error);
        let recovery = match meaning {
            Meaning::Quarantine | Meaning::Halt => Recovery::Halt,
            Meaning::Rebuild => Recovery::Rebuild,
            Meaning::Retry | Meaning::Abort => Recovery::Abort,
        };
        let task = task.filter(|_| meaning == Meaning::Quarantine);
        Self {
            task,
            ..Self::new(
                &format!("writing to {topic}"),
                error,
                error.rdkafka_error_code(),
                recovery,
            )
        }
    }

    /// The client was not let in. A broker that restarts and a provider of tokens that is away say the same as a wrong
    /// password, so the lane tries again.
    pub(crate) fn refused_login(doing: &str, why: &str) -> Self {
        Self::rebuild(format!("{doing}: the login is refused: {why}; to mend: {LOGIN}"))
    }

    fn new(
        doing: &str,
        error: &impl fmt::Display,
        code: Option<RDKafkaErrorCode>,
        recovery: Recovery,
    ) -> Self {
        let mending = match recovery {
            Recovery::Halt => code.map_or("", |code| of(code).1),
            _ => "",
        };
        let to_mend = if mending.is_empty() { "" } else { "; to mend: " };
        Self {
            fenced: code.and_then(fenced),
            ..Self::of_lane(recovery, format!("{doing}: {error}{to_mend}{mending}"))
        }
    }
}

const fn fenced(code: RDKafkaErrorCode) -> Option<Fenced> {
    match code {
        RDKafkaErrorCode::FencedInstanceId => Some(Fenced::Member),
        RDKafkaErrorCode::ProducerFenced
        | RDKafkaErrorCode::Fenced
        | RDKafkaErrorCode::InvalidProducerEpoch => Some(Fenced::Producer),
        _ => None,
    }
}

/// Whether the client tries again by itself after this error of a fetch, so that nothing is to be done.
pub(crate) fn is_retried(error: &KafkaError) -> bool {
    meaning(error) == Meaning::Retry
}

/// Whether a connection was closed because of who the client is.
pub(crate) fn is_refused_login(error: &KafkaError) -> bool {
    error.rdkafka_error_code().is_some_and(is_refusal)
}

const fn is_refusal(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed
    )
}

/// Whether a record was not taken because its transaction had failed already: that is why, and not the record.
pub(crate) fn is_consequence(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::State)
}

fn meaning(error: &KafkaError) -> Meaning {
    error
        .rdkafka_error_code()
        .map_or(Meaning::Rebuild, |code| of(code).0)
}

/// A call that came back with an error was tried again long enough. A fetch does not say which partition has lost its
/// place; beginning anew finds it out.
const fn of_call(meaning: Meaning) -> Recovery {
    match meaning {
        Meaning::Halt => Recovery::Halt,
        Meaning::Abort => Recovery::Abort,
        Meaning::Retry | Meaning::Rebuild | Meaning::Quarantine => Recovery::Rebuild,
    }
}

/// librdkafka says whether a transaction can be aborted. Anything else that went wrong with a transactional call is
/// indefinite: it may still come to pass, so the producer is replaced rather than asked again.
const fn of_transaction(meaning: Meaning, requires_abort: bool) -> Recovery {
    match meaning {
        Meaning::Halt => Recovery::Halt,
        _ if requires_abort => Recovery::Abort,
        _ => Recovery::Rebuild,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::error::RDKafkaErrorCode as Code;

    fn fetching(code: Code) -> Recovery {
        Fault::of("fetching", &KafkaError::MessageConsumption(code)).recovery
    }

    fn delivering(code: Code) -> Recovery {
        Fault::of_delivery("signals", &KafkaError::MessageProduction(code), None).recovery
    }

    #[test]
    fn what_a_person_must_mend_halts_and_the_rest_begins_anew() {
        assert_eq!(fetching(Code::TopicAuthorizationFailed), Recovery::Halt);
        assert_eq!(fetching(Code::UnknownTopicOrPartition), Recovery::Halt);
        assert_eq!(fetching(Code::AllBrokersDown), Recovery::Rebuild);
        assert_eq!(fetching(Code::FencedInstanceId), Recovery::Rebuild);
    }

    #[test]
    fn an_output_that_did_not_arrive_voids_the_transaction_unless_the_producer_is_of_no_more_use() {
        assert_eq!(delivering(Code::PurgeQueue), Recovery::Abort);
        assert_eq!(delivering(Code::NotEnoughReplicas), Recovery::Abort);
        assert_eq!(delivering(Code::ProducerFenced), Recovery::Rebuild);
        assert_eq!(delivering(Code::MessageTimedOut), Recovery::Rebuild);
        assert_eq!(delivering(Code::MessageSizeTooLarge), Recovery::Halt);
    }

    #[test]
    fn a_login_that_is_refused_is_tried_again_whatever_was_asked_and_says_what_may_mend_it() {
        let refused = TransactionError {
            code: Some(Code::SaslAuthenticationFailed),
            message: "who?".to_owned(),
            requires_abort: false,
        };
        let faults = [
            Fault::of("restoring", &KafkaError::MessageConsumption(Code::Authentication)),
            Fault::of(
                "restoring",
                &KafkaError::MetadataFetch(Code::SaslAuthenticationFailed),
            ),
            refused.fault("committing"),
        ];
        for fault in faults {
            assert_eq!(fault.recovery, Recovery::Rebuild);
            assert!(fault.message.contains("the login is refused") && fault.message.contains("kafka.sasl_"));
        }
    }

    #[test]
    fn only_a_fault_that_a_person_must_mend_says_how() {
        let of = |code| Fault::of("fetching", &KafkaError::MessageConsumption(code)).message;
        assert!(
            of(Code::UnknownTopicOrPartition)
                .ends_with("; to mend: create the topics with `sluicebox topics apply`")
        );
        assert!(!of(Code::AllBrokersDown).contains("to mend"));
    }

    #[test]
    fn a_client_that_tries_again_is_left_alone() {
        assert!(is_retried(&KafkaError::MessageConsumption(Code::NotCoordinator)));
        assert!(!is_retried(&KafkaError::MessageConsumption(
            Code::AutoOffsetReset
        )));
    }
}
