//! Who was told to wait, and for how long still. To ask again before then costs a client nothing, nor those who counted.

use std::time::{Duration, Instant};

use moka::future::Cache;

use super::{TooMany, client::Client};

/// Beyond what anybody is told to wait: the slowest rate is one a minute.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// What clients were refused, each until its wait is over.
#[derive(Debug)]
pub(crate) struct Waits(Cache<Client, (Instant, TooMany)>);

impl Waits {
    /// Of so many clients. Beyond them somebody is forgotten, and is told again.
    pub(crate) fn new(clients_max: u64) -> Self {
        let waits = Cache::builder().max_capacity(clients_max);
        Self(waits.time_to_live(WAIT_MAX).build())
    }

    pub(crate) async fn note(&self, client: &Client, refusal: TooMany) {
        let until = Instant::now() + refusal.left.more_in.min(WAIT_MAX);
        self.0.insert(client.clone(), (until, refusal)).await;
    }

    /// The same refusal, with what is left of its wait.
    pub(crate) async fn of(&self, client: &Client) -> Option<TooMany> {
        let (until, mut refusal) = self.0.get(client).await?;
        refusal.left.more_in = until.checked_duration_since(Instant::now())?;
        Some(refusal)
    }
}
