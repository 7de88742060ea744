//! What operators see: every metric of the system, registered once, so that one process that plays both roles does not
//! register it twice.

use std::time::Duration;

use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder,
};

/// Seconds: from a header read to a 100-megapixel encode.
const STEP_BUCKETS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// Bytes: 1 KiB to 64 MiB.
const SIZE_BUCKETS: [f64; 9] = [
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// The metrics. Names and labels are stable; dashboards and alerts are written against them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    /// Uploads by what became of them: a status word, or `refused`.
    pub uploads: IntCounterVec,
    /// Jobs by their final status.
    pub jobs: IntCounterVec,
    /// Seconds per step of the pipeline.
    pub step_seconds: HistogramVec,
    /// Bytes of originals (`input`) and results (`output`).
    pub image_size_bytes: HistogramVec,
    /// Answers from a cache, by tier.
    pub cache_hits: IntCounterVec,
    /// Answers that a cache did not have, by tier.
    pub cache_misses: IntCounterVec,
    /// Messages that wait for a worker.
    pub queue_depth: IntGauge,
    /// How long the oldest job has waited for its first worker, in whole seconds.
    pub queue_oldest_age_seconds: IntGauge,
    /// Jobs that workers of this process have in hand.
    pub jobs_in_flight: IntGauge,
    /// Retries by who was at fault: `world` or `bug`.
    pub retries: IntCounterVec,
    /// Waits that spent no attempt, because a backend was left alone.
    pub snoozes: IntCounter,
    /// Messages buried by this process, by reason.
    pub dead_letters: IntCounterVec,
    /// Places taken of those that a publisher has a limited number of, by bulkhead.
    pub bulkhead_in_use: IntGaugeVec,
    /// Requests that were sent away because none was free, by bulkhead.
    pub bulkhead_refusals: IntCounterVec,
    /// Event streams that are open.
    pub sse_clients: IntGauge,
    /// What each backend's breaker does: 0 closed, 1 half-open, 2 open.
    pub breaker_state: IntGaugeVec,
    /// Failed calls by backend and operation.
    pub backend_errors: IntCounterVec,
    /// Attempts to deliver webhooks, by what came of them.
    pub webhooks: IntCounterVec,
    /// Webhooks that are to be delivered.
    pub webhooks_waiting: IntGauge,
    /// Requests that were not let in, by reason.
    pub auth_refusals: IntCounterVec,
    /// Certificates that were got, by source and by what came of it: `shown` or `failed`.
    pub certificates: IntCounterVec,
    /// When the certificate that is shown ends, by source, as Unix counts seconds. Nothing where none is.
    pub certificate_ends: IntGaugeVec,
    /// Seconds until an answer's head, by route and status.
    pub http_seconds: HistogramVec,
}

impl Metrics {
    /// All metrics, at nothing. Prefix `nws_`.
    pub fn new() -> Self {
        let registry = Registry::new();
        let metrics = Self {
            uploads: counters("uploads_total", "uploads by outcome", &["status"]),
            jobs: counters("jobs_total", "jobs by final status", &["status"]),
            step_seconds: histograms(
                "pipeline_step_duration_seconds",
                "seconds per step",
                &STEP_BUCKETS,
                &["step"],
            ),
            image_size_bytes: histograms(
                "image_size_bytes",
                "bytes of originals and results",
                &SIZE_BUCKETS,
                &["type"],
            ),
            cache_hits: counters("cache_hits_total", "answers from a cache", &["tier"]),
            cache_misses: counters(
                "cache_misses_total",
                "answers a cache did not have",
                &["tier"],
            ),
            queue_depth: gauge("queue_depth", "messages that wait for a worker"),
            queue_oldest_age_seconds: gauge(
                "queue_oldest_age_seconds",
                "how long the oldest job has waited for its first worker",
            ),
            jobs_in_flight: gauge("jobs_in_flight", "jobs in hand"),
            retries: counters("retries_total", "retries by who was at fault", &["class"]),
            snoozes: IntCounter::with_opts(opts(
                "snoozes_total",
                "waits that spent no attempt, because a backend was left alone",
            ))
            .expect(VALID),
            dead_letters: counters("dead_letters_total", "messages buried", &["reason"]),
            bulkhead_in_use: gauges(
                "bulkhead_in_use",
                "uploads, reads of images and event streams in hand",
                &["bulkhead"],
            ),
            bulkhead_refusals: counters(
                "bulkhead_refusals_total",
                "requests sent away because there was no place for them",
                &["bulkhead"],
            ),
            sse_clients: gauge("sse_clients", "open event streams"),
            breaker_state: gauges(
                "breaker_state",
                "the breaker before a backend: 0 closed, 1 half-open, 2 open",
                &["backend"],
            ),
            backend_errors: counters("backend_errors_total", "failed calls", &["backend", "op"]),
            webhooks: counters(
                "webhooks_total",
                "attempts to deliver webhooks by outcome",
                &["outcome"],
            ),
            webhooks_waiting: gauge("webhooks_waiting", "webhooks that are to be delivered"),
            auth_refusals: counters(
                "auth_refusals_total",
                "requests that were not let in",
                &["reason"],
            ),
            certificates: counters(
                "certificates_total",
                "certificates read or ordered, by what came of it",
                &["source", "outcome"],
            ),
            certificate_ends: gauges(
                "certificate_expiry_timestamp_seconds",
                "when the certificate that is shown ends",
                &["source"],
            ),
            http_seconds: histograms(
                "http_request_duration_seconds",
                "seconds until an answer's head",
                &STEP_BUCKETS,
                &["route", "status"],
            ),
            registry,
        };
        metrics.register();
        metrics
    }

    /// Notes how long a step of the pipeline took.
    pub fn step(&self, step: schemas::Step, took: Duration) {
        self.step_seconds
            .with_label_values(&[step.as_str()])
            .observe(took.as_secs_f64());
    }

    /// Notes whether a tier of the caches had what it was asked for.
    pub fn cache(&self, tier: &str, hit: bool) {
        let count = if hit {
            &self.cache_hits
        } else {
            &self.cache_misses
        };
        count.with_label_values(&[tier]).inc();
    }

    /// Notes a failed call. One that was not made, because its backend is left alone, is none.
    pub fn backend_error(&self, error: &crate::Error) {
        if !error.was_made() {
            return;
        }
        self.backend_errors
            .with_label_values(&[error.backend.as_str(), error.op])
            .inc();
    }

    /// The metrics in Prometheus' text format 0.0.4.
    pub fn text(&self) -> String {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .expect("writing to memory cannot fail");
        String::from_utf8(text).expect("the text format is UTF-8")
    }

    fn register(&self) {
        let collectors: [Box<dyn prometheus::core::Collector>; 23] = [
            Box::new(self.uploads.clone()),
            Box::new(self.jobs.clone()),
            Box::new(self.step_seconds.clone()),
            Box::new(self.image_size_bytes.clone()),
            Box::new(self.cache_hits.clone()),
            Box::new(self.cache_misses.clone()),
            Box::new(self.queue_depth.clone()),
            Box::new(self.queue_oldest_age_seconds.clone()),
            Box::new(self.jobs_in_flight.clone()),
            Box::new(self.retries.clone()),
            Box::new(self.snoozes.clone()),
            Box::new(self.dead_letters.clone()),
            Box::new(self.bulkhead_in_use.clone()),
            Box::new(self.bulkhead_refusals.clone()),
            Box::new(self.sse_clients.clone()),
            Box::new(self.breaker_state.clone()),
            Box::new(self.backend_errors.clone()),
            Box::new(self.webhooks.clone()),
            Box::new(self.webhooks_waiting.clone()),
            Box::new(self.auth_refusals.clone()),
            Box::new(self.certificates.clone()),
            Box::new(self.certificate_ends.clone()),
            Box::new(self.http_seconds.clone()),
        ];
        for collector in collectors {
            self.registry.register(collector).expect(VALID);
        }
        #[cfg(target_os = "linux")]
        self.registry
            .register(Box::new(
                prometheus::process_collector::ProcessCollector::for_self(),
            ))
            .expect(VALID);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

const VALID: &str = "metric names are literals, each used once";

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(format!("nws_{name}"), help)
}

fn gauge(name: &str, help: &str) -> IntGauge {
    IntGauge::with_opts(opts(name, help)).expect(VALID)
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    IntGaugeVec::new(opts(name, help), labels).expect(VALID)
}

fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    IntCounterVec::new(opts(name, help), labels).expect(VALID)
}

fn histograms(name: &str, help: &str, buckets: &[f64], labels: &[&str]) -> HistogramVec {
    let opts = HistogramOpts {
        common_opts: opts(name, help),
        buckets: buckets.to_vec(),
    };
    HistogramVec::new(opts, labels).expect(VALID)
}
