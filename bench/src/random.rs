//! `java.util.SplittableRandom`, so that both sides of a comparison make the same events from the same numbers.
//!
//! Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, as the JDK has it.

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// A generator; the same seed gives the same numbers as the JDK's.
#[derive(Debug, Clone)]
pub(crate) struct SplittableRandom(u64);

impl SplittableRandom {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next_seed(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        self.0
    }

    /// `nextLong()`
    pub(crate) const fn next_u64(&mut self) -> u64 {
        let z = self.next_seed();
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `nextInt()`
    const fn next_u32(&mut self) -> u32 {
        let z = self.next_seed();
        let z = (z ^ (z >> 33)).wrapping_mul(0x62a9_d9ed_7997_05f5);
        let z = (z ^ (z >> 28)).wrapping_mul(0xcb24_d0a5_c88c_35b3);
        (z >> 32) as u32
    }

    /// `nextInt(bound)`; the bound is below 2^31.
    pub(crate) const fn below(&mut self, bound: u32) -> u32 {
        let (first, most) = (self.next_u32(), bound - 1);
        if bound & most == 0 {
            return first & most;
        }
        let mut u = first >> 1;
        loop {
            let r = u % bound;
            // What is above the greatest multiple of the bound would come up too often.
            if u.wrapping_add(most).wrapping_sub(r) >> 31 == 0 {
                return r;
            }
            u = self.next_u32() >> 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SplittableRandom;

    /// What `jshell` (JDK 17) says of `new SplittableRandom(42)`.
    #[test]
    fn it_says_what_the_jdk_says() {
        let mut random = SplittableRandom::new(42);
        let longs = [random.next_u64().cast_signed(), random.next_u64().cast_signed()];
        let ints = [5_000, 4, 3, 50_000, 7].map(|bound| random.below(bound));
        assert_eq!((longs, ints), (LONGS, INTS));
    }

    const LONGS: [i64; 2] = [-4_767_286_540_954_276_203, 2_949_826_092_126_892_291];
    const INTS: [u32; 5] = [2_481, 0, 2, 14_071, 3];
}
