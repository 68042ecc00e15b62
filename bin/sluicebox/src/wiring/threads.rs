//! Threads for each listener, so that whoever keeps one of them busy takes nothing from the others: thousands of
//! connections to the port of health are no work of the threads that take events in.

use crate::failure::Failure;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use tokio::runtime::{Builder, EnterGuard, Runtime};

/// How much of the machine a listener's threads may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// A thread for each core.
    Whole,
    /// A thread for every second core, behind everybody else where cores are short: whoever asks can wait.
    Behind,
    /// One thread.
    One,
}

/// By how much threads are behind (`nice`): a tenth of the weight of others.
const BEHIND: i32 = 10;

/// Threads of one listener; they end with it.
pub(super) struct Threads(Option<Runtime>);

impl Threads {
    pub(super) fn start(name: &str, share: Share) -> Result<Self, Failure> {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = match share {
            Share::Whole => cores,
            Share::Behind => cores.div_ceil(2),
            Share::One => 1,
        };
        let mut builder = Builder::new_multi_thread();
        builder.enable_all().worker_threads(workers).thread_name(name);
        if share == Share::Behind {
            builder.on_thread_start(fall_behind);
        }
        let runtime = builder.build();
        runtime
            .map(|runtime| Self(Some(runtime)))
            .map_err(|error| Failure::File(format!("threads of {name} cannot be started: {error}")))
    }

    /// Whatever is opened and begun while this is held belongs to these threads.
    pub(super) fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::enter)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // A runtime may not wait for its threads inside another one.
            runtime.shutdown_background();
        }
    }
}

/// Everybody may be nicer than before; where a sandbox forbids it, the threads are as quick as others.
fn fall_behind() {
    if let Err(error) = rustix::process::setpriority_process(None, BEHIND) {
        tracing::debug!(%error, "a thread keeps its priority");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_begun_inside_runs_on_threads_of_that_name() {
        let threads = Threads::start("a-listener", Share::Behind).unwrap();
        let inside = threads.enter();
        let begun = tokio::spawn(async {
            let name = std::thread::current().name().map(str::to_owned);
            (
                name,
                rustix::process::getpriority_process(None).unwrap_or_default(),
            )
        });
        drop(inside);
        assert_eq!(begun.await.unwrap(), (Some("a-listener".to_owned()), BEHIND));
    }
}
