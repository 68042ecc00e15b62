//! The query string, checked before anything is asked: no unknown name, none twice, no value that cannot be looked up.

use crate::problem::Problem;
use axum::extract::Query;
use axum::http::Uri;

/// Stored identifiers are at most this long, so a longer value finds nothing.
const MAX_VALUE: usize = 1024;
/// Cursors are longer than any value.
const CURSOR: &str = "cursor";
/// Items of a page if nobody says how many.
const DEFAULT_LIMIT: u32 = 50;

/// Known parameters with their values.
#[derive(Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the query of an address; these names are known.
    pub(crate) fn read(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|error| Problem::invalid_parameter("the query", &format!("readable: {error}")))?;
        let mut read = Self::default();
        for (name, value) in pairs {
            if !known.contains(&name.as_str()) {
                return Err(Problem::unknown_parameter(&name, known));
            }
            if read.get(&name).is_some() {
                return Err(Problem::invalid_parameter(&name, "given once"));
            }
            if value.contains('\0') || (value.len() > MAX_VALUE && name != CURSOR) {
                return Err(Problem::invalid_parameter(
                    &name,
                    "at most 1024 bytes, without NUL",
                ));
            }
            read.0.push((name, value));
        }
        Ok(read)
    }

    /// The value of a parameter, if it is given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// How many items a page may have.
    pub(crate) fn limit(&self, most: u32) -> Result<u32, Problem> {
        let Some(given) = self.get("limit") else {
            return Ok(DEFAULT_LIMIT.min(most));
        };
        let limit = given.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| Problem::invalid_parameter("limit", &format!("a number from 1 to {most}")))
    }

    /// The address of the same list from this cursor on.
    pub(crate) fn next(&self, path: &str, cursor: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.0.iter().filter(|(name, _)| name != CURSOR));
        format!("{path}?{}", query.append_pair(CURSOR, cursor).finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Parameters, Problem> {
        let uri: Uri = format!("/v1/x?{query}").parse().unwrap();
        Parameters::read(&uri, &["subject", "limit", "cursor"])
    }

    #[test]
    fn values_are_decoded_and_the_next_address_keeps_them() {
        let parameters = read("subject=user%3A1%20%26&limit=2&cursor=old").unwrap();
        assert_eq!(parameters.get("subject"), Some("user:1 &"));
        assert_eq!(parameters.limit(500), Ok(2));
        assert_eq!(
            parameters.next("/v1/x", "new"),
            "/v1/x?subject=user%3A1+%26&limit=2&cursor=new"
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let long = format!("subject={}", "x".repeat(1025));
        for query in ["sbject=1", "limit=1&limit=1", "subject=%00", &long] {
            assert!(read(query).is_err(), "{query}");
        }
        for limit in ["0", "501", "-1", "x", ""] {
            assert!(
                read(&format!("limit={limit}")).unwrap().limit(500).is_err(),
                "{limit}"
            );
        }
    }
}
