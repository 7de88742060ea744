//! How much memory a publisher and a worker need at most.

use std::{pin::pin, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use tokio::time::interval;

use crate::{
    client::Client,
    picture,
    process::{Process, Services, binary_beside, role},
};

const MIB: u64 = 1024 * 1024;
const UPLOADS: usize = 100;
const UPLOAD_BYTES: usize = 20 * 1024 * 1024;
const PUBLISHER_BYTES_MAX: u64 = 400 * MIB;
/// 100 megapixels.
const SIDE: u16 = 10_000;
const WORKER_BYTES_MAX: u64 = 700 * MIB;
/// Between two looks at the slots. The kernel keeps each one's peak, so that only the last moment can be missed.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Runs both scenarios; an error where a bound is passed.
pub async fn run() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let namespace = format!("load-{}", std::process::id());
    let start = async |name| {
        let command = role(&binary_beside()?, name, &namespace, &Services::from_env()?);
        Process::start(command, data.path(), &[], drop).await
    };
    let publisher = start("publisher").await?;
    many_uploads(&publisher).await?;
    let worker = start("worker").await?;
    large_picture(&publisher, &worker).await
}

/// 100 different uploads of 20 MiB at once, none of them worked on yet.
async fn many_uploads(publisher: &Process) -> anyhow::Result<()> {
    let idle = publisher.peak_bytes()?;
    let photo = Bytes::from(picture::jpeg(64)?);
    let padding = Bytes::from(vec![0xa5; UPLOAD_BYTES - photo.len() - 8]);
    let client = Client::new(&publisher.url);
    let uploads = (0..UPLOADS as u64).map(|number| {
        // What follows a JPEG's end is no part of the picture, but of the upload and its digest.
        let number = Bytes::copy_from_slice(&number.to_be_bytes());
        client.upload(vec![photo.clone(), padding.clone(), number])
    });
    let answers: Vec<Value> = stream::iter(uploads)
        .buffer_unordered(UPLOADS)
        .try_collect()
        .await?;
    let queued = answers
        .iter()
        .filter(|answer| answer["status"] == "queued")
        .count();
    anyhow::ensure!(
        queued == UPLOADS,
        "{queued} of {UPLOADS} uploads were accepted: {:?}",
        answers.first()
    );
    let peak = publisher.peak_bytes()?;
    println!(
        "publisher: {UPLOADS} uploads of 20 MiB at once: peak {} MiB (idle {} MiB)",
        peak / MIB,
        idle / MIB
    );
    anyhow::ensure!(
        peak < PUBLISHER_BYTES_MAX,
        "the bound is {} MiB",
        PUBLISHER_BYTES_MAX / MIB
    );
    Ok(())
}

/// One JPEG of 100 megapixels through the worker, after the small ones.
async fn large_picture(publisher: &Process, worker: &Process) -> anyhow::Result<()> {
    let photo = Bytes::from(picture::jpeg(SIDE)?);
    let size = photo.len() as u64;
    let client = Client::new(&publisher.url);
    let accepted = client.upload(vec![photo]).await?;
    let (state, slot) = followed(client.follow(&accepted), worker).await?;
    anyhow::ensure!(
        state["status"] == "done",
        "the picture is not done: {state}"
    );
    let peak = worker.peak_bytes()? + slot;
    println!(
        "worker: a JPEG of 100 megapixels ({} MiB): peak {} MiB, of which its slot {} MiB",
        size / MIB,
        peak / MIB,
        slot / MIB
    );
    anyhow::ensure!(
        peak < WORKER_BYTES_MAX,
        "the bound is {} MiB",
        WORKER_BYTES_MAX / MIB
    );
    Ok(())
}

/// How a job ended, and the most that one of the worker's slots had meanwhile: it may be gone right afterwards.
async fn followed(
    end: impl Future<Output = anyhow::Result<Value>>,
    worker: &Process,
) -> anyhow::Result<(Value, u64)> {
    let (mut end, mut peak) = (pin!(end), 0);
    let mut looks = interval(BETWEEN_LOOKS);
    loop {
        tokio::select! {
            state = &mut end => return Ok((state?, peak)),
            _ = looks.tick() => peak = peak.max(worker.slots_peak_bytes()),
        }
    }
}
