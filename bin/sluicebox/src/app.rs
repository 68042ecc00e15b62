//! What commands share: settings, loaded when first needed, and clients made of them.

use crate::failure::Failure;
use crate::reload::Reload;
use model::SchemaIds;
use registry::Registry;
use runtime::Publisher;
use runtime::admin::Admin;
use settings::Settings;
use std::path::PathBuf;
use topology::Prefix;

/// The command line's `--config`, until somebody needs the settings.
pub(crate) struct App {
    config: Option<PathBuf>,
}

impl App {
    pub(crate) fn new(config: Option<PathBuf>) -> Self {
        Self { config }
    }

    /// The same way as that of [`App::settings_with`] again, whatever is in the files then.
    pub(crate) fn reload(&self, more: &[(&str, &str)]) -> Reload {
        Reload::new(self.config.clone(), more)
    }

    /// Defaults, then the file, then the environment.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        self.settings_with(&[])
    }

    /// The same, with these variables beside those of the environment.
    pub(crate) fn settings_with(&self, more: &[(&str, &str)]) -> Result<Settings, Failure> {
        let more = more
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = settings::process_environment().into_iter().chain(more);
        Ok(Settings::load(self.config.as_deref(), environment)?)
    }
}

/// The prefix of all names.
pub(crate) fn prefix(settings: &Settings) -> Prefix {
    Prefix::new(&settings.topic_prefix)
}

/// A client for looking at and changing the cluster.
pub(crate) fn admin(settings: &Settings) -> Result<Admin, Failure> {
    Ok(Admin::new(&settings.kafka, &prefix(settings))?)
}

/// A publisher, with schemas registered; does not wait for a registry that is away.
pub(crate) async fn publisher(settings: &Settings) -> Result<Publisher, Failure> {
    let ids = schema_ids(settings).await?;
    Ok(Publisher::new(&settings.kafka, &prefix(settings), ids)?)
}

/// The registry's ids of our schemas, which are registered; does not wait for a registry that is away.
pub(crate) async fn schema_ids(settings: &Settings) -> Result<SchemaIds, Failure> {
    Ok(Registry::connect(&settings.registry)?
        .ids_once(&prefix(settings))
        .await?)
}

/// Who runs a command, as it is noted: the user and the host.
pub(crate) fn who(settings: &Settings) -> String {
    let user = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    let user = user.unwrap_or_else(|| "unknown".to_owned());
    format!("{user}@{}", settings.instance_id)
}
