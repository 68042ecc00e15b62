//! Takes a channel's secrets out of what receivers answer: some repeat the path or the header that they refuse. Pure.

use outbound::Url;
use settings::{ChannelSettings, Secret};

/// What stands in place of a secret.
const HIDDEN: &str = "[redacted]";
/// What is shorter is a word of many addresses, and nobody's secret.
const SHORTEST: usize = 6;

/// The secrets of one channel, longest first.
pub(super) struct Hidden(Vec<String>);

impl Hidden {
    pub(super) fn of(settings: &ChannelSettings) -> Self {
        let url = settings.url.as_ref().map_or("", Secret::expose);
        let alone = settings
            .token
            .iter()
            .chain(&settings.password)
            .chain(&settings.secret)
            .chain(settings.headers.values());
        let mut hidden: Vec<_> = alone.map(|secret| secret.expose().to_owned()).collect();
        for secret in settings.headers.values() {
            // `Bearer …`, `Basic …`.
            hidden.extend(
                secret
                    .expose()
                    .split_once(' ')
                    .map(|(_, secret)| secret.to_owned()),
            );
        }
        hidden.extend(of_address(url));
        hidden.retain(|secret| secret.len() >= SHORTEST);
        hidden.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(hidden)
    }

    /// The text without them.
    pub(super) fn out_of(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN))
    }
}

/// The path and the query, as wholes and in their parts.
fn of_address(url: &str) -> Vec<String> {
    let Ok(url) = Url::parse(url) else {
        return Vec::new();
    };
    let segments = url.path_segments().into_iter().flatten();
    let values = url.query_pairs().map(|(_, value)| value.into_owned());
    let wholes = [Some(url.path()), url.query()].into_iter().flatten();
    wholes.chain(segments).map(str::to_owned).chain(values).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_receiver_repeats_of_the_secrets_is_not_shown() {
        let settings = ChannelSettings {
            url: Some(Secret::new(
                "https://hooks.example/services/T0000000/s3cr3t-path?sig=abc%2Fdefgh",
            )),
            token: Some(Secret::new("123:bot-token")),
            headers: [("authorization".to_owned(), Secret::new("Bearer t0k3n-of-header"))].into(),
            ..ChannelSettings::default()
        };
        let hidden = Hidden::of(&settings);
        for said in [
            "Cannot POST /services/T0000000/s3cr3t-path",
            "no such key s3cr3t-path, sig=abc%2Fdefgh or abc/defgh",
            "Cannot POST /bot123:bot-token/sendMessage",
            "bad header Bearer t0k3n-of-header",
            "bad token t0k3n-of-header",
        ] {
            let shown = hidden.out_of(said);
            for secret in ["s3cr3t", "defgh", "bot-token", "t0k3n"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        assert_eq!(hidden.out_of("chat not found"), "chat not found");
    }
}
