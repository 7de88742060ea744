//! The business of dead letters: what people read of them, and what becomes of one that is replayed.
//!
//! A letter is the last there is of a job, so it is removed only when the job does not need it any more: once its message is
//! confirmed anew, or when the record says that the job ended or has another message. A replay that dies half way leaves
//! the letter, and the next one finds out how far it came.

mod judge;
mod report;
mod walk;

use std::{collections::HashSet, num::NonZeroU32, sync::Arc, time::Duration};

use backends::{
    Error, Key, ObjectStore, Results,
    queue::{
        DeadLetters, Death,
        dead::{Found, LETTERS_MAX, Letter},
    },
    results::{Record, obituary},
};
use bytes::Bytes;
use schemas::{Job, JobId, State, Status, Timings};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::{info, warn};

pub use self::{
    judge::Fate,
    report::{Report, Told},
};
use self::{judge::judge, walk::walk};

/// Messages that are replayed in a second unless somebody says otherwise: what died together shall not come back
/// together, and a small fleet makes about so many pictures in a second.
pub const RATE_PER_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("it is not 0");

/// Letters of one id that are shown with their bodies. More than two are the work of a program that went mad.
const SHOWN_MAX: usize = 10;

/// Where dead letters are asked for.
#[derive(Clone, Debug)]
pub struct Office {
    /// The letters.
    pub letters: Arc<dyn DeadLetters>,
    /// Where each job stands.
    pub results: Arc<dyn Results>,
    /// Where results are. Without them, a job that says it is done is believed.
    pub objects: Option<Arc<dyn ObjectStore>>,
}

/// Which letters are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those of this id: a job may have several, and they count as one.
    Id(String),
    /// Those that died for this reason.
    Reason(Death),
    /// Every letter that can be read.
    All,
}

/// What is to be replayed, and how.
#[derive(Clone, Debug)]
pub struct Order {
    /// Which letters.
    pub which: Which,
    /// Messages in a second.
    pub rate_per_second: NonZeroU32,
    /// Only says what would happen.
    pub dry_run: bool,
}

/// Letters, oldest first.
#[derive(Debug)]
pub struct Listing {
    /// As many as were asked for, at most [`LETTERS_MAX`].
    pub letters: Vec<Letter>,
    /// How many there are with those that are not listed; of one reason, among the letters that were looked at.
    pub total: u64,
    /// Whether every letter was looked at.
    pub complete: bool,
}

/// Letters with what was sent once.
#[derive(Debug)]
pub struct Bundle {
    /// A few of them.
    pub letters: Vec<(Letter, Bytes)>,
    /// Whether every letter was looked at.
    pub complete: bool,
}

/// What became of letters that were to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// How many there were.
    pub letters: usize,
    /// Whether every letter was looked at.
    pub complete: bool,
}

impl Office {
    /// The first `letters_max` letters, or those that died for `reason`.
    ///
    /// No more are fetched than that, so a broker that puts them behind the rest shows others the next time. Only who looks for a
    /// reason walks through all of them, and keeps no more.
    ///
    /// # Errors
    /// When the queue cannot be asked.
    pub async fn list(&self, reason: Option<Death>, letters_max: usize) -> Result<Listing, Error> {
        let looked_at_max = reason.map_or(letters_max, |_| LETTERS_MAX);
        let (mut letters, mut meant) = (Vec::new(), 0);
        let visit = async |found: Found| {
            if reason.is_none_or(|reason| reason == found.letter.reason) {
                meant += 1;
                if letters.len() < letters_max {
                    letters.push(found.letter);
                }
            }
            Ok(())
        };
        let walked = walk(&*self.letters, looked_at_max, visit).await?;
        letters.sort_by_key(|letter| letter.dead_at_ms);
        Ok(Listing {
            letters,
            total: reason.map_or(walked.total, |_| meant),
            complete: walked.complete,
        })
    }

    /// The letters of this id, each with what was sent once.
    ///
    /// # Errors
    /// When the queue cannot be asked.
    pub async fn find(&self, id: &str) -> Result<Bundle, Error> {
        let mut letters = Vec::new();
        let complete = self
            .walk(async |found| {
                if found.letter.id == id && letters.len() < SHOWN_MAX {
                    letters.push((found.letter, found.body));
                }
                Ok(())
            })
            .await?;
        Ok(Bundle { letters, complete })
    }

    /// Removes these letters for good, and says how many there were. Where nobody knows yet that a job is dead, it is told
    /// before.
    ///
    /// # Errors
    /// When the queue or the records cannot be asked; what was not removed yet is there still.
    pub async fn drop_letters(&self, which: &Which) -> Result<Dropped, Error> {
        let mut letters = 0;
        let complete = self
            .walk(async |found| {
                if which.means(&found.letter) {
                    self.tell_if_nobody_did(&found.letter).await?;
                    found.remove().await?;
                    letters += 1;
                }
                Ok(())
            })
            .await?;
        Ok(Dropped { letters, complete })
    }

    /// Replays what `order` names, tells the fate of each letter, and says whether every letter was looked at.
    ///
    /// # Errors
    /// At the first letter that could not be dealt with: what fails for one fails for the next. It is there still.
    pub async fn replay(
        &self,
        order: &Order,
        mut tell: impl FnMut(&Letter, Fate),
    ) -> Result<bool, Error> {
        let mut pace = pace(order.rate_per_second);
        let mut sent = HashSet::new();
        self.walk(async |found| {
            if !order.which.means(&found.letter) {
                return Ok(());
            }
            let letter = found.letter.clone();
            let mut fate = self.judge(&letter, &order.which, &sent).await?;
            if !order.dry_run {
                fate = self.carry_out(found, fate, &mut pace).await?;
            }
            if fate.sends() {
                sent.extend(letter.job_id);
            }
            tell(&letter, fate);
            Ok(())
        })
        .await
    }

    /// Shows each letter to `visit`, and says whether that was all of them.
    async fn walk(
        &self,
        visit: impl AsyncFnMut(Found) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let walked = walk(&*self.letters, LETTERS_MAX, visit).await?;
        Ok(walked.complete)
    }

    async fn judge(
        &self,
        letter: &Letter,
        which: &Which,
        sent: &HashSet<JobId>,
    ) -> Result<Fate, Error> {
        let Some(id) = letter.job_id.filter(|_| letter.readable) else {
            return Ok(Fate::of_unreadable(which));
        };
        if sent.contains(&id) {
            return Ok(Fate::Duplicate);
        }
        let record = self.results.record(&id).await?;
        let result_gone = self.is_result_gone(record.as_ref()).await?;
        Ok(judge(letter, record.as_ref(), result_gone))
    }

    async fn is_result_gone(&self, record: Option<&Record>) -> Result<bool, Error> {
        match (record, &self.objects) {
            (Some(Record { event, .. }), Some(objects)) if event.state.status == Status::Done => {
                let result = Key::Result(event.state.job_id);
                Ok(objects.head(&result).await?.is_none())
            }
            _ => Ok(false),
        }
    }

    /// Does what is decided, and says what came of it.
    async fn carry_out(
        &self,
        found: Found,
        fate: Fate,
        pace: &mut Interval,
    ) -> Result<Fate, Error> {
        if fate.sends() {
            pace.tick().await;
            if !self.send(&found, fate).await? {
                return Ok(Fate::MayRun);
            }
        }
        if !fate.keeps() {
            found.remove().await?;
        }
        Ok(fate)
    }

    /// Sends a letter's message with its history. What cannot be read here goes as it is: a newer worker may read it.
    async fn send(&self, found: &Found, fate: Fate) -> Result<bool, Error> {
        match found.job() {
            Ok(job) => self.send_job(&job, found, fate).await,
            Err(_) => found.send().await.map(|()| true),
        }
    }

    /// Records the job as queued in a new life, then sends its message, then notes that it was sent. Should this process
    /// die in between, the sweeper publishes the job, and the letter is there still. It sends nothing if somebody else has
    /// begun that life meanwhile.
    async fn send_job(&self, job: &Job, found: &Found, fate: Fate) -> Result<bool, Error> {
        self.tell_if_nobody_did(&found.letter).await?;
        let id = job.id();
        let state = State::queued(id, Timings::default());
        let again = fate == Fate::Remade;
        let record = self.results.admit(job, &state, again, None).await?.record;
        if record.sent || record.event.state.status != Status::Queued {
            return Ok(false);
        }
        found.send().await?;
        if let Err(error) = self.results.mark_sent(&id, record.event.id.epoch).await {
            warn!(job.id = %id, %error, "job {id} is replayed but not marked as sent");
        }
        info!(job.id = %id, reason = %found.letter.reason, "job {id} is replayed");
        Ok(true)
    }

    /// A job that the queue buried says that it runs, until somebody tells.
    async fn tell_if_nobody_did(&self, letter: &Letter) -> Result<(), Error> {
        if matches!(letter.reason, Death::Buried(_)) {
            return Ok(());
        }
        obituary::announce(&*self.results, letter).await.map(drop)
    }
}

impl Which {
    fn means(&self, letter: &Letter) -> bool {
        match self {
            Self::Id(id) => *id == letter.id,
            Self::Reason(reason) => *reason == letter.reason,
            Self::All => true,
        }
    }
}

fn pace(rate_per_second: NonZeroU32) -> Interval {
    let mut pace = interval(Duration::from_secs(1) / rate_per_second.get());
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}
