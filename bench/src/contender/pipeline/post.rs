//! The event of the comparison, with what each stage adds to it.

use model::{DecodeError, Decoder};
use serde::{Deserialize, Serialize};
use stage::{Input, Wire};

/// One post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::contender) struct Post {
    pub(super) id: String,
    pub(super) source: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) subject: String,
    /// Milliseconds since the epoch.
    pub(super) time: i64,
    pub(super) data: Data,
    /// By the first stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) symbols: Option<Vec<String>>,
    /// By the first stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) addresses: Option<Vec<String>>,
    /// By the second stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<Vec<String>>,
    /// By the second stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) score: Option<i64>,
}

/// What the post says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::contender) struct Data {
    pub(super) text: String,
    pub(super) author: String,
    pub(super) lang: String,
    pub(super) followers: i64,
    pub(super) likes: i64,
    pub(super) reposts: i64,
}

impl Input for Post {
    fn decode(record: &Wire<'_>, _: &mut Decoder) -> Result<Self, DecodeError> {
        super::parse(record.value)
    }
}

#[cfg(test)]
pub(super) fn sample() -> Post {
    let text = "  $TKN7 Whales Ｌｉｓｔｉｎｇ v② 0x00000000000000000000000000000000000000AB ";
    Post {
        id: "1-2".to_owned(),
        source: "twitter".to_owned(),
        kind: "social.post".to_owned(),
        subject: "token:eth:0x00".to_owned(),
        time: 1_000,
        data: Data {
            text: text.to_owned(),
            author: "user1".to_owned(),
            lang: "en".to_owned(),
            followers: 10_000,
            likes: 301,
            reposts: 100,
        },
        symbols: None,
        addresses: None,
        rules: None,
        score: None,
    }
}
