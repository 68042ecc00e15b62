//! Ordinary users of the web shop, who do a few ordinary things each: nothing comes of it but events.

use super::diary::{self, Diary};
use super::form::Form;
use super::scale::Scale;
use model::Millis;
use rand::Rng;

const FORMS: [Form; 7] = [
    Form::EventPipeline,
    Form::CloudEvents,
    Form::Lines,
    Form::Avro,
    Form::EventPipeline,
    Form::Json,
    Form::EventFlow,
];

/// One visit: a few acts, far from every threshold.
const VISIT: Millis = 20 * 60 * 1000;

/// Fills the day with visits until it has this many records, those included that will be sent again.
pub(super) fn fill(diary: &mut Diary, events: usize, scale: &Scale) {
    let mut user = 1;
    while diary.len() + scale.duplicates < events {
        visit(diary, user, events - scale.duplicates);
        user += 1;
    }
}

fn visit(diary: &mut Diary, user: u32, most: usize) {
    let begin = diary.some_time(VISIT);
    // Every seventh form makes one request an event, which takes longest.
    let form = FORMS[user as usize % FORMS.len()];
    let mut at = begin;
    for act in acts(diary) {
        if diary.len() >= most {
            return;
        }
        at += diary.random.random_range(5_000..120_000);
        // event-pipeline's users send no id: it is made from the content and the request.
        let id = if form == Form::EventPipeline {
            String::new()
        } else {
            diary.id()
        };
        let kind = format!("user.{}", act.0);
        let event = diary::raw(id, "shop/web", &kind, Some(format!("user:{user}")), at, act.1);
        diary.event(form, event);
    }
}

fn acts(diary: &mut Diary) -> Vec<(&'static str, String)> {
    let random = &mut diary.random;
    let mut acts = vec![(
        "login",
        r#"{"login_method":"oauth","success":true,"location":"DE","ip_address":"10.0.0.7"}"#.to_owned(),
    )];
    for _ in 0..random.random_range(1..=4) {
        acts.push((
            "click",
            format!(
                r#"{{"page":"/items/{}","element":"card"}}"#,
                random.random_range(1..999)
            ),
        ));
    }
    acts.push((
        "api_call",
        format!(
            r#"{{"endpoint":"/api/items","method":"GET","status_code":200,"success":true,"response_time_ms":{}}}"#,
            random.random_range(2..300)
        ),
    ));
    if random.random_ratio(1, 3) {
        let cents = random.random_range(500..90_000);
        let amount = f64::from(cents) / 100.0;
        acts.push((
            "purchase",
            format!(r#"{{"amount":{amount},"currency":"USD","product":"headphones"}}"#),
        ));
    }
    if random.random_ratio(1, 4) {
        let file = random.random_range(1..999);
        acts.push((
            "file_access",
            format!(r#"{{"file_path":"/invoices/{file}.pdf","action":"read","file_size":48213}}"#),
        ));
    }
    acts
}
