//! A cluster of three nodes that loses the one that leads. Run with `cargo nextest run --profile three-nodes`.

use std::collections::HashSet;

use super::{broker::control, *};
use crate::queue::{Delivery, Verdict};

/// How many jobs are sent in all: half of them before the leader dies.
const JOBS: u8 = 200;
/// How long a retry waits.
const WAIT: Duration = Duration::from_millis(700);

#[tokio::test]
async fn nothing_is_lost_with_the_leader_of_the_jobs() {
    let nodes = server().split(',').count();
    assert_eq!(nodes, 3, "run it with ops/services --rabbitmq-nodes 3 run");
    let subject = Networked::new().await;
    let killing = subject.kill_leader_after(JOBS / 2);
    let (leader, settled) = tokio::join!(killing, subject.settle_all());
    assert_eq!(settled, (0..JOBS).map(|number| job(number).id()).collect());

    control(&["restart", &leader]).await;
    send(&subject, [JOBS]).await;
    let mut receiver = receiver(&subject).await;
    while receive_and_finish(&mut receiver).await != job(JOBS) {}
    assert_eq!(subject.dead_letters().await.len(), 0);
    subject.end().await;
}

impl Networked {
    /// Sends all jobs, and kills the leader once it has sent so many.
    async fn kill_leader_after(&self, count: u8) -> String {
        self.send_stubbornly(0..count).await;
        let leader = self.leader().await;
        let victim = ["kill9", &leader];
        let killing = control(&victim);
        tokio::join!(killing, self.send_stubbornly(count..JOBS));
        leader
    }

    /// As a client does: again, until it is told that the job is safe.
    async fn send_stubbornly(&self, numbers: std::ops::Range<u8>) {
        for number in numbers {
            while self.queue.send(&job(number)).await.is_err() {}
        }
    }

    async fn leader(&self) -> String {
        let queue = self.queue.0.topology.jobs_queue();
        control(&["leader", queue.as_str()]).await
    }

    /// Retries each job once and finishes it then, until all are finished.
    async fn settle_all(&self) -> HashSet<schemas::JobId> {
        let mut receiver = receiver(self).await;
        let mut settled = HashSet::new();
        while settled.len() < usize::from(JOBS) {
            let delivery = receive(&mut receiver).await;
            let (id, last) = (delivery.job().unwrap().id(), delivery.attempt > 1);
            if settle(delivery, last).await.is_ok() && last {
                settled.insert(id);
            }
        }
        settled
    }
}

/// Fails when the delivery was lost with its connection; it comes again.
async fn settle(delivery: Delivery, last: bool) -> Result<(), Error> {
    let verdict = if last {
        Verdict::Done
    } else {
        Verdict::Retry {
            delay: WAIT,
            failure: contract::failure(),
        }
    };
    delivery.secure(&verdict, "worker", 0).await?.ack().await
}
