//! What every implementation of the results promises. Each promise is a function; [`results_contract`] makes them tests.

use std::{collections::BTreeSet, time::Duration};

use backends::{
    Results,
    results::{Admission, Announced, Claim, News, Record, Unsent, Watch},
};
use futures::{StreamExt as _, future::join_all};
use schemas::{
    Context, Digest, Event, EventId, Failure, Job, JobId, OutputFormat, Picture, Request, State,
    Status, Timings, recipe::Date,
};

use crate::services::unique;

/// Far beyond what anything here takes; a test that waits for longer waits for nothing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Makes a test of each promise, for the results that `$results` makes. It is an expression of type `(impl Results, _)`;
/// the second is kept until the test ends.
macro_rules! results_contract {
    ($results:expr) => {
        $crate::contract::results_contract!($results =>
            an_admitted_job_is_queued_and_not_sent,
            a_job_that_is_unknown_is_none,
            a_job_that_lives_is_not_admitted_twice,
            a_job_that_ended_well_starts_again_only_if_its_result_is_gone,
            a_dead_job_starts_again_in_a_new_epoch,
            what_an_admitted_job_is_made_of_is_known_to_its_end,
            a_sent_job_is_noted_and_no_longer_unsent,
            a_late_note_of_an_earlier_life_marks_nothing,
            a_record_says_when_it_last_changed,
            a_job_that_was_never_sent_is_found_once_it_is_old_enough,
            unsent_jobs_come_oldest_first_and_no_more_than_asked,
            a_job_that_ended_or_was_claimed_is_not_unsent,
            an_unspoken_claim_outlives_an_admission,
            the_job_that_waits_longest_is_known_until_it_is_claimed_or_ends,
            a_claim_counts_up_and_says_what_was_before,
            a_stranger_may_be_claimed_and_told_of,
            only_the_latest_claim_may_speak,
            nobody_speaks_after_the_end,
            a_claim_on_a_finished_job_may_do_it_again,
            the_same_word_said_twice_is_one_event,
            a_watcher_sees_every_status_once_and_in_order,
            a_step_within_a_status_is_told_live_and_not_kept,
            who_reconnects_gets_what_was_missed,
            who_knows_the_end_gets_nothing_more,
            who_comes_after_a_new_start_hears_nothing_of_the_old_end,
            many_who_admit_a_job_at_once_agree,
            many_claims_at_once_are_all_different,
            who_joins_amid_the_end_hears_it,
            an_unknown_job_is_not_watched,
            a_thousand_watchers_all_hear_the_end,
            a_watcher_that_does_not_listen_is_told_the_newest,
            a_long_story_is_kept_in_part,
            results_that_work_say_so,
        );
    };
    ($results:expr => $($promise:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                let (results, _kept) = $results;
                $crate::contract::$promise(&results).await;
            }
        )+
    };
}
pub(crate) use results_contract;

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
    let strangers = self::job().id();
    results.claim(&strangers).await.unwrap();
    assert_eq!(results.job(&strangers).await.unwrap(), None);
}

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

pub(crate) async fn many_who_admit_a_job_at_once_agree(results: &dyn Results) {
    let job = job();
    let state = queued(&job);
    let admissions = join_all((0..20).map(|_| results.admit(&job, &state, false, None))).await;
    let admissions: Vec<_> = admissions.into_iter().map(Result::unwrap).collect();
    let (first, began) = (&admissions[0].record, |it: &&Admission| it.began_now);
    assert!(admissions.iter().all(|it| it.record == *first));
    assert_eq!(admissions.iter().filter(began).count(), 1);
}

pub(crate) async fn many_claims_at_once_are_all_different(results: &dyn Results) {
    let id = job().id();
    let claims = join_all((0..20).map(|_| claim(results, &id))).await;
    let epochs: BTreeSet<_> = claims.iter().map(|claim| claim.epoch).collect();
    assert_eq!(epochs.len(), claims.len());
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

pub(crate) async fn results_that_work_say_so(results: &dyn Results) {
    results.check().await.unwrap();
}

/// A job that no other test has.
pub(crate) fn job() -> Job {
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    let recipe = Request::default().resolve(&context).unwrap();
    Job::new(Digest::of(unique().as_bytes()), recipe, 0)
}

pub(crate) fn queued(job: &Job) -> State {
    State::queued(job.id(), Timings::default())
}

/// A state that looks as a worker's does.
pub(crate) fn state(job: &Job, status: Status) -> State {
    let mut state = queued(job);
    state.attempt = 1;
    state.status = status;
    match status {
        Status::Queued | Status::Processing | Status::Cancelled => state,
        Status::Done => state.done(Picture {
            format: OutputFormat::Jpeg,
            width: 640,
            height: 480,
            size_bytes: 12_345,
            sha256: Digest::of(b"result"),
            contrast: None,
            written: None,
        }),
        Status::Retrying | Status::Failed | Status::Dead => state.stopped(
            status,
            Failure {
                code: "test".to_owned(),
                message: "as the test wants it".to_owned(),
            },
        ),
    }
}

pub(crate) async fn admit(results: &dyn Results, job: &Job) -> Record {
    results
        .admit(job, &queued(job), false, None)
        .await
        .unwrap()
        .record
}

pub(crate) async fn claim(results: &dyn Results, id: &JobId) -> Claim {
    results.claim(id).await.unwrap()
}

pub(crate) async fn tell(results: &dyn Results, epoch: u64, state: &State) -> EventId {
    match results.announce(epoch, state).await.unwrap() {
        Announced::Told(id) => id,
        Announced::Stale => panic!("{epoch} may not say {}", state.status),
    }
}

pub(crate) async fn claim_and_tell(results: &dyn Results, job: &Job, status: Status) -> Event {
    let epoch = claim(results, &job.id()).await.epoch;
    let state = state(job, status);
    let id = tell(results, epoch, &state).await;
    Event { id, state }
}

pub(crate) async fn watch(results: &dyn Results, id: &JobId, after: Option<EventId>) -> Watch {
    results
        .watch(id, after)
        .await
        .unwrap()
        .expect("it is known")
}

pub(crate) async fn next(watch: &mut Watch) -> Event {
    let next = tokio::time::timeout(PATIENCE, watch.next()).await;
    let news = next.expect("news come in time");
    news.expect("the stream goes on").event
}

pub(crate) async fn all(watch: Watch) -> Vec<Event> {
    let all = all_news(watch).await.into_iter();
    all.map(|news| news.event).collect()
}

pub(crate) async fn all_news(watch: Watch) -> Vec<News> {
    let all = tokio::time::timeout(PATIENCE, watch.collect()).await;
    all.expect("the stream ends in time")
}

async fn unsent(results: &dyn Results, age_min: Duration) -> Vec<Unsent> {
    results.unsent(age_min, 100).await.unwrap()
}

pub(crate) async fn until_the_clock_shows_more_than(now_ms: u64) {
    use std::time::SystemTime;

    while SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() <= u128::from(now_ms) {
        tokio::task::yield_now().await;
    }
}
