//! Filters of a list, as a table: it makes the SQL, the check of names and the documentation.

use crate::parameters::Parameters;
use crate::problem::Problem;
use chrono::{DateTime, Utc};
use model::{DEFAULT_TENANT, Id};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// One query parameter that narrows a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) test: Test,
}

/// How a value narrows a list; columns are SQL.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Test {
    /// The column is the value.
    Equals(&'static str),
    /// The column is at least this number.
    AtLeast(&'static str),
    /// The column is at or after this time.
    Since(&'static str),
    /// The column is before this time.
    Until(&'static str),
    /// The event of this id; needs `source`.
    EventId,
    /// Whose items; every walk begins with it.
    Tenant,
}

/// A filter with the value that was given for it.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) name: &'static str,
    pub(crate) test: Test,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Text(String),
    Number(f64),
    Time(DateTime<Utc>),
    Key(Uuid),
}

impl Filter {
    /// The column is the value of the parameter.
    pub(crate) const fn equals(name: &'static str, column: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            test: Test::Equals(column),
        }
    }

    pub(crate) const fn since(column: &'static str) -> Self {
        let about = "At or after this time: RFC 3339, or milliseconds since 1970.";
        Self {
            name: "since",
            about,
            test: Test::Since(column),
        }
    }

    pub(crate) const fn until(column: &'static str) -> Self {
        let about = "Before this time: RFC 3339, or milliseconds since 1970.";
        Self {
            name: "until",
            about,
            test: Test::Until(column),
        }
    }

    pub(crate) const fn min_score() -> Self {
        Self {
            name: "min_score",
            about: "Scores of at least this.",
            test: Test::AtLeast("score"),
        }
    }

    pub(crate) const fn tenant(about: &'static str) -> Self {
        Self {
            name: "tenant",
            about,
            test: Test::Tenant,
        }
    }

    /// The filter with its value, if the parameter is given. `tenant` is the one that is asked for.
    pub(crate) fn given(
        &self,
        parameters: &Parameters,
        tenant: Option<&str>,
    ) -> Result<Option<Given>, Problem> {
        let Some(text) = parameters.get(self.name) else {
            return Ok(None);
        };
        let value = match self.test {
            Test::Equals(_) => Value::Text(text.to_owned()),
            Test::AtLeast(_) => Value::Number(number(self.name, text)?),
            Test::Since(_) | Test::Until(_) => Value::Time(time(self.name, text)?),
            Test::EventId => Value::Key(event_key(text, parameters, tenant)?),
            Test::Tenant => return Ok(None),
        };
        Ok(Some(Given {
            name: self.name,
            test: self.test,
            value,
        }))
    }
}

impl Given {
    /// The column (SQL) and the value that it must be.
    pub(crate) fn equals(&self) -> Option<(&'static str, &str)> {
        match (self.test, &self.value) {
            (Test::Equals(column), Value::Text(value)) => Some((column, value)),
            _ => None,
        }
    }

    /// Adds the condition.
    pub(crate) fn condition(&self, query: &mut QueryBuilder<Postgres>) {
        match self.test {
            Test::Equals(column) => query.push(column).push(" = "),
            Test::AtLeast(column) | Test::Since(column) => query.push(column).push(" >= "),
            Test::Until(column) => query.push(column).push(" < "),
            Test::EventId => query,
            Test::Tenant => query.push("tenant = "),
        };
        match &self.value {
            Value::Text(text) => query.push_bind(text.clone()),
            Value::Number(number) => query.push_bind(*number),
            Value::Time(time) => query.push_bind(*time),
            Value::Key(key) => of_key(*key, query),
        };
    }
}

/// The condition of the event with this key: where it stands is noted beside the key.
pub(crate) fn of_key(key: Uuid, query: &mut QueryBuilder<Postgres>) -> &mut QueryBuilder<Postgres> {
    query.push("event_key = ").push_bind(key);
    for column in ["tenant", "time"] {
        query.push(format!(
            " AND {column} = (SELECT {column} FROM event_keys WHERE event_key = "
        ));
        query.push_bind(key).push(")");
    }
    query
}

fn number(name: &str, value: &str) -> Result<f64, Problem> {
    let number = value.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| Problem::invalid_parameter(name, "a number"))
}

fn time(name: &str, value: &str) -> Result<DateTime<Utc>, Problem> {
    let time = match value.parse::<i64>() {
        Ok(millis) => DateTime::from_timestamp_millis(millis),
        // A `+` of an offset that was not escaped arrives as a space.
        Err(_) => DateTime::parse_from_rfc3339(&value.replace(' ', "+"))
            .ok()
            .map(|time| time.to_utc()),
    };
    let wanted = "a time such as 2026-01-31T12:00:00Z, or milliseconds since 1970";
    time.filter(|time| storable(*time))
        .ok_or_else(|| Problem::invalid_parameter(name, wanted))
}

/// Times are stored within the years 1 to 9999.
fn storable(time: DateTime<Utc>) -> bool {
    use chrono::Datelike;
    (1..=9999).contains(&time.year())
}

/// The idempotency key, as the sink makes it.
fn event_key(id: &str, parameters: &Parameters, tenant: Option<&str>) -> Result<Uuid, Problem> {
    let source = parameters.get("source");
    let source = source.ok_or_else(|| Problem::invalid_parameter("id", "given together with `source`"))?;
    let tenant = tenant.unwrap_or(DEFAULT_TENANT);
    Ok(Uuid::from_u128(
        Id::new().part(tenant).part(source).part(id).number(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_writings() {
        let written = time("since", "2026-01-02T04:04:05.678 01:00").unwrap();
        assert_eq!(time("since", "1767323045678"), Ok(written));
        for wrong in ["yesterday", "9223372036854775807", "", "2026-01-02"] {
            assert!(time("since", wrong).is_err(), "{wrong}");
        }
        assert!(number("min_score", "NaN").is_err());
    }
}
