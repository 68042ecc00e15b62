//! What a failure means for the lane, decided in one place.

use rdkafka::error::{KafkaError, RDKafkaError, RDKafkaErrorCode as Code};

/// How a lane goes on after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Recovery {
    /// Abort the transaction, go back to the last commit, go on.
    Abort,
    /// Trust neither producer nor consumer any more: begin anew from committed state. The new producer raises the
    /// epoch, so whatever the old one still has on its way comes to nothing.
    Rebuild,
    /// Only a person can mend it.
    Halt,
}

/// A failure, and how to go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Fault {
    pub recovery: Recovery,
    pub message: String,
}

impl Fault {
    pub(crate) fn abort(message: impl Into<String>) -> Self {
        Self {
            recovery: Recovery::Abort,
            message: message.into(),
        }
    }

    pub(crate) fn rebuild(message: impl Into<String>) -> Self {
        Self {
            recovery: Recovery::Rebuild,
            message: message.into(),
        }
    }

    pub(crate) fn halt(message: impl Into<String>) -> Self {
        Self {
            recovery: Recovery::Halt,
            message: message.into(),
        }
    }

    /// The fault of a client error, while doing something.
    pub(crate) fn of(doing: &str, error: &KafkaError) -> Self {
        let recovery = match error {
            KafkaError::Transaction(error) => of_transaction(error),
            other => other.rdkafka_error_code().map_or(Recovery::Rebuild, of_code),
        };
        Self {
            recovery,
            message: format!("{doing}: {error}{}", mending(error)),
        }
    }
}

/// librdkafka says whether a transaction can be aborted. Anything else that went wrong with a transactional call is
/// indefinite: it may still come to pass, so the producer is replaced rather than asked again.
fn of_transaction(error: &RDKafkaError) -> Recovery {
    match of_code(error.code()) {
        Recovery::Halt => Recovery::Halt,
        _ if error.txn_requires_abort() && !error.is_fatal() => Recovery::Abort,
        _ => Recovery::Rebuild,
    }
}

fn of_code(code: Code) -> Recovery {
    match code {
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed
        | Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnknownTopicOrPartition
        | Code::UnknownTopic
        | Code::UnknownPartition
        | Code::AutoOffsetReset
        | Code::InvalidTransactionTimeout
        | Code::UnsupportedVersion
        | Code::MessageSizeTooLarge
        | Code::InvalidMessageSize => Recovery::Halt,
        _ => Recovery::Rebuild,
    }
}

fn mending(error: &KafkaError) -> &'static str {
    match error.rdkafka_error_code() {
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition) => {
            "; create the topics with `sluicebox topics apply`"
        }
        Some(Code::AutoOffsetReset) => {
            "; records were deleted before they were read, or the topic was made anew: lengthen the retention, and set \
             the group's offsets to accept the loss"
        }
        Some(Code::TopicAuthorizationFailed) => {
            "; grant this user read and write on the topics of the stream"
        }
        Some(Code::GroupAuthorizationFailed) => "; grant this user read on the stage's group",
        Some(Code::TransactionalIdAuthorizationFailed) => "; grant this user write on its transactional ids",
        Some(Code::Authentication | Code::SaslAuthenticationFailed) => {
            "; check kafka.sasl_* in the configuration"
        }
        Some(Code::InvalidTransactionTimeout) => {
            "; lower kafka.transaction_timeout_ms below the broker's limit"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_must_mend_halts_and_the_rest_begins_anew() {
        let of = |code| Fault::of("fetching", &KafkaError::MessageConsumption(code)).recovery;
        assert_eq!(of(Code::TopicAuthorizationFailed), Recovery::Halt);
        assert_eq!(of(Code::UnknownTopicOrPartition), Recovery::Halt);
        assert_eq!(of(Code::AllBrokersDown), Recovery::Rebuild);
        assert_eq!(of(Code::ProducerFenced), Recovery::Rebuild);
        assert_eq!(of(Code::FencedInstanceId), Recovery::Rebuild);
    }

    #[test]
    fn the_message_says_how_to_mend_it() {
        let fault = Fault::of(
            "fetching",
            &KafkaError::MessageConsumption(Code::UnknownTopicOrPartition),
        );
        assert!(fault.message.contains("sluicebox topics apply"), "{fault}");
    }
}
