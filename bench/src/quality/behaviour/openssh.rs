//! Guessed passwords in the log of a server, by the rule that ships, through the decision of the detector.
//!
//! An address with ten failures and more is guessing; every other one must not be told of.

use crate::quality::report::{Row, Wanted};
use anyhow::{Context, Result};
use chrono::NaiveDateTime;
use detector::{DetectorStage, open_rules};
use model::{Event, Value};
use regex::Regex;
use stage::{Cx, Driver, Settled};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use topology::Topic;

const RULE: &str = "password_guessing";
const RULES: &str = "rules/detections";
const GUESSES: usize = 10;
const LINE: &str = r"^(\w+ +\d+ [\d:]+) .*?(?:message repeated (\d+) times: \[ )?(Failed|Accepted) password for (?:invalid user )?.* from (\S+) port";

/// A login as the log tells it.
struct Login {
    at: i64,
    success: bool,
    address: String,
}

/// What became of one address: its failures, and how many there were when it was first told of.
#[derive(Default)]
struct Address {
    failures: usize,
    told_at: Option<usize>,
}

pub(super) fn rows(file: &Path) -> Result<Vec<Row>> {
    let text = super::super::read_if_there(file)?;
    let logins = text.as_deref().map(logins).transpose()?.unwrap_or_default();
    let addresses = addresses(&logins)?;
    let guessing = || addresses.values().filter(|address| address.failures >= GUESSES);
    let first = guessing()
        .map(|address| address.told_at.unwrap_or(usize::MAX))
        .max();
    let told = addresses.values().filter(|address| address.told_at.is_some());
    let false_alarms = told.filter(|address| address.failures < GUESSES).count();
    let is_there = !logins.is_empty();
    let row = |name, what, value: Option<usize>, wanted| Row {
        name,
        what,
        on: "log of an SSH server",
        n: logins.len(),
        value: value.filter(|_| is_there).map(count),
        wanted,
    };
    let what = "failures of an address until guessing is told, the most of all that guess";
    Ok(vec![
        row("openssh_first_alarm", what, first, Wanted::AtMost(10.0)),
        row(
            "openssh_false_alarms",
            "addresses told of that do not guess",
            Some(false_alarms),
            Wanted::AtMost(0.0),
        ),
    ])
}

#[expect(clippy::cast_precision_loss, reason = "a count")]
fn count(number: usize) -> f64 {
    number as f64
}

fn logins(text: &str) -> Result<Vec<Login>> {
    let line = Regex::new(LINE)?;
    let mut logins = Vec::new();
    for found in text.lines().filter_map(|text| line.captures(text)) {
        let part = |at| found.get(at).map_or("", |part| part.as_str());
        // The log has no year.
        let time = NaiveDateTime::parse_from_str(&format!("2015 {}", part(1)), "%Y %b %e %H:%M:%S");
        let at = time
            .with_context(|| part(1).to_owned())?
            .and_utc()
            .timestamp_millis();
        for _ in 0..part(2).parse().unwrap_or(1) {
            let address = part(4).to_owned();
            let success = part(3) == "Accepted";
            logins.push(Login { at, success, address });
        }
    }
    Ok(logins)
}

fn addresses(logins: &[Login]) -> Result<BTreeMap<&str, Address>> {
    let rules = open_rules(Path::new(RULES)).context("run it from the root of the repository")?;
    let mut driver = Driver::new(DetectorStage::new(&rules, Duration::from_mins(1)));
    let mut addresses: BTreeMap<&str, Address> = BTreeMap::new();
    for (number, login) in logins.iter().enumerate() {
        let cx = Cx::at(Topic::EventsNormalized, login.at);
        let settled = driver.apply(event(number, login), &cx);
        let is_told = matches!(&settled, Settled::Out(found) if found.iter().any(|found| found.rule == RULE));
        let address = addresses.entry(&login.address).or_default();
        address.failures += usize::from(!login.success);
        if is_told {
            address.told_at.get_or_insert(address.failures);
        }
    }
    Ok(addresses)
}

fn event(number: usize, login: &Login) -> Event {
    let attributes = [
        ("success".to_owned(), Value::Bool(login.success)),
        ("ip_address".to_owned(), Value::from(login.address.as_str())),
    ];
    Event {
        id: format!("line-{number}"),
        source: "sshd".to_owned(),
        kind: "user.login".to_owned(),
        subject: format!("address:{}", login.address),
        time: login.at,
        attributes: attributes.into(),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let text = "Dec 10 06:55:48 LabSZ sshd[1]: Failed password for invalid user webmaster from 10.0.0.1 port 38926 ssh2\n\
                    Dec  9 07:13:56 LabSZ sshd[2]: message repeated 5 times: [ Failed password for root from 10.0.0.2 port 4 ssh2]\n\
                    Dec 10 09:32:20 LabSZ sshd[3]: Accepted password for fztu from 10.0.0.3 port 49116 ssh2\n\
                    Dec 10 09:32:20 LabSZ sshd[3]: Connection closed by 10.0.0.3\n";
        let logins = logins(text).unwrap();
        let of: Vec<_> = logins
            .iter()
            .map(|login| (login.address.as_str(), login.success))
            .collect();
        assert_eq!(of[0], ("10.0.0.1", false));
        assert_eq!(of[1..6], [("10.0.0.2", false); 5]);
        assert_eq!(of[6..], [("10.0.0.3", true)]);
    }
}
