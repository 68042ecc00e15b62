//! Speed and memory, as commands that print ratios.
