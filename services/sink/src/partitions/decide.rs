//! Which days there ought to be. No database, no clock: what is there and the day are given.

use chrono::{Days, NaiveDate};
use settings::RetentionSettings;
use std::fmt;
use std::time::Duration;

/// Days that are made before they come.
const AHEAD: u64 = 3;
/// Days that are over, and made all the same where there are none: events come late.
const BEHIND: u64 = 1;

/// A table that is cut by day.
#[derive(Debug)]
pub(crate) struct Daily {
    pub(crate) name: &'static str,
    /// The column that is cut.
    pub(crate) time: &'static str,
    /// How long its days are kept; `None` for ever.
    pub(crate) keep: fn(&RetentionSettings) -> Option<Duration>,
}

/// The tables that are cut by day.
pub(crate) const DAILY: [Daily; 2] = [
    Daily {
        name: "raw_events",
        time: "received_at",
        keep: |retention| RetentionSettings::limit(retention.raw_events),
    },
    Daily {
        name: "events",
        time: "time",
        keep: |retention| RetentionSettings::limit(retention.events),
    },
];

/// A part of a table: from a day (from the beginning, if there is none) until before another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    name: String,
    from: Option<NaiveDate>,
    until: NaiveDate,
}

/// What is to be done to a table's days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A day is to be made.
    Make {
        /// The table.
        table: &'static str,
        /// The day, in UTC.
        day: NaiveDate,
    },
    /// A partition is older than anything that is kept.
    Drop {
        /// The table.
        table: &'static str,
        /// Its partition.
        partition: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Make { table, day } => write!(f, "make {}", named(table, *day)),
            Self::Drop { partition, .. } => write!(f, "drop {partition}"),
        }
    }
}

impl Partition {
    /// Reads a bound as PostgreSQL writes it; the default partition has none.
    pub(crate) fn read(name: &str, bound: &str) -> Option<Self> {
        let (from, until) = bound.strip_prefix("FOR VALUES FROM (")?.split_once(") TO (")?;
        let day = |text: &str| text.trim_start_matches('\'').get(..10)?.parse().ok();
        Some(Self {
            name: name.to_owned(),
            from: day(from),
            until: day(until)?,
        })
    }

    fn has(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && day < self.until
    }
}

/// What makes a table's days those that are wanted today.
pub(crate) fn changes(
    table: &Daily,
    there: &[Partition],
    today: NaiveDate,
    keep: Option<Duration>,
) -> Vec<Change> {
    let first = today - Days::new(BEHIND);
    let days = first
        .iter_days()
        .take(usize::try_from(BEHIND + AHEAD + 1).unwrap_or_default());
    let missing = days.filter(|day| !there.iter().any(|partition| partition.has(*day)));
    let make = missing.map(|day| Change::Make {
        table: table.name,
        day,
    });
    let oldest = keep.and_then(|keep| today.checked_sub_days(Days::new(keep.as_secs() / 86_400)));
    let over = |partition: &&Partition| oldest.is_some_and(|oldest| partition.until <= oldest);
    let gone = there.iter().filter(over).map(|partition| Change::Drop {
        table: table.name,
        partition: partition.name.clone(),
    });
    make.chain(gone).collect()
}

/// The statements that make a day; rows that came before it was there are taken over. Whoever writes waits meanwhile,
/// before it is decided where its rows go: rows for the default partition would be refused there once the day is made.
pub(crate) fn make(table: &str, day: NaiveDate) -> String {
    let time = DAILY
        .iter()
        .find(|daily| daily.name == table)
        .map_or("time", |daily| daily.time);
    let (partition, next) = (named(table, day), day + Days::new(1));
    format!(
        "LOCK TABLE ONLY {table} IN SHARE ROW EXCLUSIVE MODE; \
         CREATE TABLE {partition} (LIKE {table} INCLUDING DEFAULTS); \
         WITH moved AS (DELETE FROM {table}_default WHERE {time} >= '{day} 00:00:00+00' \
             AND {time} < '{next} 00:00:00+00' RETURNING *) INSERT INTO {partition} SELECT * FROM moved; \
         ALTER TABLE {table} ATTACH PARTITION {partition} \
             FOR VALUES FROM ('{day} 00:00:00+00') TO ('{next} 00:00:00+00')"
    )
}

fn named(table: &str, day: NaiveDate) -> String {
    format!("{table}_{}", day.format("%Y%m%d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn there(from: &str, until: &str) -> Partition {
        let bound = format!("FOR VALUES FROM ({from}) TO ('{until} 00:00:00+00')");
        Partition::read("events_x", &bound).unwrap()
    }

    fn told(there: &[Partition], today: &str, days: Option<u64>) -> Vec<String> {
        let keep = days.map(|days| Duration::from_hours(24 * days));
        let changes = changes(&DAILY[1], there, day(today), keep);
        changes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn days_are_made_ahead_where_nothing_has_them() {
        let made = [
            "make events_20261231",
            "make events_20270101",
            "make events_20270102",
            "make events_20270103",
            "make events_20270104",
        ];
        assert_eq!(told(&[], "2027-01-01", None), made);
        let old = there("MINVALUE", "2027-01-04");
        assert_eq!(told(&[old], "2027-01-01", None), ["make events_20270104"]);
    }

    #[test]
    fn a_day_is_dropped_once_nothing_of_it_is_kept() {
        let days = [
            there("MINVALUE", "2026-11-30"),
            there("'2026-11-30 00:00:00+00'", "2026-12-01"),
        ];
        let drops = |today| {
            told(&days, today, Some(30))
                .iter()
                .filter(|told| told.starts_with("drop"))
                .count()
        };
        assert_eq!(
            [drops("2026-12-29"), drops("2026-12-30"), drops("2026-12-31")],
            [0, 1, 2]
        );
        assert!(
            !told(&days, "2030-01-01", None)
                .iter()
                .any(|told| told.starts_with("drop")),
            "kept for ever"
        );
    }

    #[test]
    fn the_default_is_no_day() {
        assert_eq!(Partition::read("events_default", "DEFAULT"), None);
    }
}
