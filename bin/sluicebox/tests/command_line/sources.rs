//! A source as people configure, try, run and look at it, against a server that serves a feed.

use super::{Running, Shell, until};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};

const FEED: &str = "<rss version=\"2.0\"><channel><title>News</title>\
    <item><guid>b</guid><title>Second</title></item><item><guid>a</guid><title>First</title></item></channel></rss>";

/// A server that answers everything but `/none` with the feed, until the test is over.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut asked = String::new();
            let mut lines = BufReader::new(&stream);
            let _ = lines.read_line(&mut asked);
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let (status, body) = if asked.contains("/none") {
                ("404 Not Found", "")
            } else {
                ("200 OK", FEED)
            };
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            let _ = (&stream).write_all(format!("{head}{body}").as_bytes());
        }
    });
    address
}

fn configuration(address: SocketAddr) -> String {
    format!(
        "outbound: {{allowed_networks: [127.0.0.0/8]}}
sources:
  polled:
    - {{name: news, url: 'http://{address}/feed?key=s3cret', token: t0ken, every: 1s}}
    - {{name: none, url: 'http://{address}/none', every: 1s}}
"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_tried_and_what_it_would_become_is_shown() {
    let shell = Shell::new("sources_tried").await;
    let file = shell.file("sluicebox.yml", configuration(serve()).as_bytes());
    let with = |arguments: &[&'static str]| [&["--config", file.as_str()], arguments].concat();
    let printed = shell.done(&with(&["config", "print"]));
    assert!(
        !printed.contains("s3cret") && !printed.contains("t0ken"),
        "{printed}"
    );
    assert_eq!(
        shell.done(&with(&["sources", "test", "news"])),
        "news: 2 events\n"
    );
    let (code, said) = shell.fails(&with(&["sources", "test"]));
    assert!(code == 1 && said.contains("1 of 2 sources failed"), "{said}");
    let lines = shell.done(&with(&["sources", "preview", "news", "--json"]));
    let events: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |at: usize, name: &str| events[at][name].as_str().unwrap().to_owned();
    assert_eq!(
        (of(0, "id"), of(1, "id"), of(0, "source"), of(0, "type")),
        (
            "b".to_owned(),
            "a".to_owned(),
            "news".to_owned(),
            "post".to_owned()
        )
    );
    let (code, said) = shell.fails(&with(&["sources", "preview", "nws"]));
    assert!(code == 2 && said.contains("there are: news, none"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_run_are_listed_paused_and_resumed() {
    let shell = Shell::with_topics("sources_run").await;
    let file = shell.file("sluicebox.yml", configuration(serve()).as_bytes());
    let with = |arguments: &[&'static str]| [&["--config", file.as_str()], arguments].concat();
    let stage = Running::start(&shell, &with(&["run", "sources"]));
    let of = |name: &str| -> Value {
        let printed = shell.done(&with(&["sources", "list", "--json"]));
        let mut sources = printed
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        sources.find(|source| source["source"] == name).unwrap()
    };
    until("news to be polled", || of("news")["items"] == 2);
    until("none to fail", || of("none")["state"] == "failing");
    assert!(
        of("none")["why"].as_str().unwrap().contains("404"),
        "{}",
        of("none")
    );
    shell.done(&with(&[
        "sources",
        "pause",
        "news",
        "--by",
        "ann",
        "--reason",
        "maintenance",
    ]));
    until("news to be paused", || of("news")["state"] == "paused");
    assert!(shell.done(&with(&["sources", "list"])).contains("paused by ann"));
    shell.done(&with(&["sources", "resume", "news"]));
    until("news to be resumed", || of("news")["state"] == "polled");
    stage.stop();
    let ids: Vec<String> = shell.ingested().await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    shell.done(&["migrate", "up"]);
    let flow: Value = serde_json::from_str(&shell.done(&["flow", "--json"])).unwrap();
    assert_eq!(
        (&flow["conserves"], &flow["stages"][0]["waiting"]),
        (&true.into(), &0.into()),
        "{flow}"
    );
}
