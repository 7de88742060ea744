//! What is promised to those who follow many jobs, and who come back.

use backends::{Results, results::News};
use futures::{StreamExt as _, future::join_all};
use schemas::{EventId, Job, JobId, State, Status};

use super::{admit, all, all_news, claim, claim_and_tell, job, next, state, tell, watch};

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

    let before = EventId {
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

async fn admitted(results: &dyn Results, count: usize) -> Vec<Job> {
    let jobs: Vec<_> = (0..count).map(|_| job()).collect();
    join_all(jobs.iter().map(|job| admit(results, job))).await;
    jobs
}

fn ids(jobs: &[Job]) -> Vec<JobId> {
    jobs.iter().map(Job::id).collect()
}
