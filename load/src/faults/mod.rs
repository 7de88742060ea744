//! The fault run: a fleet works through hundreds of uploads while everything around it breaks, and loses nothing.
//!
//! Read in this order:
//! 1. [`run`]: uploads, strangers' messages and faults side by side; then the wait, then the audit.
//! 2. `plan`: what breaks and when; `wire`, `servers`, `fleet`: how it is broken.
//! 3. `orders`, `askers`, `client`, `listener`, `frames`, `stranger`: what is asked for, and by whom; `ledger`: what was
//!    promised and heard.
//! 4. `broker`, `inspect`, `audit`: what is left in the end, and whether it adds up.

mod askers;
mod audit;
mod broker;
mod client;
mod fleet;
mod frames;
mod inspect;
mod ledger;
mod listener;
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

use futures::future::try_join_all;
use tokio::time::{interval, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use self::{
    askers::Askers,
    audit::Seen,
    broker::Broker,
    client::Client,
    fleet::Fleet,
    ledger::Ledger,
    plan::Planned,
    stranger::{Message, Wrong},
};

pub use audit::Report;

/// From one upload to the next. A fleet on two cores keeps up, and the faults meet all of it.
const PACE: Duration = Duration::from_millis(300);
/// For so many uploads, one valid message by a stranger and one of each kind of poison.
const UPLOADS_PER_STRANGER: usize = 20;
/// How often the workers die with the cursed picture, at least: the broker gives a message out again so often.
const DEATHS: usize = 5;
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

    /// Without the picture that costs every worker its life again and again.
    #[must_use]
    pub const fn without_curse(mut self) -> Self {
        self.cursed = false;
        self
    }

    fn again(&self) -> String {
        format!("load faults --seed {} --jobs {}", self.seed, self.jobs)
    }

    /// The worker that sees the fifth redelivery buries the picture. In every other run it has no time to: then the broker
    /// does, and others have to notice.
    const fn deaths_max(&self) -> usize {
        DEATHS + (self.seed % 2) as usize
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
    let plan = plan::plan(options.seed, options.lasting());
    let orders = orders::orders(options.seed, options.jobs)?;
    let poison = poison(options)?;
    let data = folder()?;
    let namespace = format!("faults-{}-{}", options.seed, std::process::id());
    println!("seed {}, log {}/fleet.log", options.seed, data.display());
    let fleet = Fleet::start(&options.binary, &namespace, &data).await?;
    let began = Instant::now();
    let ledger = Arc::<Ledger>::default();
    let client = Client::new(fleet.urls(), Arc::clone(&ledger))?;
    let askers = Askers::new(&namespace, client.clone(), Arc::clone(&ledger))?;
    let progress = tell_progress(Arc::clone(&ledger), began);
    let _progress = AbortOnDropHandle::new(tokio::spawn(progress));

    let asking = async {
        tokio::try_join!(
            askers.upload_all(&orders),
            askers.publish_all(&orders, &poison),
        )
    };
    // The faults come to their end whatever becomes of the rest: nothing may stay stopped.
    let (injected, asked) = tokio::join!(
        inject(&fleet, &plan),
        timeout(options.lasting() + options.wait_max, asking)
    );
    injected?;
    match asked {
        Ok(asked) => drop(asked?),
        Err(_) => ledger.find("the fleet did not accept everything in time".to_owned()),
    }
    fleet.mend();
    println!("nothing breaks any more");
    // By itself: between other faults it would be luck whether a worker dies with the picture in hand.
    curse(&askers, &fleet, options).await?;
    askers.until_ended(options.wait_max).await;

    let broker = Broker::new(&namespace)?;
    let seen = Seen {
        waiting: inspect::until_quiet(&broker).await?,
        states: inspect::look(&client, &ledger).await,
        letters: broker.letters().await?,
        book: ledger.close(),
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

async fn curse(askers: &Askers, fleet: &Fleet, options: &Options) -> anyhow::Result<()> {
    if options.cursed {
        let order = orders::cursed(options.seed)?;
        askers.curse(fleet, &order, options).await?;
    }
    Ok(())
}

async fn tell_progress(ledger: Arc<Ledger>, began: Instant) {
    let mut ticks = interval(PROGRESS);
    loop {
        ticks.tick().await;
        let (accepted, ended) = ledger.progress();
        let seconds = began.elapsed().as_secs();
        println!("{seconds:4} s  {accepted} accepted, {ended} ended");
    }
}

/// Where the processes spool, and `fleet.log`. It stays unless all is well: whoever looks for a cause needs the log.
fn folder() -> anyhow::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("nws-faults-").tempdir()?;
    Ok(folder.keep())
}
