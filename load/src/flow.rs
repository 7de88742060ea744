//! Whether an ingress needs more memory the more goes through it: gigabytes of uploads while others download.

use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use serde_json::Value;

use crate::{
    client::Client,
    picture,
    process::{Process, Services, binary_beside, role},
};

const MIB: u64 = 1024 * 1024;
const UPLOAD_BYTES: usize = 20 * MIB as usize;
/// Parts of the run whose peaks are compared.
const PARTS: u64 = 5;
/// What the peak of a part may be above that of the first. An allocator keeps what it has had, in pieces; what were collected
/// from the 1 GiB of a part would be far more.
const RISE_BYTES_MAX: u64 = 32 * MIB;

/// How much, and how much of it at once.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// GiB of photos that are uploaded
    #[arg(long, default_value_t = 5)]
    gib: u64,
    /// Uploads at once
    #[arg(long, default_value_t = 8)]
    uploads: usize,
    /// Downloads at once, of a photo of 20 MiB
    #[arg(long, default_value_t = 4)]
    downloads: usize,
}

/// Photos of 20 MiB each, no two of which are the same.
struct Photos {
    start: Bytes,
    rest: Bytes,
    padding: Bytes,
}

/// Sends everything through one publisher over `ops/services`, prints its peak in each part, and fails where it rises.
///
/// # Errors
/// When an upload or a download does not go through.
pub async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let data = tempfile::tempdir()?;
    let namespace = format!("load-{}", std::process::id());
    let command = role(
        &binary_beside()?,
        "publisher",
        &namespace,
        &Services::from_env()?,
    );
    let publisher = Process::start(command, data.path(), &[], drop).await?;
    let client = Client::new(&publisher.url);
    let photos = Photos::new()?;
    let first = client.upload(photos.photo(0)).await?;
    let original = original_of(&first)?;

    println!(
        "publisher: peak after one upload {} MiB",
        publisher.peak_bytes()? / MIB
    );
    let each = options.gib * 1024 * MIB / UPLOAD_BYTES as u64 / PARTS;
    let downloaded = AtomicU64::new(0);
    let measured = async {
        let (mut peaks, mut before) = (Vec::new(), 0);
        for part in 0..PARTS {
            publisher.reset_peak()?;
            let numbers = part * each + 1..=(part + 1) * each;
            upload(&client, &photos, numbers, options.uploads).await?;
            peaks.push(publisher.peak_bytes()?);
            let uploaded = (part + 1) * each * UPLOAD_BYTES as u64 / MIB;
            let downloaded = downloaded.load(Ordering::Relaxed);
            let peak = peaks[peaks.len() - 1] / MIB;
            println!(
                "{uploaded} MiB up, {} MiB down: peak {peak} MiB",
                downloaded / MIB
            );
            // A download that stands still would cost no memory.
            anyhow::ensure!(downloaded > before, "nothing came down meanwhile");
            before = downloaded;
        }
        anyhow::Ok(peaks)
    };
    let downloads = (0..options.downloads).map(|_| download(&client, &original, &downloaded));
    let peaks = tokio::select! {
        peaks = measured => peaks?,
        failed = try_join_all(downloads) => anyhow::bail!("downloads ended: {failed:?}"),
    };
    Ok(verdict(&peaks))
}

fn verdict(peaks: &[u64]) -> ExitCode {
    let (first, highest) = (peaks[0], peaks.iter().max().expect("there are parts"));
    let rise = highest - first;
    println!(
        "the peak rose by {} MiB, {} are allowed",
        rise / MIB,
        RISE_BYTES_MAX / MIB
    );
    ExitCode::from(u8::from(rise > RISE_BYTES_MAX))
}

async fn upload(
    client: &Client,
    photos: &Photos,
    numbers: impl Iterator<Item = u64>,
    at_once: usize,
) -> anyhow::Result<()> {
    let uploads = stream::iter(numbers).map(|number| client.upload(photos.photo(number)));
    uploads
        .buffer_unordered(at_once)
        .try_for_each(async |answer: Value| {
            let status = &answer["status"];
            anyhow::ensure!(status == "queued", "an upload is not queued: {answer}");
            Ok(())
        })
        .await
}

/// The same bytes over and over: what is read does not matter to the memory that reading takes.
async fn download(client: &Client, path: &str, downloaded: &AtomicU64) -> anyhow::Result<()> {
    loop {
        let mut body = client.open(path).await?;
        while let Some(piece) = body.chunk().await? {
            downloaded.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
    }
}

fn original_of(accepted: &Value) -> anyhow::Result<String> {
    let id = accepted["jobId"].as_str().context("no jobId")?;
    Ok(format!("/original/{id}"))
}

impl Photos {
    fn new() -> anyhow::Result<Self> {
        const START_BYTES: usize = 2;
        const COMMENT_BYTES: usize = 4 + 8;
        let mut start = Bytes::from(picture::jpeg(64)?);
        let rest = start.split_off(START_BYTES);
        let padding = UPLOAD_BYTES - START_BYTES - COMMENT_BYTES - rest.len();
        Ok(Self {
            start,
            rest,
            padding: vec![0xa5; padding].into(),
        })
    }

    /// The picture with a comment that says its number; what follows its end is part of the upload and of its digest.
    fn photo(&self, number: u64) -> Vec<Bytes> {
        const COMMENT: [u8; 4] = [0xff, 0xfe, 0, 2 + 8];
        let comment = [&COMMENT[..], &number.to_be_bytes()].concat();
        let padding = self.padding.clone();
        vec![
            self.start.clone(),
            comment.into(),
            self.rest.clone(),
            padding,
        ]
    }
}
