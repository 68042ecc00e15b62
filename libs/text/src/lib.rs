//! Reading a noisy text: cleaning, finding, knowing its language. No I/O.
