//! What every queue promises. Each implementation runs all of it through [`suite!`].

pub(super) mod dead;

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::future::join_all;
use schemas::{Digest, Failure, Job};
use serde_json::json;

pub(super) use self::dead::{
    a_letter_tells_why_it_lies_there, a_removed_letter_is_gone_and_its_neighbours_stay,
    a_replayed_letter_is_a_first_attempt_with_its_history, looks_that_end_early_lose_nothing,
    sixty_looks_lose_nothing, what_dies_during_a_look_is_for_the_next_one,
    what_is_no_job_is_replayed_as_it_is, what_the_queue_buries_is_news_until_it_was_told,
};
use super::{
    Attempt, DeadLetters, Death, Delivery, HISTORY_ENTRIES_MAX, Reason, Receiver, Sender, Source,
    Verdict,
};

/// No promise takes this long; a test that waits longer has found it broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// An implementation under test, with a queue of its own that is empty.
#[async_trait]
pub(super) trait Subject: Sync {
    fn sender(&self) -> &dyn Sender;

    fn source(&self) -> &dyn Source;

    /// Puts a message that a stranger made.
    async fn put(&self, message_id: Option<&str>, body: &'static [u8]);

    fn letters(&self) -> &dyn DeadLetters;

    /// Leaves nothing behind.
    async fn end(self);
}

/// One test for each promise, against a fresh subject that `$open` makes.
macro_rules! suite {
    ($open:expr) => {
        $crate::queue::contract::suite!($open;
            a_sent_job_arrives_once_as_it_was_sent,
            every_send_that_returned_arrives,
            two_receivers_share,
            a_receiver_has_one_in_hand,
            a_dropped_delivery_comes_again_and_counts_as_a_crash,
            a_secured_delivery_that_was_not_acked_comes_again,
            what_a_dropped_receiver_had_goes_to_another,
            a_receiver_that_stops_loses_nothing,
            stopping_with_one_in_hand_counts_no_crash,
            handing_back_spends_no_attempt,
            a_cancelled_receive_loses_nothing,
            a_retry_is_not_early_and_knows_its_history,
            a_retry_without_delay_comes_at_once,
            a_snooze_waits_and_spends_no_attempt,
            a_later_retry_does_not_hold_up_an_earlier_one,
            a_history_keeps_its_newest_entries,
            a_message_that_crashes_its_workers_is_buried_in_the_end,
            what_is_no_job_is_delivered_and_can_be_buried,
            depth_counts_what_waits_and_is_due,
            a_queue_that_works_says_so,
            a_letter_tells_why_it_lies_there,
            sixty_looks_lose_nothing,
            a_replayed_letter_is_a_first_attempt_with_its_history,
            a_removed_letter_is_gone_and_its_neighbours_stay,
            what_dies_during_a_look_is_for_the_next_one,
            what_is_no_job_is_replayed_as_it_is,
            looks_that_end_early_lose_nothing,
            what_the_queue_buries_is_news_until_it_was_told,
        );
    };
    ($open:expr; $($promise:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $promise() {
            let subject = $open.await;
            $crate::queue::contract::$promise(&subject).await;
            $crate::queue::contract::Subject::end(subject).await;
        }
    )*};
}
pub(super) use suite;

pub(super) async fn a_sent_job_arrives_once_as_it_was_sent(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    send(subject, [1]).await;
    let delivery = receive(&mut receiver).await;
    assert_eq!(delivery.job().unwrap(), job(1));
    assert_eq!(delivery.message_id, Some(job(1).id().to_string()));
    assert_eq!((delivery.attempt, delivery.crashes), (1, 0));
    assert_eq!(delivery.history, []);
    done(delivery).await;
    // Were the first still there, it would come before the second.
    send(subject, [2]).await;
    assert_eq!(receive_and_finish(&mut receiver).await, job(2));
    assert_eq!(subject.sender().depth().await.unwrap(), 0);
}

pub(super) async fn every_send_that_returned_arrives(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    let numbers = 0..100;
    send(subject, numbers.clone()).await;
    let mut arrived = HashSet::new();
    for _ in numbers.clone() {
        arrived.insert(receive_and_finish(&mut receiver).await.id());
    }
    assert_eq!(arrived, numbers.map(|number| job(number).id()).collect());
}

pub(super) async fn two_receivers_share(subject: &dyn Subject) {
    let mut first = receiver(subject).await;
    let mut second = receiver(subject).await;
    send(subject, [1, 2]).await;
    let (one, two) = tokio::join!(receive(&mut first), receive(&mut second));
    assert_ne!(one.job().unwrap(), two.job().unwrap());
    done(one).await;
    done(two).await;
}

pub(super) async fn a_receiver_has_one_in_hand(subject: &dyn Subject) {
    let mut first = receiver(subject).await;
    send(subject, [1, 2]).await;
    let one = receive(&mut first).await;
    // Had the first receiver been given both, the second would wait in vain.
    let mut second = receiver(subject).await;
    done(receive(&mut second).await).await;
    done(one).await;
}

pub(super) async fn a_dropped_delivery_comes_again_and_counts_as_a_crash(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    send(subject, [1]).await;
    drop(receive(&mut receiver).await);
    let again = receive(&mut receiver).await;
    assert_eq!(again.job().unwrap(), job(1));
    assert_eq!((again.attempt, again.crashes), (1, 1));
    done(again).await;
}

pub(super) async fn a_secured_delivery_that_was_not_acked_comes_again(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    send(subject, [1]).await;
    let delivery = receive(&mut receiver).await;
    drop(delivery.secure(&Verdict::Done, "worker", 0).await.unwrap());
    assert_eq!(receive_and_finish(&mut receiver).await, job(1));
}

pub(super) async fn what_a_dropped_receiver_had_goes_to_another(subject: &dyn Subject) {
    let mut first = receiver(subject).await;
    send(subject, [1]).await;
    let delivery = receive(&mut first).await;
    drop(first);
    drop(delivery);
    let mut second = receiver(subject).await;
    assert_eq!(receive_and_finish(&mut second).await, job(1));
}

pub(super) async fn a_receiver_that_stops_loses_nothing(subject: &dyn Subject) {
    let mut first = receiver(subject).await;
    send(subject, [1, 2]).await;
    done(receive(&mut first).await).await;
    let mut second = receiver(subject).await;
    let last = match within(first.stop()).await {
        Some(last) => last,
        None => receive(&mut second).await,
    };
    assert_eq!((last.job().unwrap(), last.attempt), (job(2), 1));
    done(last).await;
    send(subject, [3]).await;
    assert_eq!(receive_and_finish(&mut second).await, job(3));
}

pub(super) async fn stopping_with_one_in_hand_counts_no_crash(subject: &dyn Subject) {
    let mut first = receiver(subject).await;
    send(subject, [1, 2]).await;
    let one = receive(&mut first).await;
    assert!(within(first.stop()).await.is_none());
    done(one).await;
    let two = receive(&mut receiver(subject).await).await;
    assert_eq!((two.attempt, two.crashes), (1, 0));
    done(two).await;
    assert_eq!(subject.sender().depth().await.unwrap(), 0);
}

pub(super) async fn handing_back_spends_no_attempt(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    send(subject, [1]).await;
    let delivery = receive(&mut receiver).await;
    delivery.hand_back().await.unwrap();
    let again = receive(&mut receiver).await;
    assert_eq!((again.attempt, again.history.len()), (1, 0));
    done(again).await;
}

pub(super) async fn a_cancelled_receive_loses_nothing(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    let numbers = 0..5;
    send(subject, numbers.clone()).await;
    let mut arrived = HashSet::new();
    // Given up at one moment after another between asking and getting.
    for moments in 0..20 {
        if let Some(delivery) = receive_for(&mut receiver, moments).await {
            arrived.insert(delivery.job().unwrap().id());
            done(delivery).await;
        }
    }
    while arrived.len() < numbers.len() {
        let delivery = receive(&mut receiver).await;
        assert_eq!((delivery.attempt, delivery.crashes), (1, 0));
        arrived.insert(delivery.job().unwrap().id());
        done(delivery).await;
    }
}

pub(super) async fn a_retry_is_not_early_and_knows_its_history(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    send(subject, [1]).await;
    let delivery = receive(&mut receiver).await;
    let delay = Duration::from_millis(700);
    let started = Instant::now();
    retry(delivery, delay).await;
    let again = receive(&mut receiver).await;
    assert!(started.elapsed() >= delay, "{:?}", started.elapsed());
    assert_eq!(again.job().unwrap(), job(1));
    assert_eq!(again.message_id, Some(job(1).id().to_string()));
    assert_eq!((again.attempt, again.crashes), (2, 0));
    assert_eq!(again.history, [attempt(1, Some(700))]);
    done(again).await;
}

pub(super) async fn a_retry_without_delay_comes_at_once(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    send(subject, [1]).await;
    retry(receive(&mut receiver).await, Duration::ZERO).await;
    let again = receive(&mut receiver).await;
    assert_eq!((again.job().unwrap(), again.attempt), (job(1), 2));
    done(again).await;
}

pub(super) async fn a_snooze_waits_and_spends_no_attempt(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    send(subject, [1]).await;
    retry(receive(&mut receiver).await, Duration::ZERO).await;
    let (delay, mut started) = (Duration::from_millis(300), Instant::now());
    for snoozes in 0..2 {
        let delivery = receive(&mut receiver).await;
        assert_eq!((delivery.attempt, delivery.snoozes), (2, snoozes));
        started = Instant::now();
        snooze(delivery, delay).await;
    }
    let again = receive(&mut receiver).await;
    let waited = started.elapsed();
    assert_eq!((again.job().unwrap(), again.attempt), (job(1), 2));
    assert_eq!((again.snoozes, again.crashes), (2, 0));
    assert_eq!(again.history, [attempt(1, Some(0))]);
    assert!(waited >= delay, "{waited:?}");
    done(again).await;
}

pub(super) async fn a_later_retry_does_not_hold_up_an_earlier_one(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    let delays_ms = [2000, 1300, 700, 200];
    let mut due = Vec::new();
    for (number, delay_ms) in (0..).zip(delays_ms) {
        send(subject, [number]).await;
        let delivery = receive(&mut receiver).await;
        let delay = Duration::from_millis(delay_ms);
        due.push(Instant::now() + delay);
        retry(delivery, delay).await;
    }
    for number in [3, 2, 1, 0] {
        let delivery = receive(&mut receiver).await;
        assert_eq!(delivery.job().unwrap(), job(number));
        assert!(Instant::now() >= due[usize::from(number)]);
        done(delivery).await;
    }
}

pub(super) async fn a_history_keeps_its_newest_entries(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    send(subject, [1]).await;
    let attempts_max = HISTORY_ENTRIES_MAX + 3;
    for _ in 1..attempts_max {
        retry(receive(&mut receiver).await, Duration::ZERO).await;
    }
    let last = receive(&mut receiver).await;
    assert_eq!(last.attempt as usize, attempts_max);
    assert_eq!(last.history.len(), HISTORY_ENTRIES_MAX);
    assert_eq!(last.history.last().unwrap().attempt, last.attempt - 1);
    done(last).await;
}

pub(super) async fn a_message_that_crashes_its_workers_is_buried_in_the_end(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    send(subject, [1]).await;
    for crashes in 0..=super::CRASHES_MAX {
        let delivery = receive(&mut receiver).await;
        assert_eq!(delivery.crashes, crashes);
    }
    let letter = dead::one_letter(subject).await;
    assert_eq!(letter.job_id, Some(job(1).id()));
}

pub(super) async fn what_is_no_job_is_delivered_and_can_be_buried(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    subject.put(None, b"not a job").await;
    let delivery = receive(&mut receiver).await;
    assert_eq!(delivery.body, &b"not a job"[..]);
    assert_eq!((&delivery.message_id, delivery.attempt), (&None, 1));
    assert!(delivery.job().is_err());
    bury(delivery, Reason::Undecodable).await;
    let letter = dead::one_letter(subject).await;
    assert_eq!(letter.reason, Death::Buried(Reason::Undecodable));
}

pub(super) async fn depth_counts_what_waits_and_is_due(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    send(subject, 0..6).await;
    let later = receive(&mut receiver).await;
    retry(later, Duration::from_secs(600)).await;
    let in_hand = receive(&mut receiver).await;
    assert_eq!(subject.sender().depth().await.unwrap(), 4);
    done(in_hand).await;
}

pub(super) async fn a_queue_that_works_says_so(subject: &dyn Subject) {
    subject.sender().check().await.unwrap();
}

/// The job of this number; the same number is the same job.
pub(super) fn job(number: u8) -> Job {
    let recipe = json!({ "wm_format": "jpeg", "wm_text": "NWS" });
    let recipe = serde_json::from_value(recipe).unwrap();
    Job::new(Digest::of(&[number]), recipe, 1_700_000_000_000)
}

pub(super) async fn receiver(subject: &dyn Subject) -> Box<dyn Receiver> {
    within(subject.source().receiver()).await.unwrap()
}

/// Sends the jobs of these numbers at once.
pub(super) async fn send(subject: &dyn Subject, numbers: impl IntoIterator<Item = u8>) {
    let jobs: Vec<_> = numbers.into_iter().map(job).collect();
    let sent = within(join_all(jobs.iter().map(|job| subject.sender().send(job)))).await;
    sent.into_iter().collect::<Result<(), _>>().unwrap();
}

pub(super) async fn receive(receiver: &mut Box<dyn Receiver>) -> Delivery {
    within(receiver.receive()).await.unwrap()
}

pub(super) async fn receive_and_finish(receiver: &mut Box<dyn Receiver>) -> Job {
    let delivery = receive(receiver).await;
    let job = delivery.job().unwrap();
    done(delivery).await;
    job
}

pub(super) async fn done(delivery: Delivery) {
    let secured = delivery.secure(&Verdict::Done, "worker", 0).await.unwrap();
    secured.ack().await.unwrap();
}

pub(super) async fn retry(delivery: Delivery, delay: Duration) {
    let verdict = Verdict::Retry {
        delay,
        failure: failure(),
    };
    let secured = delivery.secure(&verdict, "worker", 0).await.unwrap();
    secured.ack().await.unwrap();
}

pub(super) async fn snooze(delivery: Delivery, delay: Duration) {
    let verdict = Verdict::Snooze {
        delay,
        failure: failure(),
    };
    let secured = delivery.secure(&verdict, "worker", 0).await.unwrap();
    secured.ack().await.unwrap();
}

pub(super) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it did not come to pass")
}

pub(super) async fn bury(delivery: Delivery, reason: Reason) {
    let verdict = Verdict::Bury {
        reason,
        failure: failure(),
    };
    let secured = delivery.secure(&verdict, "worker", 0).await.unwrap();
    secured.ack().await.unwrap();
}

/// Asks for a delivery, and gives up after so many turns of the runtime.
async fn receive_for(receiver: &mut Box<dyn Receiver>, moments: usize) -> Option<Delivery> {
    let mut receiving = receiver.receive();
    for _ in 0..=moments {
        if let std::task::Poll::Ready(delivery) = futures::poll!(&mut receiving) {
            return Some(delivery.unwrap());
        }
        tokio::task::yield_now().await;
    }
    None
}

pub(super) fn failure() -> Failure {
    Failure {
        code: "objects_unavailable".into(),
        message: "objects get: no answer within 5000 ms".into(),
    }
}

fn attempt(attempt: u32, wait_ms: Option<u64>) -> Attempt {
    let Failure { code, message } = failure();
    Attempt {
        attempt,
        at_ms: 0,
        worker: "worker".into(),
        code,
        message,
        wait_ms,
    }
}
