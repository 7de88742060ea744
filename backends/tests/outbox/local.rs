//! The outbox in an SQLite file.

use std::time::{Duration, SystemTime};

use backends::{
    Outbox as _,
    outbox::{self, AGE_MAX},
    results,
};
use schemas::Status;
use tempfile::TempDir;

use crate::contract::{LEASE, ROOM, URL, end, job, later_ms, outbox_contract, subscribe};

outbox_contract!(in_a_file_of_its_own().await);

async fn in_a_file_of_its_own() -> (results::Local, outbox::Local, TempDir) {
    let folder = TempDir::new().unwrap();
    let (results, outbox) = reopened(&folder).await;
    (results, outbox, folder)
}

async fn reopened(folder: &TempDir) -> (results::Local, outbox::Local) {
    let results = results::Local::open(&folder.path().join("results.db"))
        .await
        .unwrap();
    let outbox = outbox::Local::of(&results).with_room(ROOM);
    (results, outbox)
}

#[tokio::test]
async fn who_asked_and_what_waits_is_there_after_a_restart() {
    let (results, outbox, folder) = in_a_file_of_its_own().await;
    let (ended, runs) = (job(&results).await, job(&results).await);
    for job in [&ended, &runs] {
        subscribe(&outbox, job, URL).await;
    }
    end(&results, &ended, Status::Done).await;
    drop((results, outbox));

    let (results, outbox) = reopened(&folder).await;
    end(&results, &runs, Status::Done).await;
    let told = outbox.take_due(9, later_ms(), LEASE).await.unwrap();
    let jobs: Vec<_> = told.iter().map(|notice| notice.id.job).collect();
    assert!(jobs.len() == 2 && jobs.contains(&ended.id()) && jobs.contains(&runs.id()));
}

#[tokio::test]
async fn what_nobody_delivers_is_not_kept_for_ever() {
    let (results, outbox, _folder) = in_a_file_of_its_own().await;
    let (ended, runs) = (job(&results).await, job(&results).await);
    for job in [&ended, &runs] {
        subscribe(&outbox, job, URL).await;
    }
    end(&results, &ended, Status::Done).await;
    let now = SystemTime::now();
    results.expire(now + AGE_MAX / 2).await.unwrap();
    assert_eq!(outbox.depth().await.unwrap(), 1);
    results
        .expire(now + AGE_MAX + Duration::from_secs(1))
        .await
        .unwrap();
    end(&results, &runs, Status::Done).await;
    assert_eq!(outbox.depth().await.unwrap(), 0);
}
