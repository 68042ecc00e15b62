//! Which sections of the settings were changed since the process was started and are not followed: they hold from the next
//! start on, and health says so. Decides over two settings: no I/O.

use settings::{AccessSettings, AdaptersSettings, NotifierSettings, OpsSettings, PostgresSettings, Settings};

/// The sections of `now` that differ from those of `first` in something that is not followed.
pub(super) fn waiting(first: &Settings, now: &Settings) -> Vec<&'static str> {
    let now = &but_for_followed(first, now);
    let sections = [
        ("topic_prefix", first.topic_prefix != now.topic_prefix),
        ("instance_id", first.instance_id != now.instance_id),
        ("kafka", first.kafka != now.kafka),
        ("dead_letters", first.dead_letters != now.dead_letters),
        ("postgres", first.postgres != now.postgres),
        ("admission", first.admission != now.admission),
        ("listeners", first.listeners != now.listeners),
        ("access", first.access != now.access),
        ("adapters", first.adapters != now.adapters),
        ("api", first.api != now.api),
        ("ops", first.ops != now.ops),
        ("sources", first.sources != now.sources),
        ("normalizer", first.normalizer != now.normalizer),
        ("scorer", first.scorer != now.scorer),
        ("dedup", first.dedup != now.dedup),
        ("detector", first.detector != now.detector),
        ("enricher", first.enricher != now.enricher),
        ("notifier", first.notifier != now.notifier),
        ("sink", first.sink != now.sink),
        ("telemetry", first.telemetry != now.telemetry),
    ];
    let changed = sections.into_iter().filter(|(_, changed)| *changed);
    changed.map(|(section, _)| section).collect()
}

/// What people are told of it.
pub(super) fn told(waiting: &Vec<&'static str>) -> String {
    match waiting.as_slice() {
        [] => "in use".to_owned(),
        sections => format!("changed and in use after a restart: {}", sections.join(", ")),
    }
}

/// The settings of `now`, but with those of `first` wherever a change is followed.
fn but_for_followed(first: &Settings, now: &Settings) -> Settings {
    let mut now = now.clone();
    now.access = AccessSettings {
        insecure: now.access.insecure,
        ..first.access.clone()
    };
    now.adapters = AdaptersSettings {
        api_keys: first.adapters.api_keys.clone(),
        webhooks: first.adapters.webhooks.clone(),
        ..now.adapters
    };
    now.ops = OpsSettings {
        token: first.ops.token.clone(),
        ..now.ops
    };
    now.postgres = PostgresSettings {
        max_connections: now.postgres.max_connections,
        ..first.postgres.clone()
    };
    now.notifier = NotifierSettings {
        channels: first.notifier.channels.clone(),
        ..now.notifier
    };
    now.enricher.http.clone_from(&first.enricher.http);
    now.sources.polled.clone_from(&first.sources.polled);
    now
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::Secret;

    #[test]
    fn what_is_followed_waits_for_no_restart_and_the_rest_does() {
        let first = Settings::default();
        let mut now = first.clone();
        now.adapters.api_keys = vec![Secret::new("another key")];
        now.ops.token = Some(Secret::new("another token"));
        now.postgres.url = Secret::new("postgres://u:new@h/d");
        now.registry.token = Some(Secret::new("another"));
        now.outbound.proxy = Some(Secret::new("http://u:p@h:1"));
        now.access.keys_file = Some("keys".into());
        now.notifier.channels.clear();
        now.sources.polled = vec![settings::SourceSettings::default()];
        assert_eq!(told(&waiting(&first, &now)), "in use");
        now.kafka.sasl_password = Some(Secret::new("another"));
        now.adapters.max_batch = 7;
        now.postgres.max_connections = 7;
        let told = told(&waiting(&first, &now));
        assert_eq!(
            told,
            "changed and in use after a restart: kafka, postgres, adapters"
        );
    }
}
