//! Texts: each belongs to a part of a story. What is new of a part is told as the part grows. No I/O.

use crate::index::{self, Index};
use crate::output::Told;
use crate::stores::{DedupStores, Part, PartsOf, Text};
use crate::{Limits, key};
use model::{Event, Millis, ScoredEvent, StoryMember, StoryPart};
use sameness::near::NearText;
use sameness::{ClusterId, Day, Ended, Reading, Representative, SubjectId};
use signals::is_named;
use stage::{Silence, Store, Timer};
use std::borrow::Cow;

const DAY: Millis = 24 * 60 * 60 * 1000;
/// Words of a headline that says enough by itself.
const HEADLINE: usize = 4;
/// What the names of timers begin with that end the parts of a tenant.
pub(crate) const TIMER: &str = "parts:";

/// A text, as it is placed.
struct Placing<'e> {
    event: &'e Event,
    id: ClusterId,
    reading: Reading,
    near: NearText,
    subject: Option<SubjectId>,
    time: Millis,
}

/// Puts a text into its part of a story, and counts it there as evidence where a rule matched it. The event is given back
/// where its text has no word that says something. `time` is when it was written, as far as that is believed.
pub(crate) fn take(
    stores: &mut DedupStores,
    scored: ScoredEvent,
    time: Millis,
    offset: i64,
    limits: &Limits,
) -> Result<Vec<Told>, Box<ScoredEvent>> {
    let tenant = scored.event.tenant.clone();
    let index = stores.indexes.of_tenant(&tenant, limits.stories);
    let Some(placing) = read(&scored.event, index, time, limits) else {
        return Err(Box::new(scored));
    };
    let day = Day::try_from(placing.time.div_euclid(DAY)).unwrap_or(Day::MAX);
    let seen = index.slow.see(day, &placing.reading);
    index::write_down(&mut stores.words, &tenant, index.slow.day(), seen);
    silence(limits).heard(&mut stores.timers, &format!("{TIMER}{tenant}"), time);
    let mut shelf = Shelf::of(&tenant, index, &mut stores.parts);
    shelf.end_idle(placing.time);
    let (id, copy, said) = shelf.place(&placing);
    shelf.told.push(Told::Member(StoryMember {
        tenant: tenant.clone(),
        source: scored.event.source.clone(),
        event_id: scored.event.id.clone(),
        time: scored.event.time,
        part: id.to_string(),
        copy,
    }));
    if !copy {
        let text = placing.near;
        shelf.keep(id, Text { offset, text });
    }
    shelf.count(id, scored, copy, said, limits);
    Ok(shelf.told)
}

/// Ends all parts of a tenant of whom nothing was read for long; gives what they have not told yet.
pub(crate) fn end_silent(
    stores: &mut DedupStores,
    tenant: &str,
    timer: &Timer,
    limits: &Limits,
) -> Vec<Told> {
    let index = stores.indexes.of_tenant(tenant, limits.stories);
    let Some(latest) = index.stories.latest() else {
        return Vec::new();
    };
    if !silence(limits).is_over(&mut stores.timers, timer, latest) {
        return Vec::new();
    }
    let mut shelf = Shelf::of(tenant, index, &mut stores.parts);
    shelf.end_idle(latest.saturating_add(limits.stories.idle).saturating_add(1));
    shelf.told
}

fn silence(limits: &Limits) -> Silence {
    Silence::of(limits.stories.idle)
}

fn read<'e>(event: &'e Event, index: &Index, time: Millis, limits: &Limits) -> Option<Placing<'e>> {
    let text = text_of(event);
    let subject = subject_of(event);
    let reading = Reading::of(&text, event.lang.as_deref(), &index.slow, limits.method);
    if reading.is_empty() {
        return None;
    }
    Some(Placing {
        event,
        id: key(event).cluster(),
        reading: match subject {
            Some(subject) => reading.about(subject),
            None => reading,
        },
        near: NearText::of(&text),
        subject,
        time,
    })
}

/// A headline that says enough, else all of it.
fn text_of(event: &Event) -> Cow<'_, str> {
    let title = event.title.as_deref().unwrap_or_default();
    if title.split_whitespace().count() >= HEADLINE {
        Cow::Borrowed(title)
    } else {
        event.full_text()
    }
}

/// What the event is about, where somebody or a name in the text says so.
fn subject_of(event: &Event) -> Option<SubjectId> {
    is_named(&event.subject).then(|| SubjectId::of(&event.subject))
}

/// The parts of one tenant, with what finds them, and what is to be told.
struct Shelf<'s> {
    index: &'s mut Index,
    parts: PartsOf<'s>,
    told: Vec<Told>,
}

impl<'s> Shelf<'s> {
    fn of(tenant: &'s str, index: &'s mut Index, parts: &'s mut Store<u128, Part>) -> Self {
        Self {
            index,
            parts: PartsOf::new(tenant, parts),
            told: Vec::new(),
        }
    }

    /// Ends what has been idle for too long.
    fn end_idle(&mut self, time: Millis) {
        let latest = self.index.stories.latest().unwrap_or(time);
        while let Some(ended) = self.index.stories.end_idle(&mut self.parts, latest.max(time)) {
            self.end(&ended);
        }
    }

    /// The part of a text, whether it has that text already, and what is to be told of it now.
    fn place(&mut self, text: &Placing<'_>) -> (ClusterId, bool, Option<Representative>) {
        let tenant = &text.event.tenant;
        let may_be = |part: &Part| part.is_of(tenant, text.subject);
        if let Some(part) = self.index.copied(&text.near, self.parts.parts, may_be) {
            let stories = &mut self.index.stories;
            let said = stories.add_copy(&mut self.parts, part, &text.reading, text.time);
            return (part, true, said);
        }
        let stories = &mut self.index.stories;
        let Some(joined) = stories.join(&mut self.parts, text.id, &text.reading, text.time) else {
            return (text.id, false, None);
        };
        if let Some(ended) = joined.ended {
            self.end(&ended);
        }
        (joined.story, false, joined.told)
    }

    /// Keeps a text that is new, so that copies of it are found.
    fn keep(&mut self, id: ClusterId, text: Text) {
        let Some(part) = self.parts.part(id) else { return };
        self.index.add(id, &text);
        if let Some(gone) = part.keep(text) {
            self.index.remove(id, &gone);
        }
    }

    /// Counts the event as evidence, and tells what is due.
    fn count(
        &mut self,
        id: ClusterId,
        scored: ScoredEvent,
        copy: bool,
        mut said: Option<Representative>,
        limits: &Limits,
    ) {
        if let Some(part) = self.parts.part(id).filter(|_| scored.matched > 0) {
            part.fresh.add(scored, copy, &limits.policy);
            if said.is_none() && part.is_urgent() {
                said = self.index.stories.tell(&mut self.parts, id);
            }
        }
        if let (Some(said), Some(part)) = (said, self.parts.part(id)) {
            self.told.push(tell(part, &said));
        }
    }

    /// Tells the rest of a part that ended.
    fn end(&mut self, ended: &Ended) {
        for (id, mut part) in std::mem::take(&mut self.parts.ended) {
            part.texts.iter().for_each(|text| self.index.remove(id, text));
            if let Some(said) = ended.told.as_ref().filter(|said| said.story == id) {
                self.told.push(tell(&mut part, said));
            }
        }
    }
}

/// What is new of a part, which is told of by that.
fn tell(part: &mut Part, said: &Representative) -> Told {
    let fresh = part.take_fresh();
    let hashes = |hashes: &[u64]| hashes.iter().map(|hash| hash.cast_signed()).collect();
    Told::Part(Box::new(StoryPart {
        tenant: part.tenant.clone(),
        part: said.story.to_string(),
        representative: said.to_bytes(),
        sources: hashes(&fresh.sources),
        senders: hashes(&fresh.senders),
        unnamed: fresh.unnamed,
        per_minute: fresh.heat.counts().to_vec(),
        correction: None,
        signal: (!fresh.is_empty()).then_some(fresh.signal),
    }))
}
