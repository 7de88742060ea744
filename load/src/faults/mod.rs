//! The fault run: a fleet works through hundreds of uploads while everything around it breaks, and loses nothing.
//!
//! Read in this order:
//! 1. [`run`]: uploads, strangers' messages and faults side by side; then the wait, then the audit.
//! 2. `plan`: what breaks and when; `wire`, `servers`, `fleet`: how it is broken.
//! 3. `orders`, `client`, `stranger`: what is asked for, and by whom; `ledger`: what was promised and heard.
//! 4. `broker`, `audit`: what is left in the end, and whether it adds up.

mod audit;
mod broker;
mod client;
mod fleet;
mod ledger;
mod orders;
mod plan;
mod servers;
mod stranger;
mod wire;

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use futures::{StreamExt as _, future::try_join_all, stream};
use schemas::{Digest, JobId, State, Status};
use tokio::{
    sync::{Semaphore, mpsc},
    task::{JoinSet, spawn_blocking},
    time::{interval, sleep, timeout},
};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use self::{
    audit::Seen,
    broker::Broker,
    client::Client,
    fleet::Fleet,
    ledger::Ledger,
    orders::{Expected, Order},
    plan::Planned,
    stranger::{Message, Wrong},
};
use crate::process::exported;

pub use audit::Report;

/// From one upload to the next. A fleet on two cores keeps up, and the faults meet all of it.
const PACE: Duration = Duration::from_millis(250);
/// For so many uploads, one valid message by a stranger and one of each kind of poison.
const UPLOADS_PER_STRANGER: usize = 20;
/// Jobs that are followed at once; below a publisher's limit of event streams.
const FOLLOWED_MAX: usize = 400;
/// Jobs that are looked at at once in the end, and how long one look may take, its result included.
const LOOKS_AT_ONCE_MAX: usize = 8;
const LOOK_MAX: Duration = Duration::from_secs(60);
/// How long the last messages may take to be let go once their jobs have ended.
const QUIET_WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);
const PROGRESS: Duration = Duration::from_secs(5);

/// What a run is made of.
#[derive(Clone, Debug)]
pub struct Options {
    binary: PathBuf,
    seed: u64,
    jobs: usize,
    wait_max: Duration,
    cursed: bool,
}

impl Options {
    /// A run of `binary` with `jobs` uploads; the last job may take `wait_max` after the last fault.
    pub const fn new(binary: PathBuf, seed: u64, jobs: usize, wait_max: Duration) -> Self {
        Self {
            binary,
            seed,
            jobs,
            wait_max,
            cursed: true,
        }
    }

    /// Without the picture that costs every worker its life six times.
    #[must_use]
    pub const fn without_curse(mut self) -> Self {
        self.cursed = false;
        self
    }

    fn again(&self) -> String {
        format!("load faults --seed {} --jobs {}", self.seed, self.jobs)
    }

    fn lasting(&self) -> Duration {
        PACE.saturating_mul(u32::try_from(self.jobs).unwrap_or(u32::MAX))
    }
}

/// Runs the fleet through its faults, and audits it.
///
/// # Errors
/// When the run itself could not be made: a server that does not come back, a process that does not start.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let began = Instant::now();
    let data = folder()?;
    let namespace = format!("faults-{}-{}", options.seed, std::process::id());
    println!("seed {}, log {}/fleet.log", options.seed, data.display());
    let fleet = Fleet::start(&options.binary, &namespace, &data).await?;
    let world = World::of(&fleet, namespace)?;
    let _progress = AbortOnDropHandle::new(tokio::spawn(tell_progress(world.clone(), began)));

    let (orders, poison) = (
        orders::orders(options.seed, options.jobs)?,
        poison(options)?,
    );
    let plan = plan::plan(options.seed, options.lasting());
    tokio::try_join!(
        inject(&fleet, &plan),
        world.upload_all(&orders),
        world.publish_all(&orders, &poison),
        world.curse(&fleet, options),
    )?;
    fleet.mend();
    println!("nothing breaks any more");
    world.until_ended(options.wait_max).await;

    let seen = Seen {
        waiting: world.until_quiet().await?,
        states: world.look().await?,
        letters: world.broker.letters().await?,
        book: world.ledger.close(),
        poison,
        renderings: fleet.renderings(),
        injected: count(&plan),
        took: began.elapsed(),
    };
    let report = Report::of(seen, options.again());
    if report.is_clean() {
        fs::remove_dir_all(&data)?;
    }
    Ok(report)
}

/// Whoever wants something of the fleet, and what they wrote down.
#[derive(Clone)]
struct World {
    namespace: String,
    amqp_url: String,
    ledger: Arc<Ledger>,
    client: Client,
    broker: Arc<Broker>,
    followers: TaskTracker,
    /// Followers at once.
    places: Arc<Semaphore>,
}

impl World {
    fn of(fleet: &Fleet, namespace: String) -> anyhow::Result<Self> {
        let ledger = Arc::<Ledger>::default();
        Ok(Self {
            amqp_url: exported("AMQP_URL")?,
            client: Client::new(fleet.urls(), Arc::clone(&ledger))?,
            broker: Arc::new(Broker::new(&namespace)?),
            ledger,
            namespace,
            followers: TaskTracker::new(),
            places: Arc::new(Semaphore::new(FOLLOWED_MAX)),
        })
    }

    /// One upload after the other begins, whether those before were accepted or not.
    async fn upload_all(&self, orders: &[Order]) -> anyhow::Result<()> {
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
    async fn publish_all(
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

    /// A picture whose workers are killed in the middle of it, every time, until nobody tries any more.
    async fn curse(&self, fleet: &Fleet, options: &Options) -> anyhow::Result<()> {
        if !options.cursed {
            return Ok(());
        }
        let seed = options.seed;
        let order = spawn_blocking(move || orders::cursed(seed)).await??;
        let Some(id) = self.client.upload(&order).await? else {
            return Ok(());
        };
        let (claims, mut claimed) = mpsc::unbounded_channel();
        let following = self.client.follow(&id, move |event| {
            if event.state.status == Status::Processing {
                let _ = claims.send(event.id.epoch);
            }
        });
        let killing = async {
            let mut last = 0;
            while let Some(epoch) = claimed.recv().await {
                if epoch > last {
                    println!("kill -9 of every worker, the cursed picture is in hand");
                    fleet.kill_workers().await?;
                    last = epoch;
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
    async fn until_ended(&self, wait_max: Duration) {
        self.followers.close();
        let _ = timeout(wait_max, self.followers.wait()).await;
    }

    /// What still waits in the queues when nothing more should.
    async fn until_quiet(&self) -> anyhow::Result<u64> {
        let began = Instant::now();
        loop {
            let waiting = self.broker.waiting().await?;
            if waiting == 0 || began.elapsed() > QUIET_WITHIN {
                return Ok(waiting);
            }
            sleep(PAUSE).await;
        }
    }

    /// Where every accepted job stands, its result read and held against what was told of it.
    async fn look(&self) -> anyhow::Result<BTreeMap<JobId, State>> {
        let ids: Vec<JobId> = self.ledger.book().jobs.keys().copied().collect();
        let looks = ids.into_iter().map(|id| async move {
            let looked = timeout(LOOK_MAX, self.look_at(&id)).await;
            (id, looked.ok())
        });
        let states = stream::iter(looks).buffer_unordered(LOOKS_AT_ONCE_MAX);
        let known = states.filter_map(async |(id, state)| Some((id, state?)));
        Ok(known.collect().await)
    }

    async fn look_at(&self, id: &JobId) -> State {
        let state = self.client.state(id).await;
        if state.status == Status::Done
            && let Err(error) = self.check_result(&state).await
        {
            self.ledger.find(format!("job {id}: {error:#}"));
        }
        state
    }

    async fn check_result(&self, state: &State) -> anyhow::Result<()> {
        let bytes = self.client.image(&state.job_id).await?;
        let told = state
            .picture
            .as_ref()
            .context("a done job tells of its picture")?;
        let sha256 = Digest::of(&bytes);
        anyhow::ensure!(
            sha256 == told.sha256,
            "its result has the digest {sha256}, told was {}",
            told.sha256
        );
        let decoded = image::load_from_memory(&bytes).context("its result cannot be decoded")?;
        let (size, size_told) = (
            (decoded.width(), decoded.height()),
            (told.width, told.height),
        );
        anyhow::ensure!(
            size == size_told,
            "its result is {size:?}, told was {size_told:?}"
        );
        Ok(())
    }
}

/// Lets each fault happen at its moment, whether those before are over or not.
async fn inject(fleet: &Fleet, plan: &[Planned]) -> anyhow::Result<()> {
    let began = Instant::now();
    let faults = plan.iter().map(|planned| async move {
        sleep(planned.at.saturating_sub(began.elapsed())).await;
        println!("{:4} s  {}", planned.at.as_secs(), planned.fault.kind());
        fleet.suffer(planned.fault).await
    });
    try_join_all(faults).await.map(drop)
}

fn count(plan: &[Planned]) -> BTreeMap<String, usize> {
    let mut injected = BTreeMap::new();
    for planned in plan {
        *injected.entry(planned.fault.kind()).or_default() += 1;
    }
    injected
}

/// As many of each kind as strangers come.
fn poison(options: &Options) -> anyhow::Result<Vec<(Wrong, Message)>> {
    let numbers = 0..options.jobs.div_ceil(UPLOADS_PER_STRANGER);
    let all = numbers.flat_map(|number| Wrong::ALL.map(|wrong| (wrong, number)));
    all.map(|(wrong, number)| Ok((wrong, stranger::poison(wrong, options.seed, number)?)))
        .collect()
}

async fn tell_progress(world: World, began: Instant) {
    let mut ticks = interval(PROGRESS);
    loop {
        ticks.tick().await;
        let (accepted, ended) = world.ledger.progress();
        let seconds = began.elapsed().as_secs();
        println!("{seconds:4} s  {accepted} accepted, {ended} ended");
    }
}

/// Where the processes spool, and `fleet.log`. It stays unless all is well: whoever looks for a cause needs the log.
fn folder() -> anyhow::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("nws-faults-").tempdir()?;
    Ok(folder.keep())
}
