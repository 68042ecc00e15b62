//! Who is let in: whoever shows a key with the scope `ingest`, as often as its rate allows.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use access::{Allowances, Caller, Denial, Gate, Rate, Scope, shown};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};

use super::now;

/// The gate, and how many requests a second each caller may send.
pub(super) struct Door {
    gate: Arc<Gate>,
    rate: Rate,
    requests: Mutex<Allowances>,
}

impl Door {
    pub(super) fn new(gate: Arc<Gate>, requests_per_s: Option<u32>) -> Self {
        let rate = Rate {
            events_per_s: requests_per_s.map(u64::from),
            bytes_per_s: None,
        };
        Self {
            gate,
            rate,
            requests: Mutex::default(),
        }
    }

    /// Whom a request with these headers is from.
    pub(super) async fn caller(
        &self,
        headers: &HeaderMap,
        from: Option<IpAddr>,
    ) -> Result<Arc<Caller>, Denial> {
        let key = headers.get("x-api-key").map(HeaderValue::as_bytes);
        let bearer = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let caller = self.gate.admit(&shown(key, bearer), from, Scope::Ingest).await?;
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = requests.take(&caller.name, self.rate, (1, 0), now());
        taken.map(|()| caller).map_err(Denial::TooMuch)
    }
}
