//! The rest of a request that was answered before all of it had come.
//!
//! HTTP/2 asks for it no more once nobody holds it, and says so with the answer (RFC 9113 §8.1): there are clients that
//! lose the answer by that, and what is under way counts as their mistake, of which a connection may hold few. So the rest
//! is taken and dropped for a while, as [`super::linger`] does for a whole connection of HTTP/1, and no further.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::HttpBody;
use bytes::Buf;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::{runtime::Handle, time::timeout};

use super::{
    Work,
    linger::{LINGER_BYTES_MAX, LINGER_MAX},
};

/// A request's body. Who drops it has heard enough.
#[derive(Debug)]
pub(super) struct HeardOut<B: HttpBody + Send + Unpin + 'static> {
    /// Nothing once it is dropped.
    body: Option<B>,
    work: Work,
}

impl<B: HttpBody + Send + Unpin + 'static> HeardOut<B> {
    pub(super) fn new(body: B, work: &Work) -> Self {
        Self {
            body: Some(body),
            work: work.clone(),
        }
    }
}

impl<B: HttpBody + Send + Unpin + 'static> Drop for HeardOut<B> {
    fn drop(&mut self) {
        let rest = self.body.take().filter(|body| !body.is_end_stream());
        // Without a runtime there is no connection any more either.
        if let (Some(rest), Ok(runtime)) = (rest, Handle::try_current()) {
            let cut = self.work.cut.clone();
            let heard = cut.run_until_cancelled_owned(timeout(LINGER_MAX, hear_out(rest)));
            self.work.streams.spawn_on(heard, &runtime);
        }
    }
}

/// Comes to its end when the client does, or has sent more than anybody may.
async fn hear_out<B: HttpBody + Unpin>(mut body: B) {
    let mut left_bytes = LINGER_BYTES_MAX;
    while left_bytes > 0
        && let Some(Ok(frame)) = body.frame().await
    {
        let came_bytes = frame.data_ref().map_or(0, Buf::remaining);
        left_bytes = left_bytes.saturating_sub(came_bytes);
    }
}

impl<B: HttpBody + Send + Unpin + 'static> HttpBody for HeardOut<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.as_ref().map(HttpBody::size_hint);
        hint.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::{sync::mpsc, time::Instant};

    use super::*;

    const PIECE: Bytes = Bytes::from_static(&[0; 64 * 1024]);

    /// A body whose client sends what comes out of a channel, and how to tell that nobody listens any more.
    #[derive(Debug)]
    struct Sent(mpsc::Receiver<Bytes>);

    impl HttpBody for Sent {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            let piece = self.0.poll_recv(cx);
            piece.map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
        }
    }

    fn refused(work: &Work) -> mpsc::Sender<Bytes> {
        let (client, body) = mpsc::channel(1);
        drop(HeardOut::new(Sent(body), work));
        client
    }

    #[tokio::test(start_paused = true)]
    async fn who_falls_silent_is_listened_to_for_a_while() {
        let began = Instant::now();
        refused(&Work::default()).closed().await;
        assert_eq!(began.elapsed(), LINGER_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_on_for_ever_is_listened_to_up_to_a_limit() {
        let client = refused(&Work::default());
        let mut sent_bytes = 0;
        while client.send(PIECE).await.is_ok() {
            sent_bytes += PIECE.len();
        }
        assert!(
            sent_bytes.abs_diff(LINGER_BYTES_MAX) <= 2 * PIECE.len(),
            "{sent_bytes}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn once_patience_is_over_nobody_listens() {
        let (work, began) = (Work::default(), Instant::now());
        work.cut.cancel();
        refused(&work).closed().await;
        assert_eq!(began.elapsed().as_secs(), 0);
    }
}
