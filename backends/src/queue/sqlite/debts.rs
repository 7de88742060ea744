//! Messages that are still to be put back.
//!
//! A drop cannot wait for the disk, and the disk may be full or locked just then. What it owes is written down here, and
//! whoever looks for a message pays it first; otherwise the message would lie in nobody's hand until the next start.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::table::{self, Hand};

/// A message to put back. To pay twice is to pay once: the first time ends the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Debt {
    pub(super) hand: Hand,
    pub(super) put_back: PutBack,
}

/// How a message goes back that was not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PutBack {
    /// As it was: no worker has seen it, or one gave it back.
    Untouched,
    /// With one crash more: a worker had it in hand and did not settle it.
    Crashed,
}

/// What is owed, at most one message for each receiver: while its last one is owed, no look gives it another. Clones
/// share the list.
#[derive(Clone, Debug, Default)]
pub(super) struct Debts(Arc<Mutex<Vec<Debt>>>);

impl Debt {
    pub(super) fn pay(self, db: &Connection) -> rusqlite::Result<()> {
        match self.put_back {
            PutBack::Untouched => table::hand_back(db, self.hand),
            PutBack::Crashed => table::drop_hand(db, self.hand, super::now_ms()),
        }
    }
}

impl Debts {
    pub(super) fn owe(&self, debt: Debt) {
        self.list().push(debt);
    }

    pub(super) fn all(&self) -> Vec<Debt> {
        self.list().clone()
    }

    /// Call it only after the commit: what was paid in a transaction that failed is still owed.
    pub(super) fn forget(&self, paid: &[Debt]) {
        self.list().retain(|debt| !paid.contains(debt));
    }

    /// Each change is a single step, so a panic elsewhere has left nothing half done.
    fn list(&self) -> MutexGuard<'_, Vec<Debt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
