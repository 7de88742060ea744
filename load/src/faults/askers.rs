//! Whoever wants something of the fleet: uploads, messages by strangers, and clients that follow their jobs.

use std::{sync::Arc, time::Duration};

use schemas::{JobId, Status};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::{interval, timeout},
};
use tokio_util::task::TaskTracker;

use super::{
    Options, PACE, UPLOADS_PER_STRANGER,
    client::Client,
    fleet::Fleet,
    ledger::Ledger,
    orders::{Expected, Order},
    stranger::{self, Message, Wrong},
};
use crate::process::exported;

/// Jobs that are followed at once; below a publisher's limit of event streams.
const FOLLOWED_MAX: usize = 400;

/// The askers, and what they wrote down. Clones are the same askers.
#[derive(Clone)]
pub(super) struct Askers {
    namespace: String,
    amqp_url: String,
    ledger: Arc<Ledger>,
    client: Client,
    followers: TaskTracker,
    /// Followers at once.
    places: Arc<Semaphore>,
}

impl Askers {
    pub(super) fn new(
        namespace: &str,
        client: Client,
        ledger: Arc<Ledger>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            namespace: namespace.to_owned(),
            amqp_url: exported("AMQP_URL")?,
            ledger,
            client,
            followers: TaskTracker::new(),
            places: Arc::new(Semaphore::new(FOLLOWED_MAX)),
        })
    }

    /// One upload after the other begins, whether those before were accepted or not.
    pub(super) async fn upload_all(&self, orders: &[Order]) -> anyhow::Result<()> {
        let mut pace = interval(PACE);
        let mut uploads = JoinSet::new();
        for order in orders {
            pace.tick().await;
            uploads.spawn(self.clone().upload(order.clone()));
        }
        while let Some(uploaded) = uploads.join_next().await {
            uploaded??;
        }
        Ok(())
    }

    async fn upload(self, order: Order) -> anyhow::Result<()> {
        if let Some(id) = self.client.upload(&order).await? {
            self.follow(id);
        }
        Ok(())
    }

    /// Messages by strangers, spread over the run: another mark on a photo that is stored, and poison.
    pub(super) async fn publish_all(
        &self,
        orders: &[Order],
        poison: &[(Wrong, Message)],
    ) -> anyhow::Result<()> {
        let mut pace = interval(PACE * u32::try_from(UPLOADS_PER_STRANGER)?);
        pace.tick().await;
        let poison = poison.chunks(Wrong::ALL.len());
        for (orders, poison) in orders.chunks(UPLOADS_PER_STRANGER).zip(poison) {
            pace.tick().await;
            if let Some(order) = orders.iter().find(|order| order.expected == Expected::Done) {
                self.publish_job(order).await?;
            }
            for (_, message) in poison {
                stranger::publish(&self.amqp_url, &self.namespace, message).await;
            }
        }
        Ok(())
    }

    /// The photo is uploaded first, as often as it takes, so that it is stored.
    async fn publish_job(&self, order: &Order) -> anyhow::Result<()> {
        self.clone().upload(order.clone()).await?;
        let job = stranger::job(&order.photo, &format!("{} by a stranger", order.mark))?;
        let message = Message {
            body: job.to_json(),
            id: None,
        };
        stranger::publish(&self.amqp_url, &self.namespace, &message).await;
        self.ledger.accept_strangers(job.id());
        self.follow(job.id());
        Ok(())
    }

    /// A picture whose workers are killed in the middle of it, until nobody tries any more.
    pub(super) async fn curse(
        &self,
        fleet: &Fleet,
        order: &Order,
        options: &Options,
    ) -> anyhow::Result<()> {
        let Some(id) = self.client.upload(order).await? else {
            return Ok(());
        };
        let (claims, mut claimed) = mpsc::unbounded_channel();
        let following = self.client.follow(&id, move |event| {
            if event.state.status == Status::Processing {
                let _ = claims.send(event.id.epoch);
            }
        });
        let killing = async {
            let (mut last, mut deaths) = (0, 0);
            while let Some(epoch) = claimed.recv().await {
                if epoch > last && deaths < options.deaths_max() {
                    println!("kill -9 of every worker, the cursed picture is in hand");
                    fleet.kill_workers().await?;
                    (last, deaths) = (epoch, deaths + 1);
                }
            }
            anyhow::Ok(())
        };
        let both = async { tokio::join!(following, killing).1 };
        timeout(options.wait_max, both).await.unwrap_or(Ok(()))
    }

    /// Every other job by its events, the others by looking again and again.
    fn follow(&self, id: JobId) {
        let (client, places) = (self.client.clone(), Arc::clone(&self.places));
        let by_events = self.followers.len().is_multiple_of(2);
        self.followers.spawn(async move {
            let _place = places.acquire().await;
            if by_events {
                client.follow(&id, |_| {}).await;
            } else {
                client.poll(&id).await;
            }
        });
    }

    /// Who has not heard an end after `wait_max` never will: the audit says so.
    pub(super) async fn until_ended(&self, wait_max: Duration) {
        self.followers.close();
        let _ = timeout(wait_max, self.followers.wait()).await;
    }
}
