//! What the targets share: how much memory something took at most, and events to try rules on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use model::{Event, Signal, Value};

/// No input may make more than this many times its size in memory.
const MOST_TIMES: usize = 50;
/// What even the smallest input may take: tables that are built once, messages, a compiled pattern.
const ALLOWANCE: usize = 4 << 20;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counting.
pub struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grown(size);
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(at, layout, size) }
    }
}

fn grown(bytes: usize) {
    let now = NOW.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(now, Ordering::Relaxed);
}

/// Does it, and stops the run if it took more memory than an input of this size may.
pub fn within_bounds<T>(size: usize, work: impl FnOnce() -> T) -> T {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let done = work();
    let took = PEAK.load(Ordering::Relaxed).saturating_sub(before);
    let most = ALLOWANCE + MOST_TIMES * size;
    assert!(took <= most, "{took} bytes of memory for an input of {size}");
    done
}

/// An event of which much is known.
pub fn post() -> Event {
    let facts = [
        ("amount", Value::Double(5000.5)),
        ("count", Value::Long(3)),
        ("success", Value::Bool(false)),
        ("name", Value::String("ab".to_owned())),
        ("nothing", Value::Null),
    ];
    Event {
        id: "1".to_owned(),
        source: "fuzz".to_owned(),
        kind: "post".to_owned(),
        subject: "symbol:UNI".to_owned(),
        time: 1_709_251_198_765,
        received_at: 1_709_251_198_999,
        text: Some("Binance lists $UNI tomorrow, not a drill".to_owned()),
        lang: Some("en".to_owned()),
        author: Some("alice".to_owned()),
        cashtags: vec!["UNI".to_owned(), "ETH".to_owned()],
        sentiment: Some(0.4),
        attributes: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Event::default()
    }
}

/// A signal of which little is known.
pub fn signal() -> Signal {
    let mut signal = Signal::default();
    signal.facts.insert("security.goplus_risk".to_owned(), Value::Double(0.5));
    signal
}
