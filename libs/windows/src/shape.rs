//! Which windows an event belongs to, and the panes that they share. No clock, no I/O.

/// How events are put together. Times are milliseconds of event time; windows begin at multiples from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One after the other: `[0, size)`, `[size, 2 size)`.
    Tumbling {
        /// Length of a window.
        size: i64,
    },
    /// A window of this length every so often; they overlap.
    Hopping {
        /// Length of a window.
        size: i64,
        /// From the start of one to the start of the next.
        every: i64,
    },
    /// The last `size` before now, looked at whenever something happens. Its start moves in steps: it covers the step
    /// that now lies in and the `size / step - 1` before it.
    Sliding {
        /// Length of the window.
        size: i64,
        /// How its start moves.
        step: i64,
    },
    /// Events with less than this between one and the next.
    Session {
        /// Silence that ends a session.
        gap: i64,
    },
    /// This many events, in the order in which they come.
    Count {
        /// How many.
        events: u64,
    },
}

/// Why a shape cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadShape {
    /// A length, a step or a number is not positive.
    NotPositive,
    /// `every` or `step` is longer than the window.
    StepTooLong,
    /// The length is no multiple of the step of a sliding window.
    Uneven,
    /// A window would be made of more panes than [`MOST_PANES`].
    TooManyPanes,
}

impl std::fmt::Display for BadShape {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::NotPositive => "lengths and numbers must be more than nothing",
            Self::StepTooLong => "the step is longer than the window",
            Self::Uneven => "the window must be a multiple of its step",
            Self::TooManyPanes => "the window has more than 1440 steps; make the step longer",
        })
    }
}

/// Panes that make a window at most: a day by the minute.
pub const MOST_PANES: i64 = 1440;

/// Steps of a sliding window that does not say its own, at most.
const STEPS: i64 = 60;

impl Shape {
    /// A sliding window whose step is its sixtieth, or the next longer part that makes it up exactly.
    pub fn sliding(size: i64) -> Self {
        let parts = (1..=STEPS).rev().find(|parts| size % parts == 0);
        let step = size / parts.unwrap_or(1);
        Self::Sliding { size, step }
    }

    /// Whether it can be counted.
    pub fn check(&self) -> Result<(), BadShape> {
        let (size, step) = match *self {
            Self::Tumbling { size } => (size, size),
            Self::Hopping { size, every } => (size, every),
            Self::Sliding { size, step } => (size, step),
            Self::Session { gap } => (gap, gap),
            Self::Count { events } => {
                return if events == 0 {
                    Err(BadShape::NotPositive)
                } else {
                    Ok(())
                };
            }
        };
        if size <= 0 || step <= 0 {
            Err(BadShape::NotPositive)
        } else if step > size {
            Err(BadShape::StepTooLong)
        } else if matches!(self, Self::Sliding { .. }) && size % step != 0 {
            Err(BadShape::Uneven)
        } else if size / self.pane() > MOST_PANES {
            Err(BadShape::TooManyPanes)
        } else {
            Ok(())
        }
    }

    /// Length of the longest span of time that is part of every window or of none, at least 1.
    pub fn pane(&self) -> i64 {
        let pane = match *self {
            Self::Tumbling { size } => size,
            Self::Hopping { size, every } => greatest_common(size, every),
            Self::Sliding { step, .. } => step,
            Self::Session { .. } | Self::Count { .. } => 1,
        };
        pane.max(1)
    }

    /// Length of a window, in milliseconds; 0 where only the events decide it.
    pub fn size(&self) -> i64 {
        match *self {
            Self::Tumbling { size } | Self::Hopping { size, .. } | Self::Sliding { size, .. } => size,
            Self::Session { .. } | Self::Count { .. } => 0,
        }
    }

    /// From the end of one window to the end of the next.
    pub(crate) fn every(&self) -> i64 {
        match *self {
            Self::Tumbling { size } => size.max(1),
            Self::Hopping { every, .. } => every.max(1),
            Self::Sliding { step, .. } => step.max(1),
            Self::Session { .. } | Self::Count { .. } => 1,
        }
    }

    /// The first end of a window at or after `at`.
    pub(crate) fn end_from(&self, at: i64) -> i64 {
        let (every, offset) = (self.every(), self.size().rem_euclid(self.every()));
        let below = at.saturating_sub(offset).saturating_sub(1).div_euclid(every);
        below
            .saturating_add(1)
            .saturating_mul(every)
            .saturating_add(offset)
    }

    /// The last end of a window that covers the pane that begins at `start`.
    pub(crate) fn last_end(&self, start: i64) -> i64 {
        let most = start.saturating_add(self.size());
        most.saturating_sub(most.saturating_sub(self.size()).rem_euclid(self.every()))
    }
}

fn greatest_common(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.max(1), b.max(1));
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_are_what_windows_share() {
        assert_eq!(Shape::Hopping { size: 10, every: 4 }.pane(), 2);
        assert_eq!(Shape::Tumbling { size: 10 }.pane(), 10);
        assert_eq!(
            Shape::sliding(300_000),
            Shape::Sliding {
                size: 300_000,
                step: 5_000
            }
        );
        assert_eq!(Shape::sliding(7), Shape::Sliding { size: 7, step: 1 });
        assert_eq!(Shape::sliding(61), Shape::Sliding { size: 61, step: 61 });
    }

    #[test]
    fn ends_are_those_of_windows_from_1970() {
        let hopping = Shape::Hopping { size: 10, every: 4 };
        // Windows are [0, 10), [4, 14), [-4, 6).
        assert_eq!(
            [5, 6, 7, 10, 11].map(|at| hopping.end_from(at)),
            [6, 6, 10, 10, 14]
        );
        assert_eq!(hopping.last_end(8), 18);
        assert_eq!(hopping.last_end(6), 14);
        assert_eq!(Shape::Tumbling { size: 5 }.end_from(-7), -5);
    }

    #[test]
    fn what_cannot_be_counted_is_told() {
        let bad = |shape: Shape| shape.check().err();
        assert_eq!(bad(Shape::Tumbling { size: 0 }), Some(BadShape::NotPositive));
        assert_eq!(
            bad(Shape::Hopping { size: 5, every: 6 }),
            Some(BadShape::StepTooLong)
        );
        assert_eq!(bad(Shape::Sliding { size: 5, step: 2 }), Some(BadShape::Uneven));
        assert_eq!(
            bad(Shape::Hopping {
                size: 86_400_000,
                every: 7
            }),
            Some(BadShape::TooManyPanes)
        );
        assert_eq!(bad(Shape::Count { events: 0 }), Some(BadShape::NotPositive));
        assert_eq!(bad(Shape::sliding(86_400_000)), None);
    }
}
