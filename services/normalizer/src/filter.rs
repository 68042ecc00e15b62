//! Filters: which events do not go on, and the counted reason why. No I/O, no clock.

use crate::lists::{Lists, Standing};
use model::{Event, Millis};
use settings::NormalizerSettings;

/// Reasons as they are counted.
pub mod reason {
    /// The source is on a list of blocked sources.
    pub const BLOCKED_SOURCE: &str = "blocked_source";
    /// The author has weight 0 on a list.
    pub const BLOCKED_AUTHOR: &str = "blocked_author";
    /// The text says nothing but blocked words.
    pub const BLOCKED_ENTITIES: &str = "blocked_entities";
    /// The event is older than `normalizer.max_age_ms`.
    pub const TOO_OLD: &str = "too_old";
    /// The text is in none of `normalizer.languages`.
    pub const LANGUAGE: &str = "language";
    /// The text is at least as likely spam as `normalizer.max_spam`.
    pub const SPAM: &str = "spam";
}

/// A language below this is a guess, on which nothing is dropped.
const SURE_ENOUGH: f64 = 0.5;

/// What is filtered, as configured.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    max_age: Option<Millis>,
    languages: Vec<String>,
    max_spam: Option<f64>,
}

impl Filter {
    pub(crate) fn new(settings: &NormalizerSettings) -> Self {
        let max_age = Millis::try_from(settings.max_age_ms).ok();
        Self {
            max_age: max_age.filter(|age| *age > 0),
            languages: settings.languages.clone(),
            max_spam: settings.max_spam,
        }
    }

    /// Why the event does not go on, if it does not. A trusted source is only asked for its age.
    pub(crate) fn reason(&self, event: &Event, lists: &Lists) -> Option<&'static str> {
        let standing = lists.source(&event.source);
        if standing == Standing::Blocked {
            return Some(reason::BLOCKED_SOURCE);
        }
        let age = event.received_at.saturating_sub(event.time);
        if self.max_age.is_some_and(|most| age > most) {
            return Some(reason::TOO_OLD);
        }
        if standing == Standing::Trusted {
            return None;
        }
        if event.author_weight == Some(0.0) {
            return Some(reason::BLOCKED_AUTHOR);
        }
        self.of_text(event, lists)
    }

    fn of_text(&self, event: &Event, lists: &Lists) -> Option<&'static str> {
        if says_only_blocked(event, lists) {
            return Some(reason::BLOCKED_ENTITIES);
        }
        if let Some(lang) = &event.lang
            && !self.languages.is_empty()
            && event.lang_confidence >= SURE_ENOUGH
            && !self.languages.contains(lang)
        {
            return Some(reason::LANGUAGE);
        }
        let spam = event.spam.unwrap_or_default();
        (self.max_spam.is_some_and(|most| spam >= most)).then_some(reason::SPAM)
    }
}

/// Whether the text has words and all of them are blocked: `gm frens`, `wen lambo`.
fn says_only_blocked(event: &Event, lists: &Lists) -> bool {
    if lists.blocked_entities.is_empty() || !event.urls.is_empty() || !event.addresses.is_empty() {
        return false;
    }
    let whole = event.full_text();
    let mut words = text::segments(&whole).into_iter().peekable();
    words.peek().is_some() && words.all(|word| lists.blocked_entities.contains(&text::fold(word)))
}
