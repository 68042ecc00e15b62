//! Content codings: what a compressed body says, and no more of it than a body may be.
//!
//! Source: RFC 9110, section 8.4.1; RFC 9659 bounds the window of zstd.

use std::io::{self, Read};

use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::http::{HeaderMap, StatusCode};
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::problem::Problem;

/// What is read, as `Accept-Encoding` lists it.
const READ: &str = "gzip, zstd, deflate";
/// The largest window of zstd, as a power of two: 8 MiB.
const WINDOW: u32 = 23;

/// Why a compressed body is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CodingError {
    /// A coding that is not known here, or several.
    #[error("{0:?} is not read here; send one of {READ}, or the body as it is")]
    Unread(String),
    /// More comes out than a body may be.
    #[error("the body is longer than {0} bytes after decompression; send fewer events at once, or less data")]
    TooLarge(usize),
    /// Something else than the coding.
    #[error("the body is not {0}, as `Content-Encoding` says: {1}; compress it so, or leave the header away")]
    Broken(&'static str, String),
}

impl From<CodingError> for Problem {
    fn from(error: CodingError) -> Self {
        let (status, reason, title) = match error {
            CodingError::Unread(_) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content_coding",
                "Content coding not read here",
            ),
            CodingError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Body too large"),
            CodingError::Broken(..) => (
                StatusCode::BAD_REQUEST,
                "invalid_coding",
                "Body cannot be decompressed",
            ),
        };
        let problem = Self::new(status, reason, title, &error.to_string());
        match error {
            CodingError::Unread(_) => problem.with_header(ACCEPT_ENCODING, READ),
            _ => problem,
        }
    }
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Zstd,
}

impl Coding {
    /// The coding that the headers name; none, and `identity`, is none. Codings are compared without case.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, CodingError> {
        let values = headers.get_all(CONTENT_ENCODING).into_iter();
        let given: Vec<String> = values
            .flat_map(|value| {
                let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
                text.split(',')
                    .map(|coding| coding.trim().to_owned())
                    .collect::<Vec<_>>()
            })
            .filter(|coding| !coding.is_empty() && coding != "identity")
            .collect();
        match given.as_slice() {
            [] => Ok(None),
            [one] => match one.as_str() {
                "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
                "deflate" => Ok(Some(Self::Deflate)),
                "zstd" => Ok(Some(Self::Zstd)),
                other => Err(CodingError::Unread(other.to_owned())),
            },
            several => Err(CodingError::Unread(several.join(", "))),
        }
    }

    /// What the bytes say, if it is no longer than this. Memory grows with what comes out, never beyond the limit.
    pub(super) fn decoded(self, bytes: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
        let mut out = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let read = self
            .reader(bytes)
            .and_then(|reader| reader.take(most).read_to_end(&mut out));
        if out.len() > limit {
            return Err(CodingError::TooLarge(limit));
        }
        let name = self.name();
        read.map(|_| out)
            .map_err(|error| CodingError::Broken(name, error.to_string()))
    }

    fn reader(self, bytes: &[u8]) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(bytes)),
            Self::Deflate if is_zlib(bytes) => Box::new(ZlibDecoder::new(bytes)),
            Self::Deflate => Box::new(DeflateDecoder::new(bytes)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
                decoder.window_log_max(WINDOW)?;
                Box::new(decoder)
            }
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }
}

/// `deflate` means zlib's format; some send the bare stream, which has no such head (RFC 1950, section 2.2).
fn is_zlib(bytes: &[u8]) -> bool {
    match bytes {
        [method, flags, ..] => method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    fn all(mut reader: impl Read) -> Vec<u8> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn coded(text: &[u8]) -> Vec<(Coding, Vec<u8>)> {
        let best = Compression::best();
        vec![
            (Coding::Gzip, all(GzEncoder::new(text, best))),
            (Coding::Deflate, all(ZlibEncoder::new(text, best))),
            (Coding::Deflate, all(DeflateEncoder::new(text, best))),
            (Coding::Zstd, zstd::encode_all(text, 3).unwrap()),
        ]
    }

    #[test]
    fn each_coding_is_read_and_its_pieces_are_one_body() {
        let text = b"{\"specversion\":\"1.0\"}".repeat(50);
        for (coding, bytes) in coded(&text) {
            assert_eq!(coding.decoded(&bytes, text.len()), Ok(text.clone()), "{coding:?}");
            assert!(
                coding.decoded(&bytes[..bytes.len() / 2], 5_000).is_err(),
                "{coding:?}"
            );
        }
        let gzip = all(GzEncoder::new(&text[..], Compression::fast()));
        let twice = Coding::Gzip.decoded(&gzip.repeat(2), 5_000);
        assert_eq!(twice, Ok(text.repeat(2)));
    }

    #[test]
    fn what_comes_out_is_bounded() {
        for (coding, bytes) in coded(&vec![0; 50_000_000]) {
            assert!(bytes.len() < 100_000);
            let error = coding.decoded(&bytes, 1_000).unwrap_err();
            assert_eq!(error, CodingError::TooLarge(1_000), "{coding:?}");
        }
    }

    #[test]
    fn headers_name_one_coding() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, value.parse().unwrap());
            }
            Coding::of(&headers)
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["Identity"]), Ok(None));
        assert_eq!(of(&[" GZIP"]), Ok(Some(Coding::Gzip)));
        assert_eq!(of(&["identity, x-gzip"]), Ok(Some(Coding::Gzip)));
        assert_eq!(of(&["br"]), Err(CodingError::Unread("br".to_owned())));
        assert!(matches!(of(&["gzip", "gzip"]), Err(CodingError::Unread(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for coding in [Coding::Gzip, Coding::Deflate, Coding::Zstd] {
                let _ = coding.decoded(&bytes, 1_000);
            }
        }
    }
}
