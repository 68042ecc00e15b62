//! One binary, many targets.

fn main() {}
