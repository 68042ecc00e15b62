//! What is computed over the events of a window, a part at a time: parts of panes merge into windows. No clock, no I/O.

use serde::{Deserialize, Serialize};

use crate::distinct::Distinct;
use crate::quantiles::Quantiles;
use crate::top::{Top, counters};

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregate {
    /// How many events count.
    Count,
    /// How many count a second of the window.
    Rate,
    /// The share of the events that count, of those that are asked.
    Ratio,
    /// The sum of the numbers.
    Sum,
    /// Their mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The earliest, by the time of its event.
    First,
    /// The latest.
    Last,
    /// How many different items there are; beyond 128 within a few percent ([`Distinct`]).
    Distinct,
    /// The number below which this share of the numbers lies, within 1/129 of itself ([`Quantiles`]).
    Quantile(f64),
    /// The most frequent items, this many ([`Top`]).
    Top(usize),
}

/// What an event brings to one aggregate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input<'a> {
    /// Nothing: it does not count, or it is not known whether it does.
    Nothing,
    /// It counts: for [`Aggregate::Count`] and [`Aggregate::Rate`].
    Hit,
    /// It is asked, and counts or does not: for [`Aggregate::Ratio`].
    Asked(bool),
    /// A number: for sums, means, extremes and quantiles.
    Number(f64),
    /// An item: for [`Aggregate::Distinct`] and [`Aggregate::Top`].
    Item(&'a str),
}

/// What came of an aggregate.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// No event brought anything that it could be made of.
    Nothing,
    /// A number.
    Number(f64),
    /// Items with their counts, the most frequent first.
    Items(Vec<(String, u64)>),
}

/// An aggregate of some of the events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Part {
    #[serde(rename = "n")]
    Count(u64),
    #[serde(rename = "r")]
    Ratio(u64, u64),
    #[serde(rename = "s")]
    Sum(f64, u64),
    #[serde(rename = "v")]
    One(Option<(i64, f64)>),
    #[serde(rename = "d")]
    Distinct(Box<Distinct>),
    #[serde(rename = "q")]
    Quantiles(Box<Quantiles>),
    #[serde(rename = "t")]
    Top(Box<Top>),
}

impl Aggregate {
    /// Of no event.
    pub(crate) fn nothing(&self) -> Part {
        match self {
            Self::Count | Self::Rate => Part::Count(0),
            Self::Ratio => Part::Ratio(0, 0),
            Self::Sum | Self::Avg => Part::Sum(0.0, 0),
            Self::Min | Self::Max | Self::First | Self::Last => Part::One(None),
            Self::Distinct => Part::Distinct(Box::default()),
            Self::Quantile(_) => Part::Quantiles(Box::default()),
            Self::Top(_) => Part::Top(Box::default()),
        }
    }

    /// Whether the part is one of such an aggregate.
    pub(crate) fn fits(&self, part: &Part) -> bool {
        std::mem::discriminant(&self.nothing()) == std::mem::discriminant(part)
    }

    /// Takes what an event at `at` brings. What does not belong to the aggregate brings nothing.
    pub(crate) fn add(&self, part: &mut Part, at: i64, input: Input<'_>) {
        match (part, input) {
            (Part::Count(count), Input::Hit) => *count += 1,
            (Part::Ratio(counted, asked), Input::Asked(counts)) => {
                *counted += u64::from(counts);
                *asked += 1;
            }
            (_, Input::Number(number)) if !number.is_finite() => {}
            (Part::Sum(sum, many), Input::Number(number)) => {
                *sum += number;
                *many += 1;
            }
            (Part::One(one), Input::Number(number)) => self.choose(one, (at, number)),
            (Part::Quantiles(sketch), Input::Number(number)) => sketch.add(number),
            (Part::Distinct(sketch), Input::Item(item)) => sketch.add(item),
            (Part::Top(sketch), Input::Item(item)) => sketch.add(item, 1, self.counters()),
            _ => {}
        }
    }

    /// Takes what a later part has; parts that do not fit bring nothing.
    pub(crate) fn merge(&self, part: &mut Part, later: &Part) {
        match (part, later) {
            (Part::Count(count), Part::Count(more)) => *count += more,
            (Part::Ratio(counted, asked), Part::Ratio(also, of)) => {
                *counted += also;
                *asked += of;
            }
            (Part::Sum(sum, many), Part::Sum(more, of)) => {
                *sum += more;
                *many += of;
            }
            (Part::One(one), Part::One(Some(other))) => self.choose(one, *other),
            (Part::Distinct(sketch), Part::Distinct(other)) => sketch.merge(other),
            (Part::Quantiles(sketch), Part::Quantiles(other)) => sketch.merge(other),
            (Part::Top(sketch), Part::Top(other)) => sketch.merge(other, self.counters()),
            _ => {}
        }
    }

    /// Of two of the same time the first that came is the first, and the last that came the last.
    fn choose(&self, one: &mut Option<(i64, f64)>, other: (i64, f64)) {
        let takes = one.is_none_or(|(at, number)| match self {
            Self::Min => other.1 < number,
            Self::Max => other.1 > number,
            Self::First => other.0 < at,
            _ => other.0 >= at,
        });
        if takes {
            *one = Some(other);
        }
    }

    fn counters(&self) -> usize {
        match self {
            Self::Top(most) => counters(*most),
            _ => 0,
        }
    }

    /// What came of it over a window of `span` milliseconds.
    pub(crate) fn outcome(&self, part: &Part, span: i64) -> Outcome {
        let number = match (self, part) {
            (Self::Rate, Part::Count(count)) => {
                (span > 0).then(|| whole(*count) * 1000.0 / whole(span.unsigned_abs()))
            }
            (_, Part::Count(count)) => Some(whole(*count)),
            (_, Part::Ratio(counted, asked)) => (*asked > 0).then(|| whole(*counted) / whole(*asked)),
            (Self::Avg, Part::Sum(sum, many)) => (*many > 0).then(|| sum / whole(*many)),
            (_, Part::Sum(sum, _)) => Some(*sum),
            (_, Part::One(one)) => one.map(|(_, number)| number),
            (_, Part::Distinct(sketch)) => Some(sketch.count()),
            (Self::Quantile(share), Part::Quantiles(sketch)) => sketch.quantile(*share),
            (Self::Top(most), Part::Top(sketch)) => return Outcome::Items(sketch.first(*most)),
            (_, Part::Quantiles(_) | Part::Top(_)) => None,
        };
        number.map_or(Outcome::Nothing, Outcome::Number)
    }
}

#[expect(clippy::cast_precision_loss, reason = "right up to 2⁵³")]
pub(crate) fn whole(number: u64) -> f64 {
    number as f64
}
