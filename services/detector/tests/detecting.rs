//! The detector without Kafka: the anomalies that ship, in order, out of order, twice, and over a restart.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::time::Duration;

use detector::{DetectorStage, open_rules, run_tests};
use model::{Detection, Event, Value};
use proptest::prelude::*;
use rules::DetectionRules;
use settings::Watched;
use stage::{Cx, Driver, Settled};
use topology::Topic;

const MINUTE: i64 = 60_000;

fn shipped() -> Watched<DetectionRules> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/detections");
    let files: Vec<(String, String)> = vec![(
        "behaviour.yml".to_owned(),
        std::fs::read_to_string(path.join("behaviour.yml")).unwrap(),
    )];
    let rules = DetectionRules::parse(&rules::rule_files(&files), &|_| None).unwrap();
    Watched::fixed(rules)
}

fn driver() -> Driver<DetectorStage> {
    Driver::new(DetectorStage::new(&shipped(), Duration::from_mins(1)))
}

fn event(id: &str, kind: &str, at: i64, data: &[(&str, Value)]) -> Event {
    Event {
        id: id.to_owned(),
        source: "web".to_owned(),
        kind: kind.to_owned(),
        subject: "user:7".to_owned(),
        tenant: "default".to_owned(),
        time: at,
        attributes: data
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        ..Event::default()
    }
}

fn login(number: i64, at: i64, success: bool) -> Event {
    event(
        &format!("login-{number}"),
        "user.login",
        at,
        &[("success", Value::Bool(success))],
    )
}

fn apply(driver: &mut Driver<DetectorStage>, event: Event) -> Vec<Detection> {
    let cx = Cx::at(Topic::EventsNormalized, event.time);
    match driver.apply(event, &cx) {
        Settled::Out(found) => found,
        Settled::Filtered(_) | Settled::Duplicate => Vec::new(),
        Settled::Dead(poison) => panic!("{poison}"),
    }
}

fn names(found: &[Detection]) -> Vec<&str> {
    found.iter().map(|detection| detection.rule.as_str()).collect()
}

#[test]
fn the_tests_beside_the_rules_pass() {
    let outcomes = run_tests(&shipped().load());
    assert!(outcomes.len() >= 10);
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.passed()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_detection_tells_what_happened() {
    let mut driver = driver();
    for number in 0..2 {
        assert!(apply(&mut driver, login(number, number * 1000, false)).is_empty());
    }
    let found = apply(&mut driver, login(2, 2000, false));
    assert_eq!(names(&found), ["repeated_login_failures"]);
    let found = &found[0];
    assert_eq!(found.event_ids, ["login-0", "login-1", "login-2"]);
    assert_eq!(
        (found.count, found.threshold, found.severity.as_str()),
        (3, 3.0, "high")
    );
    assert_eq!(
        (found.time, found.window_start, found.window_end),
        (2000, 0, 2000)
    );
    assert_eq!(found.description, "3 failed logins in a row");
    assert_eq!(
        (found.tenant.as_str(), found.subject.as_str()),
        ("default", "user:7")
    );
    assert_eq!(
        found.attributes["success"],
        Value::Bool(false),
        "the event that tipped it is kept"
    );
    assert!(found.id.starts_with("det_") && found.id.len() == 36);
    assert_eq!(found.rules_version, shipped().load().version());
}

#[test]
fn a_retry_does_not_make_an_eleventh_login() {
    let mut driver = driver();
    for number in 0..10 {
        apply(&mut driver, login(number, number * 1000, true));
    }
    let again = driver.apply(login(9, 9000, true), &Cx::at(Topic::EventsNormalized, 0));
    assert_eq!(again, Settled::Duplicate);
    assert_eq!(
        names(&apply(&mut driver, login(10, 10_000, true))),
        ["high_frequency_login"]
    );
    assert!(driver.counts.conserves());
    assert_eq!((driver.counts.duplicate, driver.counts.out), (1, 1));
}

#[test]
fn subjects_tenants_and_sources_are_apart() {
    let mut driver = driver();
    for number in 0..11 {
        let mut other = login(number, number * 1000, true);
        other.subject = format!("user:{}", number % 2);
        assert!(apply(&mut driver, other).is_empty());
    }
    for number in 0..11 {
        let mut other = login(number, number * 1000, true);
        other.tenant = format!("tenant-{}", number % 2);
        assert!(apply(&mut driver, other).is_empty());
    }
}

#[test]
fn order_of_arrival_does_not_matter_within_the_lateness() {
    let mut driver = driver();
    let failed = |number: i64| {
        event(
            &format!("call-{number}"),
            "user.api_call",
            number * 10_000,
            &[("status_code", Value::Long(500))],
        )
    };
    let found: Vec<Detection> = [4, 0, 3, 1, 2]
        .into_iter()
        .flat_map(|number| apply(&mut driver, failed(number)))
        .collect();
    assert_eq!(names(&found), ["high_api_failure_rate"]);
    assert_eq!(
        found[0].event_ids,
        ["call-0", "call-1", "call-2", "call-3", "call-4"]
    );

    let mut driver = self::driver();
    let found: Vec<Detection> = [(0, false), (3, false), (1, true), (2, false)]
        .into_iter()
        .flat_map(|(second, success)| apply(&mut driver, login(second, second * 1000, success)))
        .collect();
    assert!(
        found.is_empty(),
        "the success at second 1 stands between: {found:?}"
    );
}

#[test]
fn what_comes_too_late_is_not_counted() {
    let mut driver = driver();
    for number in 0..4 {
        apply(
            &mut driver,
            event(
                &format!("buy-{number}"),
                "user.purchase",
                number * MINUTE,
                &[("amount", Value::Double(5.0))],
            ),
        );
    }
    apply(
        &mut driver,
        event(
            "later",
            "user.purchase",
            90 * MINUTE,
            &[("amount", Value::Double(5.0))],
        ),
    );
    let late = apply(
        &mut driver,
        event(
            "late",
            "user.purchase",
            4 * MINUTE,
            &[("amount", Value::Double(5.0))],
        ),
    );
    assert!(late.is_empty(), "{late:?}");
}

#[test]
fn types_no_rule_looks_at_leave_no_trace() {
    let mut driver = driver();
    let click = event("c", "user.click", 0, &[]);
    for _ in 0..2 {
        assert_eq!(
            driver.apply(click.clone(), &Cx::at(Topic::EventsNormalized, 0)),
            Settled::Filtered("no_rule")
        );
    }
    assert_eq!(
        driver.apply(login(1, 0, true), &Cx::at(Topic::EventsNormalized, 0)),
        Settled::Filtered("no_detection")
    );
}

#[test]
fn a_bad_file_leaves_the_last_good_rules_in_use() {
    let good = "detections: [{name: any, type: t, kind: each, severity: low, description: d}]";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yml");
    std::fs::write(&file, good).unwrap();
    let rules = open_rules(folder.path()).unwrap();
    let mut driver = Driver::new(DetectorStage::new(&rules, Duration::from_mins(1)));
    assert_eq!(names(&apply(&mut driver, event("1", "t", 0, &[]))), ["any"]);
    std::fs::write(&file, good.replace("each", "eech")).unwrap();
    assert!(
        rules
            .reload_now()
            .last_error
            .is_some_and(|error| error.contains("each, count or streak"))
    );
    assert_eq!(names(&apply(&mut driver, event("2", "t", 0, &[]))), ["any"]);
    std::fs::write(&file, good.replace("any", "other")).unwrap();
    assert_eq!(rules.reload_now().last_error, None);
    assert_eq!(names(&apply(&mut driver, event("3", "t", 0, &[]))), ["other"]);
}

fn any_event() -> impl Strategy<Value = Event> {
    let kinds = prop::sample::select(vec!["user.login", "user.purchase", "user.api_call", "user.click"]);
    (0u32..60, kinds, 0i64..20, any::<bool>()).prop_map(|(id, kind, step, good)| {
        let data = [
            ("success", Value::Bool(good)),
            ("status_code", Value::Long(if good { 200 } else { 500 })),
            ("amount", Value::Double(if good { 10.0 } else { 2000.0 })),
        ];
        event(&format!("e-{id}"), kind, step * 4000, &data)
    })
}

proptest! {
    #[test]
    fn a_restart_changes_nothing(events in prop::collection::vec(any_event(), 0..80), cut in 0usize..80) {
        let (mut whole, mut restarted) = (driver(), driver());
        for (number, event) in events.into_iter().enumerate() {
            if number == cut {
                restarted = restarted.restarted();
            }
            prop_assert_eq!(apply(&mut whole, event.clone()), apply(&mut restarted, event));
        }
        prop_assert!(whole.counts.conserves());
        prop_assert_eq!(whole.counts, restarted.counts);
    }
}

#[test]
fn one_event_from_the_future_does_not_make_a_subject_invisible() {
    let mut driver = driver();
    let (day, now) = (24 * 60 * MINUTE, 1_000 * MINUTE);
    let at = |time| Cx::at(Topic::EventsNormalized, time);
    let _ = driver.apply(login(0, now + day, false), &at(now));
    let failures = (1..=6).map(|number| {
        let event = login(number, now + 6 * MINUTE + number, false);
        driver.apply(event, &at(now + 6 * MINUTE + number))
    });
    let found = failures
        .filter(|settled| matches!(settled, Settled::Out(_)))
        .count();
    assert!(found > 0, "{:?}", driver.counts);
    assert!(driver.counts.late.is_empty(), "{:?}", driver.counts);
}

#[test]
fn what_comes_too_late_is_counted_by_rule() {
    let mut driver = driver();
    let mut at = |number, time| {
        driver.apply(
            login(number, time, false),
            &Cx::at(Topic::EventsNormalized, 60 * MINUTE),
        )
    };
    assert_eq!(at(1, 60 * MINUTE), Settled::Filtered("no_detection"));
    assert_eq!(at(2, 10 * MINUTE), Settled::Filtered("no_detection"));
    assert_eq!(
        driver.counts.late.values().sum::<u64>(),
        driver.counts.late.len() as u64
    );
    assert!(!driver.counts.late.is_empty());
}

const SPARSE: &str = "detections:
  - {name: sparse, types: [login], when: 'data.ok == false', kind: count, at_least: 3, window: 1s, severity: high, description: d}
";

#[test]
fn what_a_full_window_has_no_room_for_is_counted_too() {
    let rules = DetectionRules::parse(&[("r.yml", SPARSE)], &|_| None).unwrap();
    let hours = Duration::from_hours(3);
    let mut driver = Driver::new(DetectorStage::new(&Watched::fixed(rules), hours));
    let mut login = |number: i64, second: i64| {
        let data = [("ok", Value::Bool(false))];
        let event = event(&format!("e-{number}"), "login", second * 1000, &data);
        let cx = Cx::at(Topic::EventsNormalized, event.time);
        // In one transaction: each commit would write the whole window.
        let settled = driver.apply_uncommitted(event, &cx);
        assert_eq!(settled, Settled::Filtered("no_detection"));
        driver.counts.late.clone()
    };
    for number in 0..4_099 {
        assert!(login(number, 100 + number * 2).is_empty());
    }
    let late = [("sparse".to_owned(), 1)].into();
    assert_eq!(login(5_000, 0), late, "in time, but older than all that is kept");
}

const TWO_RULES: &str = "detections:
  - {name: five, types: [login], when: 'data.ok == false', kind: count, at_least: 5, window: 10s, severity: high, description: d}
  - {name: three, types: [login], when: 'data.ok == false', kind: streak, at_least: 3, severity: high, description: d}
  - {name: any, types: [login], when: 'data.ok == false', kind: each, cooldown: 20s, severity: high, description: '{{ count }}'}
";

/// How many detections of each rule these logins lead to, given by second and whether they failed.
fn told(arrivals: &[(i64, bool)]) -> [usize; 3] {
    let files = [("r.yml", TWO_RULES)];
    let rules = Watched::fixed(DetectionRules::parse(&files, &|_| None).unwrap());
    let mut driver = Driver::new(DetectorStage::new(&rules, Duration::from_mins(1)));
    let mut counts = [0; 3];
    for (number, (second, failed)) in arrivals.iter().enumerate() {
        let data = [("ok", Value::Bool(!failed))];
        let event = event(&format!("e-{number}"), "login", second * 1000, &data);
        for found in apply(&mut driver, event) {
            let at = ["five", "three", "any"]
                .iter()
                .position(|name| *name == found.rule);
            counts[at.unwrap()] += 1;
        }
    }
    counts
}

#[test]
fn two_crossings_are_told_in_any_order() {
    let first: Vec<_> = (0..5).map(|second| (second, true)).collect();
    let second: Vec<_> = (40..45).map(|second| (second, true)).collect();
    let end = vec![(20, false)];
    let orders = [
        [first.clone(), end.clone(), second.clone()],
        [second.clone(), end.clone(), first.clone()],
        [end.clone(), second.clone(), first.clone()],
    ];
    for order in orders {
        assert_eq!(told(&order.concat()), [2, 2, 2], "{order:?}");
    }
    let mut mixed: Vec<_> = end
        .into_iter()
        .chain(first.into_iter().zip(second).flat_map(|(a, b)| [a, b]))
        .collect();
    assert_eq!(told(&mixed), [2, 2, 2]);
    mixed[1..].reverse();
    assert_eq!(told(&mixed), [2, 2, 2]);
}

#[test]
fn a_busy_minute_hides_nothing_that_comes_within_the_lateness() {
    let quiet: Vec<_> = (0..4).map(|second| (second, true)).collect();
    let busy: Vec<_> = (0..200)
        .map(|number| (30 + number % 30, number % 7 != 0))
        .collect();
    let without = told(&[quiet.clone(), busy.clone()].concat());
    let with = told(&[quiet, busy, vec![(4, true)]].concat());
    assert_eq!(with[0], without[0] + 1, "the fifth of the first ten seconds");
}

#[test]
fn windows_and_ids_of_one_tenant_are_none_of_another() {
    let mut driver = driver();
    let of = |tenant: &str, number: i64| {
        let mut event = login(number, number * 1000, true);
        tenant.clone_into(&mut event.tenant);
        event
    };
    // The same ten logins of the same user in two tenants: neither is an eleventh of the other's, nor a duplicate.
    for number in 0..10 {
        for tenant in ["acme", "default"] {
            let found = apply(&mut driver, of(tenant, number));
            assert!(
                !names(&found).contains(&"high_frequency_login"),
                "{tenant} {number}"
            );
        }
    }
    assert_eq!(driver.counts.duplicate, 0);
    let found = apply(&mut driver, of("acme", 10));
    assert!(names(&found).contains(&"high_frequency_login"));
    assert!(found.iter().all(|detection| detection.tenant == "acme"));
}

/// Ids of the greatest length that the edge takes, more of them than a window of any rule keeps.
#[test]
fn long_ids_do_not_outgrow_the_changelog_nor_the_topic() {
    let rules = "\
detections:
  - name: many
    types: [user.login]
    kind: count
    at_least: 3000
    window: 1h
    severity: low
    description: many logins
tests:
  - name: one is not many
    events: [{type: user.login, at: 0s}]
    expect: {}
";
    let files = [("many.yml".to_owned(), rules.to_owned())];
    let rules = DetectionRules::parse(&rules::rule_files(&files), &|_| None).unwrap();
    let mut driver = Driver::new(DetectorStage::new(&Watched::fixed(rules), Duration::from_mins(1)));
    let mut found = Vec::new();
    for number in 0..5_000 {
        let id = format!("{number:01000}");
        let at = i64::from(number) * 10;
        let cx = Cx::at(Topic::EventsNormalized, at);
        if let Settled::Out(more) = driver.apply_uncommitted(event(&id, "user.login", at, &[]), &cx) {
            found.extend(more);
        }
    }
    driver.commit();
    let largest = driver
        .log()
        .iter()
        .map(|(_, _, value)| value.as_ref().map_or(0, Vec::len))
        .max();
    assert!(
        largest < Some(4 * 1024 * 1024 - 1024),
        "{largest:?} bytes in one record of the changelog"
    );
    let ids = found[0].event_ids.iter();
    assert!(
        ids.map(String::len).sum::<usize>() < 1024 * 1024,
        "{} ids",
        found[0].event_ids.len()
    );
    assert_eq!(found[0].count, 3_000);
}
