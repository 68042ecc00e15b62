//! `cold`: what a new user waits for, from a clean clone with empty caches to the end of the demo.

use crate::{machine, say};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Ports of its own, so that it stands beside servers that run.
const PORTS: [(&str, &str); 3] = [
    ("SLUICEBOX_KAFKA_PORT", "39092"),
    ("SLUICEBOX_REGISTRY_PORT", "38081"),
    ("SLUICEBOX_POSTGRES_PORT", "35432"),
];

/// Seconds from a clean clone with empty caches to the end of `demo --once`, and again warm
#[derive(Args)]
pub(crate) struct ColdArgs {
    /// A folder with some gigabytes of room; removed afterwards
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
}

pub(crate) fn run(args: &ColdArgs) -> Result<()> {
    say(machine::line());
    let place = args.folder.join(format!("sluicebox-cold-{}", std::process::id()));
    fs::create_dir_all(&place).with_context(|| place.display().to_string())?;
    let measured = measure(&place);
    let clone = place.join("sluicebox");
    let _ = clean(&clone, &place).args(["reset"]).status();
    let _ = fs::remove_dir_all(&place);
    let (cold, warm) = measured?;
    say(format_args!("{:12} {cold:>8.1} s", "cold"));
    say(format_args!("{:12} {warm:>8.1} s", "warm"));
    say(json!({
        "bench": "cold",
        "date": machine::date(),
        "commit": machine::commit(),
        "cold_s": (cold * 10.0).round() / 10.0,
        "warm_s": (warm * 10.0).round() / 10.0,
    }));
    Ok(())
}

fn measure(place: &Path) -> Result<(f64, f64)> {
    let clone = place.join("sluicebox");
    let began = Instant::now();
    let cloned = Command::new("git")
        .args(["clone", "--quiet", "."])
        .arg(&clone)
        .status()
        .context("git clone")?;
    if !cloned.success() {
        bail!("the repository could not be cloned");
    }
    copy_registry_settings(place)?;
    demo(&clone, place)?;
    let cold = began.elapsed().as_secs_f64();
    let began = Instant::now();
    demo(&clone, place)?;
    Ok((cold, began.elapsed().as_secs_f64()))
}

fn demo(clone: &Path, place: &Path) -> Result<()> {
    let status = clean(clone, place)
        .args(["demo", "--once"])
        .status()
        .context("./justw demo --once")?;
    if status.success() {
        Ok(())
    } else {
        bail!("./justw demo --once ended with {status}")
    }
}

/// `./justw` with every cache in the temporary folder.
fn clean(clone: &Path, place: &Path) -> Command {
    let inside = |name: &str| place.join(name);
    let mut command = Command::new("./justw");
    command.current_dir(clone).envs(PORTS);
    command.env_remove("CARGO_TARGET_DIR");
    command.env("CARGO_HOME", inside("cargo"));
    command
        .env("SLUICEBOX_CACHE", inside("cache"))
        .env("SLUICEBOX_DATA", inside("data"));
    command.env("SLUICEBOX_POSTGRES_HOME", inside("postgres"));
    command
        .env("GOMODCACHE", inside("go-modules"))
        .env("GOCACHE", inside("go-build"));
    command.env("GOFLAGS", "-modcacherw");
    command.env(
        "MAVEN_OPTS",
        format!("-Dmaven.repo.local={}", inside("maven").display()),
    );
    command.env("SLUICEBOX__KAFKA__BROKERS", "127.0.0.1:39092");
    command.env("SLUICEBOX__REGISTRY__URL", "http://127.0.0.1:38081");
    command.env(
        "SLUICEBOX__POSTGRES__URL",
        "postgres://sluicebox:sluicebox@127.0.0.1:35432/sluicebox",
    );
    command
}

/// Where crates come from is no cache: a mirror that the user has set stays set.
fn copy_registry_settings(place: &Path) -> Result<()> {
    fs::create_dir_all(place.join("cargo"))?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let settings = home
        .map(|home| home.join("config.toml"))
        .filter(|settings| settings.exists());
    if let Some(settings) = settings {
        fs::copy(settings, place.join("cargo/config.toml"))?;
    }
    Ok(())
}
