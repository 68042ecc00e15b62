//! A process that is killed while it performs: nobody knows what came of it, so it is performed again, as the same.

use crate::stream::{STAGE, Stream, run, stop};
use crate::watcher::{PATIENCE, Watcher};
use crate::world::{Asked, World};
use runtime::admin::Admin;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

const BROKERS: &str = "EFFECTS_TEST_BROKERS";
const PREFIX: &str = "EFFECTS_TEST_PREFIX";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_under_way_when_its_process_was_killed_is_performed_again_with_the_same_key() {
    let (stream, _sandbox) = Stream::create("killed", 1).await;
    stream.write(["stuck-1/ops"]);
    let mut child = Killed(begin_child(&stream));
    let told = first_attempt(&mut child.0);
    assert_eq!(told, "asked: key of stuck-1/ops, attempt 1");
    until_it_is_parked(&stream).await;
    child.0.kill().unwrap();
    child.0.wait().unwrap();

    let (watcher, world) = (Arc::new(Watcher::default()), Arc::new(World::new()));
    world.let_go();
    let shared = stream.process("killed", &watcher);
    let running = run(&shared, &world, 4);
    let counts = watcher.wait_until(|counts| counts.out == 1);
    stop(&shared, running);
    let again = Asked {
        id: "stuck-1/ops".to_owned(),
        key: "key of stuck-1/ops".to_owned(),
        attempt: 2,
    };
    assert_eq!(world.asked(), [again]);
    assert_eq!(
        (counts.read, counts.resumed),
        (0, 1),
        "it was read before, by the one that was killed"
    );
    assert_eq!(stream.receipts().len(), 1);
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn begin_child(stream: &Stream) -> Child {
    let (brokers, prefix) = stream.address();
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "killed::the_one_that_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .envs([(BROKERS, brokers), (PREFIX, prefix)])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn first_attempt(child: &mut Child) -> String {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = lines
        .map(Result::unwrap)
        .filter_map(|line| Some(line[line.find("asked:")?..].to_owned()));
    told.next().expect("the child ended without an attempt")
}

async fn until_it_is_parked(stream: &Stream) {
    let shared = stream.process("admin", &Arc::default());
    let admin = Admin::new(&shared.kafka, &shared.prefix).unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let lags = admin.lag().await.unwrap();
        let lag = lags.iter().find(|lag| lag.stage == STAGE).unwrap();
        if lag.counts.waiting() == 1 {
            return;
        }
        assert!(Instant::now() < deadline, "not parked within {PATIENCE:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "another test runs and kills it"]
async fn the_one_that_is_killed() {
    let [brokers, prefix] = [BROKERS, PREFIX].map(|name| std::env::var(name).unwrap());
    let world = World::telling(|asked| println!("asked: {}, attempt {}", asked.key, asked.attempt));
    let (watcher, world) = (Arc::new(Watcher::default()), Arc::new(world));
    let shared = Stream::at(&brokers, &prefix, 1).process("killed", &watcher);
    run(&shared, &world, 4).join().unwrap();
}
