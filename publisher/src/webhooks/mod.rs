//! Webhooks: a URL that is told how a job ended, signed as <https://www.standardwebhooks.com> has it.
//!
//! Read in this order: [`Webhooks`], who may be told; `wish`, who is; `target`, what a URL must be; `networks`, which addresses are
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
mod wish;

use std::sync::Arc;

use backends::{Metrics, Outbox};

use crate::auth::Access;

pub use config::{Config, ConfigError};
pub(crate) use delivery::deliver;
pub(crate) use target::{Target, TargetError};
pub(crate) use wish::{subscribe, tell_default};

use config::Policy;
use courier::Courier;
use wish::Missed;

/// The form's field. It belongs to the upload and not to the recipe: who is told of a job does not change the job.
pub(crate) const WEBHOOK_URL: &str = "webhook_url";

/// Who is told how jobs end.
#[derive(Debug)]
pub(crate) struct Webhooks {
    outbox: Arc<dyn Outbox>,
    /// None where there is no secret to sign with: then nobody is told anything.
    on: Option<On>,
    missed: Missed,
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
        access: &Arc<Access>,
        metrics: Metrics,
    ) -> Result<Self, ConfigError> {
        let on = match config.policy()? {
            Some(policy) => {
                let policy = Arc::new(policy);
                let courier =
                    Courier::new(&policy, Arc::clone(&outbox), Arc::clone(access), metrics)?;
                let courier = Arc::new(courier);
                Some(On { policy, courier })
            }
            None => None,
        };
        Ok(Self {
            outbox,
            on,
            missed: Missed::default(),
        })
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

    /// Who is told of jobs whose uploads name nobody.
    fn default_target(&self) -> Option<&Target> {
        self.on.as_ref()?.policy.default_target.as_ref()
    }
}
