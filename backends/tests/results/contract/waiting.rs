//! What is promised to jobs that wait: for their message to be confirmed, and for their first worker.

use std::time::Duration;

use backends::{Results, results::Unsent};
use schemas::Status;

use super::{admit, claim, claim_and_tell, job, state, tell, until_the_clock_shows_more_than};

pub(crate) async fn a_sent_job_is_noted_and_no_longer_unsent(results: &dyn Results) {
    let job = job();
    let epoch = admit(results, &job).await.event.id.epoch;
    results.mark_sent(&job.id(), epoch).await.unwrap();
    assert!(results.record(&job.id()).await.unwrap().unwrap().sent);
    assert!(unsent(results, Duration::ZERO).await.is_empty());
}

pub(crate) async fn a_late_note_of_an_earlier_life_marks_nothing(results: &dyn Results) {
    let job = job();
    let earlier = admit(results, &job).await.event.id.epoch;
    claim_and_tell(results, &job, Status::Dead).await;
    let epoch = admit(results, &job).await.event.id.epoch;
    results.mark_sent(&job.id(), earlier).await.unwrap();
    assert!(!results.record(&job.id()).await.unwrap().unwrap().sent);
    let waiting = Unsent { job, epoch };
    assert_eq!(unsent(results, Duration::ZERO).await, [waiting]);
}

pub(crate) async fn a_job_that_was_never_sent_is_found_once_it_is_old_enough(
    results: &dyn Results,
) {
    let job = job();
    let epoch = admit(results, &job).await.event.id.epoch;
    assert!(unsent(results, Duration::from_secs(3600)).await.is_empty());
    assert_eq!(
        unsent(results, Duration::ZERO).await,
        [Unsent { job, epoch }]
    );
}

pub(crate) async fn unsent_jobs_come_oldest_first_and_no_more_than_asked(results: &dyn Results) {
    let jobs = [job(), job(), job()];
    for job in &jobs {
        let admitted = admit(results, job).await.event.id.epoch;
        until_the_clock_shows_more_than(admitted).await;
    }
    let unsent = results.unsent(Duration::ZERO, 2).await.unwrap();
    let oldest: Vec<_> = unsent.into_iter().map(|unsent| unsent.job).collect();
    assert_eq!(oldest, jobs[..2]);
}

pub(crate) async fn a_job_that_ended_or_was_claimed_is_not_unsent(results: &dyn Results) {
    let (ended, claimed) = (job(), job());
    let epoch = admit(results, &ended).await.event.id.epoch;
    tell(results, epoch, &state(&ended, Status::Cancelled)).await;
    admit(results, &claimed).await;
    claim(results, &claimed.id()).await;
    assert!(unsent(results, Duration::ZERO).await.is_empty());
    assert!(results.record(&claimed.id()).await.unwrap().unwrap().sent);
}

pub(crate) async fn the_job_that_waits_longest_is_known_until_it_is_claimed_or_ends(
    results: &dyn Results,
) {
    assert_eq!(results.oldest_waiting().await.unwrap(), None);
    let jobs = [job(), job(), job()];
    let mut admitted = Vec::new();
    for job in &jobs {
        let record = admit(results, job).await;
        admitted.push(record.updated_at_ms);
        until_the_clock_shows_more_than(record.updated_at_ms).await;
    }
    assert_eq!(results.oldest_waiting().await.unwrap(), Some(admitted[0]));
    claim(results, &jobs[0].id()).await;
    assert_eq!(results.oldest_waiting().await.unwrap(), Some(admitted[1]));
    let record = results.record(&jobs[1].id()).await.unwrap().unwrap();
    let epoch = record.event.id.epoch;
    tell(results, epoch, &state(&jobs[1], Status::Cancelled)).await;
    assert_eq!(results.oldest_waiting().await.unwrap(), Some(admitted[2]));
    claim(results, &jobs[2].id()).await;
    assert_eq!(results.oldest_waiting().await.unwrap(), None);
    let again = admit(results, &jobs[1]).await;
    let waits = results.oldest_waiting().await.unwrap();
    assert_eq!(waits, Some(again.updated_at_ms), "it began a new life");
}

pub(super) async fn unsent(results: &dyn Results, age_min: Duration) -> Vec<Unsent> {
    results.unsent(age_min, 100).await.unwrap()
}
