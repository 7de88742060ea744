//! What follows from an answer, as the outbox hears of it.

use std::sync::Mutex;

use async_trait::async_trait;
use backends::outbox::{NoticeId, Subscribed};
use backends::results::Owner;
use http::StatusCode;
use schemas::{Digest, EventId, JobId, State, Timings};

use super::{super::config::Config, *};

/// What an outbox was told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Settle,
    Forget,
    Postpone { due_ms: u64, attempts: u32 },
}

#[derive(Debug, Default)]
struct Notes(Mutex<Vec<Told>>);

impl Notes {
    fn note(&self, told: Told) -> Result<(), Error> {
        self.0.lock().unwrap().push(told);
        Ok(())
    }
}

#[async_trait]
impl Outbox for Notes {
    async fn subscribe(
        &self,
        _: &JobId,
        _: &str,
        _: Option<&Owner>,
        _: u64,
    ) -> Result<Subscribed, Error> {
        unreachable!("nobody asks here")
    }

    async fn take_due(&self, _: usize, _: u64, _: Duration) -> Result<Vec<Notice>, Error> {
        unreachable!("nobody looks here")
    }

    async fn settle(&self, _: &NoticeId) -> Result<(), Error> {
        self.note(Told::Settle)
    }

    async fn forget(&self, _: &NoticeId) -> Result<(), Error> {
        self.note(Told::Forget)
    }

    async fn postpone(&self, _: &NoticeId, due_ms: u64, attempts: u32) -> Result<(), Error> {
        self.note(Told::Postpone { due_ms, attempts })
    }

    async fn depth(&self) -> Result<u64, Error> {
        unreachable!("nobody counts here")
    }
}

/// What the outbox is told of a notice that came into being so long ago and was tried in vain so often.
async fn told(answer: Answer, age: Duration, attempts: u32) -> Told {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = Config {
        webhook_secrets: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
        ..Config::default()
    };
    let policy = Arc::new(config.policy().unwrap().unwrap());
    let notes = Arc::new(Notes::default());
    let courier = Courier::new(
        &policy,
        Arc::clone(&notes) as _,
        Arc::default(),
        Metrics::new(),
    )
    .unwrap();
    let notice = notice(now_ms() - millis(age), attempts);
    courier.conclude(&notice, "example.com", &answer).await;
    let told = notes.0.lock().unwrap().clone();
    let [told] = &told[..] else {
        panic!("one thing follows: {told:?}");
    };
    told.clone()
}

fn notice(since_ms: u64, attempts: u32) -> Notice {
    let job = JobId::new(Digest::of(b"photo"));
    Notice {
        id: NoticeId {
            job,
            event: EventId::default(),
            target: Digest::of(b"url"),
        },
        url: "https://example.com/".to_owned(),
        owner: None,
        state: State::queued(job, Timings::default()),
        since_ms,
        attempts,
    }
}

fn status(code: u16) -> Answer {
    Answer::Status(StatusCode::from_u16(code).unwrap(), None)
}

#[tokio::test]
async fn an_attempt_in_vain_is_counted_and_the_next_one_waits_longer() {
    for (attempts, longest_ms) in [(0, 5_000), (1, 15_000), (2, 45_000)] {
        let before_ms = now_ms();
        let told = told(status(500), Duration::ZERO, attempts).await;
        let Told::Postpone {
            due_ms,
            attempts: counted,
        } = told
        else {
            panic!("it comes again: {told:?}");
        };
        assert_eq!(counted, attempts + 1);
        assert!(due_ms >= before_ms + longest_ms / 2);
        assert!(due_ms <= now_ms() + longest_ms);
    }
}

#[tokio::test]
async fn what_is_delivered_or_given_up_is_settled_and_who_must_not_hear_is_forgotten() {
    let day = Duration::from_secs(24 * 60 * 60);
    let refused = Answer::Refused("it is private".to_owned());
    for (answer, age, expected) in [
        (status(204), Duration::ZERO, Told::Settle),
        (status(500), day, Told::Settle),
        (status(410), Duration::ZERO, Told::Forget),
        (refused, Duration::ZERO, Told::Forget),
    ] {
        assert_eq!(told(answer, age, 0).await, expected);
    }
}
