//! The workers of this process.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Alive, Fleet, Heartbeat, SILENCE_MAX, WORKERS_MAX, WorkerId};
use crate::{
    Error,
    error::{Backend, Cause},
};

/// What the workers of this process say.
#[derive(Debug, Default)]
pub struct Local(Mutex<BTreeMap<WorkerId, Heard>>);

#[derive(Debug)]
struct Heard {
    at: Instant,
    heartbeat: Heartbeat,
}

impl Local {
    /// No step here can be left half done.
    fn heard(&self) -> MutexGuard<'_, BTreeMap<WorkerId, Heard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Fleet for Local {
    async fn beat(&self, heartbeat: &Heartbeat) -> Result<(), Error> {
        let (now, mut heard) = (Instant::now(), self.heard());
        heard.retain(|_, heard| now.duration_since(heard.at) <= SILENCE_MAX);
        if heard.len() >= WORKERS_MAX && !heard.contains_key(&heartbeat.id) {
            return Err(too_many());
        }
        let word = Heard {
            at: now,
            heartbeat: heartbeat.clone(),
        };
        heard.insert(heartbeat.id.clone(), word);
        Ok(())
    }

    async fn leave(&self, id: &WorkerId) -> Result<(), Error> {
        self.heard().remove(id);
        Ok(())
    }

    async fn alive(&self, silence_max: Duration) -> Result<Vec<Alive>, Error> {
        let (now, heard) = (Instant::now(), self.heard());
        let workers = heard.values().map(|heard| Alive {
            heartbeat: heard.heartbeat.clone(),
            age: now.duration_since(heard.at),
        });
        Ok(workers.filter(|alive| alive.age <= silence_max).collect())
    }
}

/// The refusal of one worker more than are remembered.
pub(super) fn too_many() -> Error {
    let cause = format!("{WORKERS_MAX} workers are known, which is the limit");
    Error::new(Backend::Results, "beat", Cause::Refused(cause))
}
