//! A walk through the letters, one at a time, from the first.

use std::time::{Duration, Instant};

use backends::{
    Error,
    queue::{
        DeadLetters,
        dead::{Found, Look},
    },
};

/// The longest walk: a broker takes back what is held for half an hour.
const WALK_MAX: Duration = Duration::from_secs(15 * 60);

/// How far a walk came.
pub(super) struct Walked {
    /// The letters that lay there when it began.
    pub(super) total: u64,
    /// Whether each of them was shown.
    pub(super) complete: bool,
}

/// Shows the letters to `visit`, `letters_max` at most: no more are fetched, and a broker has no more to put back. The look
/// ends whatever happens.
pub(super) async fn walk(
    letters: &dyn DeadLetters,
    letters_max: usize,
    mut visit: impl AsyncFnMut(Found) -> Result<(), Error>,
) -> Result<Walked, Error> {
    let mut look = letters.look().await?;
    let walked = walk_through(&mut *look, letters_max, &mut visit).await;
    let total = look.letters();
    let ended = look.end().await;
    // What stopped the walk says more than what it left behind.
    let in_time = walked?;
    ended.map(|()| Walked {
        total,
        complete: in_time && total <= letters_max as u64,
    })
}

/// Whether it came to the end in time.
async fn walk_through(
    look: &mut dyn Look,
    letters_max: usize,
    visit: &mut impl AsyncFnMut(Found) -> Result<(), Error>,
) -> Result<bool, Error> {
    let began = Instant::now();
    for _ in 0..letters_max {
        let Some(found) = look.next().await? else {
            break;
        };
        visit(found).await?;
        if began.elapsed() > WALK_MAX {
            return Ok(false);
        }
    }
    Ok(true)
}
