//! Which text stands for a signal: of those that are kept, the one that is most like all of them together. No I/O.

use crate::evidence::{MOST_CHARACTERS, beginning};
use model::{Event, Evidence, Signal};

/// Words of a line that says enough by itself.
const HEADLINE: usize = 4;

/// The headline, else the beginning of the text, else what happened to whom.
pub(crate) fn of_event(event: &Event) -> String {
    let written = event
        .title
        .as_deref()
        .or(event.text.as_deref())
        .filter(|text| !text.is_empty());
    written.map_or_else(
        || format!("{}: {}", event.kind, event.subject),
        |text| beginning(text, MOST_CHARACTERS).to_owned(),
    )
}

/// Chooses the title among three or more texts anew; of fewer none is central.
pub(crate) fn choose(signal: &mut Signal) {
    let texts = || {
        signal
            .evidence
            .iter()
            .filter_map(|evidence| Some((evidence, headline(evidence)?)))
    };
    let read: Vec<_> = texts()
        .map(|(evidence, text)| (text, evidence.lang.as_deref()))
        .collect();
    if read.len() < 3 {
        return;
    }
    let chosen = sameness::most_central(&read).and_then(|at| texts().nth(at));
    if let Some((evidence, text)) = chosen {
        let (title, lang) = (text.to_owned(), evidence.lang.clone());
        (signal.title, signal.lang) = (title, lang);
    }
}

/// The first line where it says enough, else all that is kept of the text.
fn headline(evidence: &Evidence) -> Option<&str> {
    let text = evidence.text.as_deref().filter(|text| !text.trim().is_empty())?;
    let first = text.lines().next().unwrap_or(text);
    let says_enough = first.split_whitespace().count() >= HEADLINE;
    Some(if says_enough { first } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(texts: &[&str]) -> (String, Option<String>) {
        let mut signal = Signal {
            title: "before".to_owned(),
            ..Signal::default()
        };
        signal.evidence = (0..)
            .zip(texts)
            .map(|(time, text)| Evidence {
                time,
                text: Some((*text).to_owned()),
                lang: Some(format!("l{time}")),
                ..Evidence::default()
            })
            .collect();
        choose(&mut signal);
        (signal.title, signal.lang)
    }

    #[test]
    fn the_text_that_says_what_all_say_is_the_title_and_its_first_line_is_enough() {
        let (title, lang) = titled(&[
            "WOW just wow, my uncle told me about the bridge",
            "Hackers drain the Ronin bridge of 600 million dollars\nThe validators were compromised by a fake job offer",
            "Ronin bridge drained by hackers, 600 million dollars gone",
            "600 million dollars drained from Ronin bridge",
        ]);
        assert!(
            title.contains("600 million dollars") && !title.contains('\n'),
            "{title}"
        );
        assert_ne!(lang.as_deref(), Some("l0"));
    }

    #[test]
    fn of_two_texts_none_is_central() {
        assert_eq!(
            titled(&["Hackers drain the bridge", "Hackers drain the bridge"]).0,
            "before"
        );
        assert_eq!(titled(&["🚀", "", "🔥", "…"]).0, "before", "nothing is said");
    }
}
