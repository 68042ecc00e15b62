//! Why an event is refused, as it is counted and compared.

use std::fmt;

/// Why an event is refused: the code in an answer, on a dead letter, and in metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A required attribute is missing.
    InvalidCloudEvent,
    /// An attribute has a control character, which CloudEvents forbid.
    ControlCharacter,
    /// The id is too long.
    IdTooLong,
    /// The source is too long.
    SourceTooLong,
    /// The type is too long.
    TypeTooLong,
    /// The tenant is not a name of a tenant.
    InvalidTenant,
    /// Another attribute, or the name of one, is too long.
    AttributeTooLong,
    /// There are too many extension attributes.
    TooManyExtensions,
    /// The time is before 1970 or after 9999.
    TimeOutOfRange,
    /// The time is ahead of the clock.
    TimeAhead,
    /// The data is too large.
    DataTooLarge,
    /// The data is nested too deeply.
    DataTooDeep,
    /// The data is text and not UTF-8.
    DataNotUtf8,
    /// The data has more members than are kept.
    TooManyMembers,
    /// A member of the data has two values.
    AmbiguousMember,
    /// The data is not what its content type says, or of a content type that nobody reads.
    InvalidData,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::InvalidCloudEvent,
        Self::ControlCharacter,
        Self::IdTooLong,
        Self::SourceTooLong,
        Self::TypeTooLong,
        Self::InvalidTenant,
        Self::AttributeTooLong,
        Self::TooManyExtensions,
        Self::TimeOutOfRange,
        Self::TimeAhead,
        Self::DataTooLarge,
        Self::DataTooDeep,
        Self::DataNotUtf8,
        Self::TooManyMembers,
        Self::AmbiguousMember,
        Self::InvalidData,
    ];

    /// The code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidCloudEvent => "invalid_cloudevent",
            Self::ControlCharacter => "control_character",
            Self::IdTooLong => "id_too_long",
            Self::SourceTooLong => "source_too_long",
            Self::TypeTooLong => "type_too_long",
            Self::InvalidTenant => "invalid_tenant",
            Self::AttributeTooLong => "attribute_too_long",
            Self::TooManyExtensions => "too_many_extensions",
            Self::TimeOutOfRange => "time_out_of_range",
            Self::TimeAhead => "time_ahead",
            Self::DataTooLarge => "data_too_large",
            Self::DataTooDeep => "data_too_deep",
            Self::DataNotUtf8 => "data_not_utf8",
            Self::TooManyMembers => "too_many_members",
            Self::AmbiguousMember => "ambiguous_member",
            Self::InvalidData => "invalid_data",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
