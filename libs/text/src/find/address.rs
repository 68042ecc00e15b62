//! Chain addresses: EVM with its checksum (EIP-55), Solana as 32 bytes in base58, Bitcoin in base58check and bech32.
//! No I/O.

use crate::span::Span;
use sha2::Sha256;
use sha3::{Digest, Keccak256};

/// The family of chains an address can belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chain {
    /// Ethereum and the chains that share its addresses.
    Evm,
    /// Solana.
    Solana,
    /// Bitcoin.
    Bitcoin,
}

/// What a checksum says about a mistyped address; EVM addresses carry it in the case of their letters.
/// Source: <https://eips.ethereum.org/EIPS/eip-55>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// EVM in one case only, or Solana, which has none: nothing is known.
    Absent,
    /// It agrees with the address.
    Valid,
    /// It contradicts the address: mistyped or made up.
    Invalid,
}

/// A chain address found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Family of chains.
    pub chain: Chain,
    /// Lower case for EVM and bech32; as written for base58, which tells upper from lower case.
    pub address: String,
    /// Whether the checksum agrees.
    pub checksum: Checksum,
    /// Where it stands.
    pub span: Span,
}

const EVM_LENGTH: usize = 42;
/// Base58 of 32 bytes has 32 (all zeros) to 44 characters.
const SOLANA_LENGTHS: std::ops::RangeInclusive<usize> = 32..=44;

/// The address that is exactly the word at `span`.
pub(super) fn address(text: &str, span: Span) -> Option<Address> {
    let word = &text[span.range()];
    if word.len() == EVM_LENGTH
        && let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"))
    {
        return evm(digits, span);
    }
    if let Some((address, checksum)) = bitcoin(word) {
        return Some(Address {
            chain: Chain::Bitcoin,
            address,
            checksum,
            span,
        });
    }
    solana(word).then(|| Address {
        chain: Chain::Solana,
        address: word.to_owned(),
        checksum: Checksum::Absent,
        span,
    })
}

fn evm(digits: &str, span: Span) -> Option<Address> {
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let lower = digits.to_ascii_lowercase();
    let checksum = checksum(digits, &lower);
    Some(Address {
        chain: Chain::Evm,
        address: format!("0x{lower}"),
        checksum,
        span,
    })
}

/// A letter is upper case where the same nibble of the hash of the lower-case digits is 8 or more.
fn checksum(digits: &str, lower: &str) -> Checksum {
    let has = |case: fn(&u8) -> bool| digits.as_bytes().iter().any(case);
    if !has(u8::is_ascii_lowercase) || !has(u8::is_ascii_uppercase) {
        return Checksum::Absent;
    }
    let hash = Keccak256::digest(lower.as_bytes());
    let agrees = digits
        .bytes()
        .enumerate()
        .filter(|(_, digit)| digit.is_ascii_alphabetic())
        .all(|(i, digit)| {
            let nibble = if i % 2 == 0 {
                hash[i / 2] >> 4
            } else {
                hash[i / 2] & 0xf
            };
            (nibble >= 8) == digit.is_ascii_uppercase()
        });
    if agrees {
        Checksum::Valid
    } else {
        Checksum::Invalid
    }
}

/// Exactly 32 bytes in base58, with digits and both cases: a random key lacks one of these once in a thousand,
/// while words, hexadecimal hashes and runs of one character always do.
fn solana(word: &str) -> bool {
    let has = |case: fn(&u8) -> bool| word.as_bytes().iter().any(case);
    let mixed = || has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    let mut bytes = [0_u8; 40];
    SOLANA_LENGTHS.contains(&word.len())
        && mixed()
        && bs58::decode(word)
            .onto(&mut bytes[..])
            .is_ok_and(|length| length == 32)
}

/// Bitcoin's main network. A bech32 address is known by its beginning, so that a wrong one is told; a word in base58
/// is an address only with its checksum. Sources: BIP 173, BIP 350.
fn bitcoin(word: &str) -> Option<(String, Checksum)> {
    let lower = word.to_ascii_lowercase();
    let one_case = word == lower || !word.bytes().any(|b| b.is_ascii_lowercase());
    if (14..=90).contains(&word.len()) && lower.starts_with("bc1") && one_case {
        let valid = bech32::segwit::decode(&lower).is_ok();
        let looks = matches!(lower.len(), 42 | 62) && lower[3..].bytes().all(|b| b.is_ascii_alphanumeric());
        let checksum = if valid { Checksum::Valid } else { Checksum::Invalid };
        return (valid || looks).then_some((lower, checksum));
    }
    if !(26..=35).contains(&word.len()) || !word.starts_with(['1', '3']) {
        return None;
    }
    let mut bytes = [0_u8; 32];
    let length = bs58::decode(word).onto(&mut bytes[..]).ok()?;
    let (payload, checksum) = bytes[..length].split_at_checked(21)?;
    let hash = Sha256::digest(Sha256::digest(payload));
    let version = matches!(payload[0], 0 | 5);
    (version && checksum == &hash[..4]).then(|| (word.to_owned(), Checksum::Valid))
}
