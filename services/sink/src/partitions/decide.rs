//! Which parts there ought to be of the tables that are cut by time. No database, no clock: what is there and the day are
//! given.

use chrono::{Datelike, Days, Months, NaiveDate};
use settings::RetentionSettings;
use std::fmt;
use std::time::Duration;

/// How much time a part has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A day (UTC).
    Day,
    /// A month (UTC).
    Month,
}

impl Step {
    /// Parts that are made before their time comes.
    const fn ahead(self) -> usize {
        match self {
            Self::Day => 3,
            Self::Month => 1,
        }
    }

    /// The first day of the part that has this day.
    fn start(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Month => day - Days::new(day.day0().into()),
        }
    }

    /// The first day of the next part.
    fn next(self, start: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => start + Days::new(1),
            Self::Month => start + Months::new(1),
        }
    }

    /// The first day of the part before; it is made all the same where there is none, since what is told comes late.
    fn before(self, start: NaiveDate) -> NaiveDate {
        self.start(start - Days::new(1))
    }

    fn name(self, start: NaiveDate) -> String {
        let format = match self {
            Self::Day => "%Y%m%d",
            Self::Month => "%Y%m",
        };
        start.format(format).to_string()
    }

    /// Whether a part is named so.
    fn names(self, text: &str) -> bool {
        let length = match self {
            Self::Day => 8,
            Self::Month => 6,
        };
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// A table that is cut by time.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) name: &'static str,
    /// The column that is cut.
    pub(crate) time: &'static str,
    pub(crate) step: Step,
    /// How long its parts are kept; `None` for ever.
    pub(crate) keep: fn(&RetentionSettings) -> Option<Duration>,
}

/// The tables that are cut by time.
pub(crate) const CUTS: [Cut; 7] = [
    Cut {
        name: "raw_events",
        time: "received_at",
        step: Step::Day,
        keep: |retention| RetentionSettings::limit(retention.raw_events),
    },
    Cut {
        name: "events",
        time: "time",
        step: Step::Day,
        keep: |retention| RetentionSettings::limit(retention.events),
    },
    Cut {
        name: "story_members",
        time: "time",
        step: Step::Day,
        keep: |retention| RetentionSettings::limit(retention.events),
    },
    Cut {
        name: "story_changes",
        time: "time",
        step: Step::Month,
        keep: |retention| RetentionSettings::limit(retention.detections),
    },
    Cut {
        name: "detections",
        time: "time",
        step: Step::Month,
        keep: |retention| RetentionSettings::limit(retention.detections),
    },
    Cut {
        name: "notifications",
        time: "time",
        step: Step::Month,
        keep: |retention| RetentionSettings::limit(retention.notifications),
    },
    Cut {
        name: "dead_letters",
        time: "time",
        step: Step::Day,
        keep: |retention| RetentionSettings::limit(retention.dead_letters),
    },
];

/// A part of a table: from a day (from the beginning, if there is none) until before another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    name: String,
    from: Option<NaiveDate>,
    until: NaiveDate,
}

/// What is to be done to a table's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A day or a month is to be made.
    Make {
        /// The table.
        table: &'static str,
        /// Its first day, in UTC.
        from: NaiveDate,
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
            Self::Make { table, from } => write!(f, "make {}", named(table, *from)),
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

/// What makes a table's parts those that are wanted today.
pub(crate) fn changes(
    table: &Cut,
    there: &[Partition],
    today: NaiveDate,
    keep: Option<Duration>,
) -> Vec<Change> {
    let now = table.step.start(today);
    let ahead = std::iter::successors(Some(now), |start| Some(table.step.next(*start)));
    let wanted = std::iter::once(table.step.before(now)).chain(ahead.take(table.step.ahead() + 1));
    let missing = wanted.filter(|from| !there.iter().any(|partition| partition.has(*from)));
    let make = missing.map(|from| Change::Make {
        table: table.name,
        from,
    });
    let oldest = keep.and_then(|keep| today.checked_sub_days(Days::new(keep.as_secs() / 86_400)));
    let over = |partition: &&Partition| oldest.is_some_and(|oldest| partition.until <= oldest);
    let gone = there.iter().filter(over).map(|partition| Change::Drop {
        table: table.name,
        partition: partition.name.clone(),
    });
    make.chain(gone).collect()
}

/// The statements that make a part; rows that came before it was there are taken over. Whoever writes waits meanwhile,
/// before it is decided where its rows go: rows for the default partition would be refused there once the part is made.
pub(crate) fn make(table: &str, from: NaiveDate) -> String {
    let (step, time) = cut(table).map_or((Step::Day, "time"), |cut| (cut.step, cut.time));
    let (partition, next) = (named(table, from), step.next(from));
    format!(
        "LOCK TABLE ONLY {table} IN SHARE ROW EXCLUSIVE MODE; \
         CREATE TABLE {partition} (LIKE {table} INCLUDING DEFAULTS); \
         WITH moved AS (DELETE FROM {table}_default WHERE {time} >= '{from} 00:00:00+00' \
             AND {time} < '{next} 00:00:00+00' RETURNING *) INSERT INTO {partition} SELECT * FROM moved; \
         ALTER TABLE {table} ATTACH PARTITION {partition} \
             FOR VALUES FROM ('{from} 00:00:00+00') TO ('{next} 00:00:00+00')"
    )
}

/// Whose part a table of this name is, if it was one before it was detached.
pub(crate) fn parent(name: &str) -> Option<&'static str> {
    let of = |cut: &&Cut| {
        let rest = name
            .strip_prefix(cut.name)
            .and_then(|rest| rest.strip_prefix('_'));
        rest.is_some_and(|rest| rest == "before" || cut.step.names(rest))
    };
    CUTS.iter().find(of).map(|cut| cut.name)
}

fn cut(table: &str) -> Option<&'static Cut> {
    CUTS.iter().find(|cut| cut.name == table)
}

fn named(table: &str, from: NaiveDate) -> String {
    let step = cut(table).map_or(Step::Day, |cut| cut.step);
    format!("{table}_{}", step.name(from))
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
        told_of("events", there, today, days)
    }

    fn told_of(table: &str, there: &[Partition], today: &str, days: Option<u64>) -> Vec<String> {
        let keep = days.map(|days| Duration::from_hours(24 * days));
        let changes = changes(cut(table).unwrap(), there, day(today), keep);
        changes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn months_are_made_ahead_and_dropped_once_nothing_of_them_is_kept() {
        let made = |today| told_of("detections", &[], today, None);
        let wanted = [
            "make detections_202612",
            "make detections_202701",
            "make detections_202702",
        ];
        assert_eq!(made("2027-01-01"), wanted);
        assert_eq!(made("2027-01-31"), wanted);
        let months = [
            there("MINVALUE", "2026-10-01"),
            there("'2026-10-01 00:00:00+00'", "2026-11-01"),
        ];
        let drops = |today| {
            let told = told_of("detections", &months, today, Some(90));
            told.iter().filter(|told| told.starts_with("drop")).count()
        };
        assert_eq!(
            [drops("2026-12-29"), drops("2027-01-29"), drops("2027-01-30")],
            [0, 1, 2]
        );
        let made = make("detections", day("2026-12-01"));
        assert!(
            made.contains("FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00')"),
            "{made}"
        );
    }

    #[test]
    fn parts_are_known_by_their_names() {
        assert_eq!(parent("raw_events_20270101"), Some("raw_events"));
        assert_eq!(parent("events_before"), Some("events"));
        assert_eq!(parent("detections_202701"), Some("detections"));
        assert_eq!(parent("story_members_20270101"), Some("story_members"));
        for other in [
            "events",
            "events_default",
            "event_keys",
            "events_2027",
            "detections_",
            "detections_20270101",
        ] {
            assert_eq!(parent(other), None, "{other}");
        }
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
