//! The fleet from outside, when nothing breaks any more.

use std::{
    collections::BTreeMap,
    io::Cursor,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use futures::{StreamExt as _, stream};
use image::ImageReader;
use schemas::{Digest, JobId, State, Status};
use tokio::time::{sleep, timeout};

use super::{broker::Broker, client::Client, ledger::Ledger};

/// Jobs that are looked at at once, and how long one look may take, its result included.
const LOOKS_AT_ONCE_MAX: usize = 8;
const LOOK_MAX: Duration = Duration::from_secs(60);
/// How long the last messages may take to be let go once their jobs have ended.
const QUIET_WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);

/// What still waits in the queues when nothing more should.
pub(super) async fn until_quiet(broker: &Broker) -> anyhow::Result<u64> {
    let began = Instant::now();
    loop {
        let waiting = broker.waiting().await?;
        if waiting == 0 || began.elapsed() > QUIET_WITHIN {
            return Ok(waiting);
        }
        sleep(PAUSE).await;
    }
}

/// Where every accepted job stands, its result read and held against what was told of it.
pub(super) async fn look(client: &Client, ledger: &Ledger) -> BTreeMap<JobId, State> {
    let ids: Vec<JobId> = ledger.book().jobs.keys().copied().collect();
    let looks = ids.into_iter().map(|id| async move {
        let looked = timeout(LOOK_MAX, look_at(client, ledger, &id)).await;
        (id, looked.ok())
    });
    let states = stream::iter(looks).buffer_unordered(LOOKS_AT_ONCE_MAX);
    let known = states.filter_map(async |(id, state)| Some((id, state?)));
    known.collect().await
}

async fn look_at(client: &Client, ledger: &Ledger, id: &JobId) -> State {
    let state = client.state(id).await;
    if state.status == Status::Done
        && let Err(error) = check_result(client, &state).await
    {
        ledger.find(format!("job {id}: {error:#}"));
    }
    state
}

async fn check_result(client: &Client, state: &State) -> anyhow::Result<()> {
    let bytes = client.image(&state.job_id).await?;
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
    let size = size_of(&bytes).context("its result cannot be decoded")?;
    let size_told = (told.width, told.height);
    anyhow::ensure!(
        size == size_told,
        "its result is {size:?}, told was {size_told:?}"
    );
    Ok(())
}

/// By a decoder that is not the one under test, down to the last pixel.
fn size_of(bytes: &[u8]) -> anyhow::Result<(u32, u32)> {
    let picture = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let pixels = picture.decode()?;
    Ok((pixels.width(), pixels.height()))
}
