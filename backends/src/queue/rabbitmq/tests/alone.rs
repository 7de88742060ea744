//! What happens to the whole broker. These tests have it to themselves.

use std::collections::HashSet;

use super::{super::ladder::UNIT, broker::control, *};

/// How many messages are on the ladder and in the queue when the broker dies.
const MESSAGES: u32 = 300;
/// The longest wait, in units of the ladder: as long as a broker takes to return, so that some come before and some after.
const WAIT_MAX: u32 = 63;

#[tokio::test]
async fn what_was_confirmed_survives_the_brokers_death() {
    let subject = Networked::new().await;
    let publishing = (0..MESSAGES).map(async |number| {
        let properties = BasicProperties::default().with_message_id(number.to_string().into());
        let delay = UNIT * (number % (WAIT_MAX + 1));
        let broker = &subject.queue.0;
        broker.publish_later(delay, properties, b"waits").await
    });
    for confirmed in within(futures::future::join_all(publishing)).await {
        confirmed.unwrap();
    }
    control(&["kill9"]).await;
    control(&["restart"]).await;
    let mut receiver = receiver(&subject).await;
    let mut arrived = HashSet::new();
    while arrived.len() < MESSAGES as usize {
        let delivery = receive(&mut receiver).await;
        arrived.insert(delivery.message_id.clone());
        done(delivery).await;
    }
    subject.end().await;
}

#[tokio::test]
async fn acks_pass_while_the_broker_takes_no_messages_and_retries_wait() {
    let subject = Networked::with(Config {
        publish_max: Duration::from_secs(1),
        ..config(&server())
    })
    .await;
    let (mut first, mut second) = (receiver(&subject).await, receiver(&subject).await);
    send(&subject, [1, 2, 3]).await;
    let (acked, retried) = tokio::join!(receive(&mut first), receive(&mut second));
    drop(second);
    let later = retried.job().unwrap();
    control(&["block"]).await;
    within(async { while subject.queue.send(&job(4)).await.is_ok() {} }).await;

    done(acked).await;
    assert_eq!(receive_and_finish(&mut first).await, job(3));
    let calm = async {
        subject.queue.send(&job(5)).await.unwrap_err();
        control(&["unblock"]).await;
    };
    tokio::join!(retry(retried, Duration::ZERO), calm);
    loop {
        let delivery = receive(&mut first).await;
        let (arrived, crashes) = (delivery.job().unwrap(), delivery.crashes);
        done(delivery).await;
        if arrived == later {
            assert_eq!(crashes, 0);
            break;
        }
    }
    subject.end().await;
}
