//! Against a real broker, each test in a namespace of its own.

mod alone;
mod broker;
mod floods;
mod proxy;
mod surprises;
mod three_nodes;
mod troubles;
mod waits;

use std::sync::atomic::{AtomicU32, Ordering};

use lapin::{Channel, Connection, ConnectionProperties, options::QueueDeleteOptions};

use self::proxy::Proxy;
use super::*;
use crate::queue::contract::{
    self, Subject, done, job, receive, receive_and_finish, receiver, retry, send, within,
};
use crate::queue::dead::{DeadLetters, Letter};

/// A queue of the test's own at the shared broker.
struct Networked {
    queue: RabbitQueue,
}

impl Networked {
    async fn new() -> Self {
        Self::with(config(&server())).await
    }

    async fn with(config: Config) -> Self {
        let queue = RabbitQueue::start(config);
        within(queue.0.consume.session()).await.unwrap();
        Self { queue }
    }

    /// Whose connections go through a wire that can be cut.
    async fn proxied() -> (Self, Proxy) {
        let proxy = wire().await;
        (Self::with(config(&proxied(&proxy))).await, proxy)
    }

    /// The same queue, past the proxy.
    fn direct(&self) -> Self {
        let config = Config {
            servers: server().parse().unwrap(),
            ..Config::clone(&self.queue.0.config)
        };
        Self {
            queue: RabbitQueue::start(config),
        }
    }

    async fn delete_jobs_queue(&self) {
        let (_connection, channel) = admin().await;
        let name = self.queue.0.topology.jobs_queue();
        channel
            .queue_delete(name, QueueDeleteOptions::default())
            .await
            .unwrap();
    }
}

impl Networked {
    /// Takes the dead letters out.
    async fn dead_letters(&self) -> Vec<Letter> {
        let mut look = self.queue.look().await.unwrap();
        let mut letters = Vec::new();
        while let Some(found) = look.next().await.unwrap() {
            letters.push(found.letter.clone());
            found.remove().await.unwrap();
        }
        look.end().await.unwrap();
        letters
    }
}

#[async_trait]
impl Subject for Networked {
    fn sender(&self) -> &dyn Sender {
        &self.queue
    }

    fn source(&self) -> &dyn Source {
        &self.queue
    }

    async fn put(&self, message_id: Option<&str>, body: &'static [u8]) {
        let properties = match message_id {
            Some(id) => BasicProperties::default().with_message_id(id.into()),
            None => BasicProperties::default(),
        };
        self.queue.0.publish_job(properties, body).await.unwrap();
    }

    fn letters(&self) -> &dyn DeadLetters {
        &self.queue
    }

    async fn end(self) {
        let (_connection, channel) = admin().await;
        self.queue.close().await;
        self.queue.0.topology.delete(&channel).await.unwrap();
    }
}

/// An administrator's hand.
async fn admin() -> (Connection, Channel) {
    let servers: Servers = server().parse().unwrap();
    let first = servers.iter().next().unwrap().clone();
    let connection = Connection::connect_uri(first, ConnectionProperties::default()).await;
    let connection = connection.unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

fn server() -> String {
    std::env::var("NWS_TEST_AMQP_URL").expect(
        "this test needs a RabbitMQ in NWS_TEST_AMQP_URL: run ops/test, or ops/services run cargo test",
    )
}

/// A wire to the shared broker.
async fn wire() -> Proxy {
    let servers: Servers = server().parse().unwrap();
    Proxy::to(config::address(servers.iter().next().unwrap())).await
}

/// The shared broker's URL, by way of `proxy`.
fn proxied(proxy: &Proxy) -> String {
    let server = server();
    let (before, path) = server.rsplit_once('/').unwrap();
    let (user, _) = before.rsplit_once('@').unwrap();
    format!("{user}@{}/{path}", proxy.address)
}

fn config(servers: &str) -> Config {
    static TESTS: AtomicU32 = AtomicU32::new(0);
    let number = TESTS.fetch_add(1, Ordering::Relaxed);
    let namespace = format!(
        "test-{}-{}-{number}",
        std::process::id(),
        crate::clock::now_ms()
    );
    Config {
        namespace: namespace.parse().unwrap(),
        ..Config::new(servers.parse().unwrap())
    }
}

contract::suite!(Networked::new());

#[tokio::test]
async fn a_receiver_outlives_its_connection() {
    let (subject, proxy) = Networked::proxied().await;
    let mut receiver = receiver(&subject).await;
    send(&subject, [1]).await;
    assert_eq!(receive_and_finish(&mut receiver).await, job(1));
    // An answer on the same connection: the acknowledgement before it has arrived.
    subject.queue.depth().await.unwrap();
    proxy.cut();
    let direct = subject.direct();
    send(&direct, [2]).await;
    assert!(subject.queue.0.consume.session_now().is_none());
    proxy.mend();
    assert_eq!(receive_and_finish(&mut receiver).await, job(2));
    subject.end().await;
}

#[tokio::test]
async fn a_receiver_that_waits_outlives_its_connection() {
    let (subject, proxy) = Networked::proxied().await;
    let mut receiver = receiver(&subject).await;
    let direct = subject.direct();
    let outage = async {
        proxy.cut();
        send(&direct, [1]).await;
        proxy.mend();
    };
    let (job_again, ()) = tokio::join!(receive_and_finish(&mut receiver), outage);
    assert_eq!(job_again, job(1));
    subject.end().await;
}

#[tokio::test]
async fn a_receiver_has_one_in_hand_after_a_reconnect_too() {
    let (subject, proxy) = Networked::proxied().await;
    let mut first = receiver(&subject).await;
    send(&subject, [0]).await;
    receive_and_finish(&mut first).await;
    proxy.cut();
    let direct = subject.direct();
    send(&direct, [1, 2]).await;
    proxy.mend();
    let one = receive(&mut first).await;
    let mut second = receiver(&subject).await;
    done(receive(&mut second).await).await;
    done(one).await;
    subject.end().await;
}

#[tokio::test]
async fn what_was_in_hand_when_the_connection_broke_comes_again() {
    let (subject, proxy) = Networked::proxied().await;
    let mut receiver = receiver(&subject).await;
    send(&subject, [1]).await;
    let lost = receive(&mut receiver).await;
    proxy.cut();
    let direct = subject.direct();
    let mut other = contract::receiver(&direct).await;
    let again = receive(&mut other).await;
    assert_eq!((again.job().unwrap(), again.crashes), (job(1), 1));
    let secured = lost.secure(&crate::Verdict::Done, "worker", 0).await;
    let stale = secured.unwrap().ack().await.unwrap_err();
    assert_eq!(stale.op, "ack", "what the metrics count: {stale}");
    done(again).await;
    proxy.mend();
    subject.end().await;
}

#[tokio::test]
async fn sending_fails_while_the_broker_is_away_and_works_when_it_is_back() {
    let proxy = wire().await;
    let config = Config {
        publish_max: Duration::from_millis(300),
        answer_max: Duration::from_millis(300),
        ..config(&proxied(&proxy))
    };
    proxy.cut();
    let queue = RabbitQueue::start(config);
    let refused = queue.send(&job(1)).await.unwrap_err();
    assert_eq!(refused.to_string(), "queue send: no answer within 300 ms");
    assert!(queue.check().await.is_err());
    proxy.mend();
    within(queue.0.publish.session()).await.unwrap();
    let subject = Networked { queue };
    send(&subject, [1]).await;
    subject.end().await;
}

#[tokio::test]
async fn a_message_that_no_queue_gets_is_an_error_and_the_queue_is_declared_again() {
    let subject = Networked::new().await;
    send(&subject, [1]).await;
    subject.delete_jobs_queue().await;
    let refused = subject.queue.send(&job(2)).await.unwrap_err();
    assert!(refused.to_string().contains("NO_ROUTE"), "{refused}");
    send(&subject, [3]).await;
    assert_eq!(
        receive_and_finish(&mut receiver(&subject).await).await,
        job(3)
    );
    subject.end().await;
}

#[tokio::test]
async fn a_receiver_outlives_its_queue() {
    let subject = Networked::new().await;
    let mut receiver = receiver(&subject).await;
    send(&subject, [1]).await;
    receive_and_finish(&mut receiver).await;
    let renewal = async {
        subject.delete_jobs_queue().await;
        // Unroutable until the receiver's new session has declared the queue again.
        while subject.queue.send(&job(2)).await.is_err() {}
    };
    let (arrived, ()) =
        within(async { tokio::join!(receive_and_finish(&mut receiver), renewal) }).await;
    assert_eq!(arrived, job(2));
    subject.end().await;
}

#[tokio::test]
async fn a_silent_receiver_looks_for_messages_and_goes_on() {
    let subject = Networked::with(Config {
        silence_max: Duration::from_millis(50),
        ..config(&server())
    })
    .await;
    let mut receiver = receiver(&subject).await;
    send(&subject, [1]).await;
    // Long enough for several looks.
    retry(receive(&mut receiver).await, Duration::from_millis(500)).await;
    assert_eq!(receive_and_finish(&mut receiver).await, job(1));
    subject.end().await;
}

#[tokio::test]
async fn the_ladder_takes_a_message_many_times() {
    let subject = Networked::new().await;
    let mut receiver = receiver(&subject).await;
    send(&subject, [1]).await;
    for attempt in 1..4 {
        let delivery = receive(&mut receiver).await;
        assert_eq!(delivery.attempt, attempt);
        retry(delivery, Duration::from_millis(300)).await;
    }
    assert_eq!(receive(&mut receiver).await.attempt, 4);
    subject.end().await;
}

#[tokio::test]
async fn what_waits_on_the_ladder_outlives_its_sender() {
    let subject = Networked::new().await;
    let mut first = receiver(&subject).await;
    send(&subject, [1]).await;
    retry(receive(&mut first).await, Duration::from_millis(800)).await;
    subject.queue.close().await;
    let other = subject.direct();
    assert_eq!(
        receive_and_finish(&mut receiver(&other).await).await,
        job(1)
    );
    other.end().await;
}

#[tokio::test]
async fn closing_gives_back_what_is_in_hand() {
    let subject = Networked::new().await;
    send(&subject, [1]).await;
    let mut first = receiver(&subject).await;
    let in_hand = receive(&mut first).await;
    within(subject.queue.close()).await;
    let other = subject.direct();
    let mut second = receiver(&other).await;
    assert_eq!(receive_and_finish(&mut second).await, job(1));
    drop(in_hand);
    let ended = within(first.receive()).await;
    assert!(ended.is_err(), "nobody waits for a closed queue");
    other.end().await;
}

#[tokio::test]
async fn the_next_server_of_the_list_is_tried() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let list = format!("amqp://user:geheim@{address}/%2f,{}", server());
    let subject = Networked::with(config(&list)).await;
    send(&subject, [1]).await;
    subject.end().await;
}
