//! Texts of JSON with escapes: what they stand for. No I/O.

use super::scan::special;

/// Appends what the text stands for that begins at `start` and has its first escape at `escape`; returns where its
/// closing quote stands, or `None` where it is no text.
pub(super) fn write(text: &str, start: usize, escape: usize, out: &mut String) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut from, mut at) = (start, escape);
    while bytes.get(at) == Some(&b'\\') {
        out.push_str(text.get(from..at)?);
        from = at + 2;
        match bytes.get(at + 1)? {
            b'u' => {
                let (character, behind) = by_number(bytes, from)?;
                out.push(character);
                from = behind;
            }
            letter => out.push(by_letter(*letter)?),
        }
        at = special(bytes, from);
    }
    out.push_str(text.get(from..at)?);
    (bytes.get(at) == Some(&b'"')).then_some(at)
}

fn by_letter(letter: u8) -> Option<char> {
    Some(match letter {
        b'"' | b'\\' | b'/' => char::from(letter),
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        _ => return None,
    })
}

/// Four hexadecimal digits, or two times four with another escape between for what is beyond them.
fn by_number(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let first = unit(bytes, at)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some((char::from_u32(first)?, at + 4));
    }
    let (b'\\', b'u') = (*bytes.get(at + 4)?, *bytes.get(at + 5)?) else {
        return None;
    };
    let low = unit(bytes, at + 6)?
        .checked_sub(0xdc00)
        .filter(|low| *low < 0x400)?;
    let character = char::from_u32(0x10000 + ((first - 0xd800) << 10) + low)?;
    Some((character, at + 10))
}

fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |sum, digit| {
        Some((sum << 4) | char::from(*digit).to_digit(16)?)
    })
}
