//! What can be set about a worker.

use serde::{Deserialize, Serialize};

/// Settings of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Pictures that are worked on at once. As many as there are cores: rendering is pure CPU work.
    pub worker_slots: usize,
    /// The worker's name in logs and in a message's history; by default the host's name and the process id.
    pub worker_name: String,
    /// Seconds a picture may take before it is stopped, between two steps or wherever it is, and tried again. A
    /// 100-megapixel picture takes a few seconds on one core; this leaves room for a loaded host.
    pub job_deadline_secs: u64,
    /// Seconds of CPU time a picture may take before it fails: a loaded host does not make them more.
    pub job_cpu_secs: u64,
    /// Whether slots are locked in.
    pub sandbox: Sandboxing,
    /// Seconds that jobs in hand get to finish at shutdown. Below the 30 s that orchestrators wait before they kill.
    pub grace_secs: u64,
}

/// Whether slots are locked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sandboxing {
    /// As far as the kernel can.
    On,
    /// Not at all, so that a debugger can look into them.
    Off,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            worker_slots: std::thread::available_parallelism().map_or(1, Into::into),
            worker_name: format!("{}-{}", host(), std::process::id()),
            job_deadline_secs: 120,
            job_cpu_secs: 60,
            sandbox: Sandboxing::On,
            grace_secs: 25,
        }
    }
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() {
        "worker".to_owned()
    } else {
        name.trim().to_owned()
    }
}
