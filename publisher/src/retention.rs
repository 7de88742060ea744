//! Originals, logos and results that are older than they are kept: orphans of uploads that came to nothing, and what was made
//! long ago. Storing an original again makes it young, so one whose job was just accepted stays.

use std::time::{Duration, SystemTime};

use backends::{
    Error, Key,
    objects::{Kind, PAGE_OBJECTS_MAX},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::app::App;

/// Between two removals, and between two pages: at most twenty a second, so that nobody waits for the store because of
/// them, and still more in a day than a publisher takes in.
const PAUSE: Duration = Duration::from_millis(50);

/// Removes what is too old, now and then, until `shutdown`. Several publishers may do so at once: what the other one has
/// removed is removed.
pub(crate) async fn sweep(app: &App, shutdown: &CancellationToken) {
    // A fleet that starts together does not sweep together.
    let mut pause = app.config.retention_interval().mul_f64(rand::random());
    loop {
        let round = async {
            sleep(pause).await;
            remove_old(app, SystemTime::now()).await
        };
        match shutdown.run_until_cancelled(round).await {
            Some(Ok(0)) => {}
            Some(Ok(objects)) => info!(objects, "removed {objects} objects that were too old"),
            Some(Err(error)) => {
                app.metrics.backend_error(&error);
                warn!(%error, "objects that are too old stay for now");
            }
            None => return,
        }
        pause = app.config.retention_interval();
    }
}

/// Removes what is too old at `now`, and says how many objects that were. The first failure ends the round.
async fn remove_old(app: &App, now: SystemTime) -> Result<usize, Error> {
    let Some(before) = now.checked_sub(app.config.retention()) else {
        return Ok(0);
    };
    let mut removed = 0;
    for kind in [Kind::Original, Kind::Logo, Kind::Result, Kind::Accepted] {
        removed += remove_old_of(app, kind, before).await?;
    }
    Ok(removed)
}

async fn remove_old_of(app: &App, kind: Kind, before: SystemTime) -> Result<usize, Error> {
    let (mut removed, mut place) = (0, None);
    loop {
        let page = app
            .objects
            .list(kind, place.as_ref(), PAGE_OBJECTS_MAX)
            .await?;
        for (key, stored_at) in page.objects {
            if stored_at < before && remove_if_still_old(app, &key, before).await? {
                removed += 1;
            }
        }
        place = page.next;
        if place.is_none() {
            return Ok(removed);
        }
        sleep(PAUSE).await;
    }
}

/// The list was read a while ago; an upload may have stored the object again since. One that does so between this look
/// and the removal loses its original: its job ends as `dead` with that reason, and the next upload of the photo mends it.
/// No store of ours could remove it only if it is still old.
async fn remove_if_still_old(app: &App, key: &Key, before: SystemTime) -> Result<bool, Error> {
    sleep(PAUSE).await;
    let meta = app.objects.head(key).await?;
    let is_old = meta.is_some_and(|meta| meta.stored_at < before);
    if is_old {
        app.objects.delete(key).await?;
    }
    Ok(is_old)
}
