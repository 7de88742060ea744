//! Where jobs stand: one stream of events for all of them, opened again whenever it breaks or others are to be followed.

use std::{
    collections::HashMap,
    future::{pending, ready},
    pin::pin,
    time::Duration,
};

use futures::{Stream, StreamExt as _};
use reqwest::Response;
use schemas::{Failure, JobId, Picture, Status};
use serde::Deserialize;
use sse_stream::{Sse, SseByteStream};
use tokio::{
    sync::{
        mpsc::{self, UnboundedReceiver, UnboundedSender},
        oneshot,
    },
    time::{Instant, sleep, sleep_until},
};

use super::{
    board::{Board, Stage},
    patience::Patience,
    problem::Problem,
    server::{self, Server},
};

/// As many as the server follows on one stream. No more jobs than these are under way at once.
pub(super) const JOBS_MAX: usize = 200;

/// The pause before a stream is opened again, and how long a job that has just been sent may wait to be followed: a stream
/// is not opened for each of them.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// The longest pause that a server may ask for in a stream.
const RETRY_MAX: Duration = Duration::from_secs(30);

/// Takes jobs to follow.
#[derive(Debug)]
pub(super) struct Watch(UnboundedSender<Wish>);

/// Follows them.
#[derive(Debug)]
pub(super) struct Follower {
    wishes: UnboundedReceiver<Wish>,
    followed: HashMap<JobId, Vec<Wish>>,
}

/// Somebody who waits for a job's end. A photo that was named twice is one job.
#[derive(Debug)]
struct Wish {
    id: JobId,
    photo: usize,
    told: oneshot::Sender<End>,
}

/// How a job ended.
#[derive(Clone, Debug)]
pub(super) enum End {
    Done(Option<Picture>),
    NoResult(Status, Option<Failure>),
    /// The server does not know it.
    Unknown,
}

/// What a frame says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    job_id: JobId,
    status: Option<Status>,
    #[serde(default)]
    picture: Option<Picture>,
    #[serde(default)]
    error: Option<Failure>,
}

/// Both ends of the way to the follower.
pub(super) fn follower() -> (Watch, Follower) {
    // It holds no more than the jobs that are under way, which are JOBS_MAX.
    let (wishes, asked) = mpsc::unbounded_channel();
    let follower = Follower {
        wishes: asked,
        followed: HashMap::new(),
    };
    (Watch(wishes), follower)
}

impl Watch {
    /// Waits for the end of job `id`, which was made of `photo`.
    pub(super) async fn end_of(&self, id: JobId, photo: usize) -> End {
        let (told, end) = oneshot::channel();
        let wish = Wish { id, photo, told };
        if self.0.send(wish).is_err() {
            return pending().await; // the follower has told why it stopped, and this run is over
        }
        match end.await {
            Ok(end) => end,
            Err(_) => pending().await,
        }
    }
}

impl Follower {
    /// Follows until nobody can ask any more.
    ///
    /// # Errors
    /// When the server does not tell.
    pub(super) async fn run(
        mut self,
        server: &Server,
        patience: &Patience,
        board: &Board,
    ) -> Result<(), Problem> {
        loop {
            if self.followed.is_empty() {
                match self.wishes.recv().await {
                    Some(wish) => self.take(wish),
                    None => return Ok(()),
                }
            }
            while let Ok(wish) = self.wishes.try_recv() {
                self.take(wish);
            }
            let ids: Vec<_> = self.followed.keys().copied().take(JOBS_MAX).collect();
            let answer = patience.persist(board, || server.events(&ids)).await?;
            let pause = self.hear(answer, board).await;
            if !self.followed.is_empty() {
                sleep(pause).await;
            }
        }
    }

    fn take(&mut self, wish: Wish) {
        self.followed.entry(wish.id).or_default().push(wish);
    }

    /// Tells what the stream says, until it ends or others are to be followed too; gives the pause before the next one.
    async fn hear(&mut self, answer: Response, board: &Board) -> Duration {
        let mut frames = pin!(frames(answer));
        let (mut pause, mut reopen_at) = (REOPEN_AFTER, None);
        while !self.followed.is_empty() {
            tokio::select! {
                frame = frames.next() => match frame {
                    Some(frame) => {
                        pause = frame.retry.map_or(pause, |ms| asked_for(ms).max(REOPEN_AFTER));
                        self.tell(&frame, board);
                    }
                    None => return pause,
                },
                Some(wish) = self.wishes.recv() => {
                    self.take(wish);
                    reopen_at.get_or_insert_with(|| Instant::now() + REOPEN_AFTER);
                }
                () = until(reopen_at) => return Duration::ZERO,
            }
        }
        Duration::ZERO
    }

    /// A frame that says nothing of a job of ours is passed over: others may be added to the protocol.
    fn tell(&mut self, frame: &Sse, board: &Board) {
        let data = frame.data.as_deref().unwrap_or_default();
        let Ok(told) = serde_json::from_str::<Told>(data) else {
            return;
        };
        let id = told.job_id;
        let is_unknown = frame.event.as_deref() == Some("unknown");
        let end = if is_unknown {
            Some(End::Unknown)
        } else {
            told.end()
        };
        match end {
            Some(end) => {
                for wish in self.followed.remove(&id).unwrap_or_default() {
                    let _ = wish.told.send(end.clone()); // who left does not wait
                }
            }
            None => self.show(&told, board),
        }
    }

    fn show(&self, told: &Told, board: &Board) {
        if let Some(status) = told.status {
            for wish in self.followed.get(&told.job_id).into_iter().flatten() {
                board.show(wish.photo, Stage::Job(status));
            }
        }
    }
}

impl Told {
    fn end(&self) -> Option<End> {
        End::of(self.status?, self.picture.clone(), self.error.clone())
    }
}

impl End {
    /// How a job that stands at `status` ended, if it did.
    pub(super) fn of(
        status: Status,
        picture: Option<Picture>,
        error: Option<Failure>,
    ) -> Option<Self> {
        match status {
            Status::Done => Some(Self::Done(picture)),
            status if status.is_final() => Some(Self::NoResult(status, error)),
            _ => None,
        }
    }
}

/// What a stream says, up to where it breaks: why it breaks does not matter, for it is opened again.
fn frames(answer: Response) -> impl Stream<Item = Sse> {
    let frames = SseByteStream::new(Box::pin(server::pieces(answer)));
    frames.scan((), |(), frame| ready(frame.ok()))
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

fn asked_for(retry_ms: u64) -> Duration {
    Duration::from_millis(retry_ms).min(RETRY_MAX)
}
