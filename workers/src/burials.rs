//! Burials that nobody announced: a job whose workers all died with it would say `processing` for ever.
//!
//! A worker that buries a message tells its client before. Where none lived long enough, the queue buried it and told
//! nobody. One worker of the fleet hears of each of these and tells it. The letter itself stays among the dead until
//! somebody replays or drops it.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use backends::{
    Error, Source,
    error::Cause,
    queue::dead::{Burial, Burials},
    results::obituary::{self, Obituary},
};
use schemas::{Status, Timings};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::warn;

use crate::{optimize::Optimizer, retry};

/// The longest pause while the records or the queue are away: how late news may come once they are back.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How long one burial is held while it cannot be told. Then another worker may try; far below the half hour after which
/// a broker takes a message back from whoever holds it.
const HOLD_MAX: Duration = Duration::from_secs(600);

/// Tells of every burial until `shutdown`, or until the handle is dropped.
pub(crate) fn announce(
    source: &Arc<dyn Source>,
    optimizer: &Arc<Optimizer>,
    shutdown: &CancellationToken,
) -> AbortOnDropHandle<()> {
    let announcer = Announcer {
        source: Arc::clone(source),
        optimizer: Arc::clone(optimizer),
    };
    let shutdown = shutdown.clone();
    AbortOnDropHandle::new(tokio::spawn(async move {
        // What is in hand then comes again.
        shutdown.run_until_cancelled(announcer.announce()).await;
    }))
}

struct Announcer {
    source: Arc<dyn Source>,
    optimizer: Arc<Optimizer>,
}

impl Announcer {
    /// Listens again after a failure, and after a pause: news that cannot be settled come again at once.
    async fn announce(&self) {
        loop {
            let Err(error) = self.listen().await;
            self.optimizer.metrics().backend_error(&error);
            warn!(%error, "no news of burials, asking again");
            sleep(PAUSE_MAX).await;
        }
    }

    /// One burial after the other, for as long as they come.
    async fn listen(&self) -> Result<Infallible, Error> {
        let mut burials: Box<dyn Burials> = self.source.burials().await?;
        loop {
            self.tell(burials.next().await?).await?;
        }
    }

    async fn tell(&self, burial: Burial) -> Result<(), Error> {
        let obituary = self.until_told(&burial).await?;
        let letter = burial.letter.clone();
        burial.told().await?;
        let (id, reason) = (letter.id, letter.reason.as_str());
        let metrics = self.optimizer.metrics();
        metrics.dead_letters.with_label_values(&[reason]).inc();
        if obituary == Some(Obituary::Told) {
            let ledger = self.optimizer.ledger();
            ledger.count(Status::Dead, &Timings::default());
        }
        warn!(message.id = %id, reason, ?obituary, "message {id} was buried by the queue");
        Ok(())
    }

    /// Holds the burial while the records are away. A record that cannot be read is another version's, and stays so: there
    /// nobody is told, and the next burial is not held up.
    async fn until_told(&self, burial: &Burial) -> Result<Option<Obituary>, Error> {
        let began = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            match obituary::announce(self.optimizer.results(), &burial.letter).await {
                Err(error) if matches!(error.cause, Cause::Corrupt(_)) => {
                    self.optimizer.metrics().backend_error(&error);
                    let id = &burial.letter.id;
                    warn!(message.id = %id, %error, "nobody is told that message {id} was buried: {error}");
                    return Ok(None);
                }
                Err(error) if began.elapsed() < HOLD_MAX => {
                    self.optimizer.metrics().backend_error(&error);
                    warn!(%error, "nobody can be told of a burial now, trying again");
                    sleep(retry::wait(attempts, rand::random()).min(PAUSE_MAX)).await;
                }
                told => return told.map(Some),
            }
        }
    }
}
