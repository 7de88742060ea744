//! What is promised to jobs that are taken in.

use backends::{
    Results,
    results::{Admission, Announced},
};
use futures::future::join_all;
use schemas::Status;

use super::{
    admit, claim, claim_and_tell, job, queued, state, tell, until_the_clock_shows_more_than,
};

pub(crate) async fn an_admitted_job_is_queued_and_not_sent(results: &dyn Results) {
    let job = job();
    let record = admit(results, &job).await;
    assert_eq!(record.event.state, queued(&job));
    assert_eq!(record.event.id.n, 0);
    assert!(!record.sent);
    assert_eq!(results.record(&job.id()).await.unwrap(), Some(record));
}

pub(crate) async fn a_job_that_is_unknown_is_none(results: &dyn Results) {
    assert_eq!(results.record(&job().id()).await.unwrap(), None);
}

pub(crate) async fn a_job_that_lives_is_not_admitted_twice(results: &dyn Results) {
    let job = job();
    let first = admit(results, &job).await;
    assert_eq!(admit(results, &job).await, first);
    for status in [Status::Processing, Status::Retrying] {
        let told = claim_and_tell(results, &job, status).await;
        for again in [false, true] {
            let admission = results
                .admit(&job, &queued(&job), again, None)
                .await
                .unwrap();
            assert_eq!(admission.record.event, told);
            assert!(!admission.began_now);
        }
    }
}

pub(crate) async fn a_job_that_ended_well_starts_again_only_if_its_result_is_gone(
    results: &dyn Results,
) {
    for status in [Status::Done, Status::Failed] {
        let job = job();
        admit(results, &job).await;
        let end = claim_and_tell(results, &job, status).await;
        assert_eq!(admit(results, &job).await.event, end);
        let admission = results
            .admit(&job, &queued(&job), true, None)
            .await
            .unwrap();
        let record = admission.record;
        assert!(admission.began_now);
        assert_eq!(record.event.state.status, Status::Queued);
        assert!(record.event.id.epoch > end.id.epoch && !record.sent);
    }
}

pub(crate) async fn a_dead_job_starts_again_in_a_new_epoch(results: &dyn Results) {
    for status in [Status::Dead, Status::Cancelled] {
        let job = job();
        admit(results, &job).await;
        let end = claim_and_tell(results, &job, status).await;
        let record = admit(results, &job).await;
        assert_eq!(record.event.state, queued(&job));
        assert!(record.event.id.epoch > end.id.epoch);
        assert!(!record.sent, "its message was used up");
        let stale = results
            .announce(end.id.epoch, &state(&job, Status::Done))
            .await;
        assert_eq!(stale.unwrap(), Announced::Stale);
    }
}

pub(crate) async fn what_an_admitted_job_is_made_of_is_known_to_its_end(results: &dyn Results) {
    let job = job();
    let id = job.id();
    admit(results, &job).await;
    assert_eq!(results.job(&id).await.unwrap(), Some(job.clone()));
    results.cancel(&id, None).await.unwrap();
    assert_eq!(results.job(&id).await.unwrap(), Some(job));
    let strangers = super::job().id();
    results.claim(&strangers).await.unwrap();
    assert_eq!(results.job(&strangers).await.unwrap(), None);
}

pub(crate) async fn many_who_admit_a_job_at_once_agree(results: &dyn Results) {
    let job = job();
    let state = queued(&job);
    let admissions = join_all((0..20).map(|_| results.admit(&job, &state, false, None))).await;
    let admissions: Vec<_> = admissions.into_iter().map(Result::unwrap).collect();
    let (first, began) = (&admissions[0].record, |it: &&Admission| it.began_now);
    assert!(admissions.iter().all(|it| it.record == *first));
    assert_eq!(admissions.iter().filter(began).count(), 1);
}

pub(crate) async fn a_record_says_when_it_last_changed(results: &dyn Results) {
    let job = job();
    let id = job.id();
    let changed = async || results.record(&id).await.unwrap().unwrap().updated_at_ms;
    let admitted = admit(results, &job).await;
    assert_eq!(changed().await, admitted.updated_at_ms);

    until_the_clock_shows_more_than(admitted.updated_at_ms).await;
    assert_eq!(admit(results, &job).await, admitted, "nothing changed");
    let epoch = admitted.event.id.epoch;
    results.mark_sent(&id, epoch).await.unwrap();
    let sent = changed().await;
    until_the_clock_shows_more_than(sent).await;
    let epoch = claim(results, &id).await.epoch;
    let claimed = changed().await;
    until_the_clock_shows_more_than(claimed).await;
    tell(results, epoch, &state(&job, Status::Processing)).await;
    let told = changed().await;
    assert!(admitted.updated_at_ms < sent && sent < claimed && claimed < told);
}

pub(crate) async fn results_that_work_say_so(results: &dyn Results) {
    results.check().await.unwrap();
}
