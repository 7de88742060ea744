//! The servers of `ops/services`: killed, stopped, continued.

use std::{env, fs, path::PathBuf, time::Duration};

use anyhow::Context as _;
use tokio::{process::Command, sync::Mutex, time::sleep};

use super::plan::Server;
use crate::process::{exported, signal};

/// The servers, each with one trouble at a time.
#[derive(Debug)]
pub(super) struct Servers {
    run: PathBuf,
    rabbitmq: String,
    jobs_queue: String,
    /// Whether the broker is a cluster.
    has_nodes: bool,
    broker: Mutex<()>,
    redis: Mutex<()>,
    s3: Mutex<()>,
}

impl Servers {
    pub(super) fn new(namespace: &str, nodes: usize) -> anyhow::Result<Self> {
        let run = env::var("NWS_SERVICES_RUN").context("run this under `ops/services run`")?;
        Ok(Self {
            run: run.into(),
            rabbitmq: exported("RABBITMQ")?,
            jobs_queue: format!("{namespace}.jobs.image.v1"),
            has_nodes: nodes > 1,
            broker: Mutex::default(),
            redis: Mutex::default(),
            s3: Mutex::default(),
        })
    }

    /// Kills the broker, or the node that leads the queue of the jobs, and starts it again.
    pub(super) async fn kill_broker(&self, away: Duration) -> anyhow::Result<()> {
        let _one_trouble = self.broker.lock().await;
        let leader = self.leader().await?;
        self.control("kill9", leader.as_deref()).await?;
        sleep(away).await;
        self.control("restart", leader.as_deref()).await.map(drop)
    }

    /// Lets the broker take no messages for a while, by an alarm of its memory. In a cluster one node's alarm is all's.
    pub(super) async fn block_broker(&self, lasting: Duration) -> anyhow::Result<()> {
        let _one_trouble = self.broker.lock().await;
        let leader = self.leader().await?;
        self.control("block", leader.as_deref()).await?;
        sleep(lasting).await;
        self.control("unblock", leader.as_deref()).await.map(drop)
    }

    /// Stops a server for a while.
    pub(super) async fn stand_still(
        &self,
        server: Server,
        lasting: Duration,
    ) -> anyhow::Result<()> {
        match server {
            Server::Broker => {
                let _one_trouble = self.broker.lock().await;
                let leader = self.leader().await?;
                self.control("pause", leader.as_deref()).await?;
                sleep(lasting).await;
                self.control("resume", leader.as_deref()).await.map(drop)
            }
            Server::Redis => {
                let _one_trouble = self.redis.lock().await;
                self.stop_and_go("redis", lasting).await
            }
            Server::S3 => {
                let _one_trouble = self.s3.lock().await;
                self.stop_and_go("s3", lasting).await
            }
        }
    }

    async fn stop_and_go(&self, name: &str, lasting: Duration) -> anyhow::Result<()> {
        let id = fs::read_to_string(self.run.join(name).join("pid"))?;
        let id = id.trim().parse()?;
        signal("STOP", id).await?;
        sleep(lasting).await;
        signal("CONT", id).await
    }

    /// `None` where there is but one node.
    async fn leader(&self) -> anyhow::Result<Option<String>> {
        if !self.has_nodes {
            return Ok(None);
        }
        self.control("leader", Some(&self.jobs_queue))
            .await
            .map(Some)
    }

    async fn control(&self, what: &str, argument: Option<&str>) -> anyhow::Result<String> {
        let mut command = Command::new(&self.rabbitmq);
        let output = command.arg(what).args(argument).output().await?;
        let told = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "rabbitmq {what}: {told}");
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}
