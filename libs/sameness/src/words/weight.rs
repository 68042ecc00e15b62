//! How much a word says, as a fixed-point number.

use serde::{Deserialize, Serialize};

/// Steps of a unit. Rounding makes two machines agree whose mathematics libraries differ in the last bit.
const STEPS: f32 = 256.0;

/// How much a word says, 0 to 255, in steps of 1/256.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Weight(u16);

impl Weight {
    /// The nearest step; not a number gives 0.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range"
    )]
    pub fn of(value: f32) -> Self {
        Self((value * STEPS).round().clamp(0.0, f32::from(u16::MAX)) as u16)
    }

    /// The weight as a number.
    pub fn value(self) -> f32 {
        f32::from(self.0) / STEPS
    }
}
