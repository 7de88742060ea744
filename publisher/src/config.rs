//! What may be set, with every default's reason. Names end in their unit.

use std::{ops::RangeInclusive, thread::available_parallelism, time::Duration};

use backends::fleet::{BEAT_PAUSE, SILENCE_MAX};
use engine::logo::LOGO_BYTES_MAX;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::{inflow::Inflow, outflow::Outflow};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The publisher's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Async threads of a process that only publishes. Half the cores, at least one: more of them wake each other for each
    /// small step; on two cores one alone costs a sixth less CPU time for each job. What it does itself is moving bytes and
    /// taking their digest, at more than 1 GB/s.
    pub publisher_threads: usize,
    /// Longest photo. 20 MiB: a 24-megapixel JPEG at high quality has about 15.
    pub image_bytes_max: u64,
    /// All that is neither photo nor logo. 64 KiB: the longest template of a mark needs 4.
    pub fields_bytes_max: u64,
    /// Uploads in hand at once; the next one is sent away with 503. 128: a hundred at once are promised, and each may
    /// hold [`Config::spool_memory_bytes_max`] in memory and [`Config::image_bytes_max`] on the disk.
    pub uploads_max: usize,
    /// Bytes of one upload that are kept in memory before it goes to a file. 1 MiB: small pictures never touch the
    /// disk, and 128 uploads together stay below 256 MiB while their buffers double, and below 512 MiB with a logo each.
    pub spool_memory_bytes_max: usize,
    /// Longest a new client may take over its first request's header, its first byte included. 10 s: one lost packet and its
    /// retransmissions.
    pub header_timeout_secs: u64,
    /// Longest a connection that was answered may wait for its next request, that one's header included. 75 s: longer
    /// than the 60 s for which proxies and browsers usually take it for open.
    pub keep_alive_secs: u64,
    /// Longest silence within an upload's body. 30 s: a phone that changes its cell, a machine that is busy.
    pub idle_timeout_secs: u64,
    /// Longest time in which a client takes nothing of its answer. 60 s: longer than any network's hiccup; a slow client
    /// that takes a little is not cut.
    pub stall_timeout_secs: u64,
    /// Fewest bytes a second in which an upload has to come, on average over each [`Config::upload_window_secs`]; 0: any
    /// number. 4 KiB: half of what a phone sends over EDGE. So 20 MiB take 85 min at most, and whoever wants to hold all
    /// places among the uploads has to send half a mebibyte a second for that.
    pub upload_bytes_per_sec_min: u64,
    /// The span over which that is looked at, and so the time that a slow start gets. 60 s: two of the longest silences
    /// do not end an upload that comes well between them.
    pub upload_window_secs: u64,
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
    /// Uploads that wait for their job's end at once, as `Prefer: wait` asks for; the next one is answered without. 1024: one
    /// for each connection of HTTP/1, while one of HTTP/2 might have a hundred, each with an ear for its job's events.
    pub waits_max: usize,
    /// Longest result that is read back. 64 MiB: a PNG of noise that fills the default box eight times over.
    pub result_bytes_max: u64,
    /// Images and originals that are read from the object store at once, each of which holds a file or a connection for as
    /// long as its client takes; the next one is sent away with 503 unless a place gets free within a second. What lies in
    /// memory needs none. 96: with the connections and the files of the uploads in hand it stays below the 1024 open
    /// files that a process usually starts with.
    pub image_reads_max: usize,
    /// Fewest bytes a second at which an image has to be taken, on average over each [`Config::stall_timeout_secs`]; 0: any
    /// number. 4 KiB, as for uploads: a photo of 3 MB takes 13 min at most, and whoever wants to keep all memory for images
    /// has to take them again and again for that.
    pub image_bytes_per_sec_min: u64,
    /// Bytes of images and originals in memory on their way out; the next one is sent away with 503. 256 MiB: every long
    /// one that [`Config::image_reads_max`] lets through, of each of which a mebibyte is held, and forty of the longest
    /// from a cache, however slowly their clients take them.
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
    /// Messages that may wait in the queue before uploads are refused. 100 000: at ten jobs a second three hours of work,
    /// and some 200 MiB at the broker.
    pub queue_depth_max: u64,
    /// How long the oldest job may have waited for its first worker before uploads are refused. 1 h: longer than all
    /// retries of a job together, so an outage that they outlast refuses nobody afterwards.
    pub queue_age_max_secs: u64,
    /// Time between two looks at queue, object store and records, which decide whether uploads are taken in. 1 s: as long
    /// as uploads run into what is away.
    pub admission_interval_ms: u64,
    /// Silence after which a worker does not count as alive in `/stats`. 10 s: four of its heartbeats were lost, which a
    /// restart of Redis does not do.
    pub worker_silence_max_ms: u64,
    /// How long originals and results are kept after they were last stored. 30 days. At least 8: a record that nobody
    /// speaks of is given up after 7, and until then its job may be at work. A dead letter can be replayed for as long as
    /// its original is kept.
    pub retention_days: u64,
    /// Time between two looks for older ones. 6 h: ages are in days, and a look lists every object.
    pub retention_interval_secs: u64,
    /// Longest a dependency may take to say that it is well. 2 s: below the usual timeout of a probe.
    pub check_timeout_ms: u64,
    /// Time between the word to stop and the moment from which no more connections are taken; meanwhile `/ready` answers
    /// 503. 0 s: Ctrl-C is quick. Behind a load balancer it should be longer than two of its probes are apart, and
    /// [`Config::drain_timeout_secs`] as much shorter.
    pub drain_delay_secs: u64,
    /// Time that uploads in hand get when the process is told to stop. 20 s: below the 30 s after which Kubernetes
    /// kills.
    pub drain_timeout_secs: u64,
}

impl Default for Config {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, Into::into);
        Self {
            publisher_threads: (cores / 2).max(1),
            image_bytes_max: 20 * MIB,
            fields_bytes_max: 64 * KIB,
            uploads_max: 128,
            spool_memory_bytes_max: MIB as usize,
            header_timeout_secs: 10,
            keep_alive_secs: 75,
            idle_timeout_secs: 30,
            stall_timeout_secs: 60,
            upload_bytes_per_sec_min: 4 * KIB,
            upload_window_secs: 60,
            connections_max: 768,
            sse_clients_max: 512,
            heartbeat_secs: 15,
            reconnect_ms: 1000,
            wait_secs_max: 60,
            waits_max: 1024,
            result_bytes_max: 64 * MIB,
            image_reads_max: 96,
            image_bytes_per_sec_min: 4 * KIB,
            images_in_flight_bytes_max: 256 * MIB,
            unsent_age_secs: 30,
            sweep_interval_ms: 10_000,
            silent_max_secs: 900,
            queue_depth_max: 100_000,
            queue_age_max_secs: 3600,
            admission_interval_ms: 1000,
            worker_silence_max_ms: 10_000,
            retention_days: 30,
            retention_interval_secs: 6 * 60 * 60,
            check_timeout_ms: 2000,
            drain_delay_secs: 0,
            drain_timeout_secs: 20,
        }
    }
}

/// A setting that the publisher cannot run with. Its text does not name the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value} is out of range, {min} to {max} is allowed")]
pub struct ConfigError {
    /// The setting.
    pub key: &'static str,
    /// What it is set to.
    pub value: u64,
    /// The least that it may be.
    pub min: u64,
    /// The most that it may be.
    pub max: u64,
}

/// More threads than any machine has cores: a slip of the finger.
const THREADS_MAX: u64 = 1024;

/// A mebibyte: faster than many an honest client is.
const BYTES_PER_SEC_MIN_MAX: u64 = MIB;

/// From the life of a record and a day, to a hundred years: for ever.
const RETENTION_DAYS: RangeInclusive<u64> = 8..=36_500;

/// From the pause between two heartbeats, and a second for their way, to when they are forgotten.
const WORKER_SILENCE_MS: RangeInclusive<u64> =
    BEAT_PAUSE.as_millis() as u64 + 1000..=SILENCE_MAX.as_millis() as u64;

/// The longest time that may be set: a year. A sum of far longer times and the clock would overflow.
const TIME_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Config {
    /// Whether the publisher can run with these settings: none makes it panic, spin, or refuse everybody for ever.
    /// No uploads, no reads of images and no event streams at once are settings of a publisher that only does the others.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        within_ranges(self.ranges())
    }

    /// Every setting that not every number suits.
    fn ranges(&self) -> [(&'static str, u64, RangeInclusive<u64>); 31] {
        const PERMITS_MAX: u64 = Semaphore::MAX_PERMITS as u64;
        const SECS_MAX: u64 = TIME_MAX.as_secs();
        const MS_MAX: u64 = SECS_MAX * 1000;
        let count = |number: usize| number as u64;
        let photo_max = (u64::MAX - LOGO_BYTES_MAX).saturating_sub(self.fields_bytes_max);
        let held_min = self.result_bytes_max;
        let held = self.images_in_flight_bytes_max;
        [
            (
                "publisher_threads",
                count(self.publisher_threads),
                1..=THREADS_MAX,
            ),
            ("image_bytes_max", self.image_bytes_max, 1..=photo_max),
            ("uploads_max", count(self.uploads_max), 0..=PERMITS_MAX),
            (
                "connections_max",
                count(self.connections_max),
                1..=PERMITS_MAX,
            ),
            (
                "sse_clients_max",
                count(self.sse_clients_max),
                0..=PERMITS_MAX,
            ),
            (
                "image_reads_max",
                count(self.image_reads_max),
                0..=PERMITS_MAX,
            ),
            (
                "image_bytes_per_sec_min",
                self.image_bytes_per_sec_min,
                0..=BYTES_PER_SEC_MIN_MAX,
            ),
            ("result_bytes_max", self.result_bytes_max, 1..=u64::MAX),
            ("images_in_flight_bytes_max", held, held_min..=u64::MAX),
            (
                "header_timeout_secs",
                self.header_timeout_secs,
                1..=SECS_MAX,
            ),
            ("keep_alive_secs", self.keep_alive_secs, 1..=SECS_MAX),
            ("idle_timeout_secs", self.idle_timeout_secs, 1..=SECS_MAX),
            ("stall_timeout_secs", self.stall_timeout_secs, 1..=SECS_MAX),
            (
                "upload_bytes_per_sec_min",
                self.upload_bytes_per_sec_min,
                0..=BYTES_PER_SEC_MIN_MAX,
            ),
            ("upload_window_secs", self.upload_window_secs, 1..=SECS_MAX),
            ("drain_delay_secs", self.drain_delay_secs, 0..=SECS_MAX),
            ("drain_timeout_secs", self.drain_timeout_secs, 0..=SECS_MAX),
            ("heartbeat_secs", self.heartbeat_secs, 1..=SECS_MAX),
            ("wait_secs_max", self.wait_secs_max, 0..=SECS_MAX),
            ("waits_max", count(self.waits_max), 0..=PERMITS_MAX),
            ("unsent_age_secs", self.unsent_age_secs, 0..=SECS_MAX),
            ("silent_max_secs", self.silent_max_secs, 0..=SECS_MAX),
            ("queue_depth_max", self.queue_depth_max, 1..=u64::MAX),
            ("queue_age_max_secs", self.queue_age_max_secs, 1..=SECS_MAX),
            ("reconnect_ms", self.reconnect_ms, 1..=MS_MAX),
            ("sweep_interval_ms", self.sweep_interval_ms, 1..=MS_MAX),
            (
                "admission_interval_ms",
                self.admission_interval_ms,
                1..=MS_MAX,
            ),
            (
                "worker_silence_max_ms",
                self.worker_silence_max_ms,
                WORKER_SILENCE_MS,
            ),
            ("retention_days", self.retention_days, RETENTION_DAYS),
            (
                "retention_interval_secs",
                self.retention_interval_secs,
                1..=SECS_MAX,
            ),
            ("check_timeout_ms", self.check_timeout_ms, 1..=MS_MAX),
        ]
    }

    /// Longest body of an upload: the photo, the logo, the fields, and what the form puts around them.
    pub(crate) const fn body_bytes_max(&self) -> u64 {
        self.image_bytes_max + LOGO_BYTES_MAX + self.fields_bytes_max
    }

    pub(crate) const fn header_timeout(&self) -> Duration {
        Duration::from_secs(self.header_timeout_secs)
    }

    pub(crate) const fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_secs)
    }

    pub(crate) const fn inflow(&self) -> Inflow {
        Inflow {
            idle_max: Duration::from_secs(self.idle_timeout_secs),
            bytes_per_sec_min: self.upload_bytes_per_sec_min,
            window: Duration::from_secs(self.upload_window_secs),
        }
    }

    pub(crate) const fn outflow(&self) -> Outflow {
        Outflow {
            bytes_per_sec_min: self.image_bytes_per_sec_min,
            window: self.stall_timeout(),
        }
    }

    pub(crate) const fn stall_timeout(&self) -> Duration {
        Duration::from_secs(self.stall_timeout_secs)
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

    pub(crate) const fn admission_interval(&self) -> Duration {
        Duration::from_millis(self.admission_interval_ms)
    }

    pub(crate) const fn worker_silence_max(&self) -> Duration {
        Duration::from_millis(self.worker_silence_max_ms)
    }

    pub(crate) const fn retention(&self) -> Duration {
        Duration::from_secs(self.retention_days * 24 * 60 * 60)
    }

    pub(crate) const fn retention_interval(&self) -> Duration {
        Duration::from_secs(self.retention_interval_secs)
    }

    pub(crate) const fn check_timeout(&self) -> Duration {
        Duration::from_millis(self.check_timeout_ms)
    }

    pub(crate) const fn drain_delay(&self) -> Duration {
        Duration::from_secs(self.drain_delay_secs)
    }

    pub(crate) const fn drain_timeout(&self) -> Duration {
        Duration::from_secs(self.drain_timeout_secs)
    }
}

/// Whether every setting is within its range.
///
/// # Errors
/// The first one that is not.
pub(crate) fn within_ranges<const COUNT: usize>(
    settings: [(&'static str, u64, RangeInclusive<u64>); COUNT],
) -> Result<(), ConfigError> {
    for (key, value, range) in settings {
        let (min, max) = range.into_inner();
        if value < min || value > max {
            return Err(ConfigError {
                key,
                value,
                min,
                max,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut Config)) -> &'static str {
        let mut config = Config::default();
        change(&mut config);
        config.check().map_or_else(|error| error.key, |()| "none")
    }

    #[test]
    fn the_defaults_and_a_publisher_that_only_reads_can_run() {
        assert_eq!(refused(|_| {}), "none");
        assert_eq!(refused(|config| config.uploads_max = 0), "none");
        assert_eq!(refused(|config| config.sse_clients_max = 0), "none");
        assert_eq!(refused(|config| config.image_reads_max = 0), "none");
    }

    #[test]
    fn what_would_panic_spin_or_overflow_is_refused_by_name() {
        for (key, refused) in [
            ("publisher_threads", refused(|it| it.publisher_threads = 0)),
            ("sweep_interval_ms", refused(|it| it.sweep_interval_ms = 0)),
            ("heartbeat_secs", refused(|it| it.heartbeat_secs = 0)),
            ("connections_max", refused(|it| it.connections_max = 0)),
            ("uploads_max", refused(|it| it.uploads_max = usize::MAX)),
            (
                "sse_clients_max",
                refused(|it| it.sse_clients_max = usize::MAX),
            ),
            (
                "image_reads_max",
                refused(|it| it.image_reads_max = usize::MAX),
            ),
            (
                "image_bytes_max",
                refused(|it| it.image_bytes_max = u64::MAX),
            ),
            (
                "image_bytes_max",
                refused(|it| it.fields_bytes_max = u64::MAX),
            ),
            (
                "admission_interval_ms",
                refused(|it| it.admission_interval_ms = 0),
            ),
            ("queue_depth_max", refused(|it| it.queue_depth_max = 0)),
            (
                "queue_age_max_secs",
                refused(|it| it.queue_age_max_secs = 0),
            ),
            (
                "worker_silence_max_ms",
                refused(|it| it.worker_silence_max_ms = 2000),
            ),
            ("retention_days", refused(|it| it.retention_days = 7)),
            (
                "header_timeout_secs",
                refused(|it| it.header_timeout_secs = u64::MAX),
            ),
        ] {
            assert_eq!(refused, key);
        }
    }

    #[test]
    fn the_longest_result_fits_the_memory_for_results() {
        let mut config = Config::default();
        config.images_in_flight_bytes_max = config.result_bytes_max - 1;
        let error = config.check().unwrap_err();
        assert_eq!(error.key, "images_in_flight_bytes_max");
        assert_eq!(
            error.to_string(),
            format!(
                "67108863 is out of range, 67108864 to {} is allowed",
                u64::MAX
            )
        );
    }
}
