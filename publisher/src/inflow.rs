//! How fast an upload has to come. A limit on all of it would cut an honest client that has a big photo and a thin wire;
//! these go by what comes: a client may be slow, but neither silent nor next to it, for it holds a place among the uploads.
//!
//! Only waiting for the client counts: while we keep a piece, it may not even be able to send.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use tokio::time::{Instant, timeout};

use crate::window::Window;

/// What is expected of a client that sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inflow {
    /// Longest silence.
    pub(crate) idle_max: Duration,
    /// Fewest bytes a second, on average over each `window`. 0: any number.
    pub(crate) bytes_per_sec_min: u64,
    /// The first one is the time that a slow start gets.
    pub(crate) window: Duration,
}

/// Why no more of an upload is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooSlow {
    #[error("nothing of the upload came for {silent_secs} s, the limit is {silent_secs_max} s")]
    Silent {
        silent_secs: u64,
        silent_secs_max: u64,
    },
    #[error(
        "the upload came at {bytes_per_sec} bytes a second over {} s, at least {bytes_per_sec_min} are expected",
        .window.as_secs()
    )]
    Crawling {
        bytes_per_sec: u64,
        bytes_per_sec_min: u64,
        window: Duration,
    },
}

/// Why a body does not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error("the connection broke: {0}")]
    Broken(#[from] axum::Error),
    #[error(transparent)]
    TooSlow(#[from] TooSlow),
}

impl Inflow {
    /// The pieces of `body`, for as long as they come as they should.
    pub(crate) fn of(
        self,
        body: Body,
    ) -> impl Stream<Item = Result<Bytes, Ended>> + Send + 'static {
        let client = Client {
            expected: self,
            silent: Duration::ZERO,
            window: Window::default(),
        };
        let begun = (body.into_data_stream(), client);
        stream::try_unfold(begun, async |(mut body, mut client)| {
            let piece = client.next_piece(&mut body).await?;
            Ok(piece.map(|piece| (piece, (body, client))))
        })
    }
}

impl TooSlow {
    pub(crate) const fn measured_and_limit(&self) -> (u64, u64) {
        match *self {
            Self::Silent {
                silent_secs,
                silent_secs_max,
            } => (silent_secs, silent_secs_max),
            Self::Crawling {
                bytes_per_sec,
                bytes_per_sec_min,
                ..
            } => (bytes_per_sec, bytes_per_sec_min),
        }
    }
}

/// Who sends, as far as that was seen.
struct Client {
    expected: Inflow,
    /// For how long nothing has come.
    silent: Duration,
    window: Window,
}

impl Client {
    async fn next_piece(&mut self, body: &mut BodyDataStream) -> Result<Option<Bytes>, Ended> {
        loop {
            let began = Instant::now();
            let came = timeout(self.patience(), body.next()).await;
            let bytes = match &came {
                Ok(Some(Ok(piece))) => piece.len() as u64,
                _ => 0,
            };
            let judged = self.judge(began.elapsed(), bytes);
            match came {
                Ok(None) => return Ok(None),
                Ok(Some(piece)) => {
                    let piece = piece?;
                    judged?;
                    return Ok(Some(piece));
                }
                Err(_) => judged?,
            }
        }
    }

    /// How long it is waited for, before there is something to judge.
    fn patience(&self) -> Duration {
        let silence = self.expected.idle_max.saturating_sub(self.silent);
        silence.min(self.window.rest(self.expected.window))
    }

    /// After `waited` without anything, `bytes` came.
    fn judge(&mut self, waited: Duration, bytes: u64) -> Result<(), TooSlow> {
        self.silent = match bytes {
            0 => self.silent + waited,
            _ => Duration::ZERO,
        };
        self.window.add(waited, bytes);
        let Inflow {
            idle_max,
            window,
            bytes_per_sec_min,
        } = self.expected;
        if self.silent >= idle_max {
            return Err(TooSlow::Silent {
                silent_secs: self.silent.as_secs(),
                silent_secs_max: idle_max.as_secs(),
            });
        }
        match self.window.crawled(window, bytes_per_sec_min) {
            None => Ok(()),
            Some(bytes_per_sec) => Err(TooSlow::Crawling {
                bytes_per_sec,
                bytes_per_sec_min,
                window,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt as _, TryStreamExt as _};
    use tokio::time::sleep;

    use super::*;

    const EXPECTED: Inflow = Inflow {
        idle_max: Duration::from_secs(30),
        bytes_per_sec_min: 4096,
        window: Duration::from_secs(60),
    };

    /// A body of so many pieces, each `pause` after the one before.
    fn body(pieces: usize, piece_bytes: usize, pause: Duration) -> Body {
        let pieces = stream::iter(0..pieces).then(move |_| async move {
            sleep(pause).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![0; piece_bytes]))
        });
        Body::from_stream(pieces)
    }

    /// How much came, and why no more did.
    async fn taken(body: Body) -> (usize, Option<TooSlow>) {
        let mut pieces = Box::pin(EXPECTED.of(body));
        let mut bytes = 0;
        loop {
            match pieces.try_next().await {
                Ok(Some(piece)) => bytes += piece.len(),
                Ok(None) => return (bytes, None),
                Err(Ended::TooSlow(why)) => return (bytes, Some(why)),
                Err(broken) => panic!("{broken}"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_big_photo_over_a_thin_wire_comes_whole_however_long_that_takes() {
        let began = Instant::now();
        let pieces = 20 * 1024 * 1024 / 5000;
        let came = taken(body(pieces, 5000, Duration::from_secs(1))).await;
        assert_eq!(came, (pieces * 5000, None));
        assert!(began.elapsed() > Duration::from_secs(60 * 60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_falls_silent_is_waited_for_and_no_longer() {
        let paused = body(4, 200_000, Duration::from_secs(29));
        assert_eq!(taken(paused).await, (800_000, None));
        let began = Instant::now();
        let silent = body(1, 1, Duration::from_secs(31));
        let (bytes, why) = taken(silent).await;
        let expected = TooSlow::Silent {
            silent_secs: 30,
            silent_secs_max: 30,
        };
        assert_eq!((bytes, why), (0, Some(expected)));
        assert_eq!(began.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_a_byte_now_and_then_is_cut_after_a_window() {
        let began = Instant::now();
        let (bytes, why) = taken(body(1000, 1, Duration::from_secs(29))).await;
        let expected = TooSlow::Crawling {
            bytes_per_sec: 0,
            bytes_per_sec_min: 4096,
            window: Duration::from_secs(60),
        };
        assert_eq!((bytes, why), (2, Some(expected)));
        assert_eq!(began.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_fast_before_is_no_excuse_for_the_next_window() {
        let fast = body(10, 1_000_000, Duration::from_secs(1)).into_data_stream();
        let slow = body(1000, 1000, Duration::from_secs(1)).into_data_stream();
        let began = Instant::now();
        let (bytes, why) = taken(Body::from_stream(fast.chain(slow))).await;
        assert!(matches!(
            why,
            Some(TooSlow::Crawling {
                bytes_per_sec: 983..=1016,
                ..
            })
        ));
        assert!(bytes > 10_000_000);
        assert_eq!(began.elapsed().as_secs(), 120);
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_that_we_take_is_not_the_clients() {
        let mut pieces = Box::pin(EXPECTED.of(body(10, 1, Duration::ZERO)));
        for _ in 0..10 {
            pieces.try_next().await.unwrap().unwrap();
            sleep(Duration::from_secs(60)).await;
        }
        assert!(pieces.try_next().await.unwrap().is_none());
    }
}
