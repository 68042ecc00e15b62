//! Events of tests and of `explain`, through the normalizer of the stream: what rules see there is what they see here.

use crate::app::App;
use crate::failure::Failure;
use model::{Event, RawEvent};
use normalizer::{Lists, Normalizer};
use settings::{NormalizerSettings, Settings, Watched};
use stage::{Cx, Emit, Stage};
use topology::Topic;

/// The event that the normalizer makes of a raw one, by these settings.
pub(super) fn normalized(raw: RawEvent, settings: &Settings) -> Result<Event, Failure> {
    let lists = normalizer::lists_of(&settings.normalizer);
    let lists = lists.map_err(|error| Failure::Configuration(format!("normalizer.lists: {error}")))?;
    let normalizer = Normalizer::new(&settings.normalizer, &settings.admission, &lists);
    event(normalizer, raw).map_err(Failure::Check)
}

/// What makes events of those that tests write: the normalizer without lists and filters of this place.
pub(super) fn of_tests(app: &App) -> Result<impl Fn(RawEvent) -> Result<Event, String>, Failure> {
    let settings = app.settings()?;
    let plain = NormalizerSettings {
        symbols: settings.normalizer.symbols.clone(),
        ..NormalizerSettings::default()
    };
    Ok(move |raw: RawEvent| {
        let lists = Watched::fixed(Lists::default());
        event(Normalizer::new(&plain, &settings.admission, &lists), raw)
    })
}

fn event(mut normalizer: Normalizer, raw: RawEvent) -> Result<Event, String> {
    let mut cx = Cx::at(Topic::IngestEvents, 0);
    cx.time = raw.time.unwrap_or_else(|| chrono::Utc::now().timestamp_millis());
    match normalizer.apply(raw, &mut (), &cx) {
        Ok(Emit::One(event)) => Ok(event),
        Ok(Emit::Filtered(reason)) => Err(format!("the normalizer filters this event: {reason}")),
        Ok(_) => Err("the normalizer makes no event of this".to_owned()),
        Err(poison) => Err(format!("the normalizer refuses this event: {poison}")),
    }
}
