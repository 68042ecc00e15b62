//! What is usual for a number, and how far a new one is from that. No clock, no I/O.
//!
//! Three predictions run beside each other, all exponentially weighted means: of everything (the level), of the hour of
//! the day, and of the hour of the week, in UTC. The one that was right the most speaks. How far off a number is, is told
//! in its usual error: 1.25 times the mean error, which is one standard deviation of a normal distribution, or a part of
//! the greatest error of late, which fades: what spikes every hour is not news. Errors are
//! clipped before they are learnt, so that one outlier moves little, and predictions learn nothing while numbers are
//! anomalous, but for a while at most: what stays is the new usual. How large errors are is learnt always, or what is
//! wild by nature would be anomalous for ever.

use serde::{Deserialize, Serialize};

const HOUR_MS: i64 = 60 * 60 * 1000;
const HOURS: [i64; 2] = [24, 24 * 7];

/// How fast the level, an hour of the day and an hour of the week follow.
const RATES: [f64; 3] = [0.0005, 0.05, 0.1];
/// Numbers that a prediction needs before it is made.
const NEEDED: [u32; 3] = [1, 2, 12];
/// How fast the usual error follows.
const ERROR_RATE: f64 = 0.001;
/// Predictions of a kind before it may speak.
const TRIED: u32 = 60;
/// The standard deviation of a normal distribution whose mean error is 1.
const DEVIATION: f64 = 1.2533;
/// What is left of the greatest error after one number more: a third after 300.
const FADING: f64 = 1.0 - 1.0 / 300.0;
/// What of the greatest error counts as the usual error. Of a normal distribution it is less than the deviation.
const GREATEST_PART: f64 = 0.3;
/// Errors are learnt as at most so many usual errors.
const CLIP: f64 = 10.0;
/// How much the newest number counts in the score: two that are off say more than one.
const NEWEST: f64 = 0.5;
/// The most that one number says.
const MOST: f64 = 50.0;

/// How a rule asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habit {
    /// Which predictions may speak.
    pub by: Prediction,
    /// Numbers that are learnt before it says anything: the cold start.
    pub learn: u32,
    /// The score from which a number is anomalous.
    pub beyond: f64,
    /// A difference below this is never anomalous.
    pub least: f64,
    /// Of so many anomalous numbers in a row predictions learn nothing; of those that follow they do.
    pub freeze: u32,
}

impl Default for Habit {
    fn default() -> Self {
        Self {
            by: Prediction::Best,
            learn: 100,
            beyond: 3.0,
            least: 0.0,
            freeze: 100,
        }
    }
}

/// What is predicted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prediction {
    /// All numbers so far.
    Level,
    /// Those of the same hour of the day.
    Hour,
    /// Those of the same hour of the week.
    Weekday,
    /// Whichever of these was right the most.
    Best,
}

/// What is said of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// How many usual errors it is off, smoothed.
    pub score: f64,
    /// What was expected.
    pub expected: f64,
    /// What that was predicted from.
    pub by: Prediction,
    /// Whether the score is beyond what the rule allows.
    pub anomalous: bool,
}

/// What was learnt of the numbers of one key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Numbers that were seen.
    #[serde(rename = "n")]
    seen: u32,
    #[serde(rename = "l")]
    level: Mean,
    /// Of the hours of the day and of the week that were seen, in order.
    #[serde(rename = "h")]
    hours: [Vec<(u8, Mean)>; 2],
    #[serde(rename = "e")]
    errors: [Error; 3],
    #[serde(rename = "s")]
    score: f64,
    /// Anomalous numbers in a row.
    #[serde(rename = "f", default)]
    frozen: u32,
}

/// A mean that follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f64, u32)", into = "(f64, u32)")]
struct Mean {
    mean: f64,
    many: u32,
}

/// The usual error of a prediction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f64, f64, u32)", into = "(f64, f64, u32)")]
struct Error {
    mean: f64,
    /// The greatest of late.
    greatest: f64,
    many: u32,
}

impl From<(f64, u32)> for Mean {
    fn from((mean, many): (f64, u32)) -> Self {
        Self { mean, many }
    }
}

impl From<Mean> for (f64, u32) {
    fn from(mean: Mean) -> Self {
        (mean.mean, mean.many)
    }
}

impl From<(f64, f64, u32)> for Error {
    fn from((mean, greatest, many): (f64, f64, u32)) -> Self {
        Self { mean, greatest, many }
    }
}

impl From<Error> for (f64, f64, u32) {
    fn from(error: Error) -> Self {
        (error.mean, error.greatest, error.many)
    }
}

impl Mean {
    fn learn(&mut self, number: f64, rate: f64) {
        self.many = self.many.saturating_add(1);
        self.mean += rate.max(1.0 / f64::from(self.many)) * (number - self.mean);
    }
}

impl Error {
    fn usual(&self) -> f64 {
        (DEVIATION * self.mean).max(GREATEST_PART * self.greatest)
    }

    /// The most that one number may teach. Where all were right so far there is no measure, and the first error is one.
    fn most(&self) -> f64 {
        let usual = self.usual();
        if self.many < TRIED / 2 || usual <= 0.0 {
            f64::MAX
        } else {
            CLIP * usual
        }
    }

    fn learn(&mut self, error: f64) {
        self.many = self.many.saturating_add(1);
        self.mean += ERROR_RATE.max(1.0 / f64::from(self.many)) * (error - self.mean);
        self.greatest = error.max(self.greatest * FADING);
    }
}

const KINDS: [Prediction; 3] = [Prediction::Level, Prediction::Hour, Prediction::Weekday];

impl Baseline {
    /// Says how usual the number is, and learns it. `None` during the cold start, and of what is no number.
    pub fn judge(&mut self, at: i64, number: f64, habit: &Habit) -> Option<Judged> {
        if !number.is_finite() {
            return None;
        }
        let expected = self.predictions(at);
        let judged = self.score(number, &expected, habit);
        let anomalous = judged.is_some_and(|judged| judged.anomalous);
        self.frozen = if anomalous {
            self.frozen.saturating_add(1)
        } else {
            0
        };
        self.seen = self.seen.saturating_add(1);
        let clipped = self.learn_errors(number, &expected);
        if !anomalous || self.frozen > habit.freeze {
            self.learn(at, clipped);
        }
        judged
    }

    /// Whether nothing is said yet.
    pub fn is_cold(&self, habit: &Habit) -> bool {
        self.seen < habit.learn
    }

    fn predictions(&self, at: i64) -> [Option<f64>; 3] {
        let of_hour = |kind: usize| {
            let hours = self.hours.get(kind)?;
            let place = hours
                .binary_search_by_key(&hour(at, kind), |(hour, _)| *hour)
                .ok()?;
            hours.get(place).map(|(_, mean)| *mean)
        };
        let means = [Some(self.level), of_hour(0), of_hour(1)];
        let mut expected = [None; 3];
        for ((expected, mean), needed) in expected.iter_mut().zip(means).zip(NEEDED) {
            *expected = mean.filter(|mean| mean.many >= needed).map(|mean| mean.mean);
        }
        expected
    }

    fn score(&mut self, number: f64, expected: &[Option<f64>; 3], habit: &Habit) -> Option<Judged> {
        let speaks = |by: Prediction| habit.by == Prediction::Best || habit.by == by;
        let tried = self.errors.iter().zip(expected).zip(KINDS);
        let able = tried.filter_map(|((error, expected), by)| {
            let expected = (*expected)?;
            (error.many >= TRIED && speaks(by)).then_some((error, expected, by))
        });
        let best = able.min_by(|(a, ..), (b, ..)| a.mean.total_cmp(&b.mean));
        let (error, expected, by) = best?;
        let off = (number - expected).abs();
        let now = if off <= habit.least || off == 0.0 {
            0.0
        } else {
            (off / error.usual().max(f64::MIN_POSITIVE)).min(MOST)
        };
        self.score += NEWEST * (now - self.score);
        let score = self.score;
        let anomalous = score >= habit.beyond && off > habit.least;
        (self.seen >= habit.learn).then_some(Judged {
            score,
            expected,
            by,
            anomalous,
        })
    }

    /// Learns how right the predictions were; gives the number as each may learn it.
    fn learn_errors(&mut self, number: f64, expected: &[Option<f64>; 3]) -> [f64; 3] {
        let mut clipped = [number; 3];
        for ((error, expected), clipped) in self.errors.iter_mut().zip(expected).zip(&mut clipped) {
            let Some(expected) = *expected else { continue };
            let most = error.most();
            let off = (number - expected).clamp(-most, most);
            error.learn(off.abs());
            *clipped = expected + off;
        }
        clipped
    }

    fn learn(&mut self, at: i64, [level, of_day, of_week]: [f64; 3]) {
        self.level.learn(level, RATES[0]);
        for (kind, number) in [of_day, of_week].into_iter().enumerate() {
            let Some(hours) = self.hours.get_mut(kind) else {
                continue;
            };
            let hour = hour(at, kind);
            let place = hours.binary_search_by_key(&hour, |(hour, _)| *hour);
            let place = place.unwrap_or_else(|place| {
                hours.insert(place, (hour, Mean::default()));
                place
            });
            if let (Some((_, mean)), Some(rate)) = (hours.get_mut(place), RATES.get(kind + 1)) {
                mean.learn(number, *rate);
            }
        }
    }
}

/// The hour of the day (0) or of the week (1).
fn hour(at: i64, kind: usize) -> u8 {
    let hours = HOURS.get(kind).copied().unwrap_or(1);
    u8::try_from(at.div_euclid(HOUR_MS).rem_euclid(hours)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day of work with some noise: 100 by day, 10 by night, an hour apart.
    fn usual(hour: i64) -> f64 {
        let noise = f64::from(u32::try_from((hour * 7919) % 13).unwrap_or(0)) - 6.0;
        if (8..18).contains(&hour.rem_euclid(24)) {
            100.0 + noise
        } else {
            10.0 + noise / 4.0
        }
    }

    fn learnt(hours: i64, habit: &Habit) -> Baseline {
        let mut baseline = Baseline::default();
        for hour in 0..hours {
            let judged = baseline.judge(hour * HOUR_MS, usual(hour), habit);
            assert!(
                judged.is_none_or(|judged| !judged.anomalous),
                "{hour}: {judged:?}"
            );
        }
        baseline
    }

    #[test]
    fn nothing_is_said_during_the_cold_start() {
        let habit = Habit {
            learn: 100,
            ..Habit::default()
        };
        let mut baseline = Baseline::default();
        for hour in 0..100 {
            assert!(baseline.is_cold(&habit));
            assert_eq!(baseline.judge(hour * HOUR_MS, 1e9 * usual(hour), &habit), None);
        }
        assert!(!baseline.is_cold(&habit));
    }

    #[test]
    fn what_is_usual_by_day_is_not_by_night() {
        let habit = Habit::default();
        let baseline = learnt(24 * 28, &habit);
        let (noon, midnight) = (24 * 28 + 12, 24 * 28);
        let off = |hour: i64, number: f64| baseline.clone().judge(hour * HOUR_MS, number, &habit);
        assert!(!off(noon, 98.0).expect("warm").anomalous);
        let night = off(midnight, 98.0).expect("warm");
        assert!(
            night.anomalous && night.by != Prediction::Level && (night.expected - 10.0).abs() < 3.0,
            "{night:?}"
        );
        assert!(off(noon, 11.0).expect("warm").anomalous, "silence by day");
        let level = Habit {
            by: Prediction::Level,
            ..habit
        };
        assert!(
            !baseline
                .clone()
                .judge(midnight * HOUR_MS, 98.0, &level)
                .expect("warm")
                .anomalous
        );
        let least = Habit {
            least: 200.0,
            ..habit
        };
        assert!(
            !baseline
                .clone()
                .judge(midnight * HOUR_MS, 98.0, &least)
                .expect("warm")
                .anomalous
        );
    }

    #[test]
    fn what_is_anomalous_is_not_learnt_until_it_stays() {
        let habit = Habit {
            freeze: 20,
            ..Habit::default()
        };
        let mut baseline = learnt(24 * 28, &habit);
        let mut anomalous = Vec::new();
        for hour in 24 * 28..24 * 28 * 6 {
            let judged = baseline
                .judge(hour * HOUR_MS, 500.0 + usual(hour), &habit)
                .expect("warm");
            anomalous.push(judged.anomalous);
        }
        assert!(anomalous[..20].iter().all(|anomalous| *anomalous), "frozen");
        assert!(
            !anomalous[anomalous.len() - 24..]
                .iter()
                .any(|anomalous| *anomalous),
            "the new usual"
        );
    }

    #[test]
    fn what_was_constant_for_long_and_then_spikes_is_news_only_at_first() {
        let habit = Habit::default();
        let mut baseline = Baseline::default();
        let number = |at: i64| if at >= 500 && at % 25 == 0 { 100.0 } else { 1.0 };
        let told = |from: i64, baseline: &mut Baseline| {
            let judged = (from..from + 500).filter_map(|at| baseline.judge(at * 300_000, number(at), &habit));
            judged.filter(|judged| judged.anomalous).count()
        };
        assert_eq!(told(0, &mut baseline), 0, "constant");
        assert!(told(500, &mut baseline) > 0, "the first spikes");
        assert_eq!(
            told(1_000, &mut baseline),
            0,
            "what spikes every two hours is usual"
        );
    }

    #[test]
    fn a_restored_baseline_goes_on_as_if_nothing_had_happened() {
        let habit = Habit::default();
        let mut whole = learnt(400, &habit);
        let bytes = rmp_serde::to_vec_named(&whole).expect("writes");
        assert!(bytes.len() < 4096, "{} bytes", bytes.len());
        let mut restored: Baseline = rmp_serde::from_slice(&bytes).expect("reads");
        for hour in 400..500 {
            let number = usual(hour) * 2.0;
            assert_eq!(
                whole.judge(hour * HOUR_MS, number, &habit),
                restored.judge(hour * HOUR_MS, number, &habit)
            );
        }
        assert_eq!(whole, restored);
    }

    #[test]
    fn no_number_panics() {
        let (mut baseline, habit) = (
            Baseline::default(),
            Habit {
                learn: 0,
                ..Habit::default()
            },
        );
        for (at, number) in [
            f64::MAX,
            f64::MIN,
            f64::NAN,
            f64::INFINITY,
            0.0,
            f64::MIN_POSITIVE,
        ]
        .into_iter()
        .cycle()
        .take(500)
        .enumerate()
        {
            let at = i64::try_from(at).unwrap_or(0) * 1_000_000_007 - i64::MAX / 2;
            let _ = baseline.judge(at, number, &habit);
        }
    }
}
