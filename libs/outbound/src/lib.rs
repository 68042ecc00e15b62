//! Every call to the outside world: budgets, retries, limits, breakers, caches, guards.
//!
//! Redirects are refused, private addresses too unless their network is allowed, and nothing of an address but its origin is logged:
//! paths and queries of webhooks hold secrets.

mod address;
mod answer;
mod backoff;
mod breaker;
mod cache;
mod client;
mod error;
mod networks;
mod policy;
mod proxy;
mod reach;
mod resolver;
mod retry_after;
mod smtp;

pub use address::refused;
pub use answer::{Answer, one_line};
pub use backoff::{Backoff, chance};
pub use breaker::{Admission, Breaker, BreakerPolicy};
pub use cache::{FreshCache, Freshness};
pub use client::{Client, Reply, Request};
pub use error::{CallError, ClientError};
pub use ipnet::IpNet;
pub use lettre;
pub use networks::Networks;
pub use policy::{Policy, Wanted};
pub use proxy::Proxy;
pub use reach::Reach;
pub use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
pub use reqwest::{Method, Url};
pub use retry_after::retry_after;
pub use smtp::{Smtp, SmtpAnswer, SmtpPolicy, SmtpSecurity, SmtpStep};
