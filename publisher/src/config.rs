//! What may be set, with every default's reason. Names end in their unit.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The publisher's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Longest photo. 20 MiB: a 24-megapixel JPEG at high quality has about 15.
    pub image_bytes_max: u64,
    /// All that is not the photo. 64 KiB: the longest template of a mark needs 4.
    pub fields_bytes_max: u64,
    /// Uploads in hand at once; the next one is sent away with 503. 128: a hundred at once are promised, and each may
    /// hold [`Config::spool_memory_bytes_max`] in memory and [`Config::image_bytes_max`] on the disk.
    pub uploads_max: usize,
    /// Bytes of one upload that are kept in memory before it goes to a file. 1 MiB: small pictures never touch the
    /// disk, and 128 uploads together stay below 256 MiB while their buffers double.
    pub spool_memory_bytes_max: usize,
    /// Longest a client may take over a request's header, its first byte included. 10 s: one lost packet and its
    /// retransmissions.
    pub header_timeout_secs: u64,
    /// Longest silence within an upload's body. 30 s: a phone that changes its cell, a machine that is busy.
    pub idle_timeout_secs: u64,
    /// Longest time in which a client takes nothing of its answer. 60 s: longer than any network's hiccup; a slow client
    /// that takes a little is not cut.
    pub stall_timeout_secs: u64,
    /// Longest upload. 10 min: 20 MiB at 300 kbit/s.
    pub upload_timeout_secs: u64,
    /// Connections at once; the next ones wait in the kernel's backlog. 768: with the files of the uploads in hand it stays
    /// below the 1024 open files that a process usually starts with.
    pub connections_max: usize,
    /// Event streams at once; the next one is sent away with 503. 512: they leave
    /// connections for uploads.
    pub sse_clients_max: usize,
    /// Time between two heartbeats of a silent event stream. 15 s: half of the shortest idle timeout that proxies are
    /// known for.
    pub heartbeat_secs: u64,
    /// Time after which a browser connects again to an event stream that broke. 1 s.
    pub reconnect_ms: u64,
    /// Longest wait that `Prefer: wait` is granted. 60 s: the usual patience of a proxy.
    pub wait_secs_max: u64,
    /// Longest result that is read back. 64 MiB: a PNG of noise that fills the default box eight times over.
    pub result_bytes_max: u64,
    /// Bytes of results on their way out at once; the next one is sent away with 503. 256 MiB: four of the longest or a
    /// hundred of the usual ones, however slowly their clients take them.
    pub images_in_flight_bytes_max: u64,
    /// Age at which a job whose message was never confirmed is published again. 30 s: longer than any publish takes.
    pub unsent_age_secs: u64,
    /// Time between two looks for such jobs. 10 s.
    pub sweep_interval_ms: u64,
    /// Silence after which a job that has not ended is published again when it is uploaded again, although its message
    /// was confirmed: its end may have been lost with the records, as in a failover of Redis. 15 min: longer than the
    /// longest wait for a retry (5 min) and the work after it (2 min); a job that only waits in a long queue is
    /// published twice, which does no harm.
    pub silent_max_secs: u64,
    /// Longest a dependency may take to say that it is well. 2 s: below the usual timeout of a probe.
    pub check_timeout_ms: u64,
    /// Time that uploads in hand get when the process is told to stop. 20 s: below the 30 s after which Kubernetes
    /// kills.
    pub drain_timeout_secs: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            image_bytes_max: 20 * MIB,
            fields_bytes_max: 64 * KIB,
            uploads_max: 128,
            spool_memory_bytes_max: MIB as usize,
            header_timeout_secs: 10,
            idle_timeout_secs: 30,
            stall_timeout_secs: 60,
            upload_timeout_secs: 600,
            connections_max: 768,
            sse_clients_max: 512,
            heartbeat_secs: 15,
            reconnect_ms: 1000,
            wait_secs_max: 60,
            result_bytes_max: 64 * MIB,
            images_in_flight_bytes_max: 256 * MIB,
            unsent_age_secs: 30,
            sweep_interval_ms: 10_000,
            silent_max_secs: 900,
            check_timeout_ms: 2000,
            drain_timeout_secs: 20,
        }
    }
}

impl Config {
    /// Longest body of an upload: the photo, the fields, and what the form puts around them.
    pub(crate) const fn body_bytes_max(&self) -> u64 {
        self.image_bytes_max + self.fields_bytes_max
    }

    pub(crate) const fn header_timeout(&self) -> Duration {
        Duration::from_secs(self.header_timeout_secs)
    }

    pub(crate) const fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout_secs)
    }

    pub(crate) const fn stall_timeout(&self) -> Duration {
        Duration::from_secs(self.stall_timeout_secs)
    }

    pub(crate) const fn upload_timeout(&self) -> Duration {
        Duration::from_secs(self.upload_timeout_secs)
    }

    pub(crate) const fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.heartbeat_secs)
    }

    pub(crate) const fn reconnect(&self) -> Duration {
        Duration::from_millis(self.reconnect_ms)
    }

    pub(crate) const fn wait_max(&self) -> Duration {
        Duration::from_secs(self.wait_secs_max)
    }

    pub(crate) const fn unsent_age(&self) -> Duration {
        Duration::from_secs(self.unsent_age_secs)
    }

    pub(crate) const fn sweep_interval(&self) -> Duration {
        Duration::from_millis(self.sweep_interval_ms)
    }

    pub(crate) const fn silent_max(&self) -> Duration {
        Duration::from_secs(self.silent_max_secs)
    }

    pub(crate) const fn check_timeout(&self) -> Duration {
        Duration::from_millis(self.check_timeout_ms)
    }

    pub(crate) const fn drain_timeout(&self) -> Duration {
        Duration::from_secs(self.drain_timeout_secs)
    }
}
