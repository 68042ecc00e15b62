//! Media types, as far as somebody here reads them. No I/O.

/// What the data of a media type is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media<'a> {
    /// `application/json` and `text/json`, any type with the suffix `+json` (RFC 6839), and no type at all.
    Json,
    /// `text/*`.
    Text,
    /// Anything else: type and subtype as written.
    Other(&'a str),
}

impl<'a> Media<'a> {
    /// Tells by type and subtype, which are compared without case; parameters do not matter (RFC 9110, section 8.3.1).
    pub fn of(content_type: &'a str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let lower = essence.to_ascii_lowercase();
        if lower.is_empty() || lower.ends_with("/json") || lower.ends_with("+json") {
            Self::Json
        } else if lower.starts_with("text/") {
            Self::Text
        } else {
            Self::Other(essence)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_parameters_do_not_matter() {
        for json in [
            "",
            " ; charset=utf-8",
            "Application/JSON",
            "text/json",
            "application/vnd.acme.v1+JSON;v=1",
        ] {
            assert_eq!(Media::of(json), Media::Json, "{json}");
        }
        assert_eq!(Media::of("TEXT/Plain; charset=utf-8"), Media::Text);
        assert_eq!(Media::of("application/xml; a=b"), Media::Other("application/xml"));
    }
}
