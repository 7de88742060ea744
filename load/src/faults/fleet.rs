//! Publishers and workers behind wires that break.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    fs::File,
    io::AsyncWriteExt as _,
    sync::{Mutex, mpsc},
    time::sleep,
};

use super::{
    plan::{Fault, Server},
    servers::Servers,
    wire::{Damage, Wire},
};
use crate::process::{Process, Services, role};

pub(super) const PUBLISHERS: usize = 2;
pub(super) const WORKERS: usize = 3;

/// Looks for jobs that were never confirmed come sooner than in a fleet that has time.
const PUBLISHER_SETTINGS: [&str; 2] = ["unsent_age_secs=5", "sweep_interval_ms=2000"];
const WORKER_SETTINGS: [&str; 1] = ["worker_slots=1"];

/// A fleet, and what may happen to it.
pub(super) struct Fleet {
    servers: Servers,
    broker: Vec<Wire>,
    redis: Wire,
    s3: Wire,
    publishers: Vec<Member>,
    workers: Vec<Member>,
    renderings: Renderings,
}

/// How often each job was rendered to its end, as the workers' logs tell.
pub(super) type Renderings = Arc<StdMutex<BTreeMap<String, usize>>>;

/// A process that is started again at the same address.
struct Member {
    role: &'static str,
    start: Start,
    address: String,
    process: Mutex<Option<Process>>,
}

/// What every start needs.
#[derive(Clone)]
struct Start {
    binary: PathBuf,
    namespace: String,
    services: Services,
    data: PathBuf,
    log: mpsc::UnboundedSender<String>,
}

impl Fleet {
    /// A fleet that serves.
    pub(super) async fn start(binary: &Path, namespace: &str, data: &Path) -> anyhow::Result<Self> {
        let direct = Services::from_env()?;
        let broker = wires_of_cluster(&direct.amqp_url).await?;
        let redis = wire_of(&direct.redis_url, Damage::LostByte).await?;
        let s3 = wire_of(&direct.s3_endpoint, Damage::FlippedBit).await?;
        let services = Services {
            amqp_url: list(&direct.amqp_url, &broker),
            redis_url: through(&direct.redis_url, &redis),
            s3_endpoint: through(&direct.s3_endpoint, &s3),
            ..direct
        };
        let renderings = Renderings::default();
        let start = Start {
            binary: binary.to_owned(),
            namespace: namespace.to_owned(),
            services,
            data: data.to_owned(),
            log: keep_log(data, Arc::clone(&renderings)).await?,
        };
        Ok(Self {
            servers: Servers::new(namespace, broker.len())?,
            broker,
            redis,
            s3,
            publishers: members("publisher", PUBLISHERS, &start).await?,
            workers: members("worker", WORKERS, &start).await?,
            renderings,
        })
    }

    /// Where its publishers are, up or not.
    pub(super) fn urls(&self) -> Vec<String> {
        let url = |member: &Member| format!("http://{}", member.address);
        self.publishers.iter().map(url).collect()
    }

    pub(super) fn renderings(&self) -> BTreeMap<String, usize> {
        let renderings = self.renderings.lock();
        renderings.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets a fault happen, to its end.
    pub(super) async fn suffer(&self, fault: Fault) -> anyhow::Result<()> {
        match fault {
            Fault::KillWorker { worker, away } => self.workers[worker].die(away).await,
            Fault::KillPublisher { publisher, away } => self.publishers[publisher].die(away).await,
            Fault::KillBroker { away } => self.servers.kill_broker(away).await,
            Fault::BlockBroker { lasting } => self.servers.block_broker(lasting).await,
            Fault::Still { server, lasting } => self.servers.stand_still(server, lasting).await,
            Fault::Cut { server } => {
                self.wires(server).iter().for_each(Wire::cut);
                Ok(())
            }
            Fault::Refuse { server, lasting } => {
                all(self.wires(server), |wire| wire.refuse(lasting)).await
            }
            Fault::Slow {
                server,
                by,
                lasting,
            } => all(self.wires(server), |wire| wire.slow(by, lasting)).await,
            Fault::Damage { server, pieces } => {
                for wire in self.wires(server) {
                    wire.damage(pieces);
                }
                Ok(())
            }
        }
    }

    /// All workers die at once.
    pub(super) async fn kill_workers(&self) -> anyhow::Result<()> {
        let deaths = self.workers.iter().map(|worker| worker.die(Duration::ZERO));
        futures::future::try_join_all(deaths).await.map(drop)
    }

    /// Nothing breaks any more.
    pub(super) fn mend(&self) {
        for server in [Server::Broker, Server::Redis, Server::S3] {
            self.wires(server).iter().for_each(Wire::mend);
        }
    }

    fn wires(&self, server: Server) -> &[Wire] {
        match server {
            Server::Broker => &self.broker,
            Server::Redis => std::slice::from_ref(&self.redis),
            Server::S3 => std::slice::from_ref(&self.s3),
        }
    }
}

async fn all<'a, Done: Future<Output = ()>>(
    wires: &'a [Wire],
    trouble: impl Fn(&'a Wire) -> Done,
) -> anyhow::Result<()> {
    futures::future::join_all(wires.iter().map(trouble)).await;
    Ok(())
}

async fn members(role: &'static str, count: usize, start: &Start) -> anyhow::Result<Vec<Member>> {
    let start = |_| Member::start(role, start.clone());
    futures::future::try_join_all((0..count).map(start)).await
}

impl Member {
    async fn start(role: &'static str, start: Start) -> anyhow::Result<Self> {
        let process = start.run(role, None).await?;
        let address = process.url.trim_start_matches("http://").to_owned();
        Ok(Self {
            role,
            start,
            address,
            process: Mutex::new(Some(process)),
        })
    }

    /// Dies, and comes back after `away`.
    async fn die(&self, away: Duration) -> anyhow::Result<()> {
        let mut process = self.process.lock().await;
        if let Some(process) = process.take() {
            process.kill().await?;
        }
        sleep(away).await;
        *process = Some(self.start.run(self.role, Some(&self.address)).await?);
        Ok(())
    }
}

impl Start {
    async fn run(&self, name: &str, address: Option<&str>) -> anyhow::Result<Process> {
        let command = role(&self.binary, name, &self.namespace, &self.services);
        let listen = address.map(|address| format!("listen={address}"));
        let own: &[&str] = match name {
            "publisher" => &PUBLISHER_SETTINGS,
            _ => &WORKER_SETTINGS,
        };
        let settings: Vec<&str> = own.iter().copied().chain(listen.as_deref()).collect();
        let log = self.log.clone();
        let hear = move |line| drop(log.send(line));
        Process::start(command, &self.data, &settings, hear).await
    }
}

/// Writes what all processes say into `fleet.log`, and counts what was rendered.
async fn keep_log(
    data: &Path,
    renderings: Renderings,
) -> anyhow::Result<mpsc::UnboundedSender<String>> {
    let mut file = File::create(data.join("fleet.log")).await?;
    let (sender, mut lines) = mpsc::unbounded_channel::<String>();
    tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            if let Some(job) = rendered(&line) {
                let mut renderings = renderings.lock().unwrap_or_else(PoisonError::into_inner);
                *renderings.entry(job.to_owned()).or_default() += 1;
            }
            // A log that cannot be written costs the run nothing but its log.
            let _ = file.write_all(format!("{line}\n").as_bytes()).await;
        }
    });
    Ok(sender)
}

/// The job that a line says was rendered: `job <id> is done`, whether anybody was told or not.
fn rendered(line: &str) -> Option<&str> {
    let (before, _) = line.split_once(" is done")?;
    before.rsplit_once("job ").map(|(_, id)| id)
}

async fn wires_of_cluster(urls: &str) -> anyhow::Result<Vec<Wire>> {
    let wires = urls.split(',').map(|url| wire_of(url, Damage::LostByte));
    futures::future::try_join_all(wires).await
}

async fn wire_of(url: &str, damage: Damage) -> anyhow::Result<Wire> {
    let server = authority(url).context("a URL names a server")?;
    Wire::before(server.to_owned(), damage).await
}

fn list(urls: &str, wires: &[Wire]) -> String {
    let urls: Vec<_> = urls
        .split(',')
        .zip(wires)
        .map(|(url, wire)| through(url, wire))
        .collect();
    urls.join(",")
}

/// The same URL, by way of `wire`.
fn through(url: &str, wire: &Wire) -> String {
    match authority(url) {
        Some(server) => url.replacen(server, &wire.address.to_string(), 1),
        None => url.to_owned(),
    }
}

/// `host:port` of a URL.
fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    Some(authority.rsplit('@').next().unwrap_or(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_in_its_url() {
        assert_eq!(authority("amqp://u:p@host:5672/%2f"), Some("host:5672"));
        assert_eq!(authority("http://host:3900"), Some("host:3900"));
    }

    #[test]
    fn a_rendering_is_found_in_the_log() {
        assert_eq!(rendered(r#"{"message":"job ab is done"}"#), Some("ab"));
        let twice = r#"{"message":"job ab is done for a claim that was overtaken"}"#;
        assert_eq!(rendered(twice), Some("ab"));
        assert_eq!(rendered(r#"{"message":"job ab is failed"}"#), None);
    }
}
