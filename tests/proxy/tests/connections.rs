//! The proxy does to connections what it is told, and nothing else.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use proxy::{ApiKey, HoldError, Proxy, Speaks};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Sends back what it gets, and tells of it.
fn echo() -> (SocketAddr, mpsc::Receiver<Vec<u8>>) {
    upstream(<[u8]>::to_vec)
}

/// Answers requests as a broker does: a length and the correlation id.
fn broker() -> (SocketAddr, mpsc::Receiver<Vec<u8>>) {
    upstream(|request| [&[0, 0, 0, 4], &request[8..12]].concat())
}

fn upstream(answer: fn(&[u8]) -> Vec<u8>) -> (SocketAddr, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind(ANY).unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, tell) = (stream.unwrap(), tell.clone());
            std::thread::spawn(move || {
                let mut bytes = [0; 1024];
                while let Ok(read @ 1..) = stream.read(&mut bytes) {
                    let _ = tell.send(bytes[..read].to_vec());
                    if stream.write_all(&answer(&bytes[..read])).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, told)
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn ask(stream: &mut TcpStream, question: &[u8]) {
    exchange(stream, question, question);
}

fn exchange(stream: &mut TcpStream, question: &[u8], expected: &[u8]) {
    stream.write_all(question).unwrap();
    let mut answer = vec![0; expected.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, expected);
}

fn request(api_key: i16, correlation_id: i32) -> Vec<u8> {
    let head = [&api_key.to_be_bytes()[..], &[0, 1], &correlation_id.to_be_bytes()].concat();
    [&8_i32.to_be_bytes()[..], &head].concat()
}

#[test]
fn a_cut_ends_connections_and_new_ones_are_taken() {
    let (upstream, _told) = echo();
    let proxy = Proxy::start(ANY, upstream, Speaks::Anything).unwrap();
    let mut before = connect(&proxy);
    ask(&mut before, b"hello");
    proxy.cut();
    assert_eq!(before.read(&mut [0]).unwrap(), 0);
    ask(&mut connect(&proxy), b"again");
}

#[test]
fn a_reset_is_one() {
    let (upstream, _told) = echo();
    let proxy = Proxy::start(ANY, upstream, Speaks::Anything).unwrap();
    let mut stream = connect(&proxy);
    ask(&mut stream, b"hello");
    proxy.reset();
    assert_eq!(
        stream.read(&mut [0]).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
}

#[test]
fn a_closed_port_refuses_until_it_is_opened_and_harms_no_open_connection() {
    let (upstream, _told) = echo();
    let proxy = Proxy::start(ANY, upstream, Speaks::Anything).unwrap();
    let mut open = connect(&proxy);
    ask(&mut open, b"before");
    proxy.refuse();
    let refused = TcpStream::connect(proxy.address()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    ask(&mut open, b"meanwhile");
    proxy.accept().unwrap();
    ask(&mut connect(&proxy), b"after");
}

#[test]
fn a_delay_holds_for_both_ways_and_ends() {
    let (upstream, _told) = echo();
    let proxy = Proxy::start(ANY, upstream, Speaks::Anything).unwrap();
    let mut stream = connect(&proxy);
    ask(&mut stream, b"fast");
    proxy.delay(Duration::from_millis(50));
    let began = Instant::now();
    ask(&mut stream, b"slow");
    assert!(began.elapsed() >= Duration::from_millis(100));
    proxy.delay(Duration::ZERO);
    ask(&mut stream, b"fast");
}

#[test]
fn a_pause_keeps_what_is_sent_until_it_ends() {
    let (upstream, told) = echo();
    let proxy = Proxy::start(ANY, upstream, Speaks::Anything).unwrap();
    let mut stream = connect(&proxy);
    ask(&mut stream, b"before");
    told.recv_timeout(PATIENCE).unwrap();
    proxy.pause();
    stream.write_all(b"kept").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    stream.read(&mut [0]).unwrap_err();
    told.try_recv().unwrap_err();
    proxy.resume();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), b"kept");
}

#[test]
fn a_held_request_reaches_the_upstream_after_its_client_is_gone_and_others_overtake_it() {
    let (upstream, told) = broker();
    let proxy = Proxy::start(ANY, upstream, Speaks::Kafka).unwrap();
    let hold = proxy.hold_next(ApiKey::END_TXN);
    let mut client = connect(&proxy);
    exchange(&mut client, &request(0, 1), &[0, 0, 0, 4, 0, 0, 0, 1]);
    client.write_all(&request(26, 2)).unwrap();
    let waiting = hold.arrived(PATIENCE).unwrap();
    assert_eq!(
        (waiting.api_key, waiting.version, waiting.correlation_id),
        (ApiKey::END_TXN, 1, 2)
    );
    drop(client);

    let mut other = connect(&proxy);
    exchange(&mut other, &request(26, 7), &[0, 0, 0, 4, 0, 0, 0, 7]);
    hold.release(PATIENCE).unwrap();
    let seen: Vec<Vec<u8>> = told.try_iter().collect();
    assert_eq!(seen, [request(0, 1), request(26, 7), request(26, 2)]);
    assert_eq!(
        (proxy.count(ApiKey::END_TXN), proxy.count(ApiKey::PRODUCE)),
        (2, 1)
    );
}

#[test]
fn a_held_request_that_is_cut_says_so() {
    let (upstream, _told) = broker();
    let proxy = Proxy::start(ANY, upstream, Speaks::Kafka).unwrap();
    let hold = proxy.hold_next(ApiKey::END_TXN);
    let mut client = connect(&proxy);
    client.write_all(&request(26, 2)).unwrap();
    hold.arrived(PATIENCE).unwrap();
    proxy.cut();
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    let error = hold.release(PATIENCE).unwrap_err();
    assert!(
        matches!(error, HoldError::NoAnswer { key: ApiKey::END_TXN }),
        "{error}"
    );
}

#[test]
fn an_upstream_that_is_down_ends_the_connection() {
    let port = TcpListener::bind(ANY).unwrap().local_addr().unwrap();
    let proxy = Proxy::start(ANY, port, Speaks::Anything).unwrap();
    assert!(matches!(connect(&proxy).read(&mut [0]), Ok(0) | Err(_)));
}
