//! The API over a real PostgreSQL, a fresh database a test.

mod answers;
mod docs;
mod errors;
mod paging;
mod site;
