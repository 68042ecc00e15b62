//! What one caller may ask of the database: so many questions at once, and so much of its time in a minute. Thus a
//! dozen slow questions of one caller leave room for everybody else.
//!
//! Decides about accounts alone: no database, no HTTP; the time is given.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The time over which a caller's spending is forgotten.
const WINDOW: Duration = Duration::from_mins(1);
/// Accounts that are kept; idle ones go first.
const MAX_ACCOUNTS: usize = 10_000;
/// Questions of one caller that may wait, for each that is answered.
const WAITING: usize = 4;
/// Questions of all callers that are answered or wait.
const EVERYBODY: usize = 128;

/// Why a question is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// This caller has too many questions under way.
    TooMany,
    /// This caller has used up its time of the database; it has some again after this.
    Spent(Duration),
    /// All callers together have too many questions under way.
    Overloaded,
}

/// The accounts of all callers.
#[derive(Debug)]
pub(crate) struct Budget {
    at_once: usize,
    per_minute: Duration,
    everybody: Arc<Semaphore>,
    accounts: Mutex<HashMap<String, Account>>,
}

#[derive(Debug, Clone)]
struct Account {
    door: Arc<Semaphore>,
    slots: Arc<Semaphore>,
    spent: Spent,
}

/// Time of the database that a caller has used: it leaks away evenly, a minute's worth in a minute.
#[derive(Debug, Clone, Copy)]
struct Spent {
    level: Duration,
    at: Instant,
}

/// The right to wait for an answer, and then to have it answered.
#[derive(Debug)]
pub(crate) struct Admitted {
    slots: Arc<Semaphore>,
    _door: OwnedSemaphorePermit,
    _everybody: OwnedSemaphorePermit,
}

/// The right to be answered now; the next question of the caller gets it when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    _slot: OwnedSemaphorePermit,
    _admitted: Admitted,
}

impl Admitted {
    /// Waits until fewer questions of the caller are under way.
    pub(crate) async fn slot(self, patience: Duration) -> Result<Slot, Refusal> {
        let waiting = Arc::clone(&self.slots).acquire_owned();
        match tokio::time::timeout(patience, waiting).await {
            Ok(Ok(slot)) => Ok(Slot {
                _slot: slot,
                _admitted: self,
            }),
            _ => Err(Refusal::TooMany),
        }
    }
}

impl Budget {
    /// Each caller may have `at_once` questions answered at a time, and use `per_minute` of the database's time.
    pub(crate) fn new(at_once: usize, per_minute: Duration) -> Self {
        Self {
            at_once,
            per_minute,
            everybody: Arc::new(Semaphore::new(EVERYBODY)),
            accounts: Mutex::default(),
        }
    }

    /// Takes a question of a caller, or says why not.
    pub(crate) fn admit(&self, caller: &str, now: Instant) -> Result<Admitted, Refusal> {
        let (door, slots) = {
            let mut accounts = self.accounts();
            let account = self.account(&mut accounts, caller, now);
            let over = account.spent.level_at(now, self.per_minute);
            if over >= self.per_minute {
                return Err(Refusal::Spent(scaled(
                    over.saturating_sub(self.per_minute),
                    WINDOW,
                    self.per_minute,
                )));
            }
            (Arc::clone(&account.door), Arc::clone(&account.slots))
        };
        let door = door.try_acquire_owned().map_err(|_| Refusal::TooMany)?;
        let everybody = Arc::clone(&self.everybody).try_acquire_owned();
        Ok(Admitted {
            slots,
            _door: door,
            _everybody: everybody.map_err(|_| Refusal::Overloaded)?,
        })
    }

    /// Puts time of the database on a caller's account.
    pub(crate) fn charge(&self, caller: &str, used: Duration, now: Instant) {
        let mut accounts = self.accounts();
        let account = self.account(&mut accounts, caller, now);
        account.spent = Spent {
            level: account.spent.level_at(now, self.per_minute) + used,
            at: now,
        };
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn account<'a>(
        &self,
        accounts: &'a mut HashMap<String, Account>,
        caller: &str,
        now: Instant,
    ) -> &'a mut Account {
        if accounts.len() >= MAX_ACCOUNTS && !accounts.contains_key(caller) {
            self.forget_idle(accounts, now);
        }
        accounts.entry(caller.to_owned()).or_insert_with(|| Account {
            door: Arc::new(Semaphore::new(self.at_once * (1 + WAITING))),
            slots: Arc::new(Semaphore::new(self.at_once)),
            spent: Spent {
                level: Duration::ZERO,
                at: now,
            },
        })
    }

    /// Accounts that owe nothing and have nothing under way tell nothing; if there are none, all who have nothing
    /// under way begin anew.
    fn forget_idle(&self, accounts: &mut HashMap<String, Account>, now: Instant) {
        let busy = |account: &Account| account.door.available_permits() < self.at_once * (1 + WAITING);
        accounts.retain(|_, account| {
            busy(account) || account.spent.level_at(now, self.per_minute) > Duration::ZERO
        });
        if accounts.len() >= MAX_ACCOUNTS {
            accounts.retain(|_, account| busy(account));
        }
    }
}

impl Spent {
    fn level_at(self, now: Instant, per_minute: Duration) -> Duration {
        let gone = now.saturating_duration_since(self.at);
        self.level.saturating_sub(scaled(gone, per_minute, WINDOW))
    }
}

/// `time * by / of`; so long that nobody waits for it where `of` is zero.
fn scaled(time: Duration, by: Duration, of: Duration) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * by.as_secs_f64() / of.as_secs_f64()).unwrap_or(WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn budget() -> Budget {
        Budget::new(2, 30 * SECOND)
    }

    #[test]
    fn time_that_is_used_up_comes_back_evenly() {
        let (budget, now) = (budget(), Instant::now());
        budget.charge("a", 31 * SECOND, now);
        assert_eq!(budget.admit("a", now).unwrap_err(), Refusal::Spent(2 * SECOND));
        assert!(budget.admit("b", now).is_ok(), "another caller has its own");
        assert_eq!(
            budget.admit("a", now + SECOND).unwrap_err(),
            Refusal::Spent(SECOND)
        );
        assert!(budget.admit("a", now + 3 * SECOND).is_ok());
        budget.charge("a", SECOND, now + 120 * SECOND);
        assert!(
            budget.admit("a", now + 120 * SECOND).is_ok(),
            "nothing is saved up, nothing stays"
        );
    }

    #[test]
    fn one_caller_has_a_bound_on_what_waits_and_leaves_room_for_others() {
        let (budget, now) = (budget(), Instant::now());
        let held: Vec<_> = (0..10).map(|_| budget.admit("a", now).unwrap()).collect();
        assert_eq!(budget.admit("a", now).unwrap_err(), Refusal::TooMany);
        assert!(budget.admit("b", now).is_ok());
        drop(held);
        assert!(budget.admit("a", now).is_ok());
    }

    #[tokio::test]
    async fn slots_are_given_one_after_another() {
        let (budget, now) = (budget(), Instant::now());
        let admitted = || budget.admit("a", now).unwrap();
        let first = admitted().slot(SECOND).await.unwrap();
        let _second = admitted().slot(SECOND).await.unwrap();
        assert_eq!(
            admitted().slot(Duration::ZERO).await.unwrap_err(),
            Refusal::TooMany
        );
        drop(first);
        assert!(admitted().slot(SECOND).await.is_ok());
    }

    #[test]
    fn accounts_are_bounded_however_many_names_come() {
        let (budget, now) = (budget(), Instant::now());
        budget.charge("debtor", 40 * SECOND, now);
        for name in 0..MAX_ACCOUNTS + 10 {
            let _ = budget.admit(&name.to_string(), now);
        }
        assert!(budget.accounts().len() <= MAX_ACCOUNTS);
        assert!(budget.admit("debtor", now).is_err(), "idle accounts go first");
    }
}
