//! How many messages one receiver gets at once, so that a slow one does not hold up the others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The receivers that get messages right now: at most as many as there are messages in hand.
#[derive(Clone, Debug)]
pub(super) struct Doors {
    at_once_max: usize,
    open: Arc<Mutex<HashMap<String, usize>>>,
}

/// A place at a receiver's door, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    doors: Doors,
    door: String,
}

impl Doors {
    pub(super) fn new(at_once_max: usize) -> Self {
        Self {
            at_once_max,
            open: Arc::default(),
        }
    }

    /// A place at this door, unless all are taken.
    pub(super) fn enter(&self, door: &str) -> Option<Place> {
        let mut open = self.open();
        let inside = open.get(door).copied().unwrap_or_default();
        if inside >= self.at_once_max {
            return None;
        }
        open.insert(door.to_owned(), inside + 1);
        Some(Place {
            doors: self.clone(),
            door: door.to_owned(),
        })
    }

    /// No code of ours panics while it holds this, and half a change would do no harm.
    fn open(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.doors.open();
        if let Some(inside) = open.get_mut(&self.door) {
            *inside -= 1;
            if *inside == 0 {
                open.remove(&self.door);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_that_is_full_leaves_the_others_open_and_is_forgotten_when_it_is_empty() {
        let doors = Doors::new(2);
        let inside = [doors.enter("slow:443"), doors.enter("slow:443")];
        assert!(inside.iter().all(Option::is_some));
        assert!(doors.enter("slow:443").is_none());
        assert!(doors.enter("other:443").is_some());
        drop(inside);
        assert!(doors.open().is_empty());
    }
}
