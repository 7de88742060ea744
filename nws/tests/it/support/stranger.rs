//! Strangers at the broker: they publish what they like, and die with what they took.

use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions},
};
use schemas::{Context, OutputFormat, Recipe, Request, recipe::Date};

use super::{process::service, until};

pub(crate) fn recipe(text: &str) -> Recipe {
    let mut request = Request::default();
    request.set("wm_text", text).unwrap();
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    request.resolve(&context).unwrap()
}

/// Publishes a message as a stranger does, without a `message_id`, to a fleet that is ready for it.
pub(crate) async fn publish(namespace: &str, body: &[u8]) {
    send(namespace, BasicProperties::default(), body).await;
}

/// The same, under a name that the stranger chose.
pub(crate) async fn publish_as(namespace: &str, message_id: &str, body: &[u8]) {
    let named = BasicProperties::default().with_message_id(message_id.into());
    send(namespace, named, body).await;
}

async fn send(namespace: &str, properties: BasicProperties, body: &[u8]) {
    let (connection, channel) = connect().await;
    let confirms = ConfirmSelectOptions::default();
    channel.confirm_select(confirms).await.unwrap();
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let persistent = properties.with_delivery_mode(2);
    let exchange = format!("{namespace}.jobs");
    let sent = channel.basic_publish(exchange.into(), "image".into(), options, body, persistent);
    let confirmed = sent.await.unwrap().await.unwrap();
    assert!(
        confirmed.is_ack() && confirmed.take_message().is_none(),
        "the message is routed"
    );
    connection.close(200, "done".into()).await.unwrap();
}

/// Takes the next job as a worker does, and dies with it in hand.
pub(crate) async fn take_and_die(namespace: &str) {
    let (connection, channel) = connect().await;
    let queue = format!("{namespace}.jobs.image.v1");
    until(async || {
        let taking = channel.basic_get(queue.as_str().into(), BasicGetOptions::default());
        taking.await.unwrap().is_some()
    })
    .await;
    connection.close(200, "it died".into()).await.unwrap();
}

async fn connect() -> (Connection, Channel) {
    let connection = Connection::connect(&service("AMQP_URL"), ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}
