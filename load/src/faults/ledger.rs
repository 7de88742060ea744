//! What was accepted, and every end that anybody heard of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use schemas::{Digest, JobId, State, Status};

use super::orders::Expected;

/// The run's book. Whoever uploads, publishes or follows writes into it.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Book>);

/// What is in the book.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) jobs: BTreeMap<JobId, Account>,
    /// Uploads that were refused as they had to be.
    pub(super) refused: usize,
    /// Answers after which a client had to try again: how often each was given.
    pub(super) troubles: BTreeMap<String, usize>,
    /// What must not be.
    pub(super) findings: Vec<String>,
}

/// One accepted job.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) expected: Expected,
    /// Whether a publisher recorded it; what a stranger sent is known once a worker has it in hand.
    pub(super) recorded: bool,
    /// How often it was accepted; more than one for the same photo with the same wishes.
    pub(super) uploads: usize,
    /// Whether its client took it back, or tried to.
    pub(super) taken_back: bool,
    /// Every end that anybody heard.
    pub(super) ends: BTreeSet<End>,
}

/// How a job ended: two of one job that contradict each other are two outcomes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End {
    pub(super) status: &'static str,
    /// Of the result.
    pub(super) sha256: Option<Digest>,
}

impl Ledger {
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Jobs that were accepted, and those whose end somebody heard.
    pub(super) fn progress(&self) -> (usize, usize) {
        let book = self.book();
        let ended = book
            .jobs
            .values()
            .filter(|account| !account.ends.is_empty());
        (book.jobs.len(), ended.count())
    }

    /// The book, when nothing more is written into it.
    pub(super) fn close(&self) -> Book {
        std::mem::take(&mut *self.book())
    }

    /// Notes that a publisher accepted an upload.
    pub(super) fn accept(&self, id: JobId, expected: Expected) {
        self.open(id, expected, true);
    }

    /// Notes that the broker confirmed a stranger's message.
    pub(super) fn accept_strangers(&self, id: JobId) {
        self.open(id, Expected::Done, false);
    }

    fn open(&self, id: JobId, expected: Expected, recorded: bool) {
        let mut book = self.book();
        let account = book.jobs.entry(id).or_insert_with(|| Account {
            expected,
            recorded,
            uploads: 0,
            taken_back: false,
            ends: BTreeSet::new(),
        });
        account.uploads += 1;
    }

    /// Notes that a client takes an accepted job back.
    pub(super) fn take_back(&self, id: &JobId) {
        if let Some(account) = self.book().jobs.get_mut(id) {
            account.taken_back = true;
        }
    }

    pub(super) fn refuse(&self) {
        self.book().refused += 1;
    }

    pub(super) fn trouble(&self, what: impl Into<String>) {
        *self.book().troubles.entry(what.into()).or_default() += 1;
    }

    pub(super) fn find(&self, finding: String) {
        self.book().findings.push(finding);
    }

    /// Notes that nobody knows a job: a lie, if it was accepted and recorded.
    pub(super) fn miss(&self, id: &JobId) {
        let mut book = self.book();
        if book.jobs.get(id).is_some_and(|account| account.recorded) {
            let finding = format!("job {id} was accepted and answers 404");
            book.findings.push(finding);
        }
    }

    /// Notes a state that a client was told, if it is an end.
    pub(super) fn hear(&self, state: &State) {
        if let (true, Some(account)) = (
            state.status.is_final(),
            self.book().jobs.get_mut(&state.job_id),
        ) {
            account.ends.insert(End::of(state));
        }
    }
}

impl End {
    /// Whether both cannot be true. A result is told without its digest while the records are away.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let other_result = self
            .sha256
            .zip(other.sha256)
            .is_some_and(|(one, two)| one != two);
        self.status != other.status || other_result
    }

    pub(super) fn of(state: &State) -> Self {
        let picture = state.picture.as_ref();
        Self {
            status: state.status.as_str(),
            sha256: picture
                .filter(|_| state.status == Status::Done)
                .map(|picture| picture.sha256),
        }
    }
}
