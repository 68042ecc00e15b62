//! Which dead letters are meant. No I/O.

use super::letter::{Letter, LetterId};
use crate::commands::replay::TimeFormat;
use crate::commands::shown::{hex_of, rfc3339, text_of};
use chrono::Utc;
use clap::Args;
use clap::builder::PossibleValuesParser;
use model::{Fault, Millis};
use std::collections::BTreeMap;
use topology::StageName;

/// Which dead letters are meant: those for which everything that is given holds.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Filter {
    /// Stages that gave the records up, separated by commas
    #[arg(long, value_name = "STAGE", value_delimiter = ',', value_parser = stages())]
    stage: Vec<String>,
    /// Reasons, separated by commas, such as `undecodable`
    #[arg(long, value_name = "REASON", value_delimiter = ',')]
    reason: Vec<String>,
    /// Whose fault it is: `producer` where what was sent can never be processed, else `ours`
    #[arg(long, value_name = "FAULT", value_parser = PossibleValuesParser::new(FAULTS.map(Fault::as_str)))]
    fault: Option<String>,
    /// Sources that sent the records, separated by commas
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    source: Vec<String>,
    /// Tenants whose records they were, separated by commas
    #[arg(long, value_name = "TENANT", value_delimiter = ',')]
    tenant: Vec<String>,
    /// Died at this time or later: RFC 3339, a date, or how long ago, such as 2h
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Millis>,
    /// Died before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Millis>,
    /// The record's key, as text or as hexadecimal digits after 0x
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

const FAULTS: [Fault; 2] = [Fault::Producer, Fault::Ours];

fn stages() -> PossibleValuesParser {
    PossibleValuesParser::new(StageName::RUNNERS.map(StageName::as_str))
}

/// A time: RFC 3339, a date, or how long ago.
pub(crate) fn time(text: &str) -> Result<Millis, String> {
    if let Ok(ago) = humantime::parse_duration(text) {
        let ago = i64::try_from(ago.as_millis()).map_err(|error| error.to_string())?;
        return Ok(Utc::now().timestamp_millis().saturating_sub(ago));
    }
    TimeFormat::new(None).parse(text)
}

impl Filter {
    /// From when on they died.
    pub(super) fn since(&self) -> Option<Millis> {
        self.from
    }

    pub(super) fn matches(&self, letter: &Letter) -> bool {
        let content = &letter.content;
        let among = |given: &[String], value: &String| given.is_empty() || given.contains(value);
        let named = |given: &[String], value: &Option<String>| {
            given.is_empty() || value.as_ref().is_some_and(|value| given.contains(value))
        };
        among(&self.stage, &content.stage)
            && among(&self.reason, &content.reason)
            && self
                .fault
                .as_ref()
                .is_none_or(|fault| fault == content.fault.as_str())
            && named(&self.source, &content.source)
            && named(&self.tenant, &content.tenant)
            && self.from.is_none_or(|from| letter.died >= from)
            && self.to.is_none_or(|to| letter.died < to)
            && self.key.as_ref().is_none_or(|key| has_key(letter, key))
    }

    /// What is given, by the names of the command line.
    pub(super) fn described(&self) -> BTreeMap<String, String> {
        let list = |given: &[String]| (!given.is_empty()).then(|| given.join(","));
        let given = [
            ("stage", list(&self.stage)),
            ("reason", list(&self.reason)),
            ("fault", self.fault.clone()),
            ("source", list(&self.source)),
            ("tenant", list(&self.tenant)),
            ("from", self.from.map(rfc3339)),
            ("to", self.to.map(rfc3339)),
            ("key", self.key.clone()),
        ];
        let given = given.into_iter();
        given
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}

fn has_key(letter: &Letter, wanted: &str) -> bool {
    let key = letter.content.key.as_deref();
    key.is_some_and(|key| text_of(key) == wanted || hex_of(key).eq_ignore_ascii_case(wanted))
}

/// These letters, whatever else is given.
pub(super) fn is_among(ids: &[LetterId], letter: &Letter) -> bool {
    ids.is_empty() || ids.contains(&letter.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::DeadLetter;

    fn letter(stage: &str, reason: &str, key: &[u8], died: Millis) -> Letter {
        Letter {
            id: "0:0".parse().unwrap(),
            died,
            content: DeadLetter {
                stage: stage.to_owned(),
                reason: reason.to_owned(),
                key: Some(key.to_vec()),
                ..DeadLetter::default()
            },
        }
    }

    #[test]
    fn everything_that_is_given_must_hold() {
        let filter = Filter {
            stage: vec!["scorer".to_owned(), "detector".to_owned()],
            reason: vec!["undecodable".to_owned()],
            from: Some(10),
            to: Some(20),
            key: Some("user:1".to_owned()),
            ..Filter::default()
        };
        assert!(filter.matches(&letter("scorer", "undecodable", b"user:1", 10)));
        assert!(!filter.matches(&letter("sink", "undecodable", b"user:1", 10)));
        assert!(!filter.matches(&letter("scorer", "other", b"user:1", 10)));
        assert!(!filter.matches(&letter("scorer", "undecodable", b"user:2", 10)));
        assert!(!filter.matches(&letter("scorer", "undecodable", b"user:1", 20)));
        assert_eq!(filter.described()["stage"], "scorer,detector");
        assert!(Filter::default().matches(&letter("a", "b", b"", 0)));
    }

    #[test]
    fn whose_fault_and_whose_record_it_is_can_be_asked_for() {
        let mut one = letter("normalizer", "time_out_of_range", b"", 0);
        one.content.fault = Fault::Producer;
        one.content.tenant = Some("acme".to_owned());
        one.content.source = Some("/app".to_owned());
        let filter = |fault: Option<&str>, source: &str, tenant: &str| Filter {
            fault: fault.map(str::to_owned),
            source: vec![source.to_owned()],
            tenant: vec![tenant.to_owned(), "another".to_owned()],
            ..Filter::default()
        };
        assert!(filter(Some("producer"), "/app", "acme").matches(&one));
        assert!(filter(None, "/app", "acme").matches(&one));
        assert!(!filter(Some("ours"), "/app", "acme").matches(&one));
        assert!(!filter(None, "/other", "acme").matches(&one));
        assert!(!filter(None, "/app", "globex").matches(&one));
        assert!(!filter(None, "/app", "acme").matches(&letter("a", "b", b"", 0)));
    }

    #[test]
    fn a_key_that_is_no_text_is_given_in_hexadecimal_digits() {
        let filter = Filter {
            key: Some("0x00FF".to_owned()),
            ..Filter::default()
        };
        assert!(filter.matches(&letter("a", "b", &[0, 255], 0)));
    }

    #[test]
    fn a_time_is_a_date_or_so_long_ago() {
        assert_eq!(time("2026-01-01T00:00:00Z"), Ok(1_767_225_600_000));
        let now = Utc::now().timestamp_millis();
        assert!((time("2h").unwrap() - (now - 7_200_000)).abs() < 60_000);
        assert!(time("soon").is_err());
    }
}
