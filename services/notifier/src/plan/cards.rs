//! The cards that people read: Jinja templates, built in, by language, and in a folder of the user's own over them.

use std::collections::BTreeMap;

use minijinja::value::Serde;
use minijinja::{Environment, Error, context};
use model::ChannelState;
use settings::{NotifierSettings, WatchError, Watched};

use super::PlanInput;
use crate::text::{Limit, cut};

const BUILT_IN: [(&str, &str); 4] = [
    (
        "en/signal_title.txt",
        include_str!("../../../../templates/en/signal_title.txt"),
    ),
    (
        "en/signal_body.txt",
        include_str!("../../../../templates/en/signal_body.txt"),
    ),
    (
        "en/detection_title.txt",
        include_str!("../../../../templates/en/detection_title.txt"),
    ),
    (
        "en/detection_body.txt",
        include_str!("../../../../templates/en/detection_body.txt"),
    ),
];
/// The language of cards that a channel's own language has not.
const FALLBACK: &str = "en";
/// Steps of one rendering; a card of ours takes some hundred.
const FUEL: u64 = 100_000;
/// Nobody reads more, and receivers cut there.
const MAX_TITLE: Limit = Limit::chars(200);
const MAX_BODY: Limit = Limit::chars(4000);

/// Compiled templates.
#[derive(Debug)]
pub struct Cards(Environment<'static>);

/// What people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) title: String,
    pub(super) body: String,
}

/// The templates of the settings: those built in, and over them the files of the folder, if one is named.
pub fn open_cards(settings: &NotifierSettings) -> Result<Watched<Cards>, WatchError> {
    match &settings.templates {
        Some(folder) => Watched::open(folder, Cards::with),
        None => Cards::with(&[])
            .map(Watched::fixed)
            .map_err(|error| WatchError::Refused {
                path: "templates".into(),
                reason: error.to_string(),
            }),
    }
}

impl Cards {
    /// The built-in templates, with these `(name, text)` in place of those of the same name.
    pub fn with(texts: &[(String, String)]) -> Result<Self, Error> {
        let built_in = BUILT_IN.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let named: BTreeMap<_, _> = built_in.into_iter().chain(texts.iter().cloned()).collect();
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(50);
        for (name, text) in named {
            environment.add_template_owned(name, text)?;
        }
        Ok(Self(environment))
    }

    /// The card of this in a language. A template that fails with this one never holds a notification up.
    pub(super) fn card(&self, lang: &str, input: &PlanInput) -> Card {
        let (kind, plain) = match input {
            PlanInput::Channel(state) => return operational(state),
            PlanInput::Signal(signal) => ("signal", format!("[{}] {}", signal.level, signal.title)),
            PlanInput::Detection(detection) => (
                "detection",
                format!(
                    "[{}] {}: {}",
                    detection.severity, detection.rule, detection.subject
                ),
            ),
        };
        let render = |part: &str| {
            self.render(lang, &format!("{kind}_{part}.txt"), input)
                .unwrap_or_else(|error| {
                    tracing::warn!(%error, lang, kind, part, "the template fails, a plain text is sent");
                    plain.clone()
                })
        };
        Card {
            title: one_line(&render("title")),
            body: shortened(&render("body")),
        }
    }

    fn render(&self, lang: &str, card: &str, input: &PlanInput) -> Result<String, Error> {
        let own = self.0.get_template(&format!("{lang}/{card}"));
        let template = own.or_else(|_| self.0.get_template(&format!("{FALLBACK}/{card}")))?;
        match input {
            PlanInput::Signal(signal) => template.render(context! { signal => Serde(signal) }),
            PlanInput::Detection(detection) => template.render(context! { detection => Serde(detection) }),
            PlanInput::Channel(state) => template.render(context! { channel => Serde(state) }),
        }
    }
}

/// What whoever runs the stream reads is the program's own text.
fn operational(state: &ChannelState) -> Card {
    let ChannelState { channel, reason, .. } = state;
    let why = match reason.as_str() {
        "http_410" => "its receiver answered 410: it is gone for good",
        "receiver_gone" => {
            "its receiver says that the chat, channel or webhook takes nothing from us any more"
        }
        "unauthorized" => "its receiver refuses the token or key",
        "failing" => "nothing could be delivered to it for five days",
        _ => "it was disabled by hand",
    };
    Card {
        title: format!("[HIGH] channel {channel} is disabled"),
        body: format!(
            "Channel {channel} is disabled, because {why}. What is for it becomes a dead letter. Once its receiver is there \
             again:\nsluicebox notifications enable {channel}\nsluicebox dlq replay --stage notifier-deliver"
        ),
    }
}

/// Without what would break a line or paint a terminal.
fn one_line(text: &str) -> String {
    let words = text
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty());
    cut(&words.collect::<Vec<_>>().join(" "), MAX_TITLE).into_owned()
}

fn shortened(text: &str) -> String {
    let clean: String = text
        .trim()
        .chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .collect();
    cut(&clean, MAX_BODY).into_owned()
}

#[cfg(test)]
mod tests {
    use model::{Detection, Evidence, Reason, Signal, SignalState};
    use proptest::prelude::*;

    use super::*;

    fn signal(title: &str) -> PlanInput {
        PlanInput::Signal(Box::new(Signal {
            title: title.to_owned(),
            subject: "symbol:UNI".to_owned(),
            level: "high".to_owned(),
            state: SignalState::Verified,
            score: 62.25,
            evidence_count: 7,
            source_count: 2,
            suppressed: 4,
            reasons: vec![Reason {
                rule: "a.b".to_owned(),
                points: -15.0,
                text: "named by many".to_owned(),
            }],
            evidence: vec![Evidence {
                event_id: "e1".to_owned(),
                source: "rss".to_owned(),
                kind: "post".to_owned(),
                time: 0,
                author: Some("ann".to_owned()),
                url: Some("https://x.example/1".to_owned()),
                text: Some("$UNI is back".to_owned()),
                score: 1.0,
                principal: None,
                lang: None,
            }],
            unknown: vec!["market.liquidity_usd".to_owned()],
            ..Signal::default()
        }))
    }

    #[test]
    fn the_built_in_cards_say_what_matters() {
        let cards = Cards::with(&[]).unwrap();
        let card = cards.card("en", &signal("UNI\n is \u{1b}[31mback"));
        assert_eq!(card.title, "[HIGH] UNI is [31mback");
        for part in [
            "62.2 (high), verified",
            "7 from 2 sources, 4 repeating",
            "-15  named by many",
            "rss, ann: $UNI is back https://x.example/1",
            "Not known: market.liquidity_usd",
        ] {
            assert!(card.body.contains(part), "{part} not in {}", card.body);
        }
        let detection = Detection {
            rule: "high_frequency_login".to_owned(),
            subject: "user:1".to_owned(),
            severity: "medium".to_owned(),
            count: 11,
            ..Detection::default()
        };
        let card = cards.card("de", &PlanInput::Detection(detection));
        assert_eq!(card.title, "[MEDIUM] high_frequency_login: user:1");
        assert!(card.body.contains("Counted: 11"), "{}", card.body);
    }

    #[test]
    fn own_templates_take_their_place_and_bad_ones_are_refused() {
        let own = |name: &str, text: &str| Cards::with(&[(name.to_owned(), text.to_owned())]);
        let cards = own("de/signal_title.txt", "Neu: {{ signal.title }}").unwrap();
        assert_eq!(cards.card("de", &signal("x")).title, "Neu: x");
        assert!(cards.card("en", &signal("x")).title.starts_with("[HIGH]"));
        assert!(own("en/signal_title.txt", "{{ signal.title").is_err());
    }

    #[test]
    fn a_template_that_fails_or_never_ends_is_replaced_by_a_plain_text() {
        for text in [
            "{{ 1 / 0 }}",
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
        ] {
            let cards = Cards::with(&[("en/signal_title.txt".to_owned(), text.to_owned())]).unwrap();
            assert_eq!(cards.card("en", &signal("x")).title, "[high] x");
        }
    }

    proptest! {
        #[test]
        fn titles_are_one_short_line_whatever_is_in_them(title in "(?s).{0,400}") {
            let card = Cards::with(&[]).unwrap().card("en", &signal(&title));
            prop_assert!(!card.title.contains(char::is_control));
            prop_assert!(card.title.chars().count() <= MAX_TITLE.most && card.body.chars().count() <= MAX_BODY.most);
        }
    }
}
