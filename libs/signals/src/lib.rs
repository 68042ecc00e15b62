//! What a signal is: evidence that adds up, when it is worth telling, and when it is told again. No Kafka, no clock, no
//! I/O.
//!
//! The dedup-aggregator keeps the signals of events without words; of texts it keeps what has come since the story-merger
//! heard of them last, and the story-merger adds that up.

mod evidence;
mod facts;
mod heat;
mod independence;
mod life;
mod policy;
mod standing;
mod subject;
mod telling;
mod title;

pub use heat::Heat;
pub use life::Over;
pub use policy::Policy;
pub use rules::{LifeRules, LifeText};
pub use standing::Standing;
pub use subject::is_named;
pub use telling::{EACH, Told};
