//! How fast an image has to be taken. Silence is cut where the socket and the streams are; this goes by what is taken: a client
//! that takes a little now and then would hold its image in memory, and a place at the store, for hours.
//!
//! Only the time that the client takes counts, not that of the store.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use tokio::time::Instant;

use crate::window::Window;

/// What is given out at once. 64 KiB: so much has a slow client to take before it is seen to take anything.
const PIECE_BYTES_MAX: usize = 64 * 1024;

/// What is expected of a client that takes an image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outflow {
    /// Fewest bytes a second, on average over each `window`. 0: any number.
    pub(crate) bytes_per_sec_min: u64,
    pub(crate) window: Duration,
}

/// Why an image is not sent to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken<E> {
    #[error("{0}")]
    Store(E),
    #[error(
        "it was taken at {bytes_per_sec} bytes a second over {} s, at least {bytes_per_sec_min} are expected",
        .window.as_secs()
    )]
    Crawling {
        bytes_per_sec: u64,
        bytes_per_sec_min: u64,
        window: Duration,
    },
}

impl Outflow {
    /// The pieces, for as long as they are taken as they should.
    pub(crate) fn of<E: Send + 'static>(
        self,
        pieces: impl Stream<Item = Result<Bytes, E>> + Send + Unpin + 'static,
    ) -> impl Stream<Item = Result<Bytes, Broken<E>>> + Send + 'static {
        let begun = Giving {
            pieces,
            rest: Bytes::new(),
            client: Client {
                expected: self,
                given: None,
                window: Window::default(),
            },
        };
        stream::try_unfold(begun, async |mut giving| {
            let piece = giving.next_piece().await?;
            Ok(piece.map(|piece| (piece, giving)))
        })
    }
}

struct Giving<S> {
    pieces: S,
    /// What came and is not given out yet.
    rest: Bytes,
    client: Client,
}

impl<E, S: Stream<Item = Result<Bytes, E>> + Unpin> Giving<S> {
    /// It is asked for when the one before was taken.
    async fn next_piece(&mut self) -> Result<Option<Bytes>, Broken<E>> {
        self.client.judge()?;
        while self.rest.is_empty() {
            match self.pieces.next().await {
                Some(piece) => self.rest = piece.map_err(Broken::Store)?,
                None => return Ok(None),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE_BYTES_MAX));
        self.client.given = Some((Instant::now(), piece.len() as u64));
        Ok(Some(piece))
    }
}

/// Who takes, as far as that was seen.
struct Client {
    expected: Outflow,
    /// When it was given a piece, and of how many bytes.
    given: Option<(Instant, u64)>,
    window: Window,
}

impl Client {
    fn judge<E>(&mut self) -> Result<(), Broken<E>> {
        if let Some((at, bytes)) = self.given.take() {
            self.window.add(at.elapsed(), bytes);
        }
        let Outflow {
            bytes_per_sec_min,
            window,
        } = self.expected;
        match self.window.crawled(window, bytes_per_sec_min) {
            None => Ok(()),
            Some(bytes_per_sec) => Err(Broken::Crawling {
                bytes_per_sec,
                bytes_per_sec_min,
                window,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, pin::pin};

    use futures::TryStreamExt as _;
    use tokio::time::sleep;

    use super::*;

    const EXPECTED: Outflow = Outflow {
        bytes_per_sec_min: 4096,
        window: Duration::from_secs(60),
    };

    /// How much a client gets of four mebibytes that takes so long over each piece, and how fast it was where it was cut.
    async fn taken(pause: Duration) -> (usize, Option<u64>) {
        let whole = Ok::<_, Infallible>(Bytes::from(vec![0; 4 * 1024 * 1024]));
        let mut pieces = pin!(EXPECTED.of(stream::iter([whole])));
        let mut bytes = 0;
        loop {
            match pieces.try_next().await {
                Ok(Some(piece)) => bytes += piece.len(),
                Ok(None) => return (bytes, None),
                Err(Broken::Crawling { bytes_per_sec, .. }) => return (bytes, Some(bytes_per_sec)),
                Err(Broken::Store(never)) => match never {},
            }
            sleep(pause).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_phone_on_a_bad_line_gets_its_image_however_long_that_takes() {
        let began = Instant::now();
        let (bytes, cut) = taken(Duration::from_secs(15)).await;
        assert_eq!((bytes, cut), (4 * 1024 * 1024, None));
        assert!(began.elapsed() > Duration::from_secs(15 * 60));
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_a_little_now_and_then_is_cut_after_a_window() {
        let began = Instant::now();
        let (bytes, cut) = taken(Duration::from_secs(30)).await;
        assert_eq!((bytes, cut), (2 * PIECE_BYTES_MAX, Some(2184)));
        assert_eq!(began.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_of_the_store_is_not_the_clients() {
        let slow = stream::iter(0..5).then(|_| async {
            sleep(Duration::from_secs(100)).await;
            Ok::<_, Infallible>(Bytes::from_static(b"piece"))
        });
        let taken: Vec<_> = EXPECTED.of(slow.boxed()).try_collect().await.unwrap();
        assert_eq!(taken.len(), 5);
    }
}
