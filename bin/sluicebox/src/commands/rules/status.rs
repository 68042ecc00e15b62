//! `sluicebox rules status`: the rules on disk, and those that a running process uses.

use super::files;
use crate::app::App;
use crate::failure::Failure;
use crate::output::{BAD, GOOD, say, styled};
use clap::Args;
use serde_json::Value as Json;
use settings::{Secret, Settings};
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  sluicebox rules status --url http://scorer-0:9464/readyz   # sends ops.token, if it is set"
)]
pub(crate) struct StatusArgs {
    /// Where a running process tells of its health; without it, where the settings put it on this machine
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub(crate) async fn run(args: &StatusArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let mut bad = tell_disk("scorer", &settings.scorer.rules);
    bad |= tell_disk("detector", &settings.detector.rules);
    let url = args
        .url
        .clone()
        .unwrap_or_else(|| format!("{}://{}/readyz", scheme(&settings), settings.ops.listen));
    bad |= tell_running(&url, settings.ops.token.as_ref()).await?;
    if bad {
        Err(Failure::Check("some rules are refused".to_owned()))
    } else {
        Ok(())
    }
}

/// Whether the files are refused.
fn tell_disk(service: &str, path: &Path) -> bool {
    let loaded = files::read(path).and_then(|texts| {
        if service == "detector" {
            let rules = files::detections_of(&rules::detection_files(&texts))?;
            Ok((rules.rules().len(), rules.version().to_owned()))
        } else {
            let rules = files::scoring(&texts)?;
            Ok((rules.len(), rules.version().to_owned()))
        }
    });
    let path = path.display();
    match &loaded {
        Ok((count, version)) => say(format_args!(
            "{service:<10} {path}: {} ({count} rules, version {version})",
            styled(GOOD, "good")
        )),
        Err(failure) => say(format_args!(
            "{service:<10} {path}: {}\n{failure}",
            styled(BAD, "refused")
        )),
    }
    loaded.is_err()
}

fn scheme(settings: &Settings) -> &'static str {
    if settings.ops.tls.is_some() {
        "https"
    } else {
        "http"
    }
}

/// Whether the running process refuses newer files.
async fn tell_running(url: &str, token: Option<&Secret>) -> Result<bool, Failure> {
    let unreachable = |error: reqwest::Error| {
        Failure::Unreachable(format!(
            "{url}: {error}; is the process running? --url says where"
        ))
    };
    // Another part of the process may have installed one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .build()
        .map_err(unreachable)?;
    let mut request = client.get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    let answer = request.send().await.map_err(unreachable)?;
    let health: Json = answer.json().await.map_err(unreachable)?;
    if health.get("components").is_none() {
        return Err(Failure::Unreachable(format!(
            "{url} tells only whether the process is ready: set ops.token to its token, or ask on its machine"
        )));
    }
    let mut refused = false;
    for (name, detail) in rule_components(&health) {
        let keeps_old = detail.contains("stays in use");
        refused |= keeps_old;
        let style = if keeps_old { BAD } else { GOOD };
        say(format_args!("{name:<10} running: {}", styled(style, detail)));
    }
    Ok(refused)
}

/// The parts of a health answer that are about rules, by name, with what they say.
fn rule_components(health: &Json) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(health, "", &mut found);
    found
}

fn collect(json: &Json, name: &str, found: &mut Vec<(String, String)>) {
    match json {
        Json::Object(members) => {
            let named = members.get("name").and_then(Json::as_str).unwrap_or(name);
            if named.ends_with("-rules") {
                let detail = members.get("detail").and_then(Json::as_str).unwrap_or_default();
                found.push((named.to_owned(), detail.to_owned()));
                return;
            }
            members
                .iter()
                .for_each(|(key, member)| collect(member, key, found));
        }
        Json::Array(items) => items.iter().for_each(|item| collect(item, name, found)),
        Json::String(detail) if name.ends_with("-rules") => found.push((name.to_owned(), detail.clone())),
        _ => {}
    }
}
