//! Jobs that were sent while the records were away. Their messages are safe with the broker, and the worker that claims
//! one makes its record; until then this publisher is the only one who can tell its client that it was accepted.
//!
//! Nothing is lost when the process dies with them: the client hears of its job again once a worker has it.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use backends::{Error, Key, clock::millis, error::Cause, results::Owner};
use schemas::{Job, JobId, State, Status};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{accept, app::App, webhooks};

/// Jobs that are remembered at most: at 1 KiB each 10 MiB, and a quarter of an hour at ten uploads a second. The oldest
/// one makes room: its worker is the likeliest to have spoken by the time anybody can ask.
const JOBS_MAX: usize = 10_000;

/// Between two tries to record them. While the records are known to be away a try is not even sent; once they are back,
/// nobody should wait for longer than a blink.
const TRY_EVERY: Duration = Duration::from_millis(250);

/// The jobs, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Unrecorded {
    jobs: Mutex<Jobs>,
    /// Told when there is one more.
    more: Notify,
}

#[derive(Debug, Default)]
struct Jobs {
    order: VecDeque<JobId>,
    known: HashMap<JobId, Sent>,
}

/// A job that was sent, and how it stood when it was accepted.
#[derive(Clone, Debug)]
struct Sent {
    job: Job,
    state: State,
    owners: Vec<Owner>,
    /// Whether the configured webhook is to hear of it: nothing but the records can remember that for longer.
    webhook: bool,
}

/// Owners that are remembered of a job: with two it is nobody's alone, and more change nothing.
const OWNERS_MAX: usize = 2;

impl Unrecorded {
    pub(crate) fn remember(&self, job: &Job, state: &State, by: Option<&Owner>) {
        let (mut jobs, id) = (self.jobs(), job.id());
        let sent = Sent {
            job: job.clone(),
            state: state.clone(),
            owners: by.cloned().into_iter().collect(),
            webhook: false,
        };
        // Two may have sent it at the same moment, and each of them has to be remembered.
        match jobs.known.entry(id) {
            Entry::Vacant(place) => {
                place.insert(sent);
                jobs.order.push_back(id);
            }
            Entry::Occupied(known) => known.into_mut().join(by),
        }
        if jobs.order.len() > JOBS_MAX {
            jobs.forget_first();
        }
        self.more.notify_one();
    }

    /// Remembers that somebody uploaded the job too, if it is one of these.
    pub(crate) fn remember_owner(&self, id: &JobId, by: Option<&Owner>) {
        if let Some(sent) = self.jobs().known.get_mut(id) {
            sent.join(by);
        }
    }

    /// Remembers that the configured webhook is to hear of the job. Says whether it is one of these.
    pub(crate) fn remember_webhook(&self, id: &JobId) -> bool {
        let mut jobs = self.jobs();
        let sent = jobs.known.get_mut(id);
        sent.map(|sent| sent.webhook = true).is_some()
    }

    /// How a job stood when it was accepted.
    pub(crate) fn state(&self, id: &JobId) -> Option<State> {
        self.jobs().known.get(id).map(|sent| sent.state.clone())
    }

    fn first(&self) -> Option<Sent> {
        let jobs = self.jobs();
        jobs.known.get(jobs.order.front()?).cloned()
    }

    /// Forgets the first job if it still is this one, of no more owners and with no wish that came meanwhile.
    fn forget_first(&self, recorded: &Sent) {
        let mut jobs = self.jobs();
        let id = recorded.job.id();
        let known = jobs.known.get(&id);
        if jobs.order.front() == Some(&id)
            && known.is_some_and(|sent| sent.is_no_more_than(recorded))
        {
            jobs.forget_first();
        }
    }

    /// No code of ours panics while it holds this, and half a change would do no harm.
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sent {
    fn join(&mut self, by: Option<&Owner>) {
        if let Some(by) = by
            && self.owners.len() < OWNERS_MAX
            && !self.owners.contains(by)
        {
            self.owners.push(by.clone());
        }
    }

    const fn is_no_more_than(&self, recorded: &Self) -> bool {
        self.owners.len() == recorded.owners.len() && self.webhook == recorded.webhook
    }
}

impl Jobs {
    fn forget_first(&mut self) {
        if let Some(id) = self.order.pop_front() {
            self.known.remove(&id);
        }
    }
}

/// Records what was sent without a record, as soon as the records are back, until `shutdown`.
pub(crate) async fn record(app: &App, shutdown: &CancellationToken) {
    let recording = async {
        loop {
            app.unrecorded.more.notified().await;
            until_recorded(app).await;
        }
    };
    shutdown.run_until_cancelled(recording).await;
}

/// The log hears of the end alone: each job's upload has told of the beginning.
async fn until_recorded(app: &App) {
    let (mut recorded, began) = (0, Instant::now());
    while let Err(error) = record_all(app, &mut recorded).await {
        if error.was_made() {
            app.metrics.backend_error(&error);
        }
        sleep(TRY_EVERY).await;
    }
    let took_ms = millis(began.elapsed());
    info!(
        took_ms,
        "recorded {recorded} jobs that were sent without a record"
    );
}

/// Records all, and counts them. The first failure ends the round: the records are away still. One whose record cannot be
/// read is another version's; it must not hold up the rest.
async fn record_all(app: &App, recorded: &mut usize) -> Result<(), Error> {
    while let Some(sent) = app.unrecorded.first() {
        let id = sent.job.id();
        match settle(app, &sent).await {
            Ok(()) => *recorded += 1,
            Err(error) if matches!(error.cause, Cause::Corrupt(_)) => {
                warn!(job.id = %id, %error, "job {id} is passed over: {error}");
            }
            Err(error) => return Err(error),
        }
        app.unrecorded.forget_first(&sent);
    }
    Ok(())
}

/// Records one, and who is to hear of it.
async fn settle(app: &App, sent: &Sent) -> Result<(), Error> {
    record_one(app, sent).await?;
    if sent.webhook {
        webhooks::tell_default(app, &sent.job.id(), sent.owners.first()).await?;
    }
    Ok(())
}

/// Records one, unless it has ended. A worker that spoke first has recorded it, and one that has claimed it keeps its
/// claim. The records are asked first: it costs nothing to hear that they are away.
async fn record_one(app: &App, sent: &Sent) -> Result<(), Error> {
    let Sent {
        job, state, owners, ..
    } = sent;
    let id = job.id();
    let before = app.results.record(&id).await?;
    if app.objects.head(&Key::Result(id)).await?.is_some() {
        return Ok(());
    }
    let admit = |by| app.results.admit(job, state, false, by);
    let mut record = admit(owners.first()).await?.record;
    for owner in owners.iter().skip(1) {
        record = admit(Some(owner)).await?.record;
    }
    if record.sent || record.event.state.status != Status::Queued {
        return Ok(());
    }
    let epoch = record.event.id.epoch;
    match before {
        None => app.results.mark_sent(&id, epoch).await,
        // A worker that met the message while the record said `cancelled` has let it go, and buried it where that said
        // `dead`. One that is queued by now may have been so in the round before, which ended before it was sent.
        Some(_) => accept::send(app, job, epoch).await,
    }
}

#[cfg(test)]
mod tests {
    use schemas::{Context, Digest, OutputFormat, Request, Timings, recipe::Date};

    use super::*;

    fn job(number: usize) -> Job {
        let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
        let recipe = Request::default().resolve(&context).unwrap();
        Job::new(Digest::of(&number.to_le_bytes()), recipe, 0)
    }

    fn remember(unrecorded: &Unrecorded, number: usize) -> JobId {
        let job = job(number);
        unrecorded.remember(&job, &State::queued(job.id(), Timings::default()), None);
        job.id()
    }

    #[test]
    fn a_job_that_is_sent_twice_is_remembered_once() {
        let unrecorded = Unrecorded::default();
        let id = remember(&unrecorded, 1);
        remember(&unrecorded, 1);
        let first = unrecorded.first().unwrap();
        assert_eq!(first.job.id(), id);
        unrecorded.forget_first(&first);
        assert!(unrecorded.first().is_none() && unrecorded.state(&id).is_none());
    }

    #[test]
    fn a_job_that_two_send_at_once_is_both_theirs() {
        let unrecorded = Unrecorded::default();
        let owners = ["key:ada", "key:bob"].map(Owner::new);
        for owner in &owners {
            let state = State::queued(job(1).id(), Timings::default());
            unrecorded.remember(&job(1), &state, Some(owner));
        }
        assert_eq!(unrecorded.first().unwrap().owners, owners);
    }

    #[test]
    fn the_oldest_makes_room_for_one_too_many() {
        let unrecorded = Unrecorded::default();
        remember(&unrecorded, 0);
        let oldest = unrecorded.first().unwrap();
        let ids: Vec<_> = (0..=JOBS_MAX)
            .map(|number| remember(&unrecorded, number))
            .collect();
        assert!(unrecorded.state(&ids[0]).is_none());
        assert!(ids[1..].iter().all(|id| unrecorded.state(id).is_some()));
        unrecorded.forget_first(&oldest);
        assert!(unrecorded.state(&ids[1]).is_some(), "only the one it was");
    }

    #[test]
    fn a_job_is_not_forgotten_before_its_webhook_is_asked_for() {
        let unrecorded = Unrecorded::default();
        let id = remember(&unrecorded, 1);
        let recorded = unrecorded.first().unwrap();
        assert!(unrecorded.remember_webhook(&id));
        unrecorded.forget_first(&recorded);
        let next = unrecorded.first().unwrap();
        assert!(next.webhook);
        unrecorded.forget_first(&next);
        assert!(!unrecorded.remember_webhook(&id), "nobody remembers it");
    }

    #[test]
    fn a_job_is_not_forgotten_before_all_its_owners_are_on_its_record() {
        let (unrecorded, ada) = (Unrecorded::default(), Owner::new("key:ada"));
        let id = remember(&unrecorded, 1);
        let recorded = unrecorded.first().unwrap();
        unrecorded.remember_owner(&id, Some(&ada));
        unrecorded.remember_owner(&id, Some(&ada));
        unrecorded.forget_first(&recorded);
        let next = unrecorded.first().unwrap();
        assert_eq!(next.owners, [ada]);
        unrecorded.forget_first(&next);
        assert!(unrecorded.first().is_none());
    }
}
