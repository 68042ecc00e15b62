//! A short run: ten faults, whatever their kinds, and every check of the oracle.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use chaos::Options;
use std::sync::Arc;

/// Cargo builds programs only for tests of their own package.
fn build_the_program() {
    if std::env::var_os("SLUICEBOX_PROGRAM").is_some() {
        return;
    }
    let built = std::process::Command::new(env!("CARGO"))
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
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_faults_lose_nothing_and_double_nothing() {
    build_the_program();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = Options { seed: 4, faults: 10 };
    let say = Arc::new(|line| eprintln!("{line}"));
    let report = chaos::run(&options, folder.path(), say)
        .await
        .expect("the run comes to its end");
    for line in report.lines() {
        eprintln!("{line}");
    }
    assert!(report.holds(), "something is wrong, see above");
}
