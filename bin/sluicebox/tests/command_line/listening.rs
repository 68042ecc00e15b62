//! What a process listens on, and what it says of itself: with servers that are away, half-open clients, and while it
//! stops.

use crate::{PATIENCE, Running, Shell, until};
use proxy::{Proxy, Speaks};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const NOWHERE: &str = "127.0.0.1:1";
const SOON: Duration = Duration::from_secs(1);

/// A process, and where it listens.
pub(crate) struct Process {
    pub(crate) running: Running,
    edge: SocketAddr,
    pub(crate) api: SocketAddr,
    pub(crate) ops: SocketAddr,
}

pub(crate) fn start(shell: &Shell, targets: &[&str], environment: &[(&str, &str)]) -> Process {
    let ports: [u16; 3] = testkit::free_ports().unwrap();
    let [edge, api, ops] = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let listen = [edge, api, ops].map(|address| address.to_string());
    let mut all = vec![
        ("SLUICEBOX__ADAPTERS__LISTEN", listen[0].as_str()),
        ("SLUICEBOX__API__LISTEN", &listen[1]),
        ("SLUICEBOX__OPS__LISTEN", &listen[2]),
        ("SLUICEBOX__ADAPTERS__AUTH", "none"),
        ("SLUICEBOX__KAFKA__LANES", "1"),
    ];
    all.extend_from_slice(environment);
    Process {
        running: Running::start_with(shell, &[&["run"], targets].concat(), &all),
        edge,
        api,
        ops,
    }
}

/// The status and the whole answer; 0 where nobody answers.
fn ask(address: SocketAddr, head: &str, body: &str) -> (u16, String) {
    let asked = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let length = body.len();
        write!(
            stream,
            "{head}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    };
    let answer = asked().unwrap_or_default();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_default(), answer)
}

pub(crate) fn get(address: SocketAddr, path: &str) -> (u16, String) {
    ask(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n"),
        "",
    )
}

fn post(address: SocketAddr) -> u16 {
    let head = "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    ask(address, head, r#"{"source":"s","type":"t"}"#).0
}

fn address_of(url: &str) -> SocketAddr {
    let server = url.rsplit_once('@').map_or(url, |(_, server)| server);
    server.split('/').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_needs_no_registry_and_is_as_ready_as_its_database() {
    let shell = Shell::new("listen api").await;
    shell.done(&["migrate", "up"]);
    let url = shell.sandbox.settings().postgres.url;
    let database = address_of(url.expose());
    let between = Proxy::start("127.0.0.1:0".parse().unwrap(), database, Speaks::Anything).unwrap();
    let through = url
        .expose()
        .replace(&database.to_string(), &between.address().to_string());
    let away = format!("http://{NOWHERE}");
    let process = start(
        &shell,
        &["api"],
        &[
            ("SLUICEBOX__REGISTRY__URL", &away),
            ("SLUICEBOX__POSTGRES__URL", &through),
        ],
    );
    until("readiness", || get(process.ops, "/readyz").0 == 200);
    assert_eq!(get(process.api, "/v1/signals").0, 200);
    assert_eq!(
        get(process.api, "/healthz").0,
        404,
        "health has a port of its own"
    );
    between.refuse();
    between.cut();
    until("a database that is away in health", || {
        get(process.ops, "/readyz").0 == 503
    });
    assert!(
        get(process.ops, "/readyz")
            .1
            .contains("the database does not answer")
    );
    assert_eq!(get(process.ops, "/livez").0, 200);
    between.accept().unwrap();
    until("readiness again", || get(process.ops, "/readyz").0 == 200);
    process.running.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_is_open_while_the_database_is_away() {
    let shell = Shell::with_topics("listen edge").await;
    let away = format!("postgres://nobody:secret-word@{NOWHERE}/none");
    let process = start(
        &shell,
        &["adapters", "sink"],
        &[("SLUICEBOX__POSTGRES__URL", &away)],
    );
    until("an event that is taken", || post(process.edge) == 202);
    let (status, told) = get(process.ops, "/readyz");
    assert!(status == 503 && told.contains("\"postgres\""), "{told}");
    assert!(!told.contains("secret-word"), "{told}");
    let forwarded = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n";
    let (status, told) = ask(process.ops, forwarded, "");
    assert!(
        status == 503 && told.ends_with("{\"status\":\"waiting\"}"),
        "{told}"
    );
    process.running.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_is_as_ready_as_its_broker() {
    let shell = Shell::new("listen broker").await;
    let process = start(&shell, &["adapters"], &[]);
    let reason = |text: &str| get(process.ops, "/readyz").1.contains(text);
    until("a missing topic in health", || reason("sluicebox topics apply"));
    assert_eq!(get(process.ops, "/readyz").0, 503);
    shell.done(&["topics", "apply"]);
    until("readiness", || get(process.ops, "/readyz").0 == 200);
    process.running.stop();
    let process = start(&shell, &["adapters"], &[("SLUICEBOX__KAFKA__BROKERS", NOWHERE)]);
    until("a broker that is away in health", || {
        let (status, told) = get(process.ops, "/readyz");
        status == 503 && told.contains("Kafka did not acknowledge")
    });
    process.running.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_turns_before_the_listeners_close() {
    let shell = Shell::with_topics("listen stop").await;
    let process = start(&shell, &["adapters"], &[("SLUICEBOX__OPS__DRAIN_DELAY", "3s")]);
    until("readiness", || get(process.ops, "/readyz").0 == 200);
    process.running.terminate();
    until("the notice", || get(process.ops, "/readyz").0 == 503);
    assert!(get(process.ops, "/readyz").1.contains("stopping"));
    assert_eq!(
        post(process.edge),
        202,
        "events are taken until the listener closes"
    );
    until("the end of the edge", || {
        TcpStream::connect(process.edge).is_err()
    });
    process.running.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn half_open_requests_on_every_listener_delay_nobody() {
    let shell = Shell::with_topics("listen half open").await;
    shell.done(&["migrate", "up"]);
    let few = [("SLUICEBOX__LISTENERS__MAX_CONNECTIONS", "200")];
    let process = start(&shell, &["adapters", "api"], &few);
    until("readiness", || get(process.ops, "/readyz").0 == 200);
    let mut held = Vec::new();
    for bytes in [
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{",
        "POST /v1/events HTTP/1.1\r\nHost: loc",
        "",
    ] {
        for address in [process.edge, process.api, process.ops] {
            for _ in 0..700 {
                let mut stream = TcpStream::connect(address).unwrap();
                // Who made room for another cannot write any more.
                let _ = stream.write_all(bytes.as_bytes());
                held.push(stream);
            }
        }
    }
    for _ in 0..5 {
        let began = Instant::now();
        assert_eq!(post(process.edge), 202);
        assert_eq!(get(process.api, "/v1/signals?limit=1").0, 200);
        assert_eq!(get(process.ops, "/livez").0, 200);
        assert!(began.elapsed() < 3 * SOON, "{:?}", began.elapsed());
    }
    drop(held);
    process.running.stop();
}
