//! What every implementation of the results promises. Each promise is a function; [`results_contract`] makes them tests.
//!
//! Read in this order: [`admitting`], [`waiting`], [`claiming`], [`watching`], [`following`], [`cancelling`], [`owning`].

pub(crate) mod admitting;
pub(crate) mod cancelling;
pub(crate) mod claiming;
pub(crate) mod following;
pub(crate) mod owning;
pub(crate) mod waiting;
pub(crate) mod watching;

use std::time::Duration;

use backends::{
    Results,
    results::{Announced, Claim, News, Record, Watch},
};
use futures::StreamExt as _;
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
        $crate::contract::results_contract! { $results =>
            admitting {
                an_admitted_job_is_queued_and_not_sent,
                a_job_that_is_unknown_is_none,
                a_job_that_lives_is_not_admitted_twice,
                a_job_that_ended_well_starts_again_only_if_its_result_is_gone,
                a_dead_job_starts_again_in_a_new_epoch,
                what_an_admitted_job_is_made_of_is_known_to_its_end,
                many_who_admit_a_job_at_once_agree,
                a_record_says_when_it_last_changed,
                results_that_work_say_so,
            }
            waiting {
                a_sent_job_is_noted_and_no_longer_unsent,
                a_late_note_of_an_earlier_life_marks_nothing,
                a_job_that_was_never_sent_is_found_once_it_is_old_enough,
                unsent_jobs_come_oldest_first_and_no_more_than_asked,
                a_job_that_ended_or_was_claimed_is_not_unsent,
                the_job_that_waits_longest_is_known_until_it_is_claimed_or_ends,
            }
            claiming {
                an_unspoken_claim_outlives_an_admission,
                a_claim_counts_up_and_says_what_was_before,
                a_stranger_may_be_claimed_and_told_of,
                only_the_latest_claim_may_speak,
                nobody_speaks_after_the_end,
                a_claim_on_a_finished_job_may_do_it_again,
                the_same_word_said_twice_is_one_event,
                many_claims_at_once_are_all_different,
            }
            watching {
                a_watcher_sees_every_status_once_and_in_order,
                a_step_within_a_status_is_told_live_and_not_kept,
                who_reconnects_gets_what_was_missed,
                who_knows_the_end_gets_nothing_more,
                who_comes_after_a_new_start_hears_nothing_of_the_old_end,
                who_joins_amid_the_end_hears_it,
                an_unknown_job_is_not_watched,
                a_thousand_watchers_all_hear_the_end,
                a_watcher_that_does_not_listen_is_told_the_newest,
                a_long_story_is_kept_in_part,
            }
            following {
                many_jobs_are_followed_in_one_stream,
                unknown_jobs_are_named_and_fail_nobody,
                who_follows_many_and_does_not_listen_gets_the_newest_of_each,
                jobs_that_have_all_ended_are_told_at_once,
                a_resumed_story_is_told_whole_or_as_a_snapshot,
            }
            cancelling {
                a_queued_job_is_cancelled,
                a_cancelled_worker_may_not_speak,
                an_end_is_not_cancelled,
                nobody_cancels_an_unknown_job,
                a_cancelled_job_is_cancelled_once,
                a_cancelled_job_starts_again_and_its_old_claim_stays_silent,
                a_job_is_either_cancelled_or_done_and_nobody_hears_both,
            }
            owning {
                a_job_is_cancelled_by_who_uploaded_it_alone,
                a_job_that_several_uploaded_is_taken_from_none_of_them,
                a_job_that_ran_before_it_was_recorded_is_no_uploaders_alone,
            }
        }
    };
    ($results:expr => $($theme:ident { $($promise:ident,)+ })+) => {
        $($(
            #[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                let (results, _kept) = $results;
                $crate::contract::$theme::$promise(&results).await;
            }
        )+)+
    };
}
pub(crate) use results_contract;

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

pub(crate) async fn until_the_clock_shows_more_than(now_ms: u64) {
    use std::time::SystemTime;

    while SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() <= u128::from(now_ms) {
        tokio::task::yield_now().await;
    }
}
