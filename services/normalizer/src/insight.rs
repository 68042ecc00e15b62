//! What a text is like: sentiment, spam, urgency, keyphrases, and which listed entities it names. No I/O.

use crate::lists::Lists;
use model::Event;

/// Keyphrases and spam features that an event keeps.
const PHRASES: usize = 5;
const FEATURES: usize = 4;

/// What was understood of one text; nothing of an empty one.
#[derive(Debug, Default)]
pub(crate) struct Insight {
    sentiment: Option<f64>,
    spam: Option<f64>,
    spam_features: Vec<String>,
    urgency: Vec<String>,
    keyphrases: Vec<String>,
    listed: Vec<String>,
}

impl Insight {
    /// Understands `whole`, which is in language `lang`, ISO 639-1.
    pub(crate) fn of(whole: &str, lang: Option<&str>, lists: &Lists) -> Self {
        if whole.is_empty() {
            return Self::default();
        }
        let sentiment = match lang {
            Some("en") | None => text::sentiment::score(whole),
            Some(_) => text::sentiment::score_signs(whole),
        };
        let judgement = text::spam::judge(whole);
        let features = judgement.features.iter().take(FEATURES);
        let mut keyphrases = text::keyphrases(whole, PHRASES);
        keyphrases.retain(|phrase| !lists.blocked_entities.contains(&phrase.to_lowercase()));
        Self {
            sentiment: sentiment.map(rounded),
            spam: Some(rounded(judgement.likelihood)),
            spam_features: features.map(|feature| feature.name.to_owned()).collect(),
            urgency: text::urgency::words(whole)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            keyphrases,
            listed: listed(whole, lists),
        }
    }

    /// The fields of an event.
    pub(crate) fn into_event(self) -> Event {
        Event {
            sentiment: self.sentiment,
            spam: self.spam,
            spam_features: self.spam_features,
            urgency: self.urgency,
            keyphrases: self.keyphrases,
            listed: self.listed,
            ..Event::default()
        }
    }
}

/// Four places: more would say nothing and cost bytes in every event.
fn rounded(figure: f32) -> f64 {
    (f64::from(figure) * 10_000.0).round() / 10_000.0
}

/// Trusted entities that stand in the text as whole words, in the order of the lists.
fn listed(whole: &str, lists: &Lists) -> Vec<String> {
    if lists.trusted_entities.is_empty() {
        return Vec::new();
    }
    let folded = text::fold(whole);
    let stands = |entity: &&String| {
        folded
            .match_indices(entity.as_str())
            .any(|(at, _)| is_whole(&folded, at, at + entity.len()))
    };
    lists.trusted_entities.iter().filter(stands).cloned().collect()
}

fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let joins = |c: char| c.is_alphanumeric() && c < '\u{2e80}';
    start < end && !text[..start].ends_with(joins) && !text[end..].starts_with(joins)
}
