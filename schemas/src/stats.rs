//! How the fleet is doing: what `GET /stats` answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Step;

/// How the fleet is doing. Everything in it is of the last `windowSecs` seconds, or of now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// How far back counts and durations reach, in seconds.
    pub window_secs: u64,
    /// Jobs that came to an end (done, failed or dead) per second of the window, of all workers that live; 0 while
    /// `degraded`, when nobody can tell.
    pub jobs_per_second: f64,
    /// What became of jobs in the window.
    pub jobs: JobCounts,
    /// From an upload's first byte to the saved result, of the jobs that were done in the window; null where none was.
    pub total_ms: Option<Percentiles>,
    /// The same of each step that these jobs took.
    pub steps_ms: BTreeMap<Step, Percentiles>,
    /// What waits for a worker.
    pub queue: QueueStats,
    /// The workers that live, by name. Two may have the same name.
    pub workers: Vec<WorkerStats>,
    /// Whether the records are away: then nothing is known of workers and their jobs.
    pub degraded: bool,
}

/// What became of jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobCounts {
    /// Jobs whose result can be fetched.
    pub done: u64,
    /// Jobs whose input cannot be worked on.
    pub failed: u64,
    /// Jobs whose attempts are spent.
    pub dead: u64,
    /// Attempts that failed for a reason that may pass.
    pub retrying: u64,
}

/// Durations in milliseconds. Each is at most 5 % off, or 0.1 ms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Percentiles {
    /// Half of them took no longer.
    pub p50: f64,
    /// 95 of 100 took no longer.
    pub p95: f64,
}

/// What waits for a worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueStats {
    /// Messages that wait; null where the queue cannot tell.
    pub depth: Option<u64>,
    /// How long the oldest job has waited for its first worker, in milliseconds; 0 where none waits, null where the records
    /// cannot tell.
    pub oldest_age_ms: Option<u64>,
}

/// A worker that lives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerStats {
    /// Tells it from every other, those of the same name among them.
    pub id: String,
    /// The name that it was given.
    pub name: String,
    /// Pictures that it can work on at once.
    pub slots: u64,
    /// Pictures that it works on.
    pub busy: u64,
    /// Jobs that came to an end at its hands, per second of the window.
    pub jobs_per_second: f64,
    /// When it started, in milliseconds since 1970.
    pub started_at_ms: u64,
    /// How long ago it was heard of.
    pub heartbeat_age_ms: u64,
    /// Whether it takes no more jobs and finishes what it has in hand.
    pub draining: bool,
}
