//! Escapes texts of others, so that they are shown as they are and do nothing: no link under another's name, no mention of
//! everybody, no markup that breaks the message. Pure.

/// How a receiver reads a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escape {
    /// HTML.
    Html,
    /// Slack's mrkdwn, where `<!channel>` is a mention:
    /// <https://docs.slack.dev/messaging/formatting-message-text#escaping>.
    Slack,
    /// JSON: each value is written as JSON, texts with their quotes.
    Json,
}

impl Escape {
    /// The name under which Jinja knows it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Html => "channel_html",
            Self::Slack => "channel_slack",
            Self::Json => "channel_json",
        }
    }

    /// The text, as it is shown by a receiver that reads it so.
    pub(crate) fn apply(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + text.len() / 8);
        match self {
            Self::Html => entities(text, "&<>\"", &mut out),
            Self::Slack => entities(text, "&<>", &mut out),
            Self::Json => out = serde_json::Value::from(text).to_string(),
        }
        out
    }
}

/// The named entities that Telegram knows too: <https://core.telegram.org/bots/api#html-style>.
fn entities(text: &str, which: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if which.contains(c) => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_of_others_are_shown_and_do_nothing() {
        assert_eq!(
            Escape::Html.apply("<b>&\"x\"</b>"),
            "&lt;b&gt;&amp;&quot;x&quot;&lt;/b&gt;"
        );
        assert_eq!(
            Escape::Slack.apply("<!channel> \"a\" & b"),
            "&lt;!channel&gt; \"a\" &amp; b"
        );
        assert_eq!(Escape::Json.apply("a\"\n"), r#""a\"\n""#);
    }

    proptest! {
        #[test]
        fn nothing_opens_a_tag_a_link_or_a_mention(text in "(?s).{0,200}") {
            for escape in [Escape::Html, Escape::Slack] {
                prop_assert!(!escape.apply(&text).contains(['<', '>']));
            }
            let json: String = serde_json::from_str(&Escape::Json.apply(&text)).unwrap();
            prop_assert_eq!(json, text);
        }
    }
}
