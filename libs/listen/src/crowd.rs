//! The connections of a listener: who has a place, who gets one, who has to leave.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::figures::{Closed, Figures};
use crate::limits::Limits;
use crate::link::{Clock, Link, origin};
use crate::standing::{Overdue, Phase, is_late, leaves, overdue};

/// All connections of one listener.
pub(crate) struct Crowd {
    clock: Clock,
    limits: Limits,
    figures: Figures,
    places: Mutex<Places>,
    /// Told when a place becomes free.
    pub(crate) freed: Notify,
}

#[derive(Default)]
struct Places {
    next: u64,
    links: HashMap<u64, Arc<Link>>,
    by_origin: HashMap<IpAddr, usize>,
}

/// A place, held as long as the socket is open.
pub(crate) struct Place {
    pub(crate) link: Arc<Link>,
    crowd: Arc<Crowd>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.crowd.places().remove(self.link.id) {
            self.crowd.freed.notify_one();
        }
        self.crowd.figures.left();
    }
}

impl Crowd {
    pub(crate) fn new(limits: Limits, figures: Figures) -> Arc<Self> {
        Arc::new(Self {
            clock: Clock::start(),
            limits,
            figures,
            places: Mutex::default(),
            freed: Notify::new(),
        })
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a newcomer from this address, if there is one or somebody can leave for it.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let origin = origin(address);
        let mut places = self.places();
        let theirs = places.by_origin.get(&origin).copied().unwrap_or_default();
        let full_by_address = theirs >= self.limits.connections_by_address;
        if full_by_address || places.links.len() >= self.limits.connections {
            self.shed(&mut places, full_by_address.then_some(origin))?;
        }
        let link = places.enter(origin, self.clock);
        drop(places);
        self.figures.came();
        Some(Place {
            link,
            crowd: Arc::clone(self),
        })
    }

    /// Ends one connection, of this origin if one is given.
    fn shed(&self, places: &mut Places, of: Option<IpAddr>) -> Option<()> {
        let candidates = places
            .links
            .values()
            .filter(|link| of.is_none_or(|of| link.origin == of));
        let id = leaves(
            candidates.map(|link| (link.id, link.standing())),
            self.clock.now(),
        )?;
        let link = places.links.get(&id).cloned()?;
        let why = match link.standing().phase {
            Phase::Opening => Closed::ShedOpening,
            Phase::Receiving => Closed::ShedBody,
            Phase::Working | Phase::Sending => Closed::ShedAnswer,
            Phase::Idle | Phase::Upgraded => Closed::ShedIdle,
        };
        self.end(places, &link, why);
        Some(())
    }

    fn end(&self, places: &mut Places, link: &Link, why: Closed) {
        places.remove(link.id);
        link.end();
        self.figures.closed(why);
    }

    /// Ends one connection so that its descriptor becomes free; `false` if all are in work.
    pub(crate) fn shed_one(&self) -> bool {
        self.shed(&mut self.places(), None).is_some()
    }

    /// Ends what took longer than it may. While stopping, whoever has no request under way may go at once.
    pub(crate) fn sweep(&self, stopping: bool) {
        let now = self.clock.now();
        let mut places = self.places();
        let limits = if stopping {
            self.while_stopping()
        } else {
            self.limits
        };
        let overdue = places.links.values().filter_map(|link| {
            let standing = link.standing();
            if is_late(standing, now, &limits) {
                link.be_late(standing.began);
            }
            Some((Arc::clone(link), overdue(standing, now, &limits)?))
        });
        for (link, why) in overdue.collect::<Vec<_>>() {
            let why = match why {
                Overdue::Header => Closed::HeaderTimeout,
                Overdue::Request => Closed::RequestTimeout,
                Overdue::Send => Closed::SendTimeout,
                Overdue::Idle => Closed::IdleTimeout,
            };
            self.end(&mut places, &link, why);
            self.freed.notify_one();
        }
    }

    fn while_stopping(&self) -> Limits {
        let soon = std::time::Duration::from_millis(500);
        Limits {
            header: self.limits.header.min(soon),
            idle: self.limits.idle.min(soon),
            ..self.limits
        }
    }

    /// Ends all.
    pub(crate) fn end_all(&self) {
        let mut places = self.places();
        for link in places.links.values().cloned().collect::<Vec<_>>() {
            self.end(&mut places, &link, Closed::Stopped);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.places().links.len()
    }
}

impl Places {
    fn enter(&mut self, origin: IpAddr, clock: Clock) -> Arc<Link> {
        self.next += 1;
        let link = Arc::new(Link::new(self.next, origin, clock));
        self.links.insert(self.next, Arc::clone(&link));
        *self.by_origin.entry(origin).or_default() += 1;
        link
    }

    fn remove(&mut self, id: u64) -> bool {
        let Some(link) = self.links.remove(&id) else {
            return false;
        };
        if let Some(theirs) = self.by_origin.get_mut(&link.origin) {
            *theirs -= 1;
            if *theirs == 0 {
                self.by_origin.remove(&link.origin);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Descriptors, Role};
    use settings::ListenerSettings;

    fn crowd(all: usize, by_address: usize) -> Arc<Crowd> {
        let limits = Limits {
            connections: all,
            connections_by_address: by_address,
            ..Limits::new(Role::Edge, &ListenerSettings::default(), Descriptors(1024))
        };
        Crowd::new(limits, Figures::default())
    }

    #[test]
    fn one_address_takes_no_place_of_others() {
        let crowd = crowd(4, 2);
        let (one, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let held: Vec<_> = (0..10).filter_map(|_| crowd.admit(one)).collect();
        assert_eq!(
            (held.len(), crowd.len()),
            (10, 2),
            "each took the place of the one before"
        );
        assert!(crowd.admit(other).is_some() && crowd.len() <= 3);
    }

    #[test]
    fn requests_in_work_keep_their_places_and_newcomers_find_none() {
        let crowd = crowd(4, 2);
        let address = [192, 0, 2, 1].into();
        let mut held: Vec<_> = (0..2).filter_map(|_| crowd.admit(address)).collect();
        for place in &held {
            place.link.begin(false);
        }
        assert!(crowd.admit(address).is_none());
        held.pop();
        assert!(crowd.admit(address).is_some());
    }

    #[test]
    fn places_are_given_back_once() {
        let crowd = crowd(4, 4);
        let address = [192, 0, 2, 1].into();
        let held: Vec<_> = (0..9).filter_map(|_| crowd.admit(address)).collect();
        drop(held);
        assert_eq!(crowd.len(), 0);
        assert!(crowd.places().by_origin.is_empty());
    }
}
