//! What HTTP/2 adds: many requests share a connection, and each client decides for each answer how fast it takes it. A
//! socket that is written to says nothing of an answer that is not taken, so each stream has a limit of its own.

use std::{
    cell::Cell,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http::Response;
use hyper::{
    body::{Frame, Incoming, SizeHint},
    rt::Executor,
};
use tokio::time::{Instant, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::debug;

use super::{Work, hear_out::HeardOut};

/// What of an answer is handed on at once. 64 KiB: the next piece is asked for only when the client has room for it, so
/// that an image lies in one place and not in a buffer of each of its streams.
const PIECE_BYTES_MAX: usize = 64 * 1024;

tokio::task_local! {
    /// Since when this stream's client owes us room for more of its answer; nothing while it waits for us.
    static OWES_SINCE: Cell<Option<Instant>>;
}

/// Where the streams of a connection run: each by itself, no longer than the work, and not for a client that takes
/// nothing.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    tasks: TaskTracker,
    cut: CancellationToken,
    stall_max: Duration,
}

impl Streams {
    pub(super) fn new(work: &Work, stall_max: Duration) -> Self {
        Self {
            tasks: work.streams.clone(),
            cut: work.cut.clone(),
            stall_max,
        }
    }
}

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let stream = unless_it_stalls(stream, self.stall_max);
        let stream = self.cut.clone().run_until_cancelled_owned(stream);
        self.tasks.spawn(async move {
            stream.await;
        });
    }
}

/// A stream that is dropped is reset.
async fn unless_it_stalls(stream: impl Future, stall_max: Duration) {
    let judged = async {
        tokio::select! {
            biased; // what the stream has just said of itself is what is judged
            _ = stream => {}
            () = stalls(stall_max) => debug!("a client takes nothing of an answer, its stream is reset"),
        }
    };
    OWES_SINCE.scope(Cell::new(None), judged).await;
}

/// Comes to its end once the client has owed room for so long. It is asked whenever the stream is.
async fn stalls(stall_max: Duration) {
    let mut limit = pin!(sleep(stall_max));
    std::future::poll_fn(|cx| {
        let Some(since) = OWES_SINCE.with(Cell::get) else {
            return Poll::Pending;
        };
        if limit.deadline() != since + stall_max {
            limit.as_mut().reset(since + stall_max);
        }
        limit.as_mut().poll(cx)
    })
    .await;
}

fn note(owes_since: Option<Instant>) {
    // An answer may be looked at outside of its stream, where nobody waits for it.
    let _ = OWES_SINCE.try_with(|owes| owes.set(owes_since));
}

/// The request's body, frame by frame. All that a window holds may be there at once and is refilled while it is read, so a
/// reader that goes on until nothing is left, as the parser of forms does, would gather more than it may. In HTTP/1 it
/// waits after each piece too.
pub(super) fn sipped(body: HeardOut<Incoming>) -> Body {
    Body::new(Sipped {
        body,
        swallowed: true,
    })
}

struct Sipped {
    body: HeardOut<Incoming>,
    /// Whether the reader was kept waiting since the last frame.
    swallowed: bool,
}

impl HttpBody for Sipped {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if !self.swallowed {
            self.swallowed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.swallowed = false;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The answer in pieces, each of which the client has to make room for in time.
pub(super) fn paced(answer: Response<Body>) -> Response<Body> {
    note(Some(Instant::now()));
    answer.map(|body| {
        Body::new(Paced {
            body,
            rest: Bytes::new(),
        })
    })
}

struct Paced {
    body: Body,
    /// What came from the body and is not handed on yet.
    rest: Bytes,
}

impl Paced {
    fn piece(&mut self) -> Frame<Bytes> {
        let piece_bytes = self.rest.len().min(PIECE_BYTES_MAX);
        Frame::data(self.rest.split_to(piece_bytes))
    }

    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            ended => return Poll::Ready(ended),
        };
        Poll::Ready(Some(Ok(match frame.into_data() {
            Ok(bytes) => {
                self.rest = bytes;
                self.piece()
            }
            Err(trailers) => trailers,
        })))
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let piece = self.poll_piece(cx);
        note(piece.is_ready().then(Instant::now));
        piece
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, mut hint) = (self.rest.len() as u64, self.body.size_hint());
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}
