//! Settings as people read them, without their secrets.

use crate::sections::Settings;

impl Settings {
    /// The effective settings as YAML, for `config print`; every secret reads `[redacted]`.
    pub fn redacted_yaml(&self) -> String {
        match serde_yaml_ng::to_string(self) {
            Ok(yaml) => yaml,
            Err(error) => format!("# the settings cannot be written as YAML: {error}\n"),
        }
    }
}
