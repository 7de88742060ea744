//! What is promised to those who watch one job.

use backends::{Results, results::News};
use futures::future::join_all;
use schemas::{Job, State, Status};

use super::{admit, all, all_news, claim, claim_and_tell, job, next, state, tell, watch};

pub(crate) async fn a_watcher_sees_every_status_once_and_in_order(results: &dyn Results) {
    let job = job();
    let admitted = admit(results, &job).await.event;
    let watch = watch(results, &job.id(), None).await;
    let mut told = vec![admitted];
    for status in [Status::Retrying, Status::Processing, Status::Done] {
        told.push(claim_and_tell(results, &job, status).await);
    }
    assert_eq!(all(watch).await, told);
    let ids: Vec<_> = told.iter().map(|event| event.id.n).collect();
    assert_eq!(ids, [0, 1, 1, 1]);
}

pub(crate) async fn a_step_within_a_status_is_told_live_and_not_kept(results: &dyn Results) {
    let job = job();
    let before = admit(results, &job).await.event.id;
    let mut live = watch(results, &job.id(), Some(before)).await;
    let epoch = claim(results, &job.id()).await.epoch;
    for attempt in 1..=3 {
        let step = State {
            attempt,
            ..state(&job, Status::Processing)
        };
        tell(results, epoch, &step).await;
        assert_eq!(next(&mut live).await.state, step);
    }
    tell(results, epoch, &state(&job, Status::Done)).await;
    let kept = all(watch(results, &job.id(), Some(before)).await).await;
    let kept: Vec<_> = kept
        .iter()
        .map(|event| (event.id.n, event.state.status))
        .collect();
    assert_eq!(kept, [(1, Status::Processing), (4, Status::Done)]);
}

pub(crate) async fn who_reconnects_gets_what_was_missed(results: &dyn Results) {
    let job = job();
    let admitted = admit(results, &job).await.event;
    let retrying = claim_and_tell(results, &job, Status::Retrying).await;
    let processing = claim_and_tell(results, &job, Status::Processing).await;

    let mut newcomer = watch(results, &job.id(), None).await;
    assert_eq!(next(&mut newcomer).await, processing);
    let resumed = watch(results, &job.id(), Some(admitted.id)).await;
    let current = watch(results, &job.id(), Some(processing.id)).await;
    let done = claim_and_tell(results, &job, Status::Done).await;
    assert_eq!(all(newcomer).await, std::slice::from_ref(&done));
    assert_eq!(all(current).await, std::slice::from_ref(&done));
    assert_eq!(all(resumed).await, [retrying, processing, done]);
}

pub(crate) async fn who_knows_the_end_gets_nothing_more(results: &dyn Results) {
    let job = job();
    admit(results, &job).await;
    let done = claim_and_tell(results, &job, Status::Done).await;
    let knows = watch(results, &job.id(), Some(done.id)).await;
    let newcomer = watch(results, &job.id(), None).await;
    assert_eq!(all(newcomer).await, [done]);
    assert!(all(knows).await.is_empty());
}

pub(crate) async fn who_comes_after_a_new_start_hears_nothing_of_the_old_end(
    results: &dyn Results,
) {
    let job = job();
    let first = admit(results, &job).await.event;
    claim_and_tell(results, &job, Status::Dead).await;
    let restarted = admit(results, &job).await.event;
    let resumed = watch(results, &job.id(), Some(first.id)).await;
    let done = claim_and_tell(results, &job, Status::Done).await;
    assert_eq!(all(resumed).await, [restarted, done]);
}

pub(crate) async fn who_joins_amid_the_end_hears_it(results: &dyn Results) {
    let round = async |job: Job| {
        admit(results, &job).await;
        let id = job.id();
        let join = async { all(watch(results, &id, None).await).await };
        let (seen, done) = tokio::join!(join, claim_and_tell(results, &job, Status::Done));
        assert_eq!(seen.last(), Some(&done));
    };
    // The first one warms up what would read all records once more at its start.
    round(job()).await;
    join_all((0..200).map(|_| round(job()))).await;
}

pub(crate) async fn an_unknown_job_is_not_watched(results: &dyn Results) {
    assert!(results.watch(&job().id(), None).await.unwrap().is_none());
}

pub(crate) async fn a_thousand_watchers_all_hear_the_end(results: &dyn Results) {
    let job = job();
    admit(results, &job).await;
    let id = job.id();
    let watches = join_all((0..1000).map(|_| watch(results, &id, None))).await;
    claim_and_tell(results, &job, Status::Processing).await;
    let done = claim_and_tell(results, &job, Status::Done).await;
    for seen in join_all(watches.into_iter().map(all)).await {
        assert_eq!(seen.len(), 3);
        assert_eq!(seen.last(), Some(&done));
    }
}

pub(crate) async fn a_watcher_that_does_not_listen_is_told_the_newest(results: &dyn Results) {
    let job = job();
    admit(results, &job).await;
    let deaf = watch(results, &job.id(), None).await;
    let mut attentive = watch(results, &job.id(), None).await;
    let epoch = claim(results, &job.id()).await.epoch;
    for attempt in 1..=300 {
        let step = State {
            attempt,
            ..state(&job, Status::Processing)
        };
        tell(results, epoch, &step).await;
    }
    let done = tell(results, epoch, &state(&job, Status::Done)).await;
    // What the other one has heard has reached this one too, who kept a few of it.
    while next(&mut attentive).await.id != done {}
    let seen = all(deaf).await;
    assert!(seen.len() <= 3, "{} of 302 events were kept", seen.len());
    assert_eq!(seen.last().unwrap().id, done);
}

pub(crate) async fn a_long_story_is_kept_in_part(results: &dyn Results) {
    let job = job();
    let mut told = vec![admit(results, &job).await.event.id];
    for _ in 0..50 {
        told.push(claim_and_tell(results, &job, Status::Processing).await.id);
        told.push(claim_and_tell(results, &job, Status::Retrying).await.id);
    }
    let done = claim_and_tell(results, &job, Status::Done).await;
    let kept = all(watch(results, &job.id(), Some(told[38])).await).await;
    assert_eq!(kept.len(), 63);
    assert_eq!(kept.last(), Some(&done));

    let beyond = watch(results, &job.id(), Some(told[0])).await;
    let snapshot = News {
        event: done,
        snapshot: true,
    };
    assert_eq!(all_news(beyond).await, [snapshot]);
}
