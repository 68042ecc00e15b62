//! The sources of the settings, ready to be polled, and followed while the process runs.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use outbound::Reach;
use settings::{LOOK, SourceSettings, SourcesSettings, Watched};
use xxhash_rust::xxh3::xxh3_64;

use crate::kinds;
use crate::source::{Source, SourceError};

/// See the module.
#[derive(Default)]
pub struct Sources {
    settings: Vec<SourceSettings>,
    reach: Reach,
    ready: BTreeMap<String, Arc<Polled>>,
}

/// One source, with its settings.
pub struct Polled {
    settings: SourceSettings,
    source: Arc<dyn Source>,
    fingerprint: u64,
}

impl Polled {
    /// The source that the settings describe, as far as `reach` goes.
    ///
    /// # Errors
    /// It cannot be used as it is configured.
    pub fn new(settings: &SourceSettings, reach: &Reach) -> Result<Self, SourceError> {
        Ok(Self {
            source: kinds::source(settings, reach)?,
            fingerprint: fingerprint(settings),
            settings: settings.clone(),
        })
    }

    /// How it is configured.
    pub const fn settings(&self) -> &SourceSettings {
        &self.settings
    }

    /// The source itself.
    pub fn source(&self) -> &dyn Source {
        &*self.source
    }

    /// Of which settings its cursor is.
    pub(crate) const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The type of its events where it says none.
    pub(crate) fn default_type(&self) -> String {
        let own = self.settings.event_type.clone();
        own.unwrap_or_else(|| kinds::default_type(self.settings.kind).to_owned())
    }
}

/// What makes a cursor that of another source. It is written beside the cursor, so nothing secret goes into it: no query and no
/// header.
fn fingerprint(settings: &SourceSettings) -> u64 {
    let url = settings.url.expose();
    let place = url.split_once('?').map_or(url, |(place, _)| place);
    let paging = serde_json::to_string(&settings.paging).unwrap_or_default();
    xxh3_64(format!("{}\u{1f}{place}\u{1f}{paging}", settings.kind.as_str()).as_bytes())
}

impl Sources {
    /// The sources of the settings, as far as `reach` goes.
    ///
    /// # Errors
    /// One cannot be used as it is configured.
    pub fn new(settings: &SourcesSettings, reach: &Reach) -> Result<Self, SourceError> {
        Self::default().changed(settings, reach)
    }

    /// The sources of the settings that `load` gives, asked every two seconds; those in use stay when it gives none that can
    /// be used. One that did not change keeps its connections and its rate.
    ///
    /// # Errors
    /// As [`Sources::new`].
    pub fn follow<E: Display>(
        settings: &SourcesSettings,
        reach: &Reach,
        load: impl Fn() -> Result<(SourcesSettings, Reach), E> + Send + Sync + 'static,
    ) -> Result<Watched<Self>, SourceError> {
        let first = Self::new(settings, reach)?;
        let watched = Watched::asking("sources.polled", first, LOOK, move |in_use: &Self| {
            let (settings, reach) = load().map_err(|error| error.to_string())?;
            if settings.polled == in_use.settings && reach == in_use.reach {
                return Ok(None);
            }
            let changed = in_use.changed(&settings, &reach);
            changed.map(Some).map_err(|error| error.to_string())
        });
        Ok(watched.described(|sources| format!("{} sources", sources.ready.len())))
    }

    fn changed(&self, settings: &SourcesSettings, reach: &Reach) -> Result<Self, SourceError> {
        let ready = settings.polled.iter().map(|source| {
            let kept = self
                .ready
                .get(&source.name)
                .filter(|kept| kept.settings == *source && self.reach == *reach);
            let ready = kept.map_or_else(
                || Polled::new(source, reach).map(Arc::new),
                |kept| Ok(Arc::clone(kept)),
            );
            Ok((source.name.clone(), ready?))
        });
        Ok(Self {
            ready: ready.collect::<Result<_, SourceError>>()?,
            settings: settings.polled.clone(),
            reach: reach.clone(),
        })
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&Arc<Polled>> {
        self.ready.get(name)
    }

    /// The names of those that are new or other than before.
    pub fn news<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a str> {
        let is_news = |(name, polled): &(&String, &Arc<Polled>)| {
            before
                .ready
                .get(*name)
                .is_none_or(|old| !Arc::ptr_eq(old, polled))
        };
        self.ready.iter().filter(is_news).map(|(name, _)| name.as_str())
    }
}
