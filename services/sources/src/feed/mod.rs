//! Feeds: RSS, Atom, RDF, JSON Feed, asked again only for what changed.

mod dates;
mod encoding;
mod manners;
mod parse;
mod repair;

pub use parse::{ParsedFeed, parse_feed};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model::{Id, Millis};
use outbound::{HeaderMap, HeaderName, HeaderValue, Reach, Url};
use serde_json::Value;
use settings::SourceSettings;

use crate::cursor::Cursor;
use crate::source::{FetchError, Item, Page, Source, SourceError, Validators};
use crate::web::{Got, Web};

/// What we like best comes first; some servers answer with a web page else.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, */*;q=0.5";
/// A longer one is not sent back.
const LONGEST_VALIDATOR: usize = 1_024;

/// A feed.
pub(crate) struct Feed {
    url: Url,
    web: Web,
}

impl Feed {
    pub(crate) fn new(settings: &SourceSettings, reach: &Reach) -> Result<Self, SourceError> {
        let url = Url::parse(settings.url.expose()).map_err(|_| SourceError::Url(settings.name.clone()))?;
        let web = Web::new(settings, &url, reach)?;
        Ok(Self { url, web })
    }

    /// An address with a query may hold a key, which must not be kept with the cursor.
    fn may_be_kept(&self) -> bool {
        self.url.query().is_none()
    }

    async fn page(&self, cursor: &Cursor) -> Result<Page, FetchError> {
        let moved = cursor.moved_to.as_deref().and_then(|url| Url::parse(url).ok());
        let url = moved.as_ref().unwrap_or(&self.url);
        let got = self.web.get(url, &asking(&cursor.validators)).await?;
        let moved_to = (got.moved && got.url != *url && self.may_be_kept()).then(|| got.url.to_string());
        let page = Page {
            moved_to,
            ..got.page()
        };
        if page.unchanged {
            return Ok(page);
        }
        let parsed = read(&got)?;
        Ok(Page {
            items: parsed.entries,
            validators: Some(validators(&got.answer.headers, parsed.manners)),
            ..page
        })
    }
}

impl Source for Feed {
    fn fetch<'a>(&'a self, cursor: &'a Cursor) -> BoxFuture<'a, Result<Page, FetchError>> {
        self.page(cursor).boxed()
    }

    /// Some feeds make up an id anew each time; the same page with the same title at the same time is the same entry.
    fn normalize(&self, item: Value) -> Vec<Item> {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let when = text("published").or_else(|| text("updated"));
        let alike = text("url").zip(text("title")).map(|(url, title)| {
            let id = Id::new()
                .part(url)
                .part(title)
                .part(text("published").unwrap_or_default());
            id.text("")
        });
        let made = || alike.clone().or_else(|| text("url").map(str::to_owned));
        vec![Item {
            id: text("id").map(str::to_owned).or_else(made).unwrap_or_default(),
            time: when.and_then(dates::parse).map(|time| time.timestamp_millis()),
            alike,
            data: item,
            ..Item::default()
        }]
    }

    fn polite(&self, cursor: &Cursor, now: Millis, due: Millis) -> Millis {
        manners::polite(&cursor.validators, now, due)
    }
}

fn read(got: &Got) -> Result<ParsedFeed, FetchError> {
    let header = got.answer.headers.get("content-type");
    let content_type = header.and_then(|value| value.to_str().ok());
    parse_feed(&got.answer.body, content_type, got.url.as_str()).map_err(|why| {
        let kind = content_type.unwrap_or("no content type");
        FetchError::later(format!(
            "{} answered {} with what is no feed ({kind}): {why}",
            got.answer.endpoint, got.answer.status
        ))
    })
}

/// RFC 9110, sections 13.1.2 and 13.1.3.
fn asking(known: &Validators) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        HeaderName::from_static("accept"),
        HeaderValue::from_static(ACCEPT),
    );
    for (name, value) in [
        ("if-none-match", &known.etag),
        ("if-modified-since", &known.modified),
    ] {
        let value = value
            .as_deref()
            .and_then(|value| HeaderValue::from_str(value).ok());
        if let Some(value) = value {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

fn validators(headers: &HeaderMap, manners: Validators) -> Validators {
    let text = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?;
        (value.len() <= LONGEST_VALIDATOR).then(|| value.to_owned())
    };
    Validators {
        etag: text("etag"),
        modified: text("last-modified"),
        ..manners
    }
}
