//! What a queue or a message that is full may stop: what goes there, and nothing else.

use lapin::types::{AMQPValue, FieldTable};

use super::{broker::Management, *};
use crate::queue::Reason;

#[tokio::test]
async fn a_full_queue_refuses_and_keeps_what_it_took() {
    let subject = Networked::new().await;
    let jobs = subject.queue.0.topology.jobs_queue();
    let management = Management::new();
    management.fill(&jobs).await;
    let taken = subject.send_until_refused().await;
    management.empty(&jobs).await;
    let mut receiver = receiver(&subject).await;
    for number in 0..taken {
        assert_eq!(receive_and_finish(&mut receiver).await, job(number));
    }
    subject.end().await;
}

#[tokio::test]
async fn a_retry_that_finds_the_queue_full_waits_for_room() {
    let subject = Networked::new().await;
    let other = Networked::new().await;
    let mut first = receiver(&subject).await;
    let mut second = receiver(&subject).await;
    send(&subject, [200, 201]).await;
    let (retried, poison) = tokio::join!(receive(&mut first), receive(&mut second));
    // Neither receiver has another message in hand, so the queue stays full.
    drop((first, second));
    let jobs = subject.queue.0.topology.jobs_queue();
    let management = Management::new();
    management.fill(&jobs).await;
    let taken = subject.send_until_refused().await;

    let late = retried.job().unwrap();
    retry(retried, Duration::from_millis(200)).await;
    contract::bury(poison, Reason::AttemptsSpent).await;
    assert_eq!(subject.dead_letters().await.len(), 1, "others go on");
    other.retries_arrive(Duration::from_millis(400)).await;

    let mut receiver = contract::receiver(&subject).await;
    let mut arrived = Vec::new();
    for _ in 0..=taken {
        arrived.push(receive_and_finish(&mut receiver).await);
    }
    assert!(arrived.contains(&late), "{arrived:?}");
    management.empty(&jobs).await;
    subject.end().await;
    other.end().await;
}

#[tokio::test]
async fn full_dead_letters_hold_up_burials_only() {
    let subject = Networked::new().await;
    let mut first = receiver(&subject).await;
    send(&subject, [1]).await;
    let poison = receive(&mut first).await;
    let grave = subject.queue.0.topology.dead_queue();
    let management = Management::new();
    management.fill(&grave).await;
    let taken = subject.bury_until_refused().await;

    let burial = contract::bury(poison, Reason::AttemptsSpent);
    let others = async {
        subject.retries_arrive(Duration::from_millis(200)).await;
        subject.dead_letters().await.len()
    };
    let ((), before) = within(async { tokio::join!(burial, others) }).await;
    assert!(before >= taken, "{before} of {taken}");
    assert_eq!(subject.dead_letters().await.len(), 1);
    management.empty(&grave).await;
    subject.end().await;
}

#[tokio::test]
async fn a_message_whose_headers_fill_a_frame_is_buried_all_the_same() {
    let subject = Networked::new().await;
    let mut receiver = receiver(&subject).await;
    let filler = AMQPValue::LongString("x".repeat(130_900).into());
    let mut headers = FieldTable::default();
    headers.insert("filler".into(), filler);
    let stranger = BasicProperties::default().with_headers(headers);
    let queue = &subject.queue.0;
    queue.publish_job(stranger, b"no job").await.unwrap();
    contract::bury(receive(&mut receiver).await, Reason::Undecodable).await;
    assert_eq!(subject.dead_letters().await.len(), 1);
    subject.end().await;
}

impl Networked {
    /// Sends jobs until one is refused. The first of them are told to be safe, the last one not.
    async fn send_until_refused(&self) -> u8 {
        for number in 0..100 {
            if let Err(refused) = self.queue.send(&job(number)).await {
                let refused = refused.to_string();
                assert!(refused.contains("cannot keep the message"), "{refused}");
                return number;
            }
        }
        panic!("it takes any number of messages");
    }

    async fn bury_until_refused(&self) -> usize {
        for buried in 0..100 {
            let dead = headers::of_burial(&BasicProperties::default(), &[], Reason::Undecodable, 0);
            if self.queue.0.publish_dead(dead, b"dead").await.is_err() {
                return buried;
            }
        }
        panic!("it takes any number of messages");
    }

    /// A job goes through this queue, is retried, and comes again.
    async fn retries_arrive(&self, delay: Duration) {
        let mut receiver = receiver(self).await;
        send(self, [100]).await;
        retry(receive(&mut receiver).await, delay).await;
        let again = receive(&mut receiver).await;
        assert_eq!(again.attempt, 2);
        done(again).await;
    }
}
