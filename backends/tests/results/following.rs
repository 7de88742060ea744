//! What every implementation of the results promises to those who follow many jobs, who come back, and who take a job
//! back. Each promise is a function; [`following_contract`] makes them tests.

use backends::{
    Results,
    results::{Announced, Cancellation, Claim, News, Outcome, Owner, Ownership, Record},
};
use futures::{StreamExt as _, future::join_all};
use schemas::{Event, Job, JobId, State, Status};

use crate::contract::{
    admit, all, all_news, claim, claim_and_tell, job, next, queued, state, tell, watch,
};

/// Makes a test of each promise, as `results_contract` does.
macro_rules! following_contract {
    ($results:expr) => {
        $crate::following::following_contract!($results =>
            many_jobs_are_followed_in_one_stream,
            unknown_jobs_are_named_and_fail_nobody,
            who_follows_many_and_does_not_listen_gets_the_newest_of_each,
            jobs_that_have_all_ended_are_told_at_once,
            a_resumed_story_is_told_whole_or_as_a_snapshot,
            a_queued_job_is_cancelled,
            a_cancelled_worker_may_not_speak,
            an_end_is_not_cancelled,
            nobody_cancels_an_unknown_job,
            a_cancelled_job_is_cancelled_once,
            a_job_is_cancelled_by_who_uploaded_it_alone,
            a_job_that_several_uploaded_is_taken_from_none_of_them,
            a_cancelled_job_starts_again_and_its_old_claim_stays_silent,
            a_job_is_either_cancelled_or_done_and_nobody_hears_both,
        );
    };
    ($results:expr => $($promise:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                let (results, _kept) = $results;
                $crate::following::$promise(&results).await;
            }
        )+
    };
}
pub(crate) use following_contract;

pub(crate) async fn many_jobs_are_followed_in_one_stream(results: &dyn Results) {
    let jobs = admitted(results, 200).await;
    let watch = results.watch_all(&ids(&jobs)).await.unwrap();
    assert!(watch.unknown.is_empty());
    join_all(jobs.iter().map(async |job| {
        claim_and_tell(results, job, Status::Processing).await;
        claim_and_tell(results, job, Status::Done).await;
    }))
    .await;
    let told = all(watch.events).await;
    for job in &jobs {
        let of_job = told.iter().filter(|event| event.state.job_id == job.id());
        let statuses: Vec<_> = of_job.map(|event| event.state.status).collect();
        assert_eq!(statuses.first(), Some(&Status::Queued));
        assert_eq!(statuses.last(), Some(&Status::Done));
        assert!(statuses.len() <= 3, "{statuses:?}");
    }
}

pub(crate) async fn unknown_jobs_are_named_and_fail_nobody(results: &dyn Results) {
    let (known, unknown) = (job(), job());
    admit(results, &known).await;
    let done = claim_and_tell(results, &known, Status::Done).await;
    let watch = results.watch_all(&[unknown.id(), known.id()]).await;
    let watch = watch.unwrap();
    assert_eq!(watch.unknown, [unknown.id()]);
    assert_eq!(all(watch.events).await, [done]);

    let nothing = results.watch_all(&[unknown.id()]).await.unwrap();
    assert!(all(nothing.events).await.is_empty());
}

pub(crate) async fn who_follows_many_and_does_not_listen_gets_the_newest_of_each(
    results: &dyn Results,
) {
    let jobs = admitted(results, 3).await;
    let deaf = results.watch_all(&ids(&jobs)).await.unwrap();
    let watching = jobs
        .iter()
        .map(async |job| watch(results, &job.id(), None).await);
    let attentive = join_all(watching).await;
    let mut ends = Vec::new();
    for job in &jobs {
        let epoch = claim(results, &job.id()).await.epoch;
        for attempt in 1..=100 {
            let step = State {
                attempt,
                ..state(job, Status::Processing)
            };
            tell(results, epoch, &step).await;
        }
        ends.push(tell(results, epoch, &state(job, Status::Done)).await);
    }
    // What the others have heard has reached this one too, of each shard.
    for (mut attentive, end) in attentive.into_iter().zip(&ends) {
        while next(&mut attentive).await.id != *end {}
    }
    let told = all(deaf.events).await;
    assert!(told.len() <= 6, "{} of 306 events were kept", told.len());
    for end in ends {
        assert!(told.iter().any(|event| event.id == end), "{end} is missing");
    }
}

pub(crate) async fn jobs_that_have_all_ended_are_told_at_once(results: &dyn Results) {
    let jobs = admitted(results, 3).await;
    let mut ends = Vec::new();
    for (job, status) in jobs
        .iter()
        .zip([Status::Done, Status::Failed, Status::Dead])
    {
        ends.push(claim_and_tell(results, job, status).await);
    }
    let watch = results.watch_all(&ids(&jobs)).await.unwrap();
    assert_eq!(all(watch.events).await, ends);
}

pub(crate) async fn a_resumed_story_is_told_whole_or_as_a_snapshot(results: &dyn Results) {
    // Nobody admitted it: the log does not begin where the job did.
    let job = job();
    let first = claim_and_tell(results, &job, Status::Processing).await;
    let retrying = claim_and_tell(results, &job, Status::Retrying).await;
    let processing = claim_and_tell(results, &job, Status::Processing).await;

    let whole = watch(results, &job.id(), Some(first.id)).await;
    let whole: Vec<_> = whole.take(2).collect().await;
    assert_eq!(
        whole,
        [News::from(retrying), News::from(processing.clone())]
    );

    let before = schemas::EventId {
        epoch: first.id.epoch - 1,
        n: 7,
    };
    let lost = watch(results, &job.id(), Some(before)).await;
    let done = claim_and_tell(results, &job, Status::Done).await;
    let snapshot = News {
        event: processing,
        snapshot: true,
    };
    assert_eq!(all_news(lost).await, [snapshot, done.into()]);
}

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
    let unsent = results.unsent(std::time::Duration::ZERO, 10).await.unwrap();
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

pub(crate) async fn a_job_is_cancelled_by_who_uploaded_it_alone(results: &dyn Results) {
    let (job, ada, bob) = (job(), Owner::new("key:ada"), Owner::new("key:bob"));
    let admitted = admit_for(results, &job, &ada).await;
    assert_eq!(admitted.ownership, Ownership::One(ada.clone()));
    for status in [Status::Queued, Status::Processing] {
        let refused = cancel_for(results, &job, &bob).await;
        assert_eq!(
            (refused.event.state.status, refused.outcome),
            (status, Outcome::NotYours)
        );
        claim_and_tell(results, &job, Status::Processing).await;
    }
    let cancelled = cancel_for(results, &job, &ada).await;
    assert_eq!(cancelled.outcome, Outcome::EndedNow);
    assert_eq!(
        cancel_for(results, &job, &bob).await.outcome,
        Outcome::NotYours
    );
    assert_eq!(
        cancel_for(results, &job, &ada).await.outcome,
        Outcome::EndedBefore
    );
}

pub(crate) async fn a_job_that_several_uploaded_is_taken_from_none_of_them(results: &dyn Results) {
    let (job, ada, bob) = (job(), Owner::new("key:ada"), Owner::new("key:bob"));
    admit_for(results, &job, &ada).await;
    admit_for(results, &job, &ada).await;
    let shared = admit_for(results, &job, &bob).await;
    assert_eq!(shared.ownership, Ownership::Several);
    let record = results.record(&job.id()).await.unwrap().unwrap();
    assert_eq!(record, shared);
    for owner in [&ada, &bob] {
        let refused = cancel_for(results, &job, owner).await;
        assert_eq!(refused.outcome, Outcome::Shared);
    }
    assert_eq!(
        cancel(results, &job.id()).await.outcome,
        Outcome::EndedNow,
        "an operator may"
    );
    let again = admit_for(results, &job, &bob).await;
    assert_eq!(again.ownership, Ownership::One(bob.clone()));
    let replayed = admit(results, &job).await;
    assert_eq!(replayed.ownership, Ownership::One(bob));
}

async fn admit_for(results: &dyn Results, job: &Job, owner: &Owner) -> Record {
    let admitted = results.admit(job, &queued(job), false, Some(owner)).await;
    admitted.unwrap().record
}

async fn cancel_for(results: &dyn Results, job: &Job, owner: &Owner) -> Cancellation {
    let cancelled = results.cancel(&job.id(), Some(owner)).await.unwrap();
    cancelled.expect("it is known")
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

async fn cancel(results: &dyn Results, id: &JobId) -> Cancellation {
    let cancelled = results.cancel(id, None).await.unwrap();
    cancelled.expect("it is known")
}

async fn admitted(results: &dyn Results, count: usize) -> Vec<Job> {
    let jobs: Vec<_> = (0..count).map(|_| job()).collect();
    join_all(jobs.iter().map(|job| admit(results, job))).await;
    jobs
}

fn ids(jobs: &[Job]) -> Vec<JobId> {
    jobs.iter().map(Job::id).collect()
}
