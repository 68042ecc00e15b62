//! From one page to the next: a cursor in the answer, a number, or a `Link` header. No I/O.
//!
//! What is kept with the cursor must hold no secret of the settings. So of a link is kept its path and what of its query
//! differs from that of the configured address.

use std::collections::HashSet;

use outbound::{HeaderMap, Url};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use settings::{PagingBy, PagingUntil, SourcePaging, SourceSettings};

use super::mapping::Path;
use crate::source::{Next, Reading, SourceError};

/// Longest position that is kept, in bytes.
const LONGEST: usize = 4_096;

/// See the module.
pub(super) struct Paging {
    name: String,
    /// The address, with its placeholders.
    template: String,
    settings: Option<SourcePaging>,
    next: Option<Path>,
}

impl Paging {
    pub(super) fn new(settings: &SourceSettings) -> Result<Self, SourceError> {
        let paging = settings.paging.clone();
        let next = paging.as_ref().and_then(|paging| paging.next.as_deref());
        let paging = Self {
            name: settings.name.clone(),
            template: settings.url.expose().to_owned(),
            next: next
                .map(|next| Path::new(settings, "paging.next", next))
                .transpose()?,
            settings: paging,
        };
        paging.url(None).map(|_| paging)
    }

    pub(super) fn reading(&self) -> Reading {
        let paging = self.settings.as_ref();
        Reading {
            keep: paging.is_some_and(|paging| paging.keep),
            until_known: paging.is_some_and(|paging| paging.until == PagingUntil::Known),
        }
    }

    /// Whether nothing is new where nothing is on the first page.
    pub(super) fn first_page_tells(&self) -> bool {
        self.settings.is_none() || self.reading().until_known
    }

    /// The address of the page at this position.
    pub(super) fn url(&self, position: Option<&str>) -> Result<Url, SourceError> {
        let by = self.settings.as_ref().map(|paging| paging.by);
        let first = || self.first().to_string();
        let place = match by {
            Some(PagingBy::Page) => Some(position.map_or_else(first, str::to_owned)),
            Some(PagingBy::Cursor) => position.map(str::to_owned),
            Some(PagingBy::Link) | None => None,
        };
        let encoded = utf8_percent_encode(place.as_deref().unwrap_or_default(), NON_ALPHANUMERIC).to_string();
        let filled = self
            .template
            .replace("{cursor}", &encoded)
            .replace("{page}", &encoded);
        let mut url = Url::parse(&filled).map_err(|_| SourceError::Url(self.name.clone()))?;
        let parameter = self
            .settings
            .as_ref()
            .and_then(|paging| paging.parameter.as_deref());
        if let (Some(parameter), Some(place)) = (parameter, &place) {
            set(&mut url, &[(parameter.to_owned(), place.clone())]);
        }
        match (by, position) {
            (Some(PagingBy::Link), Some(position)) => Ok(linked(&url, position)),
            _ => Ok(url),
        }
    }

    fn first(&self) -> u32 {
        self.settings
            .as_ref()
            .and_then(|paging| paging.first)
            .unwrap_or(1)
    }

    /// Where it goes on after this answer, to the page at `position`; `Err` why that is not to be followed.
    pub(super) fn next(
        &self,
        position: Option<&str>,
        answer: &Value,
        headers: &HeaderMap,
        is_empty: bool,
    ) -> Result<Next, String> {
        let Some(paging) = &self.settings else {
            return Ok(Next::End);
        };
        let next = match paging.by {
            PagingBy::Cursor => self.next.as_ref().and_then(|next| next.text(answer)),
            PagingBy::Page if is_empty => None,
            PagingBy::Page => {
                let here = position
                    .and_then(|page| page.parse().ok())
                    .unwrap_or(self.first());
                here.checked_add(1).map(|page| page.to_string())
            }
            PagingBy::Link => self.link(headers, position)?,
        };
        if next.as_ref().is_some_and(|next| next.len() > LONGEST) {
            return Err(format!("its next position is longer than {LONGEST} bytes"));
        }
        let here = position.map(str::to_owned);
        Ok(match next.filter(|next| Some(next) != here.as_ref()) {
            Some(next) => Next::More(next),
            None if paging.keep => here.map_or(Next::End, Next::Stay),
            None => Next::End,
        })
    }

    /// The link to the next page, which must not lead to another host: what we show is for this one.
    fn link(&self, headers: &HeaderMap, position: Option<&str>) -> Result<Option<String>, String> {
        let links = headers
            .get_all("link")
            .iter()
            .filter_map(|value| value.to_str().ok());
        let Some(target) = links
            .flat_map(links_of)
            .find_map(|(target, is_next)| is_next.then_some(target))
        else {
            return Ok(None);
        };
        let (Ok(here), Ok(configured)) = (self.url(position), self.url(None)) else {
            return Ok(None);
        };
        let next = here
            .join(target)
            .map_err(|_| "its link to the next page is no address".to_owned())?;
        if next.origin() != configured.origin() {
            return Err("its link to the next page leads to another host".to_owned());
        }
        Ok(Some(told(&configured, &next)))
    }
}

/// The links of a header with whether each is to the next page (RFC 8288, section 3).
fn links_of(header: &str) -> impl Iterator<Item = (&str, bool)> {
    header.split('<').skip(1).filter_map(|part| {
        let (target, parameters) = part.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && value
                    .split_whitespace()
                    .any(|rel| rel.eq_ignore_ascii_case("next"))
        });
        Some((target, is_next))
    })
}

/// A link without what the configured address says already.
fn told(configured: &Url, next: &Url) -> String {
    let own: HashSet<(String, String)> = configured.query_pairs().into_owned().collect();
    let mut told = next.clone();
    told.set_query(None);
    let pairs = next.query_pairs().into_owned().filter(|pair| !own.contains(pair));
    told.query_pairs_mut().extend_pairs(pairs);
    let query = told.query().filter(|query| !query.is_empty());
    query.map_or_else(
        || told.path().to_owned(),
        |query| format!("{}?{query}", told.path()),
    )
}

fn linked(configured: &Url, position: &str) -> Url {
    let (path, query) = position.split_once('?').unwrap_or((position, ""));
    let mut url = configured.clone();
    url.set_path(path);
    let mut own = configured.clone();
    own.set_query(Some(query));
    let pairs: Vec<(String, String)> = own.query_pairs().into_owned().collect();
    set(&mut url, &pairs);
    url
}

/// Puts these parameters in the place of those of the same names.
fn set(url: &mut Url, pairs: &[(String, String)]) {
    let own: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let kept = own
        .iter()
        .filter(|(name, _)| !pairs.iter().any(|(other, _)| other == name));
    let all: Vec<(String, String)> = kept.chain(pairs).cloned().collect();
    if all.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use settings::Secret;

    fn paging(url: &str, paging: SourcePaging) -> Paging {
        Paging::new(&SourceSettings {
            url: Secret::new(url),
            paging: Some(paging),
            ..SourceSettings::default()
        })
        .unwrap()
    }

    fn headers(link: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("link", outbound::HeaderValue::from_static(link));
        headers
    }

    fn by_cursor(keep: bool) -> SourcePaging {
        SourcePaging {
            next: Some("meta.next".to_owned()),
            parameter: Some("cursor".to_owned()),
            keep,
            ..SourcePaging::default()
        }
    }

    #[test]
    fn a_cursor_leads_on_until_there_is_none() {
        let of = paging("https://x.example/v1?limit=5&cursor=old", by_cursor(false));
        assert_eq!(
            of.url(None).unwrap().as_str(),
            "https://x.example/v1?limit=5&cursor=old"
        );
        let url = of.url(Some("a b&c")).unwrap();
        assert_eq!(url.as_str(), "https://x.example/v1?limit=5&cursor=a+b%26c");
        let next = |of: &Paging, here, answer| of.next(here, &answer, &HeaderMap::new(), false).unwrap();
        assert_eq!(
            next(&of, None, json!({"meta": {"next": 7}})),
            Next::More("7".to_owned())
        );
        assert_eq!(next(&of, Some("7"), json!({"meta": {"next": null}})), Next::End);
        assert_eq!(next(&of, Some("7"), json!({"meta": {"next": ""}})), Next::End);
        assert_eq!(
            next(&of, Some("7"), json!({"meta": {"next": 7}})),
            Next::End,
            "itself"
        );
        let kept = paging("https://x.example/v1", by_cursor(true));
        assert_eq!(next(&kept, Some("7"), json!({})), Next::Stay("7".to_owned()));
        let long = json!({"meta": {"next": "x".repeat(5_000)}});
        assert!(of.next(None, &long, &HeaderMap::new(), false).is_err());
    }

    #[test]
    fn a_number_counts_until_a_page_is_empty() {
        let of = paging(
            "https://x.example/{page}/list",
            SourcePaging {
                by: PagingBy::Page,
                first: Some(0),
                ..SourcePaging::default()
            },
        );
        assert_eq!(of.url(None).unwrap().path(), "/0/list");
        let next = |here, is_empty| of.next(here, &json!([]), &HeaderMap::new(), is_empty).unwrap();
        assert_eq!(next(None, false), Next::More("1".to_owned()));
        assert_eq!(next(Some("4294967295"), false), Next::End);
        assert_eq!(next(Some("1"), true), Next::End);
        assert_eq!(of.url(Some("../x")).unwrap().path(), "/%2E%2E%2Fx/list");
    }

    #[test]
    fn a_link_leads_on_without_the_key_and_to_no_other_host() {
        let of = paging(
            "https://x.example/items?key=s3cret&per=5",
            SourcePaging {
                by: PagingBy::Link,
                ..SourcePaging::default()
            },
        );
        let link = "<https://x.example/items?key=s3cret&per=5&page=1>; rel=\"prev\", \
                    </items?key=s3cret&per=5&page=3>; rel=\"next last\"";
        let Next::More(position) = of.next(None, &json!([]), &headers(link), false).unwrap() else {
            panic!("there is a next page");
        };
        assert_eq!(position, "/items?page=3");
        let url = of.url(Some(&position)).unwrap();
        assert_eq!(url.as_str(), "https://x.example/items?key=s3cret&per=5&page=3");
        let away = headers("<https://evil.example/items>; rel=next");
        assert!(of.next(None, &json!([]), &away, false).is_err());
        assert_eq!(
            of.next(None, &json!([]), &headers("nonsense"), false),
            Ok(Next::End)
        );
    }

    proptest! {
        #[test]
        fn any_position_is_survived(position in ".{0,60}") {
            for by in [PagingBy::Link, PagingBy::Page] {
                let of = paging("https://x.example/a?b=c", SourcePaging {
                    by, parameter: Some("p".to_owned()), ..SourcePaging::default()
                });
                let url = of.url(Some(&position)).unwrap();
                prop_assert_eq!(url.host_str(), Some("x.example"));
            }
        }
    }
}
