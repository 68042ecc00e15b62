//! How often the attackers struck, by kind. An attack that hardly struck delays nobody and proves nothing, so the report
//! holds each kind to a least number.

use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A kind of attack.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A connection on which something was sent, and then nothing more.
    Connection,
    /// A body that was answered.
    Body,
    /// A guess at a key that was answered.
    Login,
    /// A question to the API that was answered.
    Query,
    /// A record that the broker took.
    Record,
}

impl Kind {
    const ALL: [(Self, &'static str, f64); 5] = [
        (Self::Connection, "connections", 500.0),
        (Self::Body, "bodies", 100.0),
        (Self::Login, "logins", 20.0),
        (Self::Query, "queries", 50.0),
        (Self::Record, "records", 50.0),
    ];
}

/// Counts of all kinds.
#[derive(Debug, Default)]
pub(crate) struct Strikes([AtomicU64; Kind::ALL.len()]);

impl Strikes {
    pub(crate) fn count(&self, kind: Kind) {
        self.0[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many of each kind, under their names.
    pub(crate) fn counts(&self) -> Value {
        let of = |(kind, name, _): (Kind, &'static str, f64)| {
            let strikes = self.0[kind as usize].load(Ordering::Relaxed);
            (name.to_owned(), Value::from(strikes))
        };
        Value::Object(Kind::ALL.into_iter().map(of).collect())
    }
}

/// How often one kind struck.
#[derive(Debug, Clone, Copy)]
pub struct Struck {
    /// The kind.
    pub name: &'static str,
    /// Strikes a second.
    pub per_s: f64,
    /// With fewer a second the afternoon was none.
    pub least: f64,
}

impl Struck {
    /// All kinds, by what [`Strikes::counts`] gave after this time.
    pub(crate) fn all(counts: &Value, time: Duration) -> Vec<Self> {
        let of = |(_, name, least): (Kind, &'static str, f64)| {
            let strikes = counts[name].as_f64().unwrap_or_default();
            let per_s = strikes / time.as_secs_f64().max(f64::MIN_POSITIVE);
            Self { name, per_s, least }
        };
        Kind::ALL.into_iter().map(of).collect()
    }

    pub(crate) fn bites(&self) -> bool {
        self.per_s >= self.least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted_apart() {
        let strikes = Strikes::default();
        (0..20).for_each(|_| strikes.count(Kind::Login));
        strikes.count(Kind::Record);
        let struck = Struck::all(&strikes.counts(), Duration::from_secs(1));
        let of = |name| struck.iter().find(|struck| struck.name == name).copied().unwrap();
        assert!(of("logins").bites() && !of("records").bites() && !of("bodies").bites());
    }
}
