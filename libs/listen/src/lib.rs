//! One accept loop for every HTTP listener (edge, API, health): no client can hold more than its part of it.
//!
//! - Every step of a connection has a time limit: [`Limits`].
//! - Connections are bounded in all and by address. Who comes when all places are taken gets the place of the
//!   connection that wastes most: one that has sent no complete request, then one whose body is silent, then one that
//!   does not read its answer, then an idle one. A connection whose request is in work keeps its place.
//! - A failure to accept, such as no descriptors being left, never ends the loop.
//! - What stands behind it is an [`Answers`]: a router, or something that needs none.

mod answers;
mod body;
mod connection;
mod crowd;
mod descriptors;
mod figures;
mod hosts;
mod io;
mod limits;
mod link;
mod listener;
mod standing;
mod tls;

pub use answers::Answers;
pub use body::Received;
pub use descriptors::{Descriptors, raise};
pub use figures::{Closed, Figures};
pub use hosts::{HostRefusal, Hosts};
pub use limits::{Limits, Role};
pub use listener::{Drained, Listener};
pub use tls::{Tls, TlsError};
