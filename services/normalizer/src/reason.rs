//! Why a raw event can never become an event: the codes on its dead letter.

/// A required attribute is empty or has characters that `CloudEvents` forbids.
pub const INVALID_CLOUDEVENT: &str = "invalid_cloudevent";
/// The id is longer than [`crate::reason::LONGEST_ID`] bytes.
pub const ID_TOO_LONG: &str = "id_too_long";
/// The source is longer than [`crate::reason::LONGEST_NAME`] bytes.
pub const SOURCE_TOO_LONG: &str = "source_too_long";
/// The type or the tenant is longer than [`crate::reason::LONGEST_NAME`] bytes.
pub const TYPE_TOO_LONG: &str = "type_too_long";
/// The time is before 1970 or too far ahead of the record's own time.
pub const TIME_OUT_OF_RANGE: &str = "time_out_of_range";
/// The data is not what its content type says.
pub const INVALID_DATA: &str = "invalid_data";
/// The data is nested deeper than is read.
pub const DATA_TOO_DEEP: &str = "data_too_deep";
/// The data is not UTF-8.
pub const DATA_NOT_UTF8: &str = "data_not_utf8";

/// Longest id in bytes.
pub const LONGEST_ID: usize = 1_024;
/// Longest source, type or tenant in bytes.
pub const LONGEST_NAME: usize = 1_024;
