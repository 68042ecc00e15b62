//! Holds a store to the bytes that its versions write. For tests.

use super::AnyStore;
use super::format::parts;
use std::fmt::Write;

/// Compares what a store that holds one entry writes with its golden versions, oldest first: each is the key and the
/// value of that entry in hexadecimal digits, with a space between them. The newest is what the store writes now, and all
/// of them can be read. Golden versions are never edited; whoever changes a value adds the next one and raises the
/// version of the store.
pub fn golden<S: AnyStore>(mut full: S, empty: impl Fn() -> S, versions: &[&str]) -> Result<(), String> {
    let mut written = Vec::new();
    let shown =
        full.changes(&mut |(key, value)| written.push((key.to_vec(), value.unwrap_or_default().to_vec())));
    shown.map_err(|error| error.to_string())?;
    let [(key, value)] = &written[..] else {
        return Err(format!("{} entries instead of one", written.len()));
    };
    let line = format!("{} {}", hex(key), hex(value));
    let version = usize::from(parts(value).0);
    if versions.len() != version || versions.last().map(|last| last.trim()) != Some(&line) {
        return Err(format!(
            "store `{}` writes version {version}, and there are {} golden ones; if its values changed, write version {} and \
             add it: {line}",
            full.name(),
            versions.len(),
            versions.len() + 1
        ));
    }
    versions.iter().try_for_each(|version| read(empty(), version))
}

fn read(mut store: impl AnyStore, golden: &str) -> Result<(), String> {
    let (key, value) = golden.trim().split_once(' ').ok_or("a key and a value")?;
    let (key, value) = (bytes(key)?, bytes(value)?);
    store
        .restore(&key, Some(&value))
        .map_err(|error| format!("{golden}: {error}"))?;
    if (0..value.len()).any(|end| store.restore(&key, Some(&value[..end])).is_ok()) {
        return Err(format!("{golden}: a part of it can be read"));
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    let digits = (0..hex.len())
        .step_by(2)
        .map(|at| hex.get(at..at + 2).unwrap_or_default());
    let byte = |digits| u8::from_str_radix(digits, 16).map_err(|error| format!("{hex}: {error}"));
    digits.map(byte).collect()
}
