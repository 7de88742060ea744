//! Steps within one status: told live and never written, because a durable write costs a wait for the disk and nobody
//! needs a step after a restart.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use schemas::{Event, EventId, JobId, Status};

use super::table::Row;

/// Jobs that are worked on at once, far more than a machine has cores. Steps of more are written like anything else.
const JOBS_MAX: usize = 1024;

/// The newest step of each job that is worked on, where it is newer than the record.
#[derive(Debug, Default)]
pub(super) struct Steps(Mutex<HashMap<JobId, Event>>);

impl Steps {
    /// The record with what was told since.
    pub(super) fn over(&self, id: &JobId, row: Row) -> Row {
        match self.jobs().get(id) {
            Some(step) => row.told(step),
            None => row,
        }
    }

    /// Keeps a step if it is one: an event that leaves the job at the status `before` it. `false` for what has to be
    /// written.
    pub(super) fn keep(&self, before: Option<Status>, event: &Event) -> bool {
        let id = event.state.job_id;
        let mut jobs = self.jobs();
        let has_room = jobs.len() < JOBS_MAX || jobs.contains_key(&id);
        let is_step = before == Some(event.state.status) && has_room;
        if is_step {
            jobs.insert(id, event.clone());
        }
        is_step
    }

    /// Forgets the steps before `written`. Call it only after the commit: until then their numbers are not to be used
    /// again.
    pub(super) fn forget(&self, id: &JobId, written: EventId) {
        let mut jobs = self.jobs();
        if jobs.get(id).is_some_and(|step| step.id < written) {
            jobs.remove(id);
        }
    }

    /// Each change is a single step, so a panic elsewhere has left nothing half done.
    fn jobs(&self) -> MutexGuard<'_, HashMap<JobId, Event>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
