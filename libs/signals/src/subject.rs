//! Whether somebody named what an event is about. No I/O.

/// What subjects begin with that nobody named: the normalizer found nothing better.
const UNNAMED: [&str; 3] = ["story:", "url:", "source:"];

/// Whether a subject is the name of something: a token, a user, a service.
pub fn is_named(subject: &str) -> bool {
    !subject.is_empty() && !UNNAMED.iter().any(|prefix| subject.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::is_named;

    #[test]
    fn what_the_normalizer_fell_back_to_is_no_name() {
        assert!(is_named("symbol:UNI") && is_named("user:story"));
        assert!(
            !["", "story:difficult", "url:https://a.com/", "source:shop"]
                .iter()
                .any(|subject| is_named(subject))
        );
    }
}
