//! Hashes of transactions: EVM and Bitcoin as 32 bytes in hexadecimal, Solana as 64 bytes in base58. No I/O.

use super::Chain;
use crate::span::Span;

/// A transaction named in a text or in a link's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Family of chains.
    pub chain: Chain,
    /// Lower case for hexadecimal; as written for Solana.
    pub hash: String,
    /// Where it stands.
    pub span: Span,
}

/// Words before a bare hash that say what it is; other bare hashes are of files and blocks.
const SAYS_SO: &[&str] = &[
    "tx",
    "txn",
    "txid",
    "txhash",
    "transaction",
    "hash",
    "tx:",
    "txid:",
    "hash:",
    "transaction:",
    "txn:",
    "txhash:",
];

/// The transaction that is exactly the word at `span`.
pub(super) fn transaction(text: &str, span: Span) -> Option<Transaction> {
    let word = &text[span.range()];
    let (chain, hash) = match word.len() {
        66 if word.starts_with("0x") && is_hex(&word[2..]) => (Chain::Evm, word.to_ascii_lowercase()),
        64 if is_hex(word) && is_announced(&text[..span.start]) => {
            (Chain::Bitcoin, word.to_ascii_lowercase())
        }
        86..=88 if is_signature(word) => (Chain::Solana, word.to_owned()),
        _ => return None,
    };
    Some(Transaction { chain, hash, span })
}

fn is_hex(digits: &str) -> bool {
    digits.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_announced(before: &str) -> bool {
    if before.ends_with("/tx/") || before.ends_with("/transaction/") {
        return true;
    }
    let word = before
        .trim_end()
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default();
    SAYS_SO.contains(&word.trim_start_matches(['(', '#']).to_ascii_lowercase().as_str())
}

fn is_signature(word: &str) -> bool {
    let mut bytes = [0_u8; 72];
    bs58::decode(word)
        .onto(&mut bytes[..])
        .is_ok_and(|length| length == 64)
}
