//! An SQLite file.

use std::time::{Duration, SystemTime};

use backends::{
    Results as _,
    error::Cause,
    results::{Local, Unsent},
};
use rusqlite::Connection;
use schemas::Status;
use tempfile::TempDir;

use crate::contract::{
    admit, claim, claim_and_tell, job, next, results_contract, state, tell,
    until_the_clock_shows_more_than, watch,
};

results_contract!(in_a_file_of_its_own().await);

const HOUR: Duration = Duration::from_secs(3600);

async fn in_a_file_of_its_own() -> (Local, TempDir) {
    let folder = TempDir::new().unwrap();
    (reopened(&folder).await, folder)
}

async fn reopened(folder: &TempDir) -> Local {
    Local::open(&folder.path().join("results.db"))
        .await
        .unwrap()
}

#[tokio::test]
async fn records_and_claims_are_there_after_a_restart() {
    let (results, folder) = in_a_file_of_its_own().await;
    let job = job();
    admit(&results, &job).await;
    let claimed = claim(&results, &job.id()).await;
    let record = results.record(&job.id()).await.unwrap();
    drop(results);
    let results = reopened(&folder).await;
    assert_eq!(results.record(&job.id()).await.unwrap(), record);
    tell(&results, claimed.epoch, &state(&job, Status::Done)).await;
}

#[tokio::test]
async fn a_record_that_makes_no_sense_is_told_from_a_file_that_fails() {
    let (results, folder) = in_a_file_of_its_own().await;
    let job = job();
    admit(&results, &job).await;
    let db = Connection::open(folder.path().join("results.db")).unwrap();
    db.execute("UPDATE jobs SET state = '{\"status\": \"lost\"}'", [])
        .unwrap();
    let error = results.record(&job.id()).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Corrupt(_)), "{error}");
}

#[tokio::test]
async fn a_finished_record_expires_after_a_day_and_a_silent_one_after_a_week() {
    let (results, _folder) = in_a_file_of_its_own().await;
    let (finished, silent, claimed) = (job(), job(), job());
    for job in [&finished, &silent] {
        admit(&results, job).await;
    }
    claim_and_tell(&results, &finished, Status::Done).await;
    claim(&results, &claimed.id()).await;

    let now = SystemTime::now();
    assert_eq!(results.expire(now + 23 * HOUR).await.unwrap(), 0);
    assert_eq!(results.expire(now + 25 * HOUR).await.unwrap(), 1);
    assert_eq!(results.record(&finished.id()).await.unwrap(), None);
    assert!(results.record(&silent.id()).await.unwrap().is_some());
    assert_eq!(results.expire(now + 8 * 24 * HOUR).await.unwrap(), 2);
    assert_eq!(results.record(&silent.id()).await.unwrap(), None);
}

#[tokio::test]
async fn an_unsent_job_that_cannot_be_read_does_not_hold_up_the_others() {
    let (results, folder) = in_a_file_of_its_own().await;
    let (broken, whole) = (job(), job());
    admit(&results, &broken).await;
    let epoch = admit(&results, &whole).await.event.id.epoch;
    let file = rusqlite::Connection::open(folder.path().join("results.db")).unwrap();
    let id = broken.id().to_string();
    file.execute("UPDATE jobs SET job = x'00' WHERE id = ?1", [id])
        .unwrap();
    let unsent = results.unsent(Duration::ZERO, 10).await.unwrap();
    assert_eq!(unsent, [Unsent { job: whole, epoch }]);
}

#[tokio::test]
async fn an_event_is_told_even_if_its_speaker_stops_waiting() {
    let (results, _folder) = in_a_file_of_its_own().await;
    let job = job();
    let admitted = admit(&results, &job).await.event.id;
    let mut watching = watch(&results, &job.id(), Some(admitted)).await;
    let epoch = claim(&results, &job.id()).await.epoch;
    let done = state(&job, Status::Done);
    let mut given_up = results.announce(epoch, &done);
    assert!(futures::poll!(&mut given_up).is_pending());
    drop(given_up);
    assert_eq!(next(&mut watching).await.state, done);
}

#[tokio::test]
async fn a_claim_whose_record_was_lost_may_speak_and_is_newer() {
    let (results, _folder) = in_a_file_of_its_own().await;
    let job = job();
    admit(&results, &job).await;
    let told = claim_and_tell(&results, &job, Status::Processing).await;
    let far = SystemTime::now() + 8 * 24 * HOUR;
    assert_eq!(results.expire(far).await.unwrap(), 1);
    let id = tell(&results, told.id.epoch, &state(&job, Status::Done)).await;
    assert!(id > told.id);
}

#[tokio::test]
async fn a_step_before_a_restart_shares_its_number_with_nothing_after_it() {
    let (results, folder) = in_a_file_of_its_own().await;
    let job = job();
    admit(&results, &job).await;
    let processing = claim_and_tell(&results, &job, Status::Processing).await;
    let mut step = processing.state.clone();
    step.attempt += 1;
    let live = tell(&results, processing.id.epoch, &step).await;
    assert!(live > processing.id);
    let told_at_ms = results
        .record(&job.id())
        .await
        .unwrap()
        .unwrap()
        .updated_at_ms;
    drop(results);
    until_the_clock_shows_more_than(told_at_ms).await;

    let results = reopened(&folder).await;
    let kept = results.record(&job.id()).await.unwrap().unwrap();
    assert_eq!(kept.event, processing, "steps cost no write");
    let done = tell(&results, live.epoch, &state(&job, Status::Done)).await;
    assert!(done > live);
}
