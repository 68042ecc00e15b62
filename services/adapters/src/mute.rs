//! Sources and tenants that are not heard, whatever they send. No clock, no I/O.

use model::RawEvent;
use settings::MuteSettings;
use wildmatch::WildMatch;

/// Who is muted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mute {
    sources: Vec<WildMatch>,
    tenants: Vec<WildMatch>,
}

impl Mute {
    pub(crate) fn new(settings: &MuteSettings) -> Self {
        let globs = |globs: &[String]| globs.iter().map(|glob| WildMatch::new(glob)).collect();
        Self {
            sources: globs(&settings.sources),
            tenants: globs(&settings.tenants),
        }
    }

    /// Whether the event's source or its tenant is muted.
    pub(crate) fn holds(&self, event: &RawEvent) -> bool {
        self.sources.iter().any(|glob| glob.matches(&event.source))
            || self.tenants.iter().any(|glob| glob.matches(&event.tenant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_or_a_tenant_is_enough() {
        let mute = Mute::new(&MuteSettings {
            sources: vec!["/rubbish/*".to_owned(), "bot-?".to_owned()],
            tenants: vec!["acme".to_owned()],
        });
        let holds = |source: &str, tenant: &str| {
            mute.holds(&RawEvent {
                source: source.to_owned(),
                tenant: tenant.to_owned(),
                ..RawEvent::default()
            })
        };
        assert!(holds("/rubbish/a/b", "default") && holds("bot-7", "default") && holds("shop", "acme"));
        assert!(!holds("/rubbish", "default") && !holds("bot-77", "default") && !holds("shop", "acme2"));
        assert!(!Mute::default().holds(&RawEvent::default()));
    }
}
