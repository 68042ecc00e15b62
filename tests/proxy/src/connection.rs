//! One connection through the proxy, from its first byte to its end.

use crate::gate::Gate;
use crate::proxy::Speaks;
use crate::request::{Frames, answered_id, head};
use crate::rules::{Closing, Flow, Rules};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;

const PIECE: usize = 64 * 1024;

/// Serves one client until either side is gone or the rules close it.
pub(crate) async fn serve(mut client: TcpStream, mut upstream: TcpStream, speaks: Speaks, rules: &Rules) {
    let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
    let mut closing = rules.closing.subscribe();
    let how = tokio::select! {
        how = told(&mut closing) => how,
        _ended = pass(&mut client, &mut upstream, speaks, rules) => Closing::Fin,
    };
    if how == Closing::Reset {
        let _ = (client.set_zero_linger(), upstream.set_zero_linger());
    }
}

async fn told(closing: &mut watch::Receiver<Closing>) -> Closing {
    // The sender lives as long as the rules that we borrow; without it nobody closes anything.
    match closing.changed().await {
        Ok(()) => *closing.borrow_and_update(),
        Err(_) => std::future::pending().await,
    }
}

async fn pass(
    client: &mut TcpStream,
    upstream: &mut TcpStream,
    speaks: Speaks,
    rules: &Rules,
) -> io::Result<()> {
    let (from_client, to_client) = client.split();
    let (from_upstream, to_upstream) = upstream.split();
    let gate = Gate::default();
    match speaks {
        Speaks::Kafka => tokio::select! {
            ended = requests(from_client, to_upstream, rules, &gate) => ended,
            ended = answers(from_upstream, to_client, rules, &gate) => ended,
        },
        Speaks::Anything => tokio::select! {
            ended = bytes(from_client, to_upstream, rules) => ended,
            ended = bytes(from_upstream, to_client, rules) => ended,
        },
    }
}

async fn bytes(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, rules: &Rules) -> io::Result<()> {
    let mut flow = rules.flow.subscribe();
    let mut piece = vec![0; PIECE];
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return Ok(());
        }
        allowed(&mut flow).await;
        to.write_all(&piece[..read]).await?;
    }
}

async fn requests(from: ReadHalf<'_>, mut to: WriteHalf<'_>, rules: &Rules, gate: &Gate) -> io::Result<()> {
    let mut flow = rules.flow.subscribe();
    let mut frames = FrameReader::new(from);
    loop {
        let frame = frames.next().await?;
        let request = head(&frame);
        let held = request.and_then(|request| Some((request, rules.meet(request)?)));
        allowed(&mut flow).await;
        let Some((request, held)) = held else {
            to.write_all(&frame).await?;
            continue;
        };
        if !gate.hold(request, held).await {
            return Ok(());
        }
        to.write_all(&frame).await?;
        gate.answered().await;
    }
}

async fn answers(from: ReadHalf<'_>, mut to: WriteHalf<'_>, rules: &Rules, gate: &Gate) -> io::Result<()> {
    let mut flow = rules.flow.subscribe();
    let mut frames = FrameReader::new(from);
    loop {
        let frame = frames.next().await?;
        gate.open().await;
        allowed(&mut flow).await;
        if let Some(id) = answered_id(&frame) {
            gate.answer(id);
        }
        to.write_all(&frame).await?;
    }
}

/// Reads whole frames.
struct FrameReader<'a> {
    from: ReadHalf<'a>,
    frames: Frames,
    piece: Vec<u8>,
}

impl<'a> FrameReader<'a> {
    fn new(from: ReadHalf<'a>) -> Self {
        Self {
            from,
            frames: Frames::default(),
            piece: vec![0; PIECE],
        }
    }

    async fn next(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(frame) = self.frames.next() {
                return Ok(frame);
            }
            let read = self.from.read(&mut self.piece).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.frames.push(&self.piece[..read]);
        }
    }
}

/// Waits as long as the rules say.
async fn allowed(flow: &mut watch::Receiver<Flow>) {
    let delay = flow.borrow().delay;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let _ = flow.wait_for(|flow| !flow.paused).await;
}
