//! Outages of what workers need: they pause, and no attempt is spent on what is known to be away.

use tempfile::TempDir;

use crate::{
    fault_proxy::{FaultProxy, Wire},
    support::{
        client::Client,
        fleet::{namespace, role},
        picture::jpeg,
        process::{Process, service},
        until,
    },
};

/// What two workers may spend on the failures that open their breakers: five in a row, of which the last one knows, and
/// as many again where an answer that was on its way breaks the row.
const SPENT_MAX: u64 = 2 * 2 * 4;

#[tokio::test]
async fn an_object_store_that_is_away_pauses_the_fleet_and_costs_no_job() {
    let fleet = Fleet::start("store-away", "s3_endpoint", "S3_ENDPOINT", "http").await;
    fleet.survives("objects", Wire::Cut).await;
}

#[tokio::test]
async fn records_that_do_not_answer_pause_the_fleet_and_cost_no_job() {
    let fleet = Fleet::start("records-away", "redis_url", "REDIS_URL", "redis").await;
    fleet.survives("results", Wire::Silent).await;
}

/// Two workers that reach one of their servers over a wire that can be cut. The publisher's wires are whole: uploads
/// keep coming in.
struct Fleet {
    publisher: Process,
    workers: [Process; 2],
    wire: FaultProxy,
    _data: TempDir,
}

impl Fleet {
    async fn start(test: &str, setting: &str, server: &str, scheme: &str) -> Self {
        let (data, name) = (tempfile::tempdir().unwrap(), namespace(test));
        let url = service(server);
        let (_, address) = url.trim_end_matches('/').split_once("//").unwrap();
        let wire = FaultProxy::before(address.to_owned()).await;
        let through = format!("{setting}={scheme}://{}", wire.address());
        let settings = ["worker_slots=1", through.as_str()];
        Self {
            publisher: role("publisher", &name, &data, &[]).await,
            workers: [
                role("worker", &name, &data, &settings).await,
                role("worker", &name, &data, &settings).await,
            ],
            wire,
            _data: data,
        }
    }

    async fn survives(self, backend: &str, outage: Wire) {
        let client = Client::of(&self.publisher);
        let workers = self.workers.each_ref().map(Client::of);
        let mut ids = upload(&client, 0..12).await;
        self.wire.set(outage);
        ids.extend(upload(&client, 12..30).await);

        let breaker = format!("nws_breaker_state{{backend=\"{backend}\"}}");
        for worker in &workers {
            until(async || worker.metric(&breaker).await == 2.0).await;
            until(async || worker.metric("nws_jobs_in_flight").await == 0.0).await;
            let ready = worker.get("/ready").await.text().await.unwrap();
            assert!(
                ready.contains(&format!("\"{backend}\":\"failing\"")),
                "{ready}"
            );
        }
        until(async || client.metric("nws_queue_depth").await > 0.0).await;

        self.wire.set(Wire::Whole);
        assert_spared(&attempts(&client, &ids).await);
        for worker in &workers {
            until(async || worker.metric(&breaker).await == 0.0).await;
            assert_eq!(worker.metric("nws_dead_letters_total").await, 0.0);
        }
    }
}

async fn upload(client: &Client, seeds: std::ops::Range<u8>) -> Vec<String> {
    let mut ids = Vec::new();
    for seed in seeds {
        ids.push(client.upload(&jpeg(1200, 800, seed), &[]).await);
    }
    ids
}

/// The attempt at which each job was done.
async fn attempts(client: &Client, ids: &[String]) -> Vec<u64> {
    let mut attempts = Vec::new();
    for id in ids {
        let end = client.ended(id).await;
        assert_eq!(end["status"], "done", "{end}");
        attempts.push(end["attempt"].as_u64().unwrap());
    }
    attempts
}

#[expect(
    clippy::print_stdout,
    reason = "how many attempts an outage costs is worth knowing"
)]
fn assert_spared(attempts: &[u64]) {
    println!("attempts: {attempts:?}");
    let spent: u64 = attempts.iter().map(|attempt| attempt - 1).sum();
    assert!(spent <= SPENT_MAX, "{attempts:?}");
}
