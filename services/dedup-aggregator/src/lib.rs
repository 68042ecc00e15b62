//! Scored events become signals: duplicates counted once, copies folded.
