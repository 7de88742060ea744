//! Webhooks: a URL that is told how a job ended, signed as <https://www.standardwebhooks.com> has it.
//!
//! Read in this order: [`Webhooks`], who may be told; `target`, what a URL must be; `networks`, which addresses are
//! strangers' business; `delivery`, how notices come out of the outbox, and `hands`, how many of whose at once; `courier`, one attempt, and what follows from it by
//! `fate`; `dial`, the only way to a target, with `names`, what may be dialled of what a name stands for; `payload` and `signature`, what it gets.

mod config;
mod courier;
mod delivery;
mod dial;
mod fate;
mod hands;
mod names;
mod networks;
mod payload;
mod signature;
mod target;

use std::sync::Arc;

use backends::{
    Metrics, Outbox,
    clock::now_ms,
    outbox::{Subscribed, TARGETS_MAX},
    results::Owner,
};
use tracing::debug;

use crate::{accept::Accepted, error::ApiError};

pub use config::{Config, ConfigError};
pub(crate) use delivery::deliver;
pub(crate) use target::{Target, TargetError};

use config::Policy;
use courier::Courier;

/// The form's field. It belongs to the upload and not to the recipe: who is told of a job does not change the job.
pub(crate) const WEBHOOK_URL: &str = "webhook_url";

/// Who is told how jobs end.
#[derive(Debug)]
pub(crate) struct Webhooks {
    outbox: Arc<dyn Outbox>,
    /// None where there is no secret to sign with: then nobody is told anything.
    on: Option<On>,
}

#[derive(Debug)]
struct On {
    policy: Arc<Policy>,
    courier: Arc<Courier>,
}

impl Webhooks {
    /// # Errors
    /// When the settings make no sense, or no connection can ever be made with them.
    pub(crate) fn new(
        config: &Config,
        outbox: Arc<dyn Outbox>,
        metrics: Metrics,
    ) -> Result<Self, ConfigError> {
        let on = match config.policy()? {
            Some(policy) => {
                let policy = Arc::new(policy);
                let courier = Courier::new(&policy, Arc::clone(&outbox), metrics)?;
                let courier = Arc::new(courier);
                Some(On { policy, courier })
            }
            None => None,
        };
        Ok(Self { outbox, on })
    }

    /// Who delivers, if anything is to be delivered.
    fn courier(&self) -> Option<&Arc<Courier>> {
        self.on.as_ref().map(|on| &on.courier)
    }

    /// Whether anybody may ask to be told, which is known before a URL is read.
    pub(crate) fn check_on(&self) -> Result<(), TargetError> {
        self.policy().map(drop)
    }

    /// The target that a client names.
    pub(crate) fn target(&self, text: &str) -> Result<Target, TargetError> {
        Target::parse(text, &self.policy()?.networks)
    }

    fn policy(&self) -> Result<&Policy, TargetError> {
        let on = self.on.as_ref().ok_or(TargetError::NothingToSignWith)?;
        Ok(&on.policy)
    }

    /// Has somebody told how a job ends that was accepted from `by`: the target that its client names, at once where it has
    /// ended, else the configured one, which hears of each end once.
    ///
    /// It comes after the job is on record, because an earlier end of the same job is not what the client waits for. What
    /// fails here leaves an accepted job; the same upload again asks again.
    pub(crate) async fn subscribe(
        &self,
        accepted: &Accepted,
        named: Option<Target>,
        by: Option<&Owner>,
    ) -> Result<(), ApiError> {
        let Some(target) = named.or_else(|| self.default_target(accepted)) else {
            return Ok(());
        };
        if accepted.degraded {
            return Err(ApiError::NobodyRemembersWebhook);
        }
        let id = accepted.state.job_id;
        let url = target.url().as_str();
        match self.outbox.subscribe(&id, url, by, now_ms()).await? {
            Subscribed::Waits | Subscribed::Due => {
                debug!(job.id = %id, target.host = target.host(), "the end of job {id} will be told");
                Ok(())
            }
            Subscribed::TooManyTargets => Err(TargetError::TooMany {
                limit: TARGETS_MAX as u64,
            }
            .into()),
            Subscribed::TooManyWait { waiting, limit } => {
                Err(ApiError::TooManyWebhooks { waiting, limit })
            }
        }
    }

    fn default_target(&self, accepted: &Accepted) -> Option<Target> {
        let on = self.on.as_ref()?;
        let target = on.policy.default_target.clone();
        target.filter(|_| !accepted.state.status.is_final())
    }
}
