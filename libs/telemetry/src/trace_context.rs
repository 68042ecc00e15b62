//! W3C Trace Context level 1, and trace ids made from where a record stood. No clock, no randomness, no I/O.
//!
//! <https://www.w3.org/TR/trace-context-1/>: `traceparent = version "-" trace-id "-" parent-id "-" trace-flags`.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// Length of a version 00 header; later versions may go on after a dash.
const LENGTH: usize = 55;
const SAMPLED: u8 = 1;

/// Which trace a record belongs to, and which span it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace_id: NonZeroU128,
    span_id: NonZeroU64,
    sampled: bool,
}

impl TraceContext {
    /// Reads a `traceparent` header; `None` if it is not valid, as the standard wants it to be ignored then.
    pub fn parse(header: &str) -> Option<Self> {
        let bytes = header.as_bytes();
        let version = hex(bytes.get(..2)?)?;
        let length_fits = match version {
            0xff => false,
            0 => bytes.len() == LENGTH,
            _ => bytes.len() == LENGTH || bytes.get(LENGTH) == Some(&b'-'),
        };
        let dashes = [2, 35, 52].iter().all(|at| bytes.get(*at) == Some(&b'-'));
        if !length_fits || !dashes {
            return None;
        }
        let flags = u8::try_from(hex(bytes.get(53..55)?)?).ok()?;
        Some(Self {
            trace_id: NonZeroU128::new(hex(bytes.get(3..35)?)?)?,
            span_id: NonZeroU64::new(u64::try_from(hex(bytes.get(36..52)?)?).ok()?)?,
            sampled: flags & SAMPLED != 0,
        })
    }

    /// The context of a record that carries none: always the same for the same place, so that a replay of a
    /// transaction writes what it wrote before.
    pub fn of_record(topic: &str, partition: i32, offset: i64) -> Self {
        let place = place(topic, partition, offset);
        Self {
            trace_id: non_zero(xxh3_128(&place)),
            span_id: non_zero_64(xxh3_64(&place)),
            sampled: true,
        }
    }

    /// The context to write on what a record at this place led to: the same trace, a span of its own.
    #[must_use]
    pub fn child(&self, topic: &str, partition: i32, offset: i64) -> Self {
        let mut seed = place(topic, partition, offset);
        seed.extend_from_slice(&self.span_id.get().to_be_bytes());
        Self {
            span_id: non_zero_64(xxh3_64(&seed)),
            ..*self
        }
    }

    /// The trace id as 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// The span id as 16 hexadecimal digits.
    pub fn span_id(&self) -> String {
        format!("{:016x}", self.span_id)
    }

    /// Whether the trace is recorded.
    pub fn sampled(&self) -> bool {
        self.sampled
    }
}

/// The `traceparent` header, version 00.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id,
            self.span_id,
            u8::from(self.sampled)
        )
    }
}

fn place(topic: &str, partition: i32, offset: i64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(topic.len() + 12);
    bytes.extend_from_slice(&partition.to_be_bytes());
    bytes.extend_from_slice(&offset.to_be_bytes());
    bytes.extend_from_slice(topic.as_bytes());
    bytes
}

fn non_zero(id: u128) -> NonZeroU128 {
    NonZeroU128::new(id).unwrap_or(NonZeroU128::MIN)
}

fn non_zero_64(id: u64) -> NonZeroU64 {
    NonZeroU64::new(id).unwrap_or(NonZeroU64::MIN)
}

/// A number of up to 32 lower-case hexadecimal digits; the standard forbids upper case.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some((number << 4) | u128::from(value))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_of_the_standard_comes_back_as_it_was() {
        let context = TraceContext::parse(EXAMPLE).unwrap();
        assert_eq!(context.to_string(), EXAMPLE);
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(context.sampled());
    }

    #[test]
    fn what_the_standard_forbids_is_ignored() {
        let wrong = [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ];
        for header in wrong {
            assert_eq!(TraceContext::parse(header), None, "{header}");
        }
    }

    #[test]
    fn later_versions_are_read_as_far_as_they_are_known() {
        let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-09-what-the-future-brings";
        assert_eq!(TraceContext::parse(later).unwrap().to_string(), EXAMPLE);
    }

    #[test]
    fn a_child_stays_in_the_trace_and_differs_by_place() {
        let parent = TraceContext::parse(EXAMPLE).unwrap();
        let child = parent.child("signals", 3, 41);
        assert_eq!(
            (child.trace_id(), child),
            (parent.trace_id(), parent.child("signals", 3, 41))
        );
        assert_ne!(child.span_id(), parent.child("signals", 3, 42).span_id());
        assert_ne!(
            TraceContext::of_record("a", 0, 1),
            TraceContext::of_record("a", 1, 0)
        );
    }

    proptest! {
        #[test]
        fn any_context_is_read_back(topic in ".*", partition: i32, offset: i64) {
            let context = TraceContext::of_record(&topic, partition, offset);
            prop_assert_eq!(TraceContext::parse(&context.to_string()), Some(context));
        }

        #[test]
        fn no_header_panics(header in ".*", near in "[0-9a-f-]{50,60}") {
            let _ = (TraceContext::parse(&header), TraceContext::parse(&near));
        }
    }
}
