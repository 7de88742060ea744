//! Messages by others than our publisher: jobs, and what is none.

use std::time::Duration;

use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use schemas::{Context, Digest, Job, OutputFormat, Recipe, Request, recipe::Date};
use tokio::time::{sleep, timeout};

/// How long one try may take, the connection included.
const TRY_MAX: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(500);

/// A message, and the id that its sender gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) body: Vec<u8>,
    pub(super) id: Option<String>,
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    NotJson,
    Schema,
    Id,
    OriginalMissing,
}

impl Wrong {
    pub(super) const ALL: [Self; 4] =
        [Self::NotJson, Self::Schema, Self::Id, Self::OriginalMissing];

    /// The reason that must stand beside it in its grave.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::NotJson | Self::Schema | Self::Id => "undecodable",
            Self::OriginalMissing => "original_missing",
        }
    }
}

/// A job for a photo that is stored.
pub(super) fn job(photo: &[u8], mark: &str) -> anyhow::Result<Job> {
    Ok(Job::new(Digest::of(photo), recipe(mark)?, 0))
}

/// The `number`th message of this kind in the run `seed`.
pub(super) fn poison(wrong: Wrong, seed: u64, number: usize) -> anyhow::Result<Message> {
    let mark = format!("{wrong:?} {number} of run {seed}");
    let job = job(mark.as_bytes(), &mark)?;
    Ok(match wrong {
        Wrong::NotJson => Message {
            body: mark.into_bytes(),
            id: None,
        },
        Wrong::Schema => Message {
            body: serde_json::to_vec(&serde_json::json!({ "version": 1, "mark": mark }))?,
            id: None,
        },
        Wrong::Id => Message {
            id: Some(Digest::of(mark.as_bytes()).to_string()),
            body: job.to_json(),
        },
        Wrong::OriginalMissing => Message {
            body: job.to_json(),
            id: None,
        },
    })
}

fn recipe(mark: &str) -> anyhow::Result<Recipe> {
    let mut request = Request::default();
    request.set("wm_text", mark)?;
    Ok(request.resolve(&Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg))?)
}

/// Publishes until the broker has confirmed. It may be there twice then.
pub(super) async fn publish(amqp_url: &str, namespace: &str, message: &Message) {
    for url in amqp_url.split(',').cycle() {
        let tried = timeout(TRY_MAX, publish_once(url, namespace, message)).await;
        if tried.is_ok_and(|tried| tried.is_ok()) {
            return;
        }
        sleep(PAUSE).await;
    }
}

async fn publish_once(url: &str, namespace: &str, message: &Message) -> anyhow::Result<()> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let mut properties = BasicProperties::default().with_delivery_mode(2);
    if let Some(id) = &message.id {
        properties = properties.with_message_id(id.as_str().into());
    }
    let exchange = format!("{namespace}.jobs").into();
    let sent = channel.basic_publish(exchange, "image".into(), options, &message.body, properties);
    let confirmed = sent.await?.await?;
    anyhow::ensure!(
        confirmed.is_ack() && confirmed.take_message().is_none(),
        "the message is not routed"
    );
    connection.close(200, "done".into()).await?;
    Ok(())
}
