//! What is done to a session from outside, and how it comes back.

use lapin::{
    options::{BasicAckOptions, QueueDeclareOptions},
    types::FieldTable,
};

use super::{broker::Management, *};

#[tokio::test]
async fn a_receiver_that_finds_no_queue_has_it_declared_again() {
    let subject = Networked::new().await;
    subject.delete_jobs_queue().await;
    let mut receiver = receiver(&subject).await;
    let sending = async { while subject.queue.send(&job(1)).await.is_err() {} };
    let (arrived, ()) =
        within(async { tokio::join!(receive_and_finish(&mut receiver), sending) }).await;
    assert_eq!(arrived, job(1));
    subject.end().await;
}

#[tokio::test]
async fn a_queue_that_is_declared_otherwise_is_named_and_left_alone() {
    let config = config(&server());
    let topology = Topology::new(config.namespace.clone());
    let (_connection, channel) = admin().await;
    let durable = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    let otherwise = channel.queue_declare(topology.jobs_queue(), durable, FieldTable::default());
    otherwise.await.unwrap();

    let refused = session::build(&config, &topology, Role::Publish).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.starts_with("queue declare: refused: "), "{refused}");
    assert!(refused.contains("PRECONDITION_FAILED"), "{refused}");
    assert!(
        refused.contains(topology.jobs_queue().as_str()),
        "{refused}"
    );

    // Whoever waits for it goes on as soon as it is put right.
    let queue = RabbitQueue::start(config);
    channel
        .queue_delete(topology.jobs_queue(), QueueDeleteOptions::default())
        .await
        .unwrap();
    within(queue.0.consume.session()).await.unwrap();
    let subject = Networked { queue };
    send(&subject, [1]).await;
    receive_and_finish(&mut receiver(&subject).await).await;
    subject.end().await;
}

#[tokio::test]
async fn connections_that_an_administrator_closes_are_built_again() {
    let management = Management::new();
    let mut config = config(&server());
    let vhost = config.namespace.to_string();
    management.add_vhost(&vhost).await;
    config.servers = server().replace("%2f", &vhost).parse().unwrap();
    let subject = Networked::with(config).await;
    let mut receiver = receiver(&subject).await;
    send(&subject, [1]).await;
    let in_hand = receive(&mut receiver).await;
    let held = (
        within(subject.queue.0.publish.session()).await.unwrap(),
        within(subject.queue.0.consume.session()).await.unwrap(),
    );

    within(management.close_connections(&vhost, 2)).await;
    within(async { tokio::join!(held.0.lost(), held.1.lost()) }).await;
    drop(in_hand);
    send(&subject, [2]).await;
    let mut arrived = [
        receive_and_finish(&mut receiver).await,
        receive_and_finish(&mut receiver).await,
    ];
    arrived.sort_by_key(|arrived| arrived != &job(1));
    assert_eq!(arrived, [job(1), job(2)]);
    subject.queue.close().await;
    management.delete_vhost(&vhost).await;
}

#[tokio::test]
async fn a_receiver_whose_channel_the_broker_closes_opens_another() {
    let subject = Networked::new().await;
    let broker = Arc::clone(&subject.queue.0);
    let jobs = broker.topology.jobs_queue();
    let mut receiver = RabbitReceiver::new(broker, jobs);
    send(&subject, [1]).await;
    done(within(receiver.receive()).await.unwrap()).await;
    provoke(receiver.channel().unwrap()).await;
    send(&subject, [2]).await;
    let next = within(receiver.receive()).await.unwrap();
    assert_eq!(next.job().unwrap(), job(2));
    done(next).await;
    subject.end().await;
}

#[tokio::test]
async fn a_consumer_that_is_doubted_for_nothing_costs_no_crash() {
    // Without patience every message is on its way when its consumer is doubted, because others wait behind it.
    let subject = Networked::with(Config {
        silence_max: Duration::ZERO,
        ..config(&server())
    })
    .await;
    send(&subject, 0..10).await;
    let mut receiver = receiver(&subject).await;
    for number in 0..10 {
        let delivery = receive(&mut receiver).await;
        let arrived = (delivery.job().unwrap(), delivery.crashes);
        assert_eq!(arrived, (job(number), 0));
        done(delivery).await;
    }
    subject.end().await;
}

#[tokio::test]
async fn a_sender_whose_channel_the_broker_closes_opens_another() {
    let subject = Networked::new().await;
    let session = within(subject.queue.0.publish.session()).await.unwrap();
    provoke(&session.channel).await;
    send(&subject, [1]).await;
    let mut receiver = receiver(&subject).await;
    assert_eq!(receive_and_finish(&mut receiver).await, job(1));
    subject.end().await;
}

/// Acknowledges what was never delivered: the broker closes the channel.
async fn provoke(channel: &Channel) {
    channel
        .basic_ack(1_000_000, BasicAckOptions::default())
        .await
        .unwrap();
    within(async {
        while channel.status().connected() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
