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
    /// Discord's Markdown: <https://docs.discord.com/developers/reference#message-formatting>.
    Discord,
    /// The Markdown of an adaptive card, where one line break is none: <https://aka.ms/ACTextFeatures>.
    Teams,
    /// JSON: each value is written as JSON, texts with their quotes.
    Json,
}

impl Escape {
    /// The name under which Jinja knows it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Html => "channel_html",
            Self::Slack => "channel_slack",
            Self::Discord => "channel_discord",
            Self::Teams => "channel_teams",
            Self::Json => "channel_json",
        }
    }

    /// The text, as it is shown by a receiver that reads it so.
    pub(crate) fn apply(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + text.len() / 8);
        match self {
            Self::Html => entities(text, "&<>\"", &mut out),
            Self::Slack => entities(text, "&<>", &mut out),
            Self::Discord => markdown(text, r"\*_~`|>[]#<", &mut out),
            Self::Teams => markdown(&text.replace('\n', "\n\n"), r"\*_`[]#", &mut out),
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

/// Puts a backslash before what is markup, but for addresses, which it would break.
fn markdown(text: &str, markup: &str, out: &mut String) {
    for word in text.split_inclusive(char::is_whitespace) {
        if is_plain_address(word.trim_end()) {
            out.push_str(word);
            continue;
        }
        for c in word.chars() {
            if markup.contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
    }
}

/// Whether this is an address that holds nothing which could end it or begin another.
fn is_plain_address(word: &str) -> bool {
    let rest = word
        .strip_prefix("https://")
        .or_else(|| word.strip_prefix("http://"));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&',;=%+".contains(c);
    rest.is_some_and(|rest| rest.chars().all(is_plain))
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
        let discord = Escape::Discord.apply("# [a](b) <@1> ||x|| https://x.example/a_b");
        assert_eq!(discord, r"\# \[a\](b) \<@1\> \|\|x\|\| https://x.example/a_b");
        assert_eq!(
            Escape::Teams.apply("a_b\nhttps://x.example/[b](c)"),
            "a\\_b\n\nhttps://x.example/\\[b\\](c)"
        );
        assert_eq!(Escape::Json.apply("a\"\n"), r#""a\"\n""#);
    }

    proptest! {
        #[test]
        fn nothing_opens_a_tag_a_link_or_a_mention(text in "(?s).{0,200}") {
            for escape in [Escape::Html, Escape::Slack] {
                prop_assert!(!escape.apply(&text).contains(['<', '>']));
            }
            for escape in [Escape::Discord, Escape::Teams] {
                let escaped = escape.apply(&text);
                for (at, _) in escaped.match_indices("](") {
                    prop_assert!(escaped[..at].ends_with('\\'), "{}", escaped);
                }
            }
            let json: String = serde_json::from_str(&Escape::Json.apply(&text)).unwrap();
            prop_assert_eq!(json, text);
        }
    }
}
