//! One attempt at one notice, and what follows from it.

use std::{sync::Arc, time::Duration};

use backends::{
    Error, Metrics, Outbox,
    clock::{millis, now_ms},
    outbox::Notice,
};
use http::header::CONTENT_TYPE;
use reqwest::dns::Resolve;
use tracing::{debug, info, warn};

use super::{
    config::{ConfigError, Policy},
    dial::{self, Dialler},
    fate::{Answer, Fate, judge},
    names::System,
    payload,
    target::Target,
};
use crate::auth::Access;

/// Brings notices to their targets.
#[derive(Debug)]
pub(super) struct Courier {
    pub(super) policy: Arc<Policy>,
    pub(super) outbox: Arc<dyn Outbox>,
    pub(super) metrics: Metrics,
    access: Arc<Access>,
    dialler: Dialler,
}

impl Courier {
    pub(super) fn new(
        policy: &Arc<Policy>,
        outbox: Arc<dyn Outbox>,
        access: Arc<Access>,
        metrics: Metrics,
    ) -> Result<Self, ConfigError> {
        let names: Arc<dyn Resolve> = Arc::new(System);
        let dialler = Dialler::new(policy, &names);
        Ok(Self {
            policy: Arc::clone(policy),
            outbox,
            metrics,
            access,
            dialler: dialler.map_err(|error| ConfigError::new("webhook_ca_file", &error))?,
        })
    }

    /// The notice's target, by the rules of today: those of the day when it was asked for may have been others.
    pub(super) fn target(&self, notice: &Notice) -> Result<Target, Answer> {
        let target = Target::parse(&notice.url, &self.policy.networks);
        target.map_err(|error| Answer::Refused(error.to_string()))
    }

    /// Sends a notice once. Whoever dies between the answer and its note has it sent again, under the same id.
    pub(super) async fn bring(&self, notice: &Notice, target: &Target) {
        let answer = self.send(notice, target).await;
        self.conclude(notice, target.host(), &answer).await;
    }

    async fn send(&self, notice: &Notice, target: &Target) -> Answer {
        let body = payload::body(notice, &self.access);
        let id = notice.id.message();
        let timestamp_secs = now_ms() / 1000;
        let signature = self.policy.secrets.sign(&id, timestamp_secs, &body);
        let message = self
            .dialler
            .post(target)
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp_secs)
            .header("webhook-signature", signature)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        dial::answer(message.send().await)
    }

    /// Does what follows from an answer, counts it and tells the log. A note that fails is made up for by the lease: the
    /// notice comes again.
    pub(super) async fn conclude(&self, notice: &Notice, host: &str, answer: &Answer) {
        let age = Duration::from_millis(now_ms().saturating_sub(notice.since_ms));
        let patience = &self.policy.patience;
        let fate = judge(answer, notice.attempts, age, rand::random(), patience);
        let outcome = self.metrics.webhooks.with_label_values(&[fate.as_str()]);
        outcome.inc();
        log(notice, host, answer, fate);
        if let Err(error) = self.carry_out(notice, fate).await {
            self.metrics.backend_error(&error);
            warn!(webhook.id = notice.id.message(), %error, "a webhook is not settled and comes again");
        }
    }

    async fn carry_out(&self, notice: &Notice, fate: Fate) -> Result<(), Error> {
        let id = &notice.id;
        match fate {
            Fate::Delivered | Fate::GivenUp => self.outbox.settle(id).await,
            Fate::Gone | Fate::Refused => self.outbox.forget(id).await,
            Fate::Again(delay) => {
                let due_ms = now_ms() + millis(delay);
                let attempts = notice.attempts.saturating_add(1);
                self.outbox.postpone(id, due_ms, attempts).await
            }
        }
    }
}

fn log(notice: &Notice, host: &str, answer: &Answer, fate: Fate) {
    let (job, message) = (notice.id.job, notice.id.message());
    let attempt = notice.attempts.saturating_add(1);
    match fate {
        Fate::Delivered => {
            debug!(job.id = %job, webhook.id = message, target.host = host, attempt, "{host} was told of job {job}");
        }
        Fate::Gone => {
            info!(job.id = %job, webhook.id = message, target.host = host, "{host} wants to hear no more of job {job}");
        }
        Fate::Refused => {
            warn!(job.id = %job, webhook.id = message, target.host = host, "{host} is not told of job {job}: {answer}");
        }
        Fate::GivenUp => {
            warn!(job.id = %job, webhook.id = message, target.host = host, attempt, "gave up to tell {host} of job {job}: {answer}");
        }
        Fate::Again(delay) => {
            let delay_ms = millis(delay);
            info!(job.id = %job, webhook.id = message, target.host = host, attempt, delay_ms, "{host} is told of job {job} later: {answer}");
        }
    }
}

#[cfg(test)]
mod tests;
