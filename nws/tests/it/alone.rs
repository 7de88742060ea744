//! What happens to the servers that every test shares, so nothing else runs beside these tests.

use std::time::Duration;

use load::faults::{self, Options};

use crate::support::{
    client::{Client, install_tls},
    fleet::{Still, namespace, role},
    picture::jpeg,
    process::binary,
    until,
};

/// One whose first faults are many kinds: a worker and the broker die, Redis and S3 stop, wires are cut and damaged.
/// `load faults` takes others, and more jobs.
const SEED: u64 = 69;
const JOBS: usize = 40;
const LAST_JOB_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_fleet_loses_nothing_while_everything_around_it_breaks() {
    install_tls();
    let options = Options::new(binary().to_owned(), SEED, JOBS, LAST_JOB_WITHIN);
    let report = faults::run(&options.without_curse()).await.unwrap();
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn a_redis_that_stands_still_for_a_while_costs_no_job() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("stall"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let slow = ["worker_slots=1"];
    let workers = [
        role("worker", &name, &data, &slow).await,
        role("worker", &name, &data, &slow).await,
    ];
    let client = Client::of(&publisher);
    let mut ids = Vec::new();
    for seed in 0..12 {
        ids.push(client.upload(&jpeg(2400, 1600, seed), &[]).await);
    }

    let redis = Still::server("redis");
    // Until a call was given up: Redis will carry it out all the same when it goes on.
    until(async || {
        let mut given_up = 0.0;
        for worker in workers.each_ref().map(Client::of) {
            given_up += worker
                .metric(r#"nws_backend_errors_total{backend="results""#)
                .await;
        }
        given_up > 0.0
    })
    .await;
    drop(redis);

    for id in ids {
        assert_eq!(client.ended(&id).await["status"], "done");
    }
}
