//! A value read from a file or folder that is read again when it changes; a bad change never replaces a good value.

mod reading;
mod watching;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, Cache, Guard};

pub use reading::texts;
use watching::Watching;

/// Why a watched value could not be had, or not be renewed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// A file cannot be read.
    #[error("cannot read {path}: {reason}; check the path in the configuration and who may read it")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What is in the way.
        reason: String,
    },
    /// The content is refused by whoever uses it.
    #[error("{path} is refused: {reason}")]
    Refused {
        /// The file or folder.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
}

/// How a watched value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchStatus {
    /// 1 at the start, one more with each new value.
    pub version: u64,
    /// What the value in use says of itself, where [`Watched::described`] was asked for that.
    pub content: Option<String>,
    /// When the value in use was read.
    pub loaded_at: SystemTime,
    /// How often a changed file gave a new value.
    pub reloads: u64,
    /// How often a changed file was refused.
    pub failures: u64,
    /// Why the newest content is not in use, if it is not.
    pub last_error: Option<String>,
}

/// The texts of a file (one) or a folder (all, sorted), each with its name relative to the folder.
type Texts = Vec<(String, String)>;
type Parse<T> = Box<dyn Fn(&[(String, String)]) -> Result<T, String> + Send + Sync>;
type Ask<T> = Box<dyn Fn(&T) -> Result<Option<T>, String> + Send + Sync>;

/// How often the settings are looked at, for what is followed of them.
pub const LOOK: Duration = Duration::from_secs(2);

/// A value that follows its file. Clones share it.
pub struct Watched<T> {
    inner: Arc<Inner<T>>,
    describe: Option<fn(&T) -> String>,
}

/// The cheapest way to look at a watched value for every record: one atomic load while it does not change.
pub struct CachedReader<T>(Cache<Arc<ArcSwap<T>>, Arc<T>>);

impl<T> CachedReader<T> {
    /// The value now.
    pub fn load(&mut self) -> &Arc<T> {
        self.0.load()
    }
}

struct Inner<T> {
    value: Arc<ArcSwap<T>>,
    state: Mutex<State>,
    changed: Condvar,
    source: Option<Source<T>>,
}

struct State {
    status: WatchStatus,
    /// What was read last, good or bad: the same content is not parsed again.
    texts: Texts,
    watching: Option<Watching>,
}

struct Source<T> {
    path: PathBuf,
    read: Read<T>,
}

/// How a new value is had.
enum Read<T> {
    /// From the texts under the path.
    Texts(Parse<T>),
    /// By asking with the value in use; nothing if that is still good.
    Asked(Ask<T>),
}

impl<T> Clone for Watched<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            describe: self.describe,
        }
    }
}

impl<T: Send + Sync + 'static> Watched<T> {
    /// Reads `path` (a file or a folder) now, and again whenever it changes.
    ///
    /// `parse` gets `(name, text)` of each file, sorted by name; hidden files and editors' backups are left out.
    pub fn open<E: Display>(
        path: impl Into<PathBuf>,
        parse: impl Fn(&[(String, String)]) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, WatchError> {
        let path = path.into();
        let texts = reading::texts(&path)?;
        let parse: Parse<T> = Box::new(move |texts| parse(texts).map_err(|error| error.to_string()));
        let value = parse(&texts).map_err(|reason| WatchError::Refused {
            path: path.clone(),
            reason,
        })?;
        let read = Read::Texts(parse);
        let watched = Self::new(value, texts, Some(Source { path, read }));
        watched.watch();
        Ok(watched)
    }

    /// A value that is made of more than one file: `next` is asked `every` so often for what is to be used from now on,
    /// or for nothing if that is the value in use. `name` is what the value is called in messages.
    pub fn asking<E: Display>(
        name: &str,
        first: T,
        every: Duration,
        next: impl Fn(&T) -> Result<Option<T>, E> + Send + Sync + 'static,
    ) -> Self {
        let ask: Ask<T> = Box::new(move |value| next(value).map_err(|error| error.to_string()));
        let (path, read) = (PathBuf::from(name), Read::Asked(ask));
        let watched = Self::new(first, Vec::new(), Some(Source { path, read }));
        let weak = Arc::downgrade(&watched.inner);
        let started = std::thread::Builder::new()
            .name("watched-value".to_owned())
            .spawn(move || {
                loop {
                    std::thread::sleep(every);
                    let Some(inner) = weak.upgrade() else { return };
                    inner.renew();
                }
            });
        if let Err(error) = started {
            tracing::warn!(name, %error, "changes will not be noticed");
        }
        watched
    }

    /// A part of the settings: `load` is asked again and again for what it is now.
    pub fn part<E: Display>(
        name: &str,
        first: T,
        load: impl Fn() -> Result<T, E> + Send + Sync + 'static,
    ) -> Self
    where
        T: PartialEq,
    {
        let next = move |in_use: &T| load().map(|part| (part != *in_use).then_some(part));
        Self::asking(name, first, LOOK, next)
    }

    /// A value that never changes, for tests and for built-in defaults.
    pub fn fixed(value: T) -> Self {
        Self::new(value, Vec::new(), None)
    }

    fn new(value: T, texts: Texts, source: Option<Source<T>>) -> Self {
        let status = WatchStatus {
            version: 1,
            content: None,
            loaded_at: SystemTime::now(),
            reloads: 0,
            failures: 0,
            last_error: None,
        };
        let inner = Inner {
            value: Arc::new(ArcSwap::from_pointee(value)),
            state: Mutex::new(State {
                status,
                texts,
                watching: None,
            }),
            changed: Condvar::new(),
            source,
        };
        Self {
            inner: Arc::new(inner),
            describe: None,
        }
    }

    /// The same, with a status that tells which value is in use.
    #[must_use]
    pub fn described(mut self, describe: fn(&T) -> String) -> Self {
        self.describe = Some(describe);
        self
    }

    fn watch(&self) {
        let Some(source) = &self.inner.source else { return };
        let weak = Arc::downgrade(&self.inner);
        let started = watching::start(&source.path, move || {
            let inner = weak.upgrade()?;
            inner.renew();
            Some(())
        });
        match started {
            Ok(watching) => {
                self.inner.state().watching = Some(watching);
                // What changed between the first reading and the start of the watching was told to nobody.
                self.inner.renew();
            }
            Err(error) => {
                tracing::warn!(path = %source.path.display(), %error, "changes of this file will not be noticed");
            }
        }
    }

    /// The value now.
    pub fn load(&self) -> Arc<T> {
        self.inner.value.load_full()
    }

    /// The value now, borrowed: cheaper than [`Watched::load`], to be dropped soon.
    pub fn guard(&self) -> Guard<Arc<T>> {
        self.inner.value.load()
    }

    /// A reader for one thread's hot path.
    pub fn cached(&self) -> CachedReader<T> {
        CachedReader(Cache::new(Arc::clone(&self.inner.value)))
    }

    /// How it is.
    pub fn status(&self) -> WatchStatus {
        // Locked all the while, so that what is told of is the value that the rest is about.
        let state = self.inner.state();
        WatchStatus {
            content: self.describe.map(|describe| describe(&self.inner.value.load())),
            ..state.status.clone()
        }
    }

    /// Reads again at once; gives the status afterwards.
    pub fn reload_now(&self) -> WatchStatus {
        self.inner.renew();
        self.status()
    }

    /// Waits until `seen` holds of the status, at most `patience`; says whether it does.
    pub fn wait_until(&self, patience: Duration, seen: impl Fn(&WatchStatus) -> bool) -> bool {
        let state = self.inner.state();
        let waited = self
            .inner
            .changed
            .wait_timeout_while(state, patience, |state| !seen(&state.status));
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        seen(&state.status)
    }
}

impl<T> Inner<T> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads and, if the content is new, parses; the old value stays when either fails.
    fn renew(&self) {
        let Some(source) = &self.source else { return };
        let mut state = self.state();
        let outcome = match &source.read {
            Read::Texts(parse) => read(&source.path, parse, &mut state.texts),
            Read::Asked(ask) => ask(&self.value.load()).map_err(|reason| refused(&source.path, reason)),
        };
        match outcome {
            // The value in use is good again: what was wrong meanwhile is mended.
            Ok(None) if matches!(source.read, Read::Asked(_)) => state.status.last_error = None,
            Ok(None) => return,
            // Asked again and again, it is told once.
            Err(error) if state.status.last_error == Some(error.to_string()) => return,
            Ok(Some(value)) => self.settle(&mut state.status, source, Ok(value)),
            Err(error) => self.settle(&mut state.status, source, Err(error)),
        }
        self.changed.notify_all();
    }

    fn settle(&self, status: &mut WatchStatus, source: &Source<T>, outcome: Result<T, WatchError>) {
        match outcome {
            Ok(value) => {
                self.value.store(Arc::new(value));
                status.version += 1;
                status.reloads += 1;
                status.loaded_at = SystemTime::now();
                status.last_error = None;
                tracing::info!(path = %source.path.display(), version = status.version, "read again");
            }
            Err(error) => {
                status.failures += 1;
                tracing::warn!(%error, version = status.version, "the last good version stays in use");
                status.last_error = Some(error.to_string());
            }
        }
    }
}

fn refused(path: &Path, reason: String) -> WatchError {
    let path = path.to_owned();
    WatchError::Refused { path, reason }
}

/// The value of the texts, unless they are those that were read last.
fn read<T>(path: &Path, parse: &Parse<T>, last: &mut Texts) -> Result<Option<T>, WatchError> {
    match reading::texts(path) {
        Ok(texts) if texts == *last => Ok(None),
        Ok(texts) => {
            let parsed = parse(&texts);
            *last = texts;
            parsed.map(Some).map_err(|reason| refused(path, reason))
        }
        Err(error) => {
            // Forgotten, so that the old content counts as news when it comes back.
            *last = Vec::new();
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests;
