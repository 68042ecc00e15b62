//! A short afternoon: nothing is lost and everything goes on. How long it took is for `just hostile` to say.

use hostile::Options;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_short_hostile_afternoon_costs_no_event_and_no_stage() {
    let options = Options {
        attackers: env!("CARGO_BIN_EXE_attackers").into(),
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
