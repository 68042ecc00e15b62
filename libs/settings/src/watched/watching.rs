//! Tells of changes under a path, by watching its parent too: Kubernetes swaps symbolic links, editors rename files.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

/// One save makes many events; they are waited out.
const SETTLE: Duration = Duration::from_millis(30);
/// How often is looked where the operating system cannot tell.
const POLL: Duration = Duration::from_secs(2);

/// Events are waited out at most this often, so that a folder that never rests is read all the same.
const MAX_SETTLING: usize = 100;

/// As long as this lives, changes are told.
pub(super) struct Watching(Sender<Message>);

impl Drop for Watching {
    fn drop(&mut self) {
        // The thread may be gone already, which is what is wanted.
        drop(self.0.send(Message::Stop));
    }
}

enum Message {
    Changed(Event),
    Stop,
}

/// Calls `changed` on a thread of its own after each change; stops when that gives nothing, or the watching is dropped.
pub(super) fn start(
    path: &Path,
    changed: impl Fn() -> Option<()> + Send + 'static,
) -> notify::Result<Watching> {
    let target = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (sender, events) = channel();
    let mut watcher = watcher(&sender)?;
    cover(watcher.as_mut(), &target)?;
    std::thread::Builder::new()
        .name("watched-files".to_owned())
        .spawn(move || follow(watcher, &target, &events, &changed))
        .map_err(notify::Error::io)?;
    Ok(Watching(sender))
}

fn watcher(sender: &Sender<Message>) -> notify::Result<Box<dyn Watcher + Send>> {
    let tell = |sender: Sender<Message>| {
        move |event: notify::Result<Event>| {
            // An error means that events were lost, so everything may have changed.
            drop(sender.send(Message::Changed(
                event.unwrap_or_else(|_| Event::new(EventKind::Any)),
            )));
        }
    };
    if let Ok(watcher) = RecommendedWatcher::new(tell(sender.clone()), Config::default()) {
        return Ok(Box::new(watcher));
    }
    let every = Config::default().with_poll_interval(POLL);
    Ok(Box::new(PollWatcher::new(tell(sender.clone()), every)?))
}

/// Watches the parent, and the target itself if it is a folder (again, should it have been replaced).
fn cover(watcher: &mut dyn Watcher, target: &Path) -> notify::Result<()> {
    if target.is_dir() {
        watcher.watch(target, RecursiveMode::Recursive)?;
    }
    match target.parent() {
        Some(parent) => watcher.watch(parent, RecursiveMode::NonRecursive),
        None => Ok(()),
    }
}

fn follow(
    mut watcher: Box<dyn Watcher + Send>,
    target: &Path,
    events: &Receiver<Message>,
    changed: &dyn Fn() -> Option<()>,
) {
    while let Ok(Message::Changed(event)) = events.recv() {
        if !concerns(&event, target) {
            continue;
        }
        for _ in 0..MAX_SETTLING {
            match events.recv_timeout(SETTLE) {
                Ok(Message::Changed(_)) => {}
                Ok(Message::Stop) => return,
                Err(_) => break,
            }
        }
        drop(cover(watcher.as_mut(), target));
        if changed().is_none() {
            return;
        }
    }
}

fn concerns(event: &Event, target: &Path) -> bool {
    let only_looked_at =
        matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    if only_looked_at {
        return false;
    }
    event.paths.is_empty()
        || event
            .paths
            .iter()
            .any(|path| path.starts_with(target) || is_swap(path))
}

/// The links that a `ConfigMap` volume swaps (`..data`, `..2026_01_01`).
fn is_swap(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(".."))
}
