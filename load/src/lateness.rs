//! How late a retry is: what the broker's delay ladder adds to the wait that backoff asks for.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use backends::{
    Delivery, Receiver, Sender as _, Source as _, Verdict,
    clock::now_ms,
    queue::rabbitmq::{Config, RabbitQueue},
};
use schemas::{Digest, Failure, Job};
use tokio::{task::JoinSet, time::timeout};
use workers::retry;

use crate::{picture, process::exported, spread::Spread};

/// Jobs that fail together, as in an outage.
const JOBS: usize = 300;
/// Retries of each: the waits of the first attempts, where being late weighs most.
const RETRIES: u32 = 4;
/// Consumers side by side.
const RECEIVERS: usize = 8;
/// All waits of one job are 15 s at most.
const TIME_MAX: Duration = Duration::from_secs(60);
/// The aim for 99 of 100 retries.
const LATE_MAX: Duration = Duration::from_millis(500);

/// Retries every job as an outage would make it.
///
/// # Errors
/// When a retry is early, or too many are late.
pub async fn run() -> anyhow::Result<()> {
    let mut config = Config::new(exported("AMQP_URL")?.parse()?);
    config.namespace = format!("lateness-{}", std::process::id()).parse()?;
    let queue = RabbitQueue::start(config);
    let waits = timeout(TIME_MAX, all_waits(&queue)).await??;
    queue.close().await;
    report(&waits)
}

/// A wait that has ended.
#[derive(Clone, Copy, Debug)]
struct Wait {
    asked: Duration,
    waited: Duration,
}

/// A wait under way.
struct Begun {
    asked: Duration,
    at: Instant,
}

async fn all_waits(queue: &RabbitQueue) -> anyhow::Result<Vec<Wait>> {
    for number in 0..JOBS {
        queue.send(&job(number)?).await?;
    }
    let outage = Arc::new(Outage::default());
    let mut receivers = JoinSet::new();
    for _ in 0..RECEIVERS {
        receivers.spawn(Arc::clone(&outage).consume(queue.receiver().await?));
    }
    while let Some(ended) = receivers.join_next().await {
        ended??;
    }
    Ok(outage
        .state
        .lock()
        .expect("nobody panics with it")
        .ended
        .clone())
}

fn report(waits: &[Wait]) -> anyhow::Result<()> {
    let late = waits
        .iter()
        .map(|wait| wait.waited.saturating_sub(wait.asked));
    let late = Spread::of(late.collect());
    let early = waits.iter().filter(|wait| wait.waited < wait.asked).count();
    let distinct: BTreeSet<u128> = waits
        .iter()
        .map(|wait| wait.asked.as_millis() / 100)
        .collect();
    println!(
        "{} retries over {} different waits (in tenths of a second): late by {late}; {early} early",
        waits.len(),
        distinct.len()
    );
    anyhow::ensure!(early == 0, "{early} retries came before their time");
    anyhow::ensure!(
        late.percentile(99) < LATE_MAX,
        "the aim is {LATE_MAX:?} for 99 of 100"
    );
    Ok(())
}

/// A world in which every attempt fails, until the retries are spent.
#[derive(Default)]
struct Outage {
    state: Mutex<State>,
    over: tokio_util::sync::CancellationToken,
}

#[derive(Default)]
struct State {
    begun: HashMap<String, Begun>,
    ended: Vec<Wait>,
}

impl Outage {
    async fn consume(self: Arc<Self>, mut receiver: Box<dyn Receiver>) -> anyhow::Result<()> {
        while let Some(delivery) = self.over.run_until_cancelled(receiver.receive()).await {
            self.fail(delivery?).await?;
        }
        Ok(())
    }

    async fn fail(&self, delivery: Delivery) -> anyhow::Result<()> {
        let id = delivery.message_id.clone().context("a job has an id")?;
        let verdict = self.judge(id, delivery.attempt);
        let secured = delivery.secure(&verdict, "load", now_ms()).await?;
        Ok(secured.ack().await?)
    }

    /// Ends the wait before this attempt, and begins the one after it.
    fn judge(&self, id: String, attempt: u32) -> Verdict {
        let mut state = self.state.lock().expect("nobody panics with it");
        let now = Instant::now();
        if let Some(begun) = state.begun.remove(&id) {
            state.ended.push(Wait {
                asked: begun.asked,
                waited: now - begun.at,
            });
        }
        if state.ended.len() == JOBS * RETRIES as usize {
            self.over.cancel();
        }
        if attempt > RETRIES {
            return Verdict::Done;
        }
        let delay = retry::wait(attempt, rand::random());
        state.begun.insert(
            id,
            Begun {
                asked: delay,
                at: now,
            },
        );
        Verdict::Retry {
            delay,
            failure: Failure {
                code: "objects_unavailable".to_owned(),
                message: "an outage on purpose".to_owned(),
            },
        }
    }
}

fn job(number: usize) -> anyhow::Result<Job> {
    Ok(Job::new(
        Digest::of(&number.to_be_bytes()),
        picture::recipe()?,
        now_ms(),
    ))
}
