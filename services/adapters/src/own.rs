//! Whose an event is: its caller's, whatever its body says. No clock, no I/O.

use access::{Caller, Claim, Scope};
use model::RawEvent;

use crate::rejection::Rejection;

/// Gives an event its tenant, principal and trust; refuses one that says it is somebody else's.
pub(crate) fn own(mut event: RawEvent, caller: &Caller) -> Result<RawEvent, Rejection> {
    event.tenant = caller.admit(Claim {
        tenant: &event.tenant,
        source: &event.source,
        kind: &event.kind,
        subject: event.subject.as_deref(),
    })?;
    event.principal = caller.principal().map(str::to_owned);
    event.trusted = caller.known && caller.may(Scope::Trusted);
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_says_of_its_sender_is_replaced() {
        let event = RawEvent {
            principal: Some("somebody".to_owned()),
            trusted: true,
            ..RawEvent::default()
        };
        let anonymous = own(event.clone(), &Caller::anonymous()).unwrap();
        assert_eq!((anonymous.principal, anonymous.trusted), (None, false));
        assert_eq!(anonymous.tenant, "default");
        let feeds = Caller {
            name: "feeds".to_owned(),
            known: true,
            ..Caller::anonymous()
        };
        let own = own(event, &feeds).unwrap();
        assert_eq!((own.principal.as_deref(), own.trusted), (Some("feeds"), true));
    }
}
