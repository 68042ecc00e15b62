//! Near sameness: one text, re-posted, cut, reworded a little, in any script; but not a text that differs in an amount,
//! a name, a ticker, a negation or a direction. No I/O.

mod clean;
mod compare;
mod index;
mod opposites;
mod sketch;
mod text;

pub use compare::{NEAR, Nearness, Veto, compare};
pub use index::NearIndex;
pub use text::NearText;

#[cfg(test)]
mod tests;
