//! What a status alone means, where a receiver says nothing better. Pure.
//!
//! Any 2xx is a success, whatever its body. Everything else is tried again by the channel's schedule, but for answers
//! that speak of this very message (it is too large, it is malformed): the same bytes fare no better tomorrow. A 404 or
//! 403 is none of these: receivers answer so while they are deployed.

use outbound::Answer;

use super::super::vendor::Meaning;
use super::super::verdict::{GONE, REFUSED};

/// See the module.
pub(super) fn meaning(answer: &Answer) -> Meaning {
    match answer.status {
        200..=299 => Meaning::Taken,
        410 => Meaning::Disable(GONE),
        status if concerns_the_message(status) => Meaning::Never(REFUSED),
        _ => later(answer),
    }
}

/// Later, as the header says.
pub(super) const fn later(answer: &Answer) -> Meaning {
    Meaning::Later {
        rest: answer.retry_after,
    }
}

/// RFC 9110 §15.5: bad request, not acceptable, length required, too large, unsupported, unprocessable, and the like.
const fn concerns_the_message(status: u16) -> bool {
    matches!(status, 400 | 406 | 411 | 413 | 414 | 415 | 416 | 417 | 422 | 431)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answer, busy, in_seconds};
    use super::*;

    #[test]
    fn only_what_is_said_of_the_message_ends_it_at_once() {
        let of = |status| meaning(&answer(status, ""));
        for status in [
            301, 302, 307, 401, 403, 404, 405, 407, 409, 418, 421, 429, 451, 500, 503,
        ] {
            assert_eq!(of(status), Meaning::LATER, "{status}");
        }
        for status in [400, 413, 415, 422] {
            assert_eq!(of(status), Meaning::Never("http_4xx"), "{status}");
        }
        assert_eq!((of(204), of(410)), (Meaning::Taken, Meaning::Disable("http_410")));
        assert_eq!(meaning(&busy(503, "")), in_seconds(7));
    }
}
