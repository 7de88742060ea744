//! What is promised to those who take a job back.

use std::time::Duration;

use backends::{
    Results,
    results::{Announced, Cancellation, Claim, Outcome},
};
use futures::future::join_all;
use schemas::{Event, JobId, Status};

use super::{admit, all, claim, claim_and_tell, job, queued, state, watch};

pub(crate) async fn a_queued_job_is_cancelled(results: &dyn Results) {
    let job = job();
    let admitted = admit(results, &job).await.event;
    let watching = watch(results, &job.id(), None).await;
    let cancelled = cancel(results, &job.id()).await;
    assert_eq!(cancelled.event.state, queued(&job).cancelled());
    assert!(cancelled.ended_now() && cancelled.event.id > admitted.id);
    assert_eq!(all(watching).await, [admitted, cancelled.event.clone()]);
    let record = results.record(&job.id()).await.unwrap().unwrap();
    assert_eq!(record.event, cancelled.event);
    assert_eq!(record.cancelled_epoch, Some(record.event.id.epoch));
    let unsent = results.unsent(Duration::ZERO, 10).await.unwrap();
    assert!(unsent.is_empty());
}

pub(crate) async fn a_cancelled_worker_may_not_speak(results: &dyn Results) {
    for status in [Status::Processing, Status::Retrying] {
        let job = job();
        admit(results, &job).await;
        let told = claim_and_tell(results, &job, status).await;
        let cancelled = cancel(results, &job.id()).await.event;
        assert_eq!((cancelled.state.attempt, cancelled.state.error), (1, None));
        let late = state(&job, Status::Done);
        let late = results.announce(told.id.epoch, &late).await.unwrap();
        assert_eq!(late, Announced::Stale);
        let next = claim(results, &job.id()).await.before.unwrap();
        assert_eq!(next.status, Status::Cancelled);
    }
}

pub(crate) async fn an_end_is_not_cancelled(results: &dyn Results) {
    for status in [Status::Done, Status::Failed, Status::Dead] {
        let job = job();
        admit(results, &job).await;
        let event = claim_and_tell(results, &job, status).await;
        let outcome = Outcome::EndedBefore;
        let found = Cancellation { event, outcome };
        assert_eq!(cancel(results, &job.id()).await, found);
    }
}

pub(crate) async fn nobody_cancels_an_unknown_job(results: &dyn Results) {
    let id = job().id();
    assert_eq!(results.cancel(&id, None).await.unwrap(), None);
    assert_eq!(results.record(&id).await.unwrap(), None);
}

pub(crate) async fn a_cancelled_job_is_cancelled_once(results: &dyn Results) {
    let job = job();
    admit(results, &job).await;
    let id = job.id();
    let cancelled = join_all((0..20).map(|_| cancel(results, &id))).await;
    assert_eq!(cancelled.iter().filter(|it| it.ended_now()).count(), 1);
    assert!(cancelled.iter().all(|it| it.event == cancelled[0].event));
}

pub(crate) async fn a_cancelled_job_starts_again_and_its_old_claim_stays_silent(
    results: &dyn Results,
) {
    let job = job();
    admit(results, &job).await;
    let old = claim(results, &job.id()).await.epoch;
    let cancelled = cancel(results, &job.id()).await.event.id.epoch;
    let again = admit(results, &job).await;
    assert_eq!(again.event.state, queued(&job));
    assert!(!again.sent && cancelled > old);
    let late = results.announce(old, &state(&job, Status::Done)).await;
    assert_eq!(late.unwrap(), Announced::Stale);
    claim_and_tell(results, &job, Status::Done).await;
    let record = results.record(&job.id()).await.unwrap().unwrap();
    for record in [again, record] {
        assert_eq!(record.cancelled_epoch, Some(cancelled));
    }
}

pub(crate) async fn a_job_is_either_cancelled_or_done_and_nobody_hears_both(results: &dyn Results) {
    join_all((0..100).map(|_| race(results))).await;
}

async fn race(results: &dyn Results) {
    let job = job();
    admit(results, &job).await;
    let watching = watch(results, &job.id(), None).await;
    let work = async {
        let Claim { epoch, before } = claim(results, &job.id()).await;
        if before.is_some_and(|before| before.status.is_final()) {
            return; // as a worker does
        }
        for status in [Status::Processing, Status::Done] {
            let said = results.announce(epoch, &state(&job, status)).await;
            said.unwrap();
        }
    };
    let id = job.id();
    let (cancelled, ()) = tokio::join!(cancel(results, &id), work);
    let told = all(watching).await;
    let ends = told.iter().filter(|event| event.state.status.is_final());
    let ends: Vec<&Event> = ends.collect();
    assert_eq!(ends.len(), 1, "{told:?}");
    if ends[0].state.status == Status::Done {
        assert!(!cancelled.ended_now());
    }
}

pub(super) async fn cancel(results: &dyn Results, id: &JobId) -> Cancellation {
    let cancelled = results.cancel(id, None).await.unwrap();
    cancelled.expect("it is known")
}
