//! What each error code means for a lane: the table of docs/FAULTS.md.

use rdkafka::error::RDKafkaErrorCode as Code;

/// What a code says about whatever met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It passes, and the client tries again by itself.
    Retry,
    /// What is in the transaction is lost, and nothing else is.
    Abort,
    /// Nothing that client or broker remember of each other can be relied on.
    Rebuild,
    /// It would be the same again, for one task alone.
    Quarantine,
    /// It would be the same again.
    Halt,
}

/// Codes of one meaning; for [`Meaning::Quarantine`] and [`Meaning::Halt`] with what mends it, else with what happened.
struct Row {
    meaning: Meaning,
    codes: &'static [Code],
    says: &'static str,
}

/// What mends a login.
pub(super) const LOGIN: &str = "check `kafka.sasl_*` and `kafka.oauth` in the configuration";

const TABLE: [Row; 21] = [
    Row {
        meaning: Meaning::Retry,
        codes: &[
            Code::BrokerTransportFailure,
            Code::AllBrokersDown,
            Code::OperationTimedOut,
            Code::RequestTimedOut,
            Code::NetworkException,
            Code::Resolve,
        ],
        says: "a broker is away",
    },
    Row {
        meaning: Meaning::Retry,
        codes: &[
            Code::LeaderNotAvailable,
            Code::NotLeaderForPartition,
            Code::FencedLeaderEpoch,
            Code::UnknownLeaderEpoch,
            Code::OffsetNotAvailable,
            Code::NotEnoughReplicas,
            Code::NotEnoughReplicasAfterAppend,
            Code::KafkaStorageError,
        ],
        says: "a partition moves, or has too few replicas or no disk",
    },
    Row {
        meaning: Meaning::Retry,
        codes: &[
            Code::CoordinatorLoadInProgress,
            Code::CoordinatorNotAvailable,
            Code::NotCoordinator,
            Code::ConcurrentTransactions,
            Code::UnstableOffsetCommit,
        ],
        says: "a coordinator moves, or a transaction is about to end",
    },
    Row {
        meaning: Meaning::Abort,
        codes: &[
            Code::PurgeQueue,
            Code::PurgeInflight,
            Code::State,
            Code::InvalidMessage,
            Code::OutOfOrderSequenceNumber,
            Code::UnknownProducerId,
        ],
        says: "an output did not arrive",
    },
    Row {
        meaning: Meaning::Rebuild,
        codes: &[
            Code::ProducerFenced,
            Code::Fenced,
            Code::InvalidProducerEpoch,
            Code::InvalidProducerIdMapping,
            Code::InvalidTransactionalState,
            Code::TransactionCoordinatorFenced,
            Code::Fatal,
        ],
        says: "another producer has our transactional id, or the broker ended our transaction",
    },
    Row {
        meaning: Meaning::Rebuild,
        codes: &[Code::MessageTimedOut],
        says: "an output did not arrive in time; the client may have lost its partition for good (librdkafka issue 5430)",
    },
    Row {
        meaning: Meaning::Rebuild,
        codes: &[
            Code::FencedInstanceId,
            Code::UnknownMemberId,
            Code::IllegalGeneration,
            Code::AssignmentLost,
            Code::PollExceeded,
        ],
        says: "the group no longer counts us in",
    },
    Row {
        meaning: Meaning::Rebuild,
        codes: &[Code::Authentication, Code::SaslAuthenticationFailed],
        says: "the login is refused: a broker that starts and a provider of tokens that is away say the same as a wrong password",
    },
    Row {
        meaning: Meaning::Quarantine,
        codes: &[Code::AutoOffsetReset, Code::OffsetOutOfRange, Code::LogTruncation],
        says: "records were deleted unread, or the topic was made anew: lengthen the retention, and set the group's offsets to accept the loss",
    },
    Row {
        meaning: Meaning::Quarantine,
        codes: &[
            Code::MessageSizeTooLarge,
            Code::InvalidMessageSize,
            Code::MessageBatchTooLarge,
        ],
        says: "raise `max.message.bytes` of the topic with `sluicebox topics apply`, and `message.max.bytes` of the brokers",
    },
    Row {
        meaning: Meaning::Quarantine,
        codes: &[Code::InvalidRecord],
        says: "the broker refuses the record by a rule of its own: compare the topic's settings with `sluicebox topics apply`",
    },
    Row {
        meaning: Meaning::Halt,
        codes: &[
            Code::UnknownTopicOrPartition,
            Code::UnknownTopic,
            Code::UnknownPartition,
        ],
        says: "create the topics with `sluicebox topics apply`",
    },
    Row {
        meaning: Meaning::Halt,
        codes: &[Code::TopicAuthorizationFailed],
        says: "grant this user read and write on the topics of the stream",
    },
    Row {
        meaning: Meaning::Halt,
        codes: &[Code::GroupAuthorizationFailed],
        says: "grant this user read on the stage's group",
    },
    Row {
        meaning: Meaning::Halt,
        codes: &[Code::TransactionalIdAuthorizationFailed],
        says: "grant this user write on its transactional ids",
    },
    Row {
        meaning: Meaning::Halt,
        codes: &[Code::ClusterAuthorizationFailed],
        says: "grant this user idempotent write on the cluster",
    },
    Row {
        meaning: Meaning::Halt,
        codes: &[Code::UnsupportedSASLMechanism, Code::IllegalSASLState],
        says: LOGIN,
    },
    Row {
        meaning: Meaning::Halt,
        codes: &[Code::PolicyViolation, Code::InvalidTopic],
        says: "the broker refuses records by a rule of its own: compare the topic's settings with `sluicebox topics apply`",
    },
    Row {
        meaning: Meaning::Halt,
        codes: &[Code::InvalidTransactionTimeout],
        says: "lower `kafka.transaction_timeout_ms` below the broker's `transaction.max.timeout.ms`",
    },
    Row {
        meaning: Meaning::Halt,
        codes: &[Code::InvalidSessionTimeout],
        says: "put `kafka.session_timeout_ms` between the broker's `group.min.session.timeout.ms` and `group.max.session.timeout.ms`",
    },
    Row {
        meaning: Meaning::Halt,
        codes: &[
            Code::UnsupportedVersion,
            Code::UnsupportedFeature,
            Code::InconsistentGroupProtocol,
            Code::InvalidGroupId,
        ],
        says: "use Kafka 3.0 or newer, and let nobody else use the stage's group",
    },
];

/// What a code means, and the words of its row. A code that is not in the table is one that nobody has thought of:
/// then nothing is relied on.
pub(super) fn of(code: Code) -> (Meaning, &'static str) {
    let row = TABLE.iter().find(|row| row.codes.contains(&code));
    row.map_or((Meaning::Rebuild, ""), |row| (row.meaning, row.says))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(row: &Row) -> String {
        let codes: Vec<String> = row.codes.iter().map(|code| format!("`{code:?}`")).collect();
        let meaning = format!("{:?}", row.meaning).to_lowercase();
        format!("| {meaning} | {} | {} |", codes.join(" "), row.says)
    }

    #[test]
    fn the_documentation_has_the_same_table_row_by_row() {
        let written: Vec<String> = TABLE.iter().map(written).collect();
        let documented: Vec<&str> = include_str!("../../../../docs/FAULTS.md")
            .lines()
            .skip_while(|line| *line != "| meaning | error codes | what happened, or what mends it |")
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .collect();
        assert_eq!(
            documented,
            written,
            "docs/FAULTS.md should say:\n{}",
            written.join("\n")
        );
    }

    #[test]
    fn no_code_means_two_things() {
        let all: Vec<Code> = TABLE.iter().flat_map(|row| row.codes).copied().collect();
        let twice: Vec<_> = all
            .iter()
            .filter(|code| all.iter().filter(|other| other == code).count() > 1)
            .collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn a_code_that_nobody_thought_of_is_met_with_distrust() {
        assert_eq!(of(Code::GroupMaxSizeReached).0, Meaning::Rebuild);
    }
}
