//! API keys: what they look like, and the file that holds their hashes. No clock, no I/O.
//!
//! A key carries 32 random bytes, so nobody finds one by trying, however fast the hash: SHA-256 is enough. A slow
//! hash (argon2, bcrypt) protects words that people choose, and would let anybody spend our CPU with wrong keys.

mod entry;
mod table;
mod text;

pub use entry::KeyEntry;
pub(crate) use table::Lookup;
pub use table::{KeyFileError, KeyTable, NewKey};
pub use text::ApiKey;
pub(crate) use text::sha256;
