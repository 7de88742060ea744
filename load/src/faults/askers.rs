//! Whoever wants something of the fleet: uploads, messages by strangers, and clients that follow their jobs.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use schemas::{JobId, Status};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::{interval, sleep, timeout},
};
use tokio_util::task::TaskTracker;

use super::{
    Options, PACE, UPLOADS_PER_STRANGER,
    client::Client,
    fleet::Fleet,
    ledger::Ledger,
    listener::Listener,
    orders::{Expected, Order},
    stranger::{self, Message, Wrong},
};
use crate::process::exported;

/// Jobs that are followed on one stream.
const FOLDER_JOBS: usize = 5;
/// Event streams at once; below a publisher's limit.
const FOLLOWED_MAX: usize = 400;

/// The askers, and what they wrote down. Clones are the same askers.
#[derive(Clone)]
pub(super) struct Askers {
    namespace: String,
    amqp_url: String,
    ledger: Arc<Ledger>,
    client: Client,
    followers: TaskTracker,
    /// How many jobs were followed so far.
    turn: Arc<AtomicUsize>,
    /// Jobs that will be followed on one stream.
    folder: Arc<Mutex<Vec<JobId>>>,
    /// Event streams at once.
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
            turn: Arc::default(),
            folder: Arc::default(),
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
        let Some(id) = self.client.upload(&order).await? else {
            return Ok(());
        };
        self.follow(id);
        if let Some(after) = order.taken_back_after {
            sleep(after).await;
            self.client.cancel(&id).await;
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
        let jobs = [id];
        let following = Listener::new(&self.client, &jobs).listen(move |told| {
            if let (Status::Processing, Some(event)) = (told.state.status, told.id) {
                let _ = claims.send(event.epoch);
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

    /// A third of the jobs by their own events, a third with others on one stream, a third by looking again and again.
    fn follow(&self, id: JobId) {
        match self.turn.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => self.listen(vec![id]),
            1 => self.collect(id),
            _ => self.poll(id),
        }
    }

    fn collect(&self, id: JobId) {
        let mut folder = self.folder();
        folder.push(id);
        if folder.len() == FOLDER_JOBS {
            self.listen(std::mem::take(&mut *folder));
        }
    }

    fn listen(&self, jobs: Vec<JobId>) {
        let (client, places) = (self.client.clone(), Arc::clone(&self.places));
        self.followers.spawn(async move {
            let _place = places.acquire().await;
            Listener::new(&client, &jobs).listen(|_| {}).await;
        });
    }

    fn poll(&self, id: JobId) {
        let client = self.client.clone();
        self.followers.spawn(async move { client.poll(&id).await });
    }

    /// Who has not heard an end after `wait_max` never will: the audit says so.
    pub(super) async fn until_ended(&self, wait_max: Duration) {
        let folder = std::mem::take(&mut *self.folder());
        if !folder.is_empty() {
            self.listen(folder);
        }
        self.followers.close();
        let _ = timeout(wait_max, self.followers.wait()).await;
    }

    fn folder(&self) -> MutexGuard<'_, Vec<JobId>> {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
