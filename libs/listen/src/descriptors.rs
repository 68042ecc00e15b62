//! File descriptors of this process: as many as the system allows, of which connections get half.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than all listeners have a use for; some systems say "unlimited", and a table of that size costs memory.
const ENOUGH: u64 = 65_536;

/// How many descriptors this process may have open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptors(pub usize);

impl Descriptors {
    /// Those that connections from outside may take; the rest is for the broker, the database and files.
    pub(crate) const fn for_connections(self) -> usize {
        self.0 / 2
    }
}

/// Raises the soft limit of descriptors (`RLIMIT_NOFILE`) to the hard one, and gives what holds afterwards.
pub fn raise() -> Descriptors {
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.map_or(ENOUGH, |hard| hard.min(ENOUGH));
    let soft = now.current.unwrap_or(ENOUGH);
    if soft < wanted {
        let raised = Rlimit {
            current: Some(wanted),
            maximum: now.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, soft, wanted, "the limit of open files cannot be raised");
        }
    }
    let holds = getrlimit(Resource::Nofile).current.unwrap_or(ENOUGH).min(ENOUGH);
    Descriptors(usize::try_from(holds).unwrap_or(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_to_what_the_system_allows() {
        let Descriptors(open) = raise();
        let hard = getrlimit(Resource::Nofile).maximum.unwrap_or(ENOUGH).min(ENOUGH);
        assert_eq!(open as u64, hard);
    }
}
