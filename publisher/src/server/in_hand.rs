//! How many requests of a connection are in hand, so that one with none does not stay for ever.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::{sync::watch, time::timeout};

/// The requests of one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct InHand(Arc<watch::Sender<usize>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn(InHand);

impl InHand {
    pub(super) fn one(&self) -> Turn {
        self.0.send_modify(|requests| *requests += 1);
        Turn(self.clone())
    }

    /// Waits until there was no request for so long.
    pub(super) async fn nothing_for(&self, span: Duration) {
        let mut requests = self.0.subscribe();
        while requests.wait_for(|requests| *requests == 0).await.is_ok() {
            // A request that came and went meanwhile counts too.
            if timeout(span, requests.changed()).await.is_err() {
                return;
            }
        }
    }
}

impl Turn {
    /// Lasts until the answer's body is sent, or given up.
    pub(super) fn until_sent(self, body: Body) -> Body {
        Body::new(Sending { body, _turn: self })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.0.send_modify(|requests| *requests -= 1);
    }
}

struct Sending {
    body: Body,
    _turn: Turn,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_request_begins_the_wait_anew_even_if_it_is_over_at_once() {
        let (in_hand, span) = (InHand::default(), Duration::from_secs(75));
        let began = Instant::now();
        let busy = async {
            tokio::time::sleep(Duration::from_secs(70)).await;
            drop(in_hand.one());
        };
        tokio::join!(in_hand.nothing_for(span), busy);
        assert_eq!(began.elapsed(), Duration::from_secs(145));
    }
}
