//! What pagers have in common: a notification opens, acknowledges or resolves what its signal or detection is about, under
//! one key. Pure.

use model::Notification;

use super::super::digest::digest;

/// What becomes of the incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Trigger,
    Acknowledge,
    Resolve,
}

impl Action {
    /// By the state that is told. What speaks against a signal resolves its incident, as does its end.
    pub(super) fn of(notification: &Notification) -> Self {
        match notification.state.as_str() {
            "downgraded" | "closed" | "resolved" => Self::Resolve,
            "acknowledged" => Self::Acknowledge,
            _ => Self::Trigger,
        }
    }
}

/// What an incident is called; pagers take no empty name.
pub(super) fn summary(notification: &Notification) -> &str {
    let title = Some(&*notification.title).filter(|title| !title.is_empty());
    title.unwrap_or(&notification.id)
}

/// The same for all that is told of one signal or detection, and of no other tenant's; at most `longest` bytes.
pub(super) fn key(notification: &Notification, longest: usize) -> String {
    let Notification {
        tenant, origin_id, ..
    } = notification;
    let key = format!("{tenant}/{origin_id}");
    if key.len() <= longest {
        return key;
    }
    digest(key.as_bytes(), longest / 2)
}

#[cfg(test)]
mod tests {
    use super::super::tests::notification;
    use super::*;

    #[test]
    fn one_signal_has_one_key_whatever_its_state() {
        let in_state = |state: &str| Notification {
            state: state.to_owned(),
            ..notification()
        };
        let (opened, over) = (in_state("verified"), in_state("downgraded"));
        assert_eq!(
            (Action::of(&opened), Action::of(&over)),
            (Action::Trigger, Action::Resolve)
        );
        assert_eq!(key(&opened, 255), "acme/sig_1");
        assert_eq!(key(&opened, 255), key(&over, 255));
        assert_eq!(Action::of(&in_state("closed")), Action::Resolve);
        assert_eq!(Action::of(&in_state("acknowledged")), Action::Acknowledge);
        assert_eq!(Action::of(&in_state("detected")), Action::Trigger);
        let long = Notification {
            origin_id: "x".repeat(300),
            ..notification()
        };
        let other = Notification {
            origin_id: format!("{}y", "x".repeat(299)),
            ..notification()
        };
        assert_eq!(key(&long, 255).len(), 64);
        assert_ne!(key(&long, 255), key(&other, 255));
    }
}
