//! What many identical uploads at once cause in a fleet: one picture is worked on, whoever took them in.

use std::{path::Path, process::ExitCode, sync::Arc};

use anyhow::ensure;
use backends::{
    Sender as _,
    queue::rabbitmq::{Config, RabbitQueue},
};
use bytes::Bytes;
use futures::future::try_join_all;
use serde_json::Value;
use tokio::sync::Barrier;

use crate::{
    client::Client,
    picture,
    process::{Process, Services, binary_beside, exported, role},
};

/// Side of the photo: it is worked on for longer than its uploads take, so that a second message finds it at work.
const SIDE: u16 = 2000;
/// Publishers, and workers.
const EACH: usize = 2;

/// What is measured.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Uploads at once
    #[arg(long, default_value_t = 1000)]
    uploads: usize,
}

/// Runs the stampede twice: before there are workers, so that the messages can be counted, and while they wait for work.
///
/// # Errors
/// When an upload is not accepted, or a picture is not done.
pub async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let data = tempfile::tempdir()?;
    let mut fleet = Fleet::start(data.path(), options.uploads).await?;
    let answers = fleet.stampede(1, options.uploads).await?;
    let messages = fleet.queue.depth().await?;
    fleet.hire(data.path()).await?;
    let without = fleet.counted(&answers, Counts::default()).await?;
    println!("no worker there yet: {without}, {messages} messages published");

    let answers = fleet.stampede(2, options.uploads).await?;
    let with = fleet.counted(&answers, without).await?;
    println!("workers wait: {with}");
    fleet.queue.close().await;
    if [without, with].iter().any(|counts| counts.renders != 1.0) {
        println!("the aim is one picture worked on for each stampede");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Publishers and workers over the same services.
struct Fleet {
    namespace: String,
    publishers: Vec<Process>,
    workers: Vec<Process>,
    queue: RabbitQueue,
}

/// What the fleet has done.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    originals: f64,
    renders: f64,
}

impl Fleet {
    async fn start(data: &Path, uploads: usize) -> anyhow::Result<Self> {
        let namespace = format!("stampede-{}", std::process::id());
        let mut config = Config::new(exported("AMQP_URL")?.parse()?);
        config.namespace = namespace.parse()?;
        // All of them are in hand at once: what is refused does not stampede.
        let settings = [format!("uploads_max={uploads}")];
        Ok(Self {
            publishers: several("publisher", &namespace, data, &settings).await?,
            workers: Vec::new(),
            namespace,
            queue: RabbitQueue::start(config),
        })
    }

    async fn hire(&mut self, data: &Path) -> anyhow::Result<()> {
        self.workers = several("worker", &self.namespace, data, &[]).await?;
        Ok(())
    }

    /// Sends a photo so many times at once, to each publisher as often.
    async fn stampede(&self, number: u8, uploads: usize) -> anyhow::Result<Vec<Value>> {
        let photo = vec![Bytes::from(picture::jpeg(SIDE)?), Bytes::from(vec![number])];
        let start = Arc::new(Barrier::new(uploads));
        let clients = self.clients();
        let uploads = clients.iter().cycle().take(uploads).map(|client| {
            let (client, photo, start) = (client.clone(), photo.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                client.upload(photo).await
            })
        });
        let uploads: Vec<_> = uploads.collect();
        try_join_all(uploads).await?.into_iter().collect()
    }

    /// What this stampede caused, once its picture is done and no message is left.
    async fn counted(&self, answers: &[Value], before: Counts) -> anyhow::Result<Counts> {
        let job = &answers[0];
        ensure!(
            answers.iter().all(|answer| answer["jobId"] == job["jobId"]),
            "identical uploads are different jobs"
        );
        let end = self.clients()[0].follow(job).await?;
        ensure!(end["status"] == "done", "the picture is not done: {end}");
        self.until_idle().await?;
        let now = Counts {
            originals: self.sum(&self.publishers, "store").await?,
            renders: self.sum(&self.workers, "decode").await?,
        };
        Ok(Counts {
            originals: now.originals - before.originals,
            renders: now.renders - before.renders,
        })
    }

    /// Until no message waits and no job is in hand.
    async fn until_idle(&self) -> anyhow::Result<()> {
        let mut looks = tokio::time::interval(std::time::Duration::from_millis(100));
        loop {
            looks.tick().await;
            let in_hand = sum(&self.workers, "nws_jobs_in_flight").await?;
            if self.queue.depth().await? == 0 && in_hand == 0.0 {
                return Ok(());
            }
        }
    }

    /// How often a step was taken.
    async fn sum(&self, processes: &[Process], step: &str) -> anyhow::Result<f64> {
        let line = format!("nws_pipeline_step_duration_seconds_count{{step=\"{step}\"}}");
        sum(processes, &line).await
    }

    fn clients(&self) -> Vec<Client> {
        let urls = self.publishers.iter().map(|publisher| &publisher.url);
        urls.map(|url| Client::new(url)).collect()
    }
}

async fn several(
    name: &str,
    namespace: &str,
    data: &Path,
    settings: &[String],
) -> anyhow::Result<Vec<Process>> {
    let (binary, services) = (binary_beside()?, Services::from_env()?);
    let settings: Vec<_> = settings.iter().map(String::as_str).collect();
    let start = |_| {
        let command = role(&binary, name, namespace, &services);
        Process::start(command, data, &settings, drop)
    };
    try_join_all((0..EACH).map(start)).await
}

async fn sum(processes: &[Process], line: &str) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for process in processes {
        sum += Client::new(&process.url).metric(line).await?;
    }
    Ok(sum)
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { originals, renders } = self;
        write!(f, "{renders} renders, {originals} originals stored")
    }
}
