//! Lines of bounded length, so that a file without line ends costs no memory.

use std::io::{BufRead, Read};

/// The longest line that is read; longer ones fit on no topic.
pub(crate) const MOST: usize = 4 * 1024 * 1024;

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line, in the buffer, without its end.
    Whole,
    /// A line that is too long; its beginning is in the buffer, the rest was skipped.
    TooLong,
    /// Nothing.
    End,
}

/// Reads the next line into the buffer.
pub(crate) fn next(reader: &mut impl BufRead, line: &mut Vec<u8>, most: usize) -> std::io::Result<Line> {
    line.clear();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    if reader.by_ref().take(limit).read_until(b'\n', line)? == 0 {
        return Ok(Line::End);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(Line::Whole);
    }
    if line.len() <= most {
        return Ok(Line::Whole);
    }
    skip_line(reader)?;
    Ok(Line::TooLong)
}

pub(crate) fn skip_line(reader: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let (used, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        reader.consume(used);
        if ended {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_lines_are_skipped_and_the_next_is_read() {
        let mut reader = &b"ab\nlonger than four\ncd"[..];
        let mut line = Vec::new();
        assert_eq!(next(&mut reader, &mut line, 4).unwrap(), Line::Whole);
        assert_eq!(next(&mut reader, &mut line, 4).unwrap(), Line::TooLong);
        assert_eq!(next(&mut reader, &mut line, 4).unwrap(), Line::Whole);
        assert_eq!(line, b"cd");
        assert_eq!(next(&mut reader, &mut line, 4).unwrap(), Line::End);
    }

    proptest! {
        #[test]
        fn as_many_lines_as_there_are(bytes in proptest::collection::vec(0_u8..20, 0..200), most in 0_usize..30) {
            let mut reader = bytes.as_slice();
            let (mut line, mut count) = (Vec::new(), 0);
            while next(&mut reader, &mut line, most).unwrap() != Line::End {
                count += 1;
                prop_assert!(line.len() <= most + 1);
            }
            let lines = bytes.split_inclusive(|byte| *byte == b'\n').count();
            prop_assert_eq!(count, lines);
        }
    }
}
