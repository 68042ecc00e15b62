//! Short names of long things, the same for the same bytes. Pure.

use sha2::{Digest, Sha256};

/// The first of the 32 bytes of SHA-256, in hexadecimal digits.
pub(super) fn digest(of: &[u8], bytes: usize) -> String {
    let whole = Sha256::digest(of);
    let kept = whole.iter().take(bytes);
    kept.fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
