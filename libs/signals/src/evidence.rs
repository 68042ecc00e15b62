//! The evidence of a signal: oldest first, the newest last, capped. No I/O.

use model::{Event, Evidence};

/// Characters of a text that are kept.
pub(crate) const MOST_CHARACTERS: usize = 280;

/// Adds an event. Beyond `most`, one goes that is neither the first, nor the best, nor the newest: the oldest by somebody who
/// said more, else the oldest.
pub(crate) fn push(kept: &mut Vec<Evidence>, event: &Event, score: f64, most: usize) {
    kept.push(of(event, score));
    cut(kept, most);
}

/// Adds evidence that was kept elsewhere, in the order of its times.
pub(crate) fn fold(kept: &mut Vec<Evidence>, more: &[Evidence], most: usize) {
    kept.extend_from_slice(more);
    kept.sort_by(|a, b| a.time.cmp(&b.time).then_with(|| a.event_id.cmp(&b.event_id)));
    cut(kept, most);
}

fn cut(kept: &mut Vec<Evidence>, most: usize) {
    while kept.len() > most.max(1) {
        let best = best(kept);
        let droppable = || (1..kept.len() - 1).filter(|&index| index != best);
        let by = |index: usize| (&kept[index].source, &kept[index].principal, &kept[index].author);
        let said_more =
            |index: &usize| (0..kept.len()).any(|other| other != *index && by(other) == by(*index));
        let goes = droppable().find(said_more).or_else(|| droppable().next());
        kept.remove(goes.unwrap_or(0));
    }
}

/// The first of the highest score.
fn best(kept: &[Evidence]) -> usize {
    let better = |best: usize, index: usize| {
        if kept[index].score > kept[best].score {
            index
        } else {
            best
        }
    };
    (0..kept.len()).fold(0, better)
}

fn of(event: &Event, score: f64) -> Evidence {
    let text = event.full_text();
    Evidence {
        event_id: event.id.clone(),
        source: event.source.clone(),
        kind: event.kind.clone(),
        time: event.time,
        author: event.author.clone(),
        url: event.url.clone().or_else(|| event.urls.first().cloned()),
        text: (!text.is_empty()).then(|| beginning(&text, MOST_CHARACTERS).to_owned()),
        score,
        principal: event.principal.clone(),
        lang: event.lang.clone(),
    }
}

/// The first `most` characters of a text.
pub(crate) fn beginning(text: &str, most: usize) -> &str {
    text.char_indices()
        .nth(most)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: usize) -> Event {
        Event {
            id: id.to_string(),
            text: Some("é".repeat(1_000)),
            ..Event::default()
        }
    }

    #[test]
    fn the_first_the_best_and_the_newest_stay() {
        let mut kept = Vec::new();
        for id in 0..20 {
            push(&mut kept, &event(id), if id == 4 { 9.0 } else { 1.0 }, 4);
        }
        let ids: Vec<&str> = kept.iter().map(|evidence| evidence.event_id.as_str()).collect();
        assert_eq!(ids, ["0", "4", "18", "19"]);
        assert_eq!(
            kept[0].text.as_ref().map(|text| text.chars().count()),
            Some(MOST_CHARACTERS)
        );
    }

    #[test]
    fn many_words_of_one_author_push_out_no_other() {
        let mut kept = Vec::new();
        for id in 0..20 {
            let author = if id == 3 { "ann" } else { "bob" };
            let event = Event {
                author: Some(author.to_owned()),
                ..event(id)
            };
            push(&mut kept, &event, 1.0, 4);
        }
        let ids: Vec<&str> = kept.iter().map(|evidence| evidence.event_id.as_str()).collect();
        assert_eq!(ids, ["0", "3", "18", "19"]);
    }

    #[test]
    fn a_cap_of_one_keeps_the_newest() {
        let mut kept = Vec::new();
        (0..3).for_each(|id| push(&mut kept, &event(id), 1.0, 1));
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].event_id, "2");
    }
}
