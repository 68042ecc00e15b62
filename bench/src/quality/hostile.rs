//! What the worst texts cost: time for each kilobyte, memory for each byte.

use super::report::{Row, Wanted};
use crate::process;

/// Bytes of each text.
const LONG: usize = 256 * 1024;
const VERY_LONG: usize = 5 * 1024 * 1024;
/// What hostile texts repeat: openings that are never closed, runs without an end, words that nearly are something.
const PIECES: &[&str] = &[
    "a",
    "<b ",
    "<!--",
    "&lt;p",
    "&#",
    "https://a.b/?",
    "$",
    "$UNI ",
    "#",
    "@a",
    "1,",
    "1.",
    "-1",
    "5-",
    "$5-",
    "0x",
    "bc1q",
    "1A",
    "a@",
    "a.eth.",
    "May 1 ",
    "2024-",
    "(",
    ")]",
    "\u{301}",
    "\u{200d}",
    "é",
    "Ã",
    "â€",
    "\\x",
    "交易",
    "ที่",
    "\u{202e}",
    "🚀",
    "not very good ",
    "free prize ",
    "word ",
    "\u{1d400}",
    " ",
    "\n",
    "'",
    "9 000 ",
    "аa",
];

pub(crate) fn rows() -> Vec<Row> {
    let worst = PIECES
        .iter()
        .map(|piece| micros_per_kb(&repeated(piece, LONG)))
        .fold(0.0, f64::max);
    let before = process::peak_mib(std::process::id());
    for piece in PIECES {
        read(&repeated(piece, VERY_LONG));
    }
    let grown = (process::peak_mib(std::process::id()) - before).max(0.0);
    let row = |name, what, on, value, most| Row {
        name,
        what,
        on,
        n: PIECES.len(),
        value: Some(value),
        wanted: Wanted::AtMost(most),
    };
    vec![
        row(
            "worst_us_per_kb",
            "µs of CPU a kilobyte, worst text",
            "hostile texts of 256 KiB",
            worst,
            1_000.0,
        ),
        row(
            "worst_memory_ratio",
            "memory to size, worst text",
            "hostile texts of 5 MiB",
            grown * 1024.0 * 1024.0 / VERY_LONG as f64,
            50.0,
        ),
    ]
}

fn repeated(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len())
}

/// Everything that the normalizer does with a text.
fn read(text: &str) {
    let cleaned = text::clean(text);
    let found = text::find(&cleaned);
    std::hint::black_box((
        text::language::detect(&cleaned),
        text::sentiment::score(&cleaned),
        text::spam::judge(&cleaned),
        text::keyphrases(&cleaned, 5),
        text::urgency::words(&cleaned),
        text::topic(&cleaned),
        text::fold(&cleaned),
        found,
    ));
}

fn micros_per_kb(text: &str) -> f64 {
    let before = process::cpu_seconds(std::process::id());
    read(text);
    let seconds = process::cpu_seconds(std::process::id()) - before;
    seconds * 1e6 / (text.len() as f64 / 1024.0)
}
