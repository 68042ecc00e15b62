//! The tasks of a lane that cannot go on until a person has mended something: what is known of them, and who hears of it.
//!
//! A quarantined task stays the group's gift to this member: nothing of it is fetched and its state is not held, and the
//! lane's other tasks go on. A note of it is left where `sluicebox tasks` finds it ([`super::notes`]). Nobody else reads
//! that note to decide anything: another owner restores the task, meets the same fault, and quarantines it too.

use super::notes::{Note, Notes};
use crate::config::LaneConfig;
use crate::host::Instant;
use crate::kafka::Kafka;
use crate::names::Names;
use crate::work::wall_clock;
use stage::Task;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// How often it is looked whether somebody asks for another try.
const LOOK: Duration = Duration::from_secs(1);

/// See the module.
pub(crate) struct Quarantine {
    notes: Notes,
    by: String,
    /// Why, also for tasks that are only about to be quarantined.
    reasons: BTreeMap<Task, String>,
    quarantined: BTreeMap<Task, Note>,
    /// Found out, and not yet told.
    due: VecDeque<Task>,
    /// Tasks that run while a note says that they do not.
    noted: BTreeSet<Task>,
    looked: Instant,
}

impl Quarantine {
    pub(crate) fn new<K: Kafka>(config: &LaneConfig) -> Self {
        Self {
            notes: Notes::new::<K>(config),
            by: config
                .consumer
                .get("group.instance.id")
                .unwrap_or_default()
                .to_owned(),
            reasons: BTreeMap::new(),
            quarantined: BTreeMap::new(),
            due: VecDeque::new(),
            noted: BTreeSet::new(),
            looked: Instant::now(),
        }
    }

    /// A task cannot go on, and why; it is told at its time.
    pub(crate) fn find(&mut self, task: Task, why: String) {
        self.suspect(task, why);
        self.due.push_back(task);
    }

    /// Why a task is to be quarantined, if it is.
    pub(crate) fn suspect(&mut self, task: Task, why: String) {
        self.reasons.insert(task, why);
    }

    /// The next task that was found.
    pub(crate) fn next_found(&mut self) -> Option<Task> {
        self.due.pop_front()
    }

    /// A task is quarantined; gives the reason.
    pub(crate) fn enter(&mut self, task: Task) -> String {
        let why = self.reasons.remove(&task).unwrap_or_default();
        let note = Note {
            why: why.clone(),
            since: wall_clock(),
            by: self.by.clone(),
            retry: false,
        };
        self.notes.put(task, note.clone());
        self.quarantined.insert(task, note);
        why
    }

    /// A task runs.
    pub(crate) fn runs(&mut self, task: Task) {
        let was = self.quarantined.remove(&task).is_some();
        if self.noted.remove(&task) || was {
            self.notes.clear(task);
        }
    }

    /// A task is restored; what earlier owners noted of it is looked up meanwhile.
    pub(crate) fn restores(&mut self, tasks: &[Task]) {
        self.notes.look(tasks.to_vec());
    }

    /// A task is no longer ours; the note stays for its next owner to prove wrong.
    pub(crate) fn let_go(&mut self, task: Task) {
        self.quarantined.remove(&task);
        self.reasons.remove(&task);
        self.noted.remove(&task);
        self.due.retain(|due| *due != task);
    }

    /// Why each task is quarantined; most reasons name it.
    pub(crate) fn reasons(&self, names: &Names) -> Vec<String> {
        let reason = |(task, note): (&Task, &Note)| {
            let name = format!("{}-{}", names.topic(task.topic), task.partition);
            if note.why.contains(&name) {
                note.why.clone()
            } else {
                format!("{name}: {}", note.why)
            }
        };
        self.quarantined.iter().map(reason).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.quarantined.is_empty()
    }

    /// Tasks for which somebody asks for another try. `runs` tells whether a task runs.
    pub(crate) fn look(&mut self, runs: impl Fn(Task) -> bool) -> Option<Task> {
        if !self.quarantined.is_empty() && self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            self.notes.look(self.quarantined.keys().copied().collect());
        }
        while let Some((task, note)) = self.notes.next() {
            match (self.quarantined.get(&task), note) {
                (Some(_), Some(note)) if note.retry => return Some(task),
                // The broker has forgotten it, or another process took it back.
                (Some(own), None) => self.notes.put(task, own.clone()),
                (Some(_), Some(_)) | (None, None) => {}
                (None, Some(_)) if runs(task) => self.notes.clear(task),
                (None, Some(_)) => {
                    self.noted.insert(task);
                }
            }
        }
        None
    }
}
