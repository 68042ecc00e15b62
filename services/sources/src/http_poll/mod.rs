//! Any API that answers with JSON, by configuration alone.

mod mapping;
mod paging;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use outbound::{Answer, HeaderMap, HeaderName, HeaderValue, Reach};
use serde_json::Value;
use settings::SourceSettings;

use self::mapping::Mapping;
use self::paging::Paging;
use crate::cursor::Cursor;
use crate::source::{FetchError, Item, Page, Reading, Source, SourceError, Validators};
use crate::web::Web;

/// Most items of one page.
const MOST: usize = 5_000;

/// See the module.
pub(crate) struct HttpPoll {
    web: Web,
    mapping: Mapping,
    paging: Paging,
}

impl HttpPoll {
    pub(crate) fn new(settings: &SourceSettings, reach: &Reach) -> Result<Self, SourceError> {
        let paging = Paging::new(settings)?;
        Ok(Self {
            web: Web::new(settings, &paging.url(None)?, reach)?,
            mapping: Mapping::new(settings)?,
            paging,
        })
    }

    async fn page(&self, cursor: &Cursor) -> Result<Page, FetchError> {
        let position = cursor.position.as_deref();
        let url = self
            .paging
            .url(position)
            .map_err(|error| FetchError::Lost(error.to_string()))?;
        let got = self
            .web
            .get(&url, &asking(cursor))
            .await
            .map_err(|error| lost(error, position))?;
        let page = got.page();
        if page.unchanged {
            return Ok(page);
        }
        let failed = |why: String| FetchError::Later {
            why: format!("{} answered {}: {why}", got.answer.endpoint, got.answer.status),
            wait: page.wait,
        };
        let answer = json(&got.answer).map_err(&failed)?;
        let headers = &got.answer.headers;
        let next = |is_empty| self.paging.next(position, &answer, headers, is_empty);
        let (full, empty) = (next(false).map_err(&failed)?, next(true).map_err(&failed)?);
        let items = self.mapping.items(answer).map_err(&failed)?;
        if items.len() > MOST {
            return Err(failed(format!("a page of more than {MOST} items")));
        }
        let next = if items.is_empty() { empty } else { full };
        // Whether the first page changed says nothing of the others where they are in no order.
        let validators = (position.is_none() && self.paging.first_page_tells()).then(|| validators(headers));
        Ok(Page {
            items,
            next,
            validators,
            ..page
        })
    }
}

impl Source for HttpPoll {
    fn fetch<'a>(&'a self, cursor: &'a Cursor) -> BoxFuture<'a, Result<Page, FetchError>> {
        self.page(cursor).boxed()
    }

    fn normalize(&self, item: Value) -> Vec<Item> {
        vec![self.mapping.item(item)]
    }

    fn reading(&self) -> Reading {
        self.paging.reading()
    }
}

/// A position that the other side does not know any more would be asked for for ever.
fn lost(error: FetchError, position: Option<&str>) -> FetchError {
    match error {
        FetchError::Gone(why) if position.is_some() => FetchError::Lost(why),
        error => error,
    }
}

fn asking(cursor: &Cursor) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        HeaderName::from_static("accept"),
        HeaderValue::from_static("application/json, */*;q=0.5"),
    );
    let known = cursor
        .validators
        .etag
        .as_deref()
        .filter(|_| cursor.position.is_none());
    if let Some(etag) = known.and_then(|etag| HeaderValue::from_str(etag).ok()) {
        headers.insert(HeaderName::from_static("if-none-match"), etag);
    }
    headers
}

fn validators(headers: &HeaderMap) -> Validators {
    let etag = headers.get("etag").and_then(|etag| etag.to_str().ok());
    Validators {
        etag: etag.filter(|etag| etag.len() <= 1_024).map(str::to_owned),
        ..Validators::default()
    }
}

fn json(answer: &Answer) -> Result<Value, String> {
    let kind = answer
        .headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok());
    let body = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    serde_json::from_slice(body)
        .map_err(|error| format!("what is no JSON ({}): {error}", kind.unwrap_or("no content type")))
}
