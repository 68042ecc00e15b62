//! Raw events become events: cleaned, typed, about one subject.
