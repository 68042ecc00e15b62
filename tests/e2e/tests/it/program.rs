//! The program under test, built once.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// How long anything may take that a test waits for, on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(4);

/// Where the program is: `SLUICEBOX_PROGRAM`, such as a release build, else built here, because Cargo builds programs
/// only for tests of their own package.
pub(crate) fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        if let Some(given) = std::env::var_os("SLUICEBOX_PROGRAM") {
            return given.into();
        }
        let built = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--locked",
                "--workspace",
                "--bin",
                "sluicebox",
            ])
            .current_dir(testkit::repository())
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the program does not build");
        let test = std::env::current_exe().expect("a test has a path");
        let profile = test
            .ancestors()
            .nth(2)
            .expect("tests stand in target/<profile>/deps");
        profile.join("sluicebox")
    })
}
