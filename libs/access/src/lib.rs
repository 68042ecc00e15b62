//! Who may do what: keys, tokens, signatures of webhooks, tenants, rates, and how fast one may guess.
//!
//! All of it is decided without a clock and without I/O, but for two owners: [`key_file`] reads and changes the file
//! of keys, [`issuer`] fetches the public keys of token issuers. [`Gate`] puts them together for a service.

mod caller;
mod gate;
mod glob;
pub mod issuer;
pub mod jwt;
mod key;
pub mod key_file;
mod logins;
mod rate;
mod scope;
mod throttle;
pub mod webhook;

pub use caller::{Caller, Claim, Forbidden};
pub use gate::{Denial, Gate, GateError, GateSettings, shown};
pub use glob::{Glob, Globs};
pub use key::{ApiKey, KeyEntry, KeyFileError, KeyTable, NewKey};
pub use logins::Logins;
pub use rate::{Allowances, Rate};
pub use scope::Scope;
