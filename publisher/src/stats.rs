//! How the fleet is doing, told to however many ask.
//!
//! Read in this order: [`Board`], which asks seldom however often it is asked; `stats`, what follows from the answer; pure.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use backends::{
    clock::millis,
    fleet::{Alive, Histogram, Tally, WINDOW},
};
use bytes::Bytes;
use schemas::{
    Stats, Step,
    stats::{JobCounts, Percentiles, QueueStats, WorkerStats},
};
use tokio::{sync::Mutex, time::Instant};
use tracing::{info, warn};

use crate::app::App;

/// How long an answer is good for. Workers speak every other second, and so do pages ask: a thousand of them cost one
/// read.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The last answer. Who comes while it is made anew waits for it.
#[derive(Debug, Default)]
pub(crate) struct Board {
    last: Mutex<Option<(Instant, Bytes)>>,
    /// Whether the last answer had to do without the workers: only a change is told.
    was_degraded: AtomicBool,
}

impl Board {
    /// The stats as JSON, at most a second old.
    pub(crate) async fn json(&self, app: &App) -> Bytes {
        let mut last = self.last.lock().await;
        if let Some((made_at, json)) = &*last
            && made_at.elapsed() < GOOD_FOR
        {
            return json.clone();
        }
        let made = self.make(app).await;
        let json = Bytes::from(serde_json::to_vec(&made).expect("stats are JSON"));
        *last = Some((Instant::now(), json.clone()));
        json
    }

    async fn make(&self, app: &App) -> Stats {
        let alive = app.fleet.alive(app.config.worker_silence_max()).await;
        let was_degraded = self.was_degraded.swap(alive.is_err(), Ordering::Relaxed);
        if let Err(error) = &alive {
            app.metrics.backend_error(error);
        }
        match &alive {
            Err(error) if !was_degraded => warn!(%error, "nobody tells how workers are: {error}"),
            Ok(_) if was_degraded => info!("workers are heard of again"),
            Ok(_) | Err(_) => {}
        }
        stats(alive.ok(), app.gate.queue(Instant::now()))
    }
}

/// What follows from the words of all workers; none where they cannot be heard.
fn stats(alive: Option<Vec<Alive>>, queue: QueueStats) -> Stats {
    let (degraded, alive) = (alive.is_none(), alive.unwrap_or_default());
    let mut all = Tally::default();
    for worker in &alive {
        all.merge(&worker.heartbeat.tally);
    }
    let total = all.steps.remove(&Step::Total);
    Stats {
        window_secs: WINDOW.as_secs(),
        jobs_per_second: per_second(all.ended()),
        jobs: JobCounts {
            done: all.done,
            failed: all.failed,
            dead: all.dead,
            retrying: all.retrying,
        },
        total_ms: total.as_ref().and_then(percentiles),
        steps_ms: all_percentiles(&all.steps),
        queue,
        workers: workers(alive),
        degraded,
    }
}

/// By name, and by age where several have the same.
fn workers(mut alive: Vec<Alive>) -> Vec<WorkerStats> {
    let order = |one: &Alive, other: &Alive| {
        let (one, other) = (&one.heartbeat, &other.heartbeat);
        (&one.name, one.started_at_ms, &one.id).cmp(&(&other.name, other.started_at_ms, &other.id))
    };
    alive.sort_by(order);
    alive.into_iter().map(worker).collect()
}

fn worker(Alive { heartbeat, age }: Alive) -> WorkerStats {
    WorkerStats {
        id: heartbeat.id.to_string(),
        name: heartbeat.name,
        slots: heartbeat.slots,
        busy: heartbeat.busy,
        jobs_per_second: per_second(heartbeat.tally.ended()),
        started_at_ms: heartbeat.started_at_ms,
        heartbeat_age_ms: millis(age),
        draining: heartbeat.draining,
    }
}

fn all_percentiles(steps: &BTreeMap<Step, Histogram>) -> BTreeMap<Step, Percentiles> {
    steps
        .iter()
        .filter_map(|(step, histogram)| Some((*step, percentiles(histogram)?)))
        .collect()
}

fn percentiles(histogram: &Histogram) -> Option<Percentiles> {
    let millis = |share| {
        let took = histogram.quantile(share)?;
        Some(in_thousandths(took.as_secs_f64() * 1000.0))
    };
    Some(Percentiles {
        p50: millis(0.5)?,
        p95: millis(0.95)?,
    })
}

fn per_second(jobs: u64) -> f64 {
    in_thousandths(jobs as f64 / WINDOW.as_secs_f64())
}

/// More digits would say nothing.
fn in_thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use backends::fleet::{Heartbeat, WorkerId};
    use schemas::{Status, Timings};

    use super::*;

    fn alive(name: &str, id: u64, total_ms: &[u64]) -> Alive {
        let mut tally = Tally::default();
        for total_ms in total_ms {
            let mut timings = Timings::default();
            timings.set(Step::Total, Duration::from_millis(*total_ms));
            timings.set(Step::Save, Duration::from_millis(total_ms / 10));
            tally.count(Status::Done, &timings);
        }
        tally.count(Status::Failed, &Timings::default());
        Alive {
            heartbeat: Heartbeat {
                id: WorkerId::new(id),
                name: name.to_owned(),
                slots: 2,
                busy: 1,
                started_at_ms: 1000 - id,
                draining: false,
                tally,
            },
            age: Duration::from_millis(800),
        }
    }

    fn is_about(measured: f64, expected: f64) -> bool {
        (measured - expected).abs() <= expected * 0.05
    }

    #[test]
    fn the_words_of_all_workers_are_one_answer() {
        let (quick, slow) = ([100; 57], [1000; 61]);
        let workers = vec![alive("b", 1, &quick), alive("a", 2, &slow)];
        let stats = stats(Some(workers), QueueStats::default());
        assert_eq!((stats.jobs.done, stats.jobs.failed), (118, 2));
        assert_eq!((stats.window_secs, stats.jobs_per_second), (60, 2.0));
        let (total, save) = (stats.total_ms.unwrap(), stats.steps_ms[&Step::Save]);
        assert!(is_about(total.p50, 1000.0) && is_about(total.p95, 1000.0));
        assert!(is_about(save.p50, 100.0));
        assert!(!stats.steps_ms.contains_key(&Step::Total));
        let rates: Vec<_> = stats.workers.iter().map(|it| it.jobs_per_second).collect();
        assert_eq!(rates, [1.033, 0.967]);
    }

    #[test]
    fn workers_come_by_name_and_the_older_first() {
        let workers = vec![alive("b", 1, &[]), alive("a", 2, &[]), alive("a", 3, &[])];
        let stats = stats(Some(workers), QueueStats::default());
        let ids: Vec<_> = stats.workers.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(
            ids,
            ["0000000000000003", "0000000000000002", "0000000000000001"]
        );
    }

    #[test]
    fn without_the_workers_the_queue_is_told_and_nothing_made_up() {
        let queue = QueueStats {
            depth: Some(5),
            oldest_age_ms: None,
        };
        let stats = stats(None, queue);
        let expected = Stats {
            window_secs: 60,
            queue,
            degraded: true,
            ..Stats::default()
        };
        assert_eq!(stats, expected);
    }
}
