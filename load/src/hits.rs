//! How soon known work is answered: images, images that the client has, uploads of what is done already.
//!
//! The loop is open. Each request has a moment at which it is due, whatever became of those before it, and its time counts
//! from there: an answer that holds up others, or a generator that is late, makes the figures worse and never better.

use std::{num::NonZeroU32, path::Path, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures::future::try_join_all;
use reqwest::StatusCode;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::{
    client::Client,
    picture,
    process::{Process, Services, binary_beside, command, role},
    spread::{Spread, millis},
};

/// Side of the photos: their results are as large as those of the default box.
const SIDE: u16 = 1080;
/// The aim for 99 of 100 images.
const IMAGE_MAX: Duration = Duration::from_millis(5);
/// Requests before each measurement: connections and what is held are there by then.
const WARM_UP: Duration = Duration::from_secs(2);

/// What is measured.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Images, and images that the client has, per second
    #[arg(long, default_value = "500")]
    rate: NonZeroU32,
    /// Uploads of known work per second
    #[arg(long, default_value = "100")]
    upload_rate: NonZeroU32,
    /// How long each is asked for
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Different pictures, asked for by turns
    #[arg(long, default_value = "20")]
    photos: NonZeroU32,
    /// One process with embedded backends, instead of a fleet's publisher and worker
    #[arg(long)]
    embedded: bool,
    /// Settings of the processes, as for `nws --set`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
}

/// Makes the pictures, then asks for them.
///
/// # Errors
/// When a picture is not made, or an answer is not the one that is expected.
pub async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let data = tempfile::tempdir()?;
    let processes = start(options, data.path()).await?;
    let client = Client::new(&processes[0].url);
    let photos = (0..options.photos.get()).map(|number| Work::done(&client, number));
    let works: Arc<[Work]> = try_join_all(photos).await?.into();
    let size_bytes: usize = works.iter().map(|work| work.image.len()).sum();
    println!(
        "{} pictures of {} KiB each, in {}",
        works.len(),
        size_bytes / works.len() / 1024,
        if options.embedded {
            "one process"
        } else {
            "a fleet"
        }
    );
    let load = Load {
        client,
        works,
        duration: Duration::from_secs(options.seconds),
    };
    let images = load.measure(Asked::Image, options.rate).await?;
    load.measure(Asked::Condition, options.rate).await?;
    load.measure(Asked::Upload, options.upload_rate).await?;
    load.tell_tiers().await?;
    if images > IMAGE_MAX {
        println!("the aim for images is {IMAGE_MAX:?}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

async fn start(options: &Options, data: &Path) -> anyhow::Result<Vec<Process>> {
    let binary = binary_beside()?;
    let settings: Vec<_> = options.settings.iter().map(String::as_str).collect();
    let start = async |command| Process::start(command, data, &settings, drop).await;
    if options.embedded {
        return Ok(vec![start(command(&binary, &["run"])).await?]);
    }
    let namespace = format!("hits-{}", std::process::id());
    let services = Services::from_env()?;
    let start = async |name| start(role(&binary, name, &namespace, &services)).await;
    Ok(vec![start("publisher").await?, start("worker").await?])
}

/// A picture that is done.
struct Work {
    photo: Vec<Bytes>,
    path: String,
    image: Bytes,
    etag: String,
}

/// What a request is for.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// The image.
    Image,
    /// The image, by a client that has it.
    Condition,
    /// The job, by a client that sends the photo once more.
    Upload,
}

/// Requests for works.
struct Load {
    client: Client,
    works: Arc<[Work]>,
    duration: Duration,
}

/// When one request was sent and answered, counted from the moment at which it was due.
struct Timed {
    sent: Duration,
    answered: Duration,
}

impl Work {
    async fn done(client: &Client, number: u32) -> anyhow::Result<Self> {
        // What follows a JPEG's end is no part of the picture, but of the upload and its digest.
        let number = Bytes::copy_from_slice(&number.to_be_bytes());
        let photo = vec![Bytes::from(picture::jpeg(SIDE)?), number];
        let accepted = client.upload(photo.clone()).await?;
        let end = client.follow(&accepted).await?;
        ensure!(end["status"] == "done", "a picture is not done: {end}");
        let path = end["url"].as_str().context("no url")?.to_owned();
        let fetched = client.fetch(&path, None).await?;
        ensure!(fetched.status == StatusCode::OK, "{}", fetched.status);
        Ok(Self {
            photo,
            path,
            image: fetched.bytes,
            etag: fetched.etag.context("no etag")?,
        })
    }

    /// Asks for it, and takes only the right answer for one.
    async fn ask(&self, client: &Client, asked: Asked) -> anyhow::Result<()> {
        match asked {
            Asked::Image => {
                let fetched = client.fetch(&self.path, None).await?;
                ensure!(
                    fetched.bytes == self.image,
                    "{}: another image",
                    fetched.status
                );
            }
            Asked::Condition => {
                let fetched = client.fetch(&self.path, Some(&self.etag)).await?;
                ensure!(
                    fetched.status == StatusCode::NOT_MODIFIED,
                    "{}",
                    fetched.status
                );
            }
            Asked::Upload => {
                let answer = client.upload(self.photo.clone()).await?;
                ensure!(
                    answer["status"] == "done",
                    "known work is not done: {answer}"
                );
            }
        }
        Ok(())
    }
}

impl Load {
    /// Prints how soon requests are answered, and gives the time that 99 of 100 do not exceed.
    async fn measure(&self, asked: Asked, rate: NonZeroU32) -> anyhow::Result<Duration> {
        self.requests(asked, rate, WARM_UP).await?;
        let requests = self.requests(asked, rate, self.duration).await?;
        let sent = Spread::of(requests.iter().map(|timed| timed.sent).collect());
        let answered = Spread::of(requests.iter().map(|timed| timed.answered).collect());
        let at = |per_mille| millis(answered.per_mille(per_mille));
        println!(
            "{asked:?}: {rate} a second, {}: p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, worst {:.2} ms; sent late by p99 {:.2} ms",
            requests.len(),
            at(500),
            at(990),
            at(999),
            at(1000),
            millis(sent.per_mille(990)),
        );
        Ok(answered.per_mille(990))
    }

    /// Sends each request when it is due, and waits for all of them.
    async fn requests(
        &self,
        asked: Asked,
        rate: NonZeroU32,
        duration: Duration,
    ) -> anyhow::Result<Vec<Timed>> {
        let (began, between) = (Instant::now(), Duration::from_secs(1) / rate.get());
        let mut requests = JoinSet::new();
        let mut number = 0;
        while between * number < duration {
            let due = began + between * number;
            sleep_until(due).await;
            requests.spawn(self.request(asked, number, due));
            number += 1;
        }
        requests.join_all().await.into_iter().collect()
    }

    fn request(
        &self,
        asked: Asked,
        number: u32,
        due: Instant,
    ) -> impl Future<Output = anyhow::Result<Timed>> + use<> {
        let (client, works) = (self.client.clone(), Arc::clone(&self.works));
        async move {
            let sent = due.elapsed();
            let work = &works[number as usize % works.len()];
            work.ask(&client, asked).await?;
            let answered = due.elapsed();
            Ok(Timed { sent, answered })
        }
    }

    async fn tell_tiers(&self) -> anyhow::Result<()> {
        for tier in ["memory", "redis", "store"] {
            let count = async |outcome| {
                let line = format!("nws_cache_{outcome}_total{{tier=\"{tier}\"}}");
                self.client.metric(&line).await
            };
            println!(
                "  tier {tier}: {} hits, {} misses",
                count("hits").await?,
                count("misses").await?
            );
        }
        Ok(())
    }
}
