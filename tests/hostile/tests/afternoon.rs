//! A short afternoon: nothing is lost and everything goes on. How long it took is for `just hostile` to say.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use hostile::Options;
use std::time::Duration;

/// Cargo builds programs only for tests of their own package.
fn build_the_program() {
    if std::env::var_os("SLUICEBOX_PROGRAM").is_some() {
        return;
    }
    let arguments = [
        "build",
        "--quiet",
        "--locked",
        "--workspace",
        "--bin",
        "sluicebox",
    ];
    let built = std::process::Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(testkit::repository())
        .status()
        .unwrap();
    assert!(built.success(), "the program does not build");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_hostile_afternoon_costs_no_event_and_no_stage() {
    build_the_program();
    let options = Options {
        quiet: Duration::from_secs(2),
        hostile: Duration::from_secs(15),
        rate: 20,
    };
    let report = hostile::run(&options).await.unwrap();
    assert_eq!(
        (report.lost, report.whole, report.conserves),
        (0, true, true),
        "{report:?}"
    );
}
