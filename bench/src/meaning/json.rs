//! The data of events as JSON: read as the normalizer reads it, and by the fastest parsers there are: the floor.

use crate::median;
use crate::process::thread_seconds;
use anyhow::{Context, Result, bail, ensure};
use model::Json;
use std::hint::black_box;

/// Payloads of the usual kinds: a post, an act of a user, a market, a piece of news with escapes, a service's metric.
const PAYLOADS: &[&str] = &[
    r#"{"text":"Just spotted $PEPE breaking out (17)! Volume is up 250% in the last hour and more exchanges look at it. Contract 0x6982508145454Ce325dDbE47a25d7c9Da6B33391 — do your own research. https://example.com/p?utm_source=x #meme","author":{"username":"alice","followers":12034,"verified":false},"lang":"en","created_at":"2026-01-02T03:04:05Z","public_metrics":{"retweet_count":12,"reply_count":3,"like_count":250,"impression_count":10321},"tags":["meme","crypto"]}"#,
    r#"{"event_type":"purchase","user_id":"user123","session_id":"5f1c7a0e-0d7e-4a6f-9a55-e2f7a5a9b0c1","properties":{"amount":99.99,"currency":"EUR","product":"Widget","quantity":2,"success":true,"ip_address":"203.0.113.7","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"},"geo":{"country":"DE","city":"Berlin"}}"#,
    r#"{"symbol":"UNI","chain":"eth","token_address":"0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984","price_usd":7.1234,"volume_1h_usd":1234567.89,"liquidity_usd":9876543.21,"txns":{"buys":120,"sells":98},"price_change":{"m5":0.12,"h1":-1.5,"h6":3.25,"h24":-7.01}}"#,
    r#"{"headline":"Exchange lists new token","body":"The exchange said on Tuesday that it would list the token.\nTrading begins at 10:00 UTC, deposits are open now. \"We are glad\", a spokesperson said. The company did not say how the token was chosen, nor what it was paid for it; analysts had expected the listing for weeks, and prices rose by a quarter before the news. Other exchanges may follow.","url":"https://news.example.com/2026/01/02/listing?utm_source=feed","published":"2026-01-02T03:04:05Z","author":"desk","categories":["markets","exchanges"],"guid":"https://news.example.com/?p=12345"}"#,
    r#"{"service":"checkout","metric":"latency_ms","value":231.5,"unit":"ms","p50":120,"p99":480.25,"errors":3,"requests":10231,"host":"pod-7f9c","labels":{"region":"eu-1","version":"1.42.0"}}"#,
];
/// Times that all of them are read before the next reader has its turn.
const TIMES: u32 = 400;
/// Turns in each round, so that what disturbs one reader disturbs the others too.
const TURNS: usize = 25;
const DEPTH: usize = 64;

/// Megabytes a second.
pub(super) struct Parsing {
    pub(super) ours: f64,
    pub(super) sonic: f64,
    pub(super) simd: f64,
    pub(super) serde: f64,
    /// Ours to the faster of sonic-rs and simd-json, the middle of the rounds.
    pub(super) ratio: f64,
}

pub(super) fn measure(rounds: usize) -> Result<Parsing> {
    same_values()?;
    let mut all = [const { Vec::new() }; 4];
    let mut ratios = Vec::new();
    let mut buffer = Vec::new();
    for _ in 0..rounds {
        let mut speeds = [const { Vec::new() }; 4];
        for _ in 0..TURNS {
            let turn = [
                speed(ours),
                speed(|data| sonic_rs::from_slice::<sonic_rs::Value>(data).is_ok()),
                // It writes into what it reads, so each time it is given a copy.
                speed(|data| {
                    buffer.clear();
                    buffer.extend_from_slice(data);
                    simd_json::to_borrowed_value(&mut buffer).is_ok()
                }),
                speed(|data| serde_json::from_slice::<serde_json::Value>(data).is_ok()),
            ];
            speeds
                .iter_mut()
                .zip(turn)
                .for_each(|(kept, speed)| kept.push(speed));
        }
        let [own, sonic, simd, serde] = speeds.map(median);
        ratios.push(own / sonic.max(simd));
        all.iter_mut()
            .zip([own, sonic, simd, serde])
            .for_each(|(kept, speed)| kept.push(speed));
    }
    let [ours, sonic, simd, serde] = all.map(median);
    Ok(Parsing {
        ours,
        sonic,
        simd,
        serde,
        ratio: median(ratios),
    })
}

/// As the normalizer does it.
fn ours(data: &[u8]) -> bool {
    std::str::from_utf8(data).is_ok_and(|text| black_box(Json::read(text, DEPTH)).is_ok())
}

fn speed(mut read: impl FnMut(&[u8]) -> bool) -> f64 {
    let start = thread_seconds();
    for _ in 0..TIMES {
        for payload in PAYLOADS {
            black_box(read(black_box(payload.as_bytes())));
        }
    }
    let bytes: usize = PAYLOADS.iter().map(|payload| payload.len()).sum();
    f64::from(TIMES) * bytes as f64 / 1e6 / (thread_seconds() - start)
}

/// A reader that does less would be faster.
fn same_values() -> Result<()> {
    for payload in PAYLOADS {
        let wanted: serde_json::Value = serde_json::from_str(payload)?;
        let json = Json::read(payload, DEPTH)?;
        let members = json.root().members().context("an object")?;
        for (name, value) in members {
            match (wanted.get(name), value.scalar()) {
                (Some(wanted), Some(got)) => {
                    ensure!(model::Value::from_json(wanted) == Some(got), "{name}");
                }
                (Some(wanted), None) => ensure!(wanted.is_object() || wanted.is_array(), "{name}"),
                (None, _) => bail!("{name} is read and not there"),
            }
        }
        ensure!(sonic_rs::from_str::<sonic_rs::Value>(payload).is_ok());
        ensure!(simd_json::to_borrowed_value(&mut payload.as_bytes().to_vec()).is_ok());
    }
    Ok(())
}
