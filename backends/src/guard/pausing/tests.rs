//! A receiver that pauses, with a source that is told what to have.

use std::{
    future::pending,
    sync::atomic::{AtomicU32, Ordering},
    task::Poll,
};

use bytes::Bytes;
use tokio::sync::{Mutex, Notify, mpsc};
use tokio_util::task::AbortOnDropHandle;

use super::*;
use crate::{
    Metrics, Verdict,
    error::Backend,
    guard::tests::{guard, open},
    queue::{Attempt, Settle},
};

type Messages = Arc<Mutex<mpsc::UnboundedReceiver<Delivery>>>;

/// A source with what it is told to have, of which a stopped receiver has one in its stream.
#[derive(Debug)]
struct Line {
    messages: Messages,
    receivers: Arc<AtomicU32>,
}

struct LineReceiver {
    line: Messages,
    receivers: Arc<AtomicU32>,
}

#[async_trait]
impl Source for Line {
    async fn receiver(&self) -> Result<Box<dyn Receiver>, Error> {
        self.receivers.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(LineReceiver {
            line: Arc::clone(&self.messages),
            receivers: Arc::clone(&self.receivers),
        }))
    }

    async fn burials(&self) -> Result<Box<dyn Burials>, Error> {
        pending().await
    }
}

#[async_trait]
impl Receiver for LineReceiver {
    async fn receive(&mut self) -> Result<Delivery, Error> {
        match self.line.lock().await.recv().await {
            Some(delivery) => Ok(delivery),
            None => pending().await,
        }
    }

    async fn stop(self: Box<Self>) -> Option<Delivery> {
        self.line.lock().await.try_recv().ok()
    }
}

impl Drop for LineReceiver {
    fn drop(&mut self) {
        self.receivers.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Settle for Nowhere {
    async fn secure(&mut self, _: &Verdict, _: &[Attempt]) -> Result<(), Error> {
        Ok(())
    }

    async fn ack(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }

    async fn hand_back(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}

fn message(body: &'static str) -> Delivery {
    Delivery {
        message_id: None,
        body: Bytes::from_static(body.as_bytes()),
        attempt: 1,
        crashes: 0,
        snoozes: 0,
        history: Vec::new(),
        settle: Box::new(Nowhere),
    }
}

/// A worker's receiver that needs two backends.
struct Pause {
    objects: Guard,
    receiver: Box<dyn Receiver>,
    line: mpsc::UnboundedSender<Delivery>,
    receivers: Arc<AtomicU32>,
    back: Arc<Notify>,
    _trials: AbortOnDropHandle<()>,
}

impl Pause {
    async fn new() -> Self {
        let (objects, _) = guard();
        let results = Guard::new(Backend::Results, &Metrics::new());
        let (line, messages) = mpsc::unbounded_channel();
        let (receivers, back) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let source = Line {
            messages: Arc::new(Mutex::new(messages)),
            receivers: Arc::clone(&receivers),
        };
        let returns = Arc::clone(&back);
        let trials = objects.attend(move || {
            let returns = Arc::clone(&returns);
            async move {
                returns.notified().await;
                Ok(())
            }
        });
        let pausing = Pausing::new(Arc::new(source), objects.clone(), results);
        Self {
            receiver: pausing.receiver().await.unwrap(),
            objects,
            line,
            receivers,
            back,
            _trials: trials,
        }
    }

    fn send(&self, body: &'static str) {
        self.line.send(message(body)).unwrap();
    }

    async fn receive(&mut self) -> Bytes {
        self.receiver.receive().await.unwrap().body
    }

    /// Waits in vain for as long as anything moves, and says how many receivers are left then.
    async fn nothing_comes(&mut self) -> u32 {
        let mut receiving = self.receiver.receive();
        for _ in 0..100 {
            assert!(futures::poll!(&mut receiving).is_pending());
            tokio::task::yield_now().await;
        }
        self.receivers.load(Ordering::SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_pauses_a_receiver_until_it_is_over() {
    let mut pause = Pause::new().await;
    pause.send("before");
    assert_eq!(pause.receive().await, "before");
    open(&pause.objects).await;
    assert_eq!(pause.nothing_comes().await, 0, "it stopped consuming");
    pause.send("meanwhile");
    assert_eq!(pause.nothing_comes().await, 0);
    pause.back.notify_one();
    assert_eq!(pause.receive().await, "meanwhile");
}

#[tokio::test(start_paused = true)]
async fn who_lets_a_delivery_go_stops_consuming_first() {
    let mut pause = Pause::new().await;
    pause.send("in hand");
    let delivery = pause.receiver.receive().await.unwrap();
    open(&pause.objects).await;
    let secured = delivery.secure(&Verdict::Done, "worker", 0).await.unwrap();
    assert_eq!(pause.receivers.load(Ordering::SeqCst), 1);
    secured.ack().await.unwrap();
    assert_eq!(pause.receivers.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_on_its_way_is_given_out() {
    let mut pause = Pause::new().await;
    assert_eq!(pause.nothing_comes().await, 1);
    open(&pause.objects).await;
    pause.send("on its way");
    assert_eq!(pause.receive().await, "on its way");
    assert_eq!(pause.nothing_comes().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_receive_that_is_given_up_at_any_moment_loses_nothing() {
    'moments: for moments in 0..10 {
        let mut pause = Pause::new().await;
        pause.nothing_comes().await;
        open(&pause.objects).await;
        pause.send("on its way");
        let mut receiving = pause.receiver.receive();
        for _ in 0..moments {
            if let Poll::Ready(delivery) = futures::poll!(&mut receiving) {
                assert_eq!(delivery.unwrap().body, "on its way");
                continue 'moments;
            }
            tokio::task::yield_now().await;
        }
        drop(receiving);
        assert_eq!(pause.receive().await, "on its way");
    }
}

#[tokio::test]
async fn who_stops_it_gets_what_was_on_its_way() {
    let mut pause = Pause::new().await;
    pause.send("in hand");
    drop(pause.receiver.receive().await.unwrap());
    pause.send("on its way");
    let last = pause.receiver.stop().await.unwrap();
    assert_eq!(last.body, "on its way");
    assert_eq!(pause.receivers.load(Ordering::SeqCst), 0);
}
