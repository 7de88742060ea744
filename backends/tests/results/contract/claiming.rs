//! What is promised to workers: who may speak of a job, and what is heard.

use std::{collections::BTreeSet, time::Duration};

use backends::{Results, results::Announced};
use futures::future::join_all;
use schemas::Status;

use super::{admit, claim, claim_and_tell, job, queued, state, tell, waiting::unsent};

pub(crate) async fn an_unspoken_claim_outlives_an_admission(results: &dyn Results) {
    let job = job();
    let claim = claim(results, &job.id()).await;
    let admitted = admit(results, &job).await;
    assert_eq!(admitted.event.state, queued(&job));
    assert!(admitted.sent, "a worker has its message");
    assert_eq!(results.oldest_waiting().await.unwrap(), None);
    assert!(unsent(results, Duration::ZERO).await.is_empty());
    assert_eq!(results.record(&job.id()).await.unwrap(), Some(admitted));
    let processing = state(&job, Status::Processing);
    let told = tell(results, claim.epoch, &processing).await;
    assert_eq!((told.epoch, told.n), (claim.epoch, 1));
}

pub(crate) async fn a_claim_counts_up_and_says_what_was_before(results: &dyn Results) {
    let job = job();
    let admitted = admit(results, &job).await;
    let first = claim(results, &job.id()).await;
    let second = claim(results, &job.id()).await;
    assert!(first.epoch > admitted.event.id.epoch && second.epoch > first.epoch);
    assert_eq!(first.before, Some(queued(&job)));
    assert_eq!(second.before, Some(queued(&job)));
}

pub(crate) async fn a_stranger_may_be_claimed_and_told_of(results: &dyn Results) {
    let job = job();
    let claim = claim(results, &job.id()).await;
    assert_eq!(claim.before, None);
    assert_eq!(results.record(&job.id()).await.unwrap(), None);
    let done = state(&job, Status::Done);
    let id = tell(results, claim.epoch, &done).await;
    assert_eq!((id.epoch, id.n), (claim.epoch, 1));
    let record = results.record(&job.id()).await.unwrap().unwrap();
    assert_eq!(record.event.state, done);
    assert!(record.sent);
}

pub(crate) async fn only_the_latest_claim_may_speak(results: &dyn Results) {
    let job = job();
    admit(results, &job).await;
    let zombie = claim(results, &job.id()).await;
    let latest = claim(results, &job.id()).await;
    let processing = state(&job, Status::Processing);
    let refused = results.announce(zombie.epoch, &processing).await.unwrap();
    assert_eq!(refused, Announced::Stale);
    tell(results, latest.epoch, &processing).await;
    let refused = results
        .announce(zombie.epoch, &state(&job, Status::Done))
        .await;
    assert_eq!(refused.unwrap(), Announced::Stale);
    let record = results.record(&job.id()).await.unwrap().unwrap();
    assert_eq!(record.event.state, processing);
}

pub(crate) async fn nobody_speaks_after_the_end(results: &dyn Results) {
    let job = job();
    admit(results, &job).await;
    let end = claim_and_tell(results, &job, Status::Done).await;
    let late = results
        .announce(end.id.epoch, &state(&job, Status::Failed))
        .await;
    assert_eq!(late.unwrap(), Announced::Stale);
    assert_eq!(results.record(&job.id()).await.unwrap().unwrap().event, end);
}

pub(crate) async fn a_claim_on_a_finished_job_may_do_it_again(results: &dyn Results) {
    let job = job();
    admit(results, &job).await;
    let end = claim_and_tell(results, &job, Status::Done).await;
    let claim = claim(results, &job.id()).await;
    assert_eq!(claim.before, Some(end.state));
    let id = tell(results, claim.epoch, &state(&job, Status::Processing)).await;
    assert!(id > end.id);
}

pub(crate) async fn the_same_word_said_twice_is_one_event(results: &dyn Results) {
    let job = job();
    admit(results, &job).await;
    let claim = claim(results, &job.id()).await;
    for status in [Status::Processing, Status::Done] {
        let first = tell(results, claim.epoch, &state(&job, status)).await;
        let second = tell(results, claim.epoch, &state(&job, status)).await;
        assert_eq!(first, second);
    }
}

pub(crate) async fn many_claims_at_once_are_all_different(results: &dyn Results) {
    let id = job().id();
    let claims = join_all((0..20).map(|_| claim(results, &id))).await;
    let epochs: BTreeSet<_> = claims.iter().map(|claim| claim.epoch).collect();
    assert_eq!(epochs.len(), claims.len());
}
