//! The W3C trace context of a record: taken from its header, else made from where the record stood, so that a record
//! that is processed again has the same trace.
//!
//! Source: W3C Trace Context, level 1, section 3.2.

use std::fmt::Write;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// The header's name.
pub(crate) const HEADER: &str = "traceparent";

/// A parsed or made `traceparent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    trace_id: String,
    flags: String,
}

impl Trace {
    /// The trace of a record that stood here.
    pub(crate) fn of(header: Option<&str>, topic: &str, partition: i32, offset: i64) -> Self {
        header.and_then(Self::parse).unwrap_or_else(|| {
            let place = place(topic, partition, offset);
            Self { trace_id: format!("{:032x}", xxh3_128(place.as_bytes()).max(1)), flags: "00".to_owned() }
        })
    }

    fn parse(header: &str) -> Option<Self> {
        let mut fields = header.split('-');
        let [version, trace_id, parent, flags] = [fields.next()?, fields.next()?, fields.next()?, fields.next()?];
        let known = version != "ff" && (version != "00" || fields.next().is_none());
        let hex = |field: &str, length| {
            field.len() == length && field.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let some = |field: &str| field.bytes().any(|byte| byte != b'0');
        let valid = known && hex(version, 2) && hex(trace_id, 32) && hex(parent, 16) && hex(flags, 2);
        (valid && some(trace_id) && some(parent))
            .then(|| Self { trace_id: trace_id.to_owned(), flags: flags.to_owned() })
    }

    /// The trace id, 32 hexadecimal digits.
    pub(crate) fn id(&self) -> &str {
        &self.trace_id
    }

    /// The header of what a stage writes because of the record that stood here.
    pub(crate) fn child(&self, stage: &str, topic: &str, partition: i32, offset: i64) -> String {
        let span = xxh3_64(format!("{stage} {}", place(topic, partition, offset)).as_bytes()).max(1);
        let mut header = String::with_capacity(55);
        let _ = write!(header, "00-{}-{span:016x}-{}", self.trace_id, self.flags);
        header
    }
}

fn place(topic: &str, partition: i32, offset: i64) -> String {
    format!("{topic}/{partition}/{offset}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_valid_header_keeps_its_trace_and_changes_its_parent() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let trace = Trace::of(Some(header), "t", 0, 1);
        let child = trace.child("scorer", "t", 0, 1);
        assert!(child.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && child.ends_with("-01"));
        assert_ne!(child, header);
    }

    #[test]
    fn an_invalid_header_is_as_good_as_none() {
        let none = Trace::of(None, "t", 0, 1);
        for header in ["", "00-0-0-00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01"] {
            assert_eq!(Trace::of(Some(header), "t", 0, 1), none);
        }
    }

    proptest! {
        #[test]
        fn what_is_made_can_be_read(header in ".{0,60}", partition: i32, offset: i64) {
            let trace = Trace::of(Some(&header), "t", partition, offset);
            let child = trace.child("s", "t", partition, offset);
            prop_assert_eq!(Trace::parse(&child), Some(trace));
        }
    }
}
