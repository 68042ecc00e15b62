//! The channels of the settings, ready to be used, and followed while the process runs: who is told and how is one
//! value, so that the plan and the delivery never differ by more than a moment.

use std::collections::HashMap;
use std::fmt::Display;

use outbound::Reach;
use settings::{ChannelSettings, LOOK, NotifierSettings, Watched};

use crate::deliver::{Channel, Console, DeliverError};

/// See the module.
pub struct Channels {
    settings: Vec<ChannelSettings>,
    reach: Reach,
    ready: HashMap<String, Channel>,
}

impl Channels {
    /// The channels of the settings, as far as `reach` goes; console channels write to `console`.
    ///
    /// # Errors
    /// A channel cannot be used: its address is none, or its secret cannot sign.
    pub fn new(settings: &NotifierSettings, console: &Console, reach: &Reach) -> Result<Self, DeliverError> {
        Self::for_planning(&[]).changed(settings, console, reach)
    }

    /// Channels that are only planned for: nothing can be delivered by them.
    pub fn for_planning(settings: &[ChannelSettings]) -> Self {
        Self {
            settings: settings.to_vec(),
            reach: Reach::default(),
            ready: HashMap::new(),
        }
    }

    /// The channels of the settings that `load` gives, with how far they reach, asked every two seconds; those in use stay
    /// when it gives none that can be used. One that did not change keeps its connections and its rate.
    ///
    /// # Errors
    /// As [`Channels::new`].
    pub fn follow<E: Display>(
        settings: &NotifierSettings,
        console: &Console,
        reach: &Reach,
        load: impl Fn() -> Result<(NotifierSettings, Reach), E> + Send + Sync + 'static,
    ) -> Result<Watched<Self>, DeliverError> {
        let first = Self::new(settings, console, reach)?;
        let console = console.clone();
        let watched = Watched::asking("notifier.channels", first, LOOK, move |channels: &Self| {
            let (settings, reach) = load().map_err(|error| error.to_string())?;
            if settings.channels == channels.settings && reach == channels.reach {
                return Ok(None);
            }
            let changed = channels.changed(&settings, &console, &reach);
            changed.map(Some).map_err(|error| error.to_string())
        });
        Ok(watched.described(Self::described))
    }

    fn changed(
        &self,
        settings: &NotifierSettings,
        console: &Console,
        reach: &Reach,
    ) -> Result<Self, DeliverError> {
        let ready = |channel: &ChannelSettings| {
            let same = self.settings.contains(channel) && self.reach == *reach;
            let kept = self.ready.get(&channel.name).filter(|_| same).cloned();
            let ready = kept.map_or_else(|| Channel::new(channel, console, reach), Ok)?;
            Ok((channel.name.clone(), ready))
        };
        let ready = settings.channels.iter().map(ready);
        Ok(Self {
            ready: ready.collect::<Result<_, DeliverError>>()?,
            settings: settings.channels.clone(),
            reach: reach.clone(),
        })
    }

    fn described(&self) -> String {
        let names: Vec<_> = self
            .settings
            .iter()
            .map(|channel| channel.name.as_str())
            .collect();
        match names.len() {
            0 => "no channels".to_owned(),
            _ => format!("channels {}", names.join(", ")),
        }
    }

    /// What each wants to hear of.
    pub(crate) fn settings(&self) -> &[ChannelSettings] {
        &self.settings
    }

    /// The way to one.
    pub(crate) fn get(&self, name: &str) -> Option<&Channel> {
        self.ready.get(name)
    }
}
