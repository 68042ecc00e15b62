//! The web shop's five anomalies: users that trip a rule, and users that stop one short of it.

use super::diary::{self, Diary};
use super::form::Form;
use super::scale::Scale;
use super::truth::Outcome;
use model::Millis;

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;

/// Their ids begin here; ordinary users have lower ones.
const FIRST_USER: u32 = 900_001;

/// Each user keeps to one form, so that the order of what they did stays.
const FORMS: [Form; 4] = [Form::EventPipeline, Form::CloudEvents, Form::Avro, Form::Json];

struct User {
    id: u32,
    form: Form,
    begin: Millis,
}

type Habit = fn(&mut Diary, &User);

/// Everyone who does something remarkable, or nearly.
pub(super) fn write(diary: &mut Diary, scale: &Scale) {
    let habits: [(u32, Habit); 12] = [
        (9, hurried_logins),
        (6, ten_logins),
        (8, failing_logins),
        (6, two_failures),
        (10, large_purchase),
        (3, huge_purchase),
        (6, exactly_a_thousand),
        (4, yen),
        (7, purchases_in_a_row),
        (6, four_purchases),
        (8, failing_calls),
        (6, four_failing_calls),
    ];
    let mut id = FIRST_USER;
    for (usual, habit) in habits {
        for _ in 0..scale.times(usual) {
            let begin = diary.some_time(3 * HOUR);
            habit(
                diary,
                &User {
                    id,
                    form: FORMS[id as usize % FORMS.len()],
                    begin,
                },
            );
            id += 1;
        }
    }
}

impl User {
    fn does(&self, diary: &mut Diary, kind: &str, after: Millis, source: &str, data: String) {
        let subject = Some(format!("user:{}", self.id));
        let event = diary::raw(diary.id(), source, kind, subject, self.begin + after, data);
        diary.event(self.form, event);
    }

    fn logs_in(&self, diary: &mut Diary, after: Millis, success: bool, source: &str) {
        let data = format!(
            r#"{{"login_method":"password","success":{success},"location":"US","ip_address":"192.168.1.100"}}"#
        );
        self.does(diary, "user.login", after, source, data);
    }

    fn buys(&self, diary: &mut Diary, after: Millis, amount: &str, currency: &str) {
        let data = format!(r#"{{"amount":{amount},"currency":"{currency}","product":"bicycle"}}"#);
        self.does(diary, "user.purchase", after, "shop/web", data);
    }

    fn calls(&self, diary: &mut Diary, after: Millis, status: u16) {
        let success = status < 400;
        let data = format!(
            r#"{{"endpoint":"/api/orders","method":"GET","status_code":{status},"success":{success},"response_time_ms":12}}"#
        );
        self.does(diary, "user.api_call", after, "shop/api", data);
    }
}

/// Eleven within 50 seconds: `high_frequency_login`, more than ten a minute.
fn hurried_logins(diary: &mut Diary, user: &User) {
    (0..11).for_each(|number| user.logs_in(diary, number * 5 * SECOND, true, "shop/web"));
    diary.detection("high_frequency_login");
}

fn ten_logins(diary: &mut Diary, user: &User) {
    (0..10).for_each(|number| user.logs_in(diary, number * 5 * SECOND, true, "shop/web"));
}

/// Three in a row: `repeated_login_failures`. Each is worth 15 points (`login_failed`).
fn failing_logins(diary: &mut Diary, user: &User) {
    for (after, source) in [(0, "shop/web"), (20, "shop/mobile"), (40, "shop/web")] {
        user.logs_in(diary, after * SECOND, false, source);
    }
    user.logs_in(diary, 10 * MINUTE, true, "shop/web");
    diary.detection("repeated_login_failures");
    diary.signal(Outcome {
        points: 15,
        known: 0,
        evidence: 3,
        sources: 2,
        text: false,
    });
}

fn two_failures(diary: &mut Diary, user: &User) {
    (0..2).for_each(|number| user.logs_in(diary, number * 20 * SECOND, false, "shop/web"));
    user.logs_in(diary, 2 * MINUTE, true, "shop/web");
    diary.signal(Outcome {
        points: 15,
        known: 0,
        evidence: 2,
        sources: 1,
        text: false,
    });
}

/// `high_value_purchase`, more than $1,000; 25 points (`purchase_large`).
fn large_purchase(diary: &mut Diary, user: &User) {
    user.buys(diary, 0, "1000.01", "USD");
    diary.detection("high_value_purchase");
    diary.signal(Outcome {
        points: 25,
        known: 0,
        evidence: 1,
        sources: 1,
        text: false,
    });
}

/// Twice more than $10,000: 30 points more (`purchase_huge`).
fn huge_purchase(diary: &mut Diary, user: &User) {
    for after in [0, HOUR] {
        user.buys(diary, after, "12999.5", "USD");
        diary.detection("high_value_purchase");
    }
    diary.signal(Outcome {
        points: 55,
        known: 0,
        evidence: 2,
        sources: 1,
        text: false,
    });
}

fn exactly_a_thousand(diary: &mut Diary, user: &User) {
    user.buys(diary, 0, "1000", "USD");
}

/// Small change in another currency.
fn yen(diary: &mut Diary, user: &User) {
    user.buys(diary, 0, "1500", "JPY");
}

/// Five within 40 minutes: `rapid_successive_purchases`.
fn purchases_in_a_row(diary: &mut Diary, user: &User) {
    (0..5).for_each(|number| user.buys(diary, number * 10 * MINUTE, "20.5", "USD"));
    diary.detection("rapid_successive_purchases");
}

fn four_purchases(diary: &mut Diary, user: &User) {
    (0..4).for_each(|number| user.buys(diary, number * 10 * MINUTE, "20.5", "USD"));
}

/// Five within 40 seconds: `high_api_failure_rate`.
fn failing_calls(diary: &mut Diary, user: &User) {
    (0..5).for_each(|number| user.calls(diary, number * 10 * SECOND, 503));
    diary.detection("high_api_failure_rate");
}

fn four_failing_calls(diary: &mut Diary, user: &User) {
    (0..4).for_each(|number| user.calls(diary, number * 10 * SECOND, 503));
    user.calls(diary, 45 * SECOND, 200);
}
