//! Loading as a user meets it: files, variables, mistakes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::time::Duration;

use proptest::prelude::*;
use settings::{ChannelKind, SecurityProtocol, Settings, SettingsError, SslMode};

fn load(yaml: &str, environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sluicebox.yml");
    fs::write(&file, yaml).unwrap();
    Settings::load(
        Some(&file),
        environment
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
    )
}

fn complaint(yaml: &str, environment: &[(&str, &str)]) -> String {
    load(yaml, environment).unwrap_err().to_string()
}

#[test]
fn without_a_file_the_defaults_suit_the_local_parts() {
    let settings = Settings::load(None, Vec::new()).unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!(settings.kafka.brokers, "127.0.0.1:19092");
    assert_eq!(settings.dedup.exact_window, Duration::from_hours(14 * 24));
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let yaml =
        "kafka: {partitions: 4, lanes: 2}\ndedup: {exact_window: 7d}\nadapters: {listen: '0.0.0.0:80'}\n";
    let settings = load(yaml, &[("SLUICEBOX__KAFKA__PARTITIONS", "6"), ("HOME", "/root")]).unwrap();
    assert_eq!((settings.kafka.partitions, settings.kafka.lanes), (6, 2));
    assert_eq!(settings.dedup.exact_window, Duration::from_hours(7 * 24));
    assert_eq!(settings.adapters.listen.port(), 80);
}

#[test]
fn lists_maps_and_items_can_come_from_the_environment() {
    let yaml = "notifier: {channels: [{name: ops, kind: webhook, url: 'http://hook.example/x'}]}";
    let settings = load(
        yaml,
        &[
            (
                "SLUICEBOX__NOTIFIER__CHANNELS__0__SECRET",
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            ),
            ("SLUICEBOX__ADAPTERS__API_KEYS", "one-long-key, 0123456789"),
            ("SLUICEBOX__KAFKA__PROPERTIES__SOCKET_TIMEOUT_MS", "5000"),
            (
                "SLUICEBOX__ENRICHER__TABLES",
                r#"[{"name":"accounts","path":"a.csv","key":"id","on":"author"}]"#,
            ),
        ],
    )
    .unwrap();
    assert_eq!(settings.notifier.channels[0].kind, ChannelKind::Webhook);
    assert_eq!(settings.adapters.api_keys[1].expose(), "0123456789");
    assert_eq!(settings.kafka.properties["socket.timeout.ms"], "5000");
    assert_eq!(settings.enricher.tables[0].on, "author");
}

#[test]
fn unknown_keys_are_refused_with_what_was_meant() {
    let told = complaint(
        "kafka: {brokrs: 'a:1'}\nnotifer: {}\n",
        &[("SLUICEBOX__KAFKA__LANE", "2")],
    );
    assert!(
        told.contains("kafka.brokrs: unknown key; did you mean `brokers`?"),
        "{told}"
    );
    assert!(
        told.contains("notifer: unknown key; did you mean `notifier`?"),
        "{told}"
    );
    assert!(
        told.contains("SLUICEBOX__KAFKA__LANE: unknown key; did you mean `lanes`?"),
        "{told}"
    );
}

#[test]
fn all_problems_are_told_at_once_with_key_value_and_mending() {
    let told = complaint(
        "kafka: {partitions: 0, session_timeout_ms: 5000}\ndedup: {weak_sources: 0}\nwhat: 1",
        &[],
    );
    for part in [
        "4 things",
        "kafka.partitions = 0: must be at least 1",
        "kafka.transaction_timeout_ms = 9000: must be below",
        "dedup.weak_sources = 0: must be at least 1",
        "what: unknown key",
    ] {
        assert!(told.contains(part), "{part} not in {told}");
    }
}

#[test]
fn a_value_of_the_wrong_type_names_its_key() {
    let told = complaint("kafka: {partitions: many}", &[]);
    assert!(told.contains("kafka.partitions"), "{told}");
    let told = complaint("", &[("SLUICEBOX__DEDUP__QUIET_AFTER", "soon")]);
    assert!(told.contains("quiet_after"), "{told}");
}

#[test]
fn secrets_come_from_files_too_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "hunter2-é\n").unwrap();
    let keys = folder.path().join("keys");
    fs::write(&keys, "first-key-1\nsecond-key-2\n").unwrap();
    let yaml = format!(
        "kafka: {{security_protocol: sasl_ssl, sasl_mechanism: PLAIN, sasl_username: u, sasl_password_file: {},\n  \
         properties: {{ssl.key.password: hunter2}}}}\nadapters: {{api_keys_file: {}}}\n",
        file.display(),
        keys.display()
    );
    let settings = load(&yaml, &[]).unwrap();
    assert_eq!(settings.kafka.security_protocol, SecurityProtocol::SaslSsl);
    assert_eq!(
        settings.kafka.sasl_password.as_ref().unwrap().expose(),
        "hunter2-é"
    );
    assert_eq!(settings.adapters.api_keys.len(), 2);
    let shown = format!("{}{settings:?}", settings.redacted_yaml());
    assert!(
        !settings.redacted_yaml().contains("hunter2") && shown.contains("[redacted]"),
        "{shown}"
    );
}

#[test]
fn addresses_and_headers_of_the_outside_world_are_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let hook = file("hook", "https://hook.example/hunter2\n");
    let keys = file("keys", "whsec_hunter2\nwhsec_hunter3\n");
    let token = file("token", "hunter2\n");
    let yaml = format!(
        "notifier: {{channels: [{{name: ops, kind: webhook, url_file: {hook}, secret_file: {keys},\n  \
           headers: {{authorization_file: {token}, x-team: hunter2}}}}]}}\n\
         enricher: {{http: {{url: 'https://x.example/{{address}}?apikey=hunter2'}}}}\n\
         outbound: {{proxy: 'http://user:hunter2@proxy:3128', allowed_networks: [10.0.0.0/8]}}\n"
    );
    let variables = [("SLUICEBOX__ENRICHER__HTTP__HEADERS__X_API_KEY", "hunter2")];
    let settings = load(&yaml, &variables).unwrap();
    let channel = &settings.notifier.channels[0];
    assert_eq!(
        channel.url.as_ref().unwrap().expose(),
        "https://hook.example/hunter2"
    );
    let keys: Vec<_> = channel.secret.iter().map(settings::Secret::expose).collect();
    assert_eq!(keys, ["whsec_hunter2", "whsec_hunter3"]);
    assert_eq!(channel.headers["authorization"].expose(), "hunter2");
    let http = settings.enricher.http.as_ref().unwrap();
    assert_eq!(http.headers["x-api-key"].expose(), "hunter2");
    let shown = format!("{}{settings:?}", settings.redacted_yaml());
    assert!(!shown.contains("hunter"), "{shown}");
    assert!(shown.contains("10.0.0.0/8"), "{shown}");
}

#[test]
fn queries_of_addresses_that_are_no_secrets_are_not_printed() {
    let yaml = "access: {jwt: [{name: sso, issuer: i, audience: [a], jwks_url: 'https://x.example/keys?token=hunter2'}]}\n\
        kafka: {oauth: {token_endpoint: 'https://x.example/token?key=hunter2', client_id: c, client_secret: hunter2},\n  \
        properties: {sasl.oauthbearer.assertion.private.key.passphrase: hunter2}}\n";
    let settings = load(yaml, &[]).unwrap();
    for shown in [settings.redacted_yaml(), format!("{settings:?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("https://x.example/keys?[redacted]"), "{shown}");
    }
}

#[test]
fn complaints_about_secrets_do_not_show_them() {
    for (yaml, key) in [
        ("registry: {url: 'http://x:1/?apikey=hunter2'}", "registry.url"),
        (
            "telemetry: {otlp_endpoint: 'http://x:1/otlp?apikey=hunter2'}",
            "telemetry.otlp_endpoint",
        ),
        (
            "enricher: {http: {url: 'ftp://x/?apikey=hunter2'}}",
            "enricher.http.url",
        ),
        (
            "enricher: {http: {url: 'https://x/{wallet}?apikey=hunter2'}}",
            "enricher.http.url",
        ),
        ("outbound: {proxy: 'user:hunter2@proxy'}", "outbound.proxy"),
        (
            "notifier: {channels: [{kind: webhook, url: 'hunter2', secret: whsec_x}]}",
            "notifier.channels[0].url",
        ),
        (
            "notifier: {channels: [{kind: webhook, url: 'https://x/', secret: x, headers: {Host: hunter2}}]}",
            "notifier.channels[0].headers.Host",
        ),
        (
            "notifier: {channels: [{kind: webhook, url: 'https://x/', secret: x, headers: {a: \"hunter2\\r\\nb: c\"}}]}",
            "notifier.channels[0].headers.a",
        ),
    ] {
        let told = complaint(yaml, &[]);
        assert!(told.contains(key) && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn the_schedule_of_standard_webhooks_is_the_default_and_can_be_changed() {
    let sum = |settings: &Settings| settings.notifier.channels[0].waits().iter().sum::<Duration>();
    let settings = load("", &[]).unwrap();
    assert_eq!(settings.notifier.channels[0].waits().len(), 9);
    assert_eq!(sum(&settings), Duration::from_secs(75 * 3_600 + 35 * 60 + 5));
    let yaml = "notifier: {channels: [{retries: [1s, 1m, 1h], max_attempts: 3}]}";
    let settings = load(yaml, &[]).unwrap();
    assert_eq!(sum(&settings), Duration::from_secs(61));
    assert!(settings.redacted_yaml().contains("- 1m"));
}

#[test]
fn a_secret_given_twice_or_not_readable_is_a_problem() {
    let told = complaint("registry: {username: u, password: x, password_file: /none}", &[]);
    assert!(
        told.contains("registry.password_file: give either `password` or `password_file`"),
        "{told}"
    );
    let told = complaint("registry: {username: u, password_file: /none}", &[]);
    assert!(told.contains("registry.password_file = /none"), "{told}");
    let empty = tempfile::NamedTempFile::new().unwrap();
    fs::write(empty.path(), "\n").unwrap();
    let path = empty.path().display();
    for key in ["ops: {token_file: ", "adapters: {api_keys_file: "] {
        let told = complaint(&format!("{key}{path}}}"), &[]);
        assert!(told.contains("the file is empty"), "{told}");
    }
    let told = complaint("registry: {url_file: /none}", &[]);
    assert!(told.contains("registry.url_file: unknown key"), "{told}");
}

#[test]
fn the_redacted_print_can_be_read_again() {
    let settings = load(
        "topic_prefix: t1.\nenricher: {tables: [{name: vip, path: vip.csv, key: id, on: author}]}",
        &[],
    )
    .unwrap();
    let yaml = settings.redacted_yaml().replace("[redacted]", "postgres://a@b/c");
    let again = load(&yaml, &[]).unwrap();
    assert_eq!(
        (again.topic_prefix, again.enricher),
        (settings.topic_prefix, settings.enricher)
    );
}

#[test]
fn files_that_are_no_configuration_are_errors() {
    assert!(matches!(
        Settings::load(Some("/none.yml".as_ref()), Vec::new()),
        Err(SettingsError::File { .. })
    ));
    assert!(matches!(load("kafka: [", &[]), Err(SettingsError::Syntax { .. })));
    assert!(matches!(
        load(&"[".repeat(100_000), &[]),
        Err(SettingsError::Syntax { .. })
    ));
    assert!(load("just a text", &[]).is_err());
    assert!(load("kafka: 5", &[]).is_err());
    assert!(load("", &[]).is_ok());
    assert!(
        load("kafka:\n", &[]).is_ok(),
        "a section with nothing in it is the default"
    );
}

proptest! {
    #[test]
    fn nothing_in_a_file_or_variable_panics(yaml in "\\PC{0,60}", name in "SLUICEBOX__[A-Z_0-9]{0,30}", value in "\\PC{0,20}") {
        drop(load(&yaml, &[(&name, &value)]));
    }
}

#[test]
fn a_stage_may_have_limits_of_its_own_for_dead_letters() {
    let yaml = "dead_letters: {ratio: 0.2, stages: {normalizer: {consecutive: 0}}}\n";
    let limits = load(yaml, &[]).unwrap().dead_letters;
    let of = |stage: &str| {
        let own = limits.of(stage);
        (own.ratio, own.window, own.consecutive)
    };
    assert_eq!(of("normalizer"), (0.2, 2_000, 0));
    assert_eq!(of("scorer"), (0.2, 2_000, 1_000));
    let said = complaint("dead_letters: {stages: {scorr: {ratio: 1.5}}}\n", &[]);
    assert!(
        said.contains("scorr") && said.contains("the stages are sources, normalizer, scorer"),
        "{said}"
    );
    assert!(said.contains("dead_letters.stages.scorr.ratio = 1.5"), "{said}");
}

#[test]
fn tls_to_the_database_is_asked_for_without_contradictions() {
    let whole = "postgres: {sslmode: verify-full, ca: ca.pem, certificate: c.pem, key: c.key}";
    assert_eq!(
        load(whole, &[]).unwrap().postgres.sslmode,
        Some(SslMode::VerifyFull)
    );
    for (yaml, told) in [
        ("postgres: {sslmode: require, ca: ca.pem}", "postgres.ca"),
        ("postgres: {ca: ca.pem}", "postgres.ca"),
        (
            "postgres: {sslmode: verify-full, key: c.key}",
            "postgres.certificate",
        ),
        (
            "postgres: {sslmode: disable, certificate: c.pem, key: c.key}",
            "postgres.certificate",
        ),
        (
            "postgres: {sslmode: require, url: 'postgres://h/d?sslmode=disable'}",
            "postgres.sslmode",
        ),
        ("postgres: {sslmode: always}", "postgres.sslmode"),
        ("api: {query_time: 0s}", "api.query_time"),
    ] {
        let complaint = complaint(yaml, &[]);
        assert!(complaint.contains(told), "{yaml}: {complaint}");
    }
}

#[test]
fn who_asks_nobody_for_a_key_listens_on_loopback_unless_told_that_it_may_not() {
    let loaded = |yaml: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), yaml).unwrap();
        let loaded = Settings::load(Some(file.path()), []);
        loaded.map(drop).map_err(|error| error.to_string())
    };
    let open = "auth: none, listen: '0.0.0.0:8080'";
    let refused = loaded(&format!("adapters: {{{open}}}")).unwrap_err();
    assert!(
        refused.contains("adapters.auth = none: lets anybody in") && refused.contains("--insecure"),
        "{refused}"
    );
    let refused = loaded(&format!("api: {{{open}}}")).unwrap_err();
    assert!(refused.contains("api.auth = none"), "{refused}");
    let refused = loaded("adapters: {auth: none}\napi: {listen: '[::]:8088'}").unwrap_err();
    assert!(refused.contains("api.auth = none"), "as adapters.auth: {refused}");
    for fine in [
        format!("adapters: {{{open}}}\naccess: {{insecure: true}}"),
        "adapters: {auth: none}".to_owned(),
        "adapters: {auth: none, listen: '[::1]:8080'}".to_owned(),
        "adapters: {auth: none}\napi: {auth: required, listen: '0.0.0.0:8088'}".to_owned(),
    ] {
        assert_eq!(loaded(&fine), Ok(()), "{fine}");
    }
}

#[test]
fn issuers_and_webhooks_are_checked() {
    let problems = |yaml: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), yaml).unwrap();
        Settings::load(Some(file.path()), []).unwrap_err().to_string()
    };
    for (issuer, wanted) in [
        ("{name: sso}", "give `jwks_url` or `secrets`"),
        ("{name: sso, secrets: [short]}", "32 bytes"),
        (
            "{name: sso, jwks_url: 'https://a.example/jwks', audience: [x]}",
            "issuer",
        ),
        (
            "{name: sso, jwks_url: 'https://a.example/jwks', issuer: a}",
            "audience",
        ),
        (
            "{name: 's o', jwks_url: 'ftp://a', issuer: a, audience: [x]}",
            "http://",
        ),
        ("{name: sso, tenant: Acme}", "tenant"),
        ("{name: sso, tenant: ~operational}", "tenant"),
        ("{name: webhook}", "not `webhook`"),
        ("{name: sso, scopes: [root]}", "ingest, read, admin, trusted"),
    ] {
        let found = problems(&format!("access: {{jwt: [{issuer}]}}"));
        assert!(found.contains(wanted), "{issuer}: {found}");
    }
    for (hook, wanted) in [
        ("{name: code}", "unsigned deliveries"),
        ("{name: Code, secrets: [x]}", "name"),
        ("{name: code, secrets: [whsec_]}", "must not be empty"),
        ("{name: code, secrets: [x], path: /events}", "path"),
        ("{name: code, secrets: [x], tenant: 'a b'}", "tenant"),
        ("{name: code, secrets: [x], header: 'a b'}", "header"),
        ("{name: code, secrets: [x], provider: github2}", "provider"),
        (
            "{name: code, secrets: [x]}, {name: code, secrets: [x]}",
            "another webhook's",
        ),
    ] {
        let found = problems(&format!("adapters: {{webhooks: [{hook}]}}"));
        assert!(found.contains(wanted), "{hook}: {found}");
    }
}

#[test]
fn what_a_channel_lacks_or_has_no_use_for_is_told() {
    let told = |channel: &str| complaint(&format!("notifier: {{channels: [{channel}]}}"), &[]);
    for (channel, expected) in [
        (
            "{name: a, kind: telegram, token: '1:x'}",
            "channels[0].to: a telegram channel needs it",
        ),
        (
            "{name: a, kind: telegram, token: '1:x', to: ops}",
            "channels[0].to = ops: give a chat as a number, such as -1001234567890, or as @name",
        ),
        (
            "{name: a, kind: telegram, token: '1 x', to: '@ops'}",
            "channels[0].token: must be letters",
        ),
        (
            "{name: a, kind: telegram, token: '1:x', to: 1, thread: x}",
            "channels[0].thread = x: give the number of the topic",
        ),
        (
            "{name: a, kind: slack}",
            "channels[0].url: a slack channel needs the address of an incoming webhook",
        ),
        (
            "{name: a, kind: slack, token: x}",
            "channels[0].to: a bot needs the id of the channel",
        ),
        (
            "{name: a, kind: slack, url: 'http://h.example', to: C1}",
            "channels[0].to: an incoming webhook has its own",
        ),
        (
            "{name: a, kind: webhook, url: 'http://h.example'}",
            "channels[0].secret: a webhook needs a key",
        ),
        (
            "{name: a, kind: pagerduty}",
            "channels[0].token: a pagerduty channel needs it",
        ),
        (
            "{name: a, kind: opsgenie, token: x, template: y}",
            "channels[0].template: a opsgenie channel has no use for it",
        ),
        (
            "{name: a, kind: discord, url: 'http://h.example', thread: y}",
            "channels[0].thread = y: give the number",
        ),
        (
            "{name: a, kind: email, url: 'http://h.example', from: a@b.example, to: c@d.example}",
            "channels[0].url: must be smtps://host",
        ),
        (
            "{name: a, kind: email, url: 'smtp+plain://h', from: a@b.example, to: c@d.example, username: u, password: hunter2}",
            "channels[0].password: would be sent in plain text",
        ),
        (
            "{name: a, kind: email, url: 'smtps://h', from: a@b.example, to: c@d.example, unsubscribe: 'x y'}",
            "channels[0].unsubscribe = x y: must be an address",
        ),
        (
            "{name: a, kind: console, token: hunter2}",
            "channels[0].token: a console channel has no use for it",
        ),
    ] {
        let told = told(channel);
        assert!(
            told.contains(expected) && !told.contains("hunter2"),
            "{channel}: {told}"
        );
    }
    let fine = "notifier: {channels: [{name: a, kind: telegram, token: '1:x', to: -100123, thread: 7}]}";
    let settings = load(fine, &[]).unwrap();
    assert_eq!(settings.notifier.channels[0].to.as_deref(), Some("-100123"));
}
