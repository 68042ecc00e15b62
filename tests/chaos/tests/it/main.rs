//! A short run: ten faults, whatever their kinds, and every check of the oracle.

use chaos::Options;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn ten_faults_lose_nothing_and_double_nothing() {
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
