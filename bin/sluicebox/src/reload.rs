//! The settings as they are now, for what is followed while a process runs: whoever asks within a second is given one
//! and the same.

use settings::Settings;
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long settings that were loaded count as those of now.
const FRESH: Duration = Duration::from_secs(1);

/// See the module. Clones share what was loaded.
#[derive(Clone)]
pub(crate) struct Reload(Arc<Inner>);

struct Inner {
    load: Box<dyn Fn() -> Loaded + Send + Sync>,
    last: Mutex<Option<(Instant, Loaded)>>,
}

type Loaded = Result<Arc<Settings>, String>;

impl Reload {
    /// From the file, the environment and these variables.
    pub(crate) fn new(file: Option<PathBuf>, more: &[(&str, &str)]) -> Self {
        let more = more.iter();
        let more = more.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let more: Vec<_> = more.collect();
        Self::with(move || {
            let environment = settings::process_environment().into_iter();
            let loaded = Settings::load(file.as_deref(), environment.chain(more.iter().cloned()));
            loaded.map(Arc::new).map_err(|error| error.to_string())
        })
    }

    /// Settings that do not change.
    pub(crate) fn never(settings: &Settings) -> Self {
        let settings = Arc::new(settings.clone());
        Self::with(move || Ok(Arc::clone(&settings)))
    }

    fn with(load: impl Fn() -> Loaded + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            load: Box::new(load),
            last: Mutex::default(),
        }))
    }

    /// All of them; an error says what is to be mended.
    fn load(&self) -> Loaded {
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, loaded)) = &*last
            && at.elapsed() < FRESH
        {
            return loaded.clone();
        }
        let loaded = (self.0.load)();
        *last = Some((Instant::now(), loaded.clone()));
        loaded
    }

    /// How a part of them is loaded.
    pub(crate) fn part<T, P>(&self, part: P) -> impl Fn() -> Result<T, String> + Send + Sync + use<T, P>
    where
        P: Fn(&Settings) -> T + Send + Sync + 'static,
    {
        let reload = self.clone();
        move || reload.load().map(|settings| part(&settings))
    }

    /// How something that is made of them is made, which may fail.
    pub(crate) fn made<T, E, M>(&self, make: M) -> impl Fn() -> Result<T, String> + Send + Sync + use<T, E, M>
    where
        E: Display,
        M: Fn(&Settings) -> Result<T, E> + Send + Sync + 'static,
    {
        let reload = self.clone();
        move || {
            let settings = reload.load()?;
            make(&settings).map_err(|error| error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_command_line_says_holds_for_what_is_loaded_again() {
        let reload = Reload::new(None, &[("SLUICEBOX__ACCESS__INSECURE", "true")]);
        let open = reload.part(|settings| settings.access.insecure);
        assert_eq!(open(), Ok(true));
        let wrong = Reload::new(None, &[("SLUICEBOX__OPS__TOKEN", "short")]);
        assert!(wrong.part(|_| ())().unwrap_err().contains("ops.token"));
    }
}
