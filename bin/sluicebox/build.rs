//! Puts the commit and its date into the program for `--version`: as `SLUICEBOX_COMMIT` and `SLUICEBOX_COMMIT_DATE` say where
//! there is no repository (an image, a source archive), else, for a release build, as git says.

use std::env;
use std::path::Path;
use std::process::Command;

const GIVEN: [&str; 2] = ["SLUICEBOX_COMMIT", "SLUICEBOX_COMMIT_DATE"];

fn main() {
    for name in GIVEN {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let built = match given().or_else(of_repository) {
        Some((commit, date)) => format!(" ({commit} {date})"),
        None => String::new(),
    };
    println!("cargo::rustc-env=SLUICEBOX_BUILT_FROM={built}");
}

fn given() -> Option<(String, String)> {
    let value = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
    Some((value(GIVEN[0])?, value(GIVEN[1])?))
}

/// Only release builds ask: a debug build would be linked anew after every commit.
fn of_repository() -> Option<(String, String)> {
    if env::var("PROFILE").as_deref() != Ok("release") {
        return None;
    }
    for file in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--path-format=absolute", "--git-path", file])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let shown = git(&["show", "--no-patch", "--format=%h %cs", "HEAD"])?;
    let (commit, date) = shown.split_once(' ')?;
    Some((commit.to_owned(), date.to_owned()))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
