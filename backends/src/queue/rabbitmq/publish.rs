//! Publishing: done when the broker says that the message is safe, and not before.

use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable as _};
use lapin::{
    BasicProperties, Confirmation, message::BasicReturnMessage, options::BasicPublishOptions,
    types::ShortString,
};
use tokio::time::timeout;

use super::{
    config::Config,
    session::{self, Link, Session},
};
use crate::{
    Error,
    error::{Backend, Cause},
};

/// How often a message that was not taken is offered again; what lasts longer is the caller's to judge.
const AGAIN_MAX: usize = 3;
/// The first pause before that.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// What no queue is bound by.
const PROBE_KEY: &str = "probe";

/// A message on its way out.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) exchange: ShortString,
    pub(super) routing_key: ShortString,
    pub(super) properties: BasicProperties,
    pub(super) body: &'a [u8],
}

/// What the broker said.
enum Answer {
    Safe,
    /// It could not keep the message now, for example because the queue is full.
    NotNow,
    /// No queue would have got it.
    NoRoute(Box<BasicReturnMessage>),
}

/// Why a message was not taken.
enum Refusal {
    /// Another try may do.
    Passing(Error),
    Final(Error),
}

/// A message that was offered. Dropped without an answer, as when the time is over, it gives its session up if that had
/// time enough: a session that gives no answer and no reason is of no use. A session that was built while the message
/// waited for one is not to blame.
struct Offered<'a> {
    session: &'a Session,
    at: Instant,
    answer_max: Duration,
    answered: bool,
}

/// Publishes `message` within `publish_max`, through whatever session there is by then.
///
/// # Errors
/// When it was not confirmed; it may or may not arrive. A session that did not do its work is given up.
pub(super) async fn publish(
    link: &Link,
    config: &Config,
    op: &'static str,
    message: &Message<'_>,
) -> Result<(), Error> {
    let publish_max = config.publish_max;
    let offering = (|| offer(link, config.answer_max, op, message))
        .retry(pauses())
        .when(|refusal| matches!(refusal, Refusal::Passing(_)));
    match timeout(publish_max, offering).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Refusal::Passing(error) | Refusal::Final(error))) => Err(error),
        Err(_) => Err(Error::new(Backend::Queue, op, Cause::Timeout(publish_max))),
    }
}

/// Publishes a message that no queue gets, and waits until the broker has confirmed it. The broker tells an alarm only to
/// a connection that publishes: asked like this, it tells before an upload runs into it.
///
/// Who asks may have less patience than `answer_max`, and asks again. While no probe is confirmed no upload is taken in
/// either, whose publish would find out that the session is of no use: so the probes count together.
///
/// # Errors
/// When it was not confirmed in time. A session that cannot publish is given up.
pub(super) async fn probe(
    session: &Session,
    answer_max: Duration,
    exchange: ShortString,
) -> Result<(), Error> {
    let mut offered = Offered {
        session,
        at: session.probed(),
        answer_max,
        answered: false,
    };
    match session::answered("check", answer_max, probed(session, exchange)).await {
        Ok(_) => {
            offered.answered = true;
            session.probe_confirmed();
            Ok(())
        }
        Err(error) => {
            if !matches!(error.cause, Cause::Timeout(_)) {
                session.give_up();
            }
            Err(error)
        }
    }
}

async fn probed(session: &Session, exchange: ShortString) -> lapin::Result<Confirmation> {
    let publish = session.channel.basic_publish(
        exchange,
        PROBE_KEY.into(),
        BasicPublishOptions::default(),
        b"",
        BasicProperties::default(),
    );
    publish.await?.await
}

impl Drop for Offered<'_> {
    fn drop(&mut self) {
        if !self.answered && self.session.is_silent(self.at, self.answer_max) {
            self.session.give_up();
        }
    }
}

fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(PAUSE_MIN)
        .with_max_times(AGAIN_MAX)
        .with_jitter()
}

async fn offer(
    link: &Link,
    answer_max: Duration,
    op: &'static str,
    message: &Message<'_>,
) -> Result<(), Refusal> {
    let refused = |why| Error::new(Backend::Queue, op, Cause::Refused(why));
    let session = link.session().await.map_err(Refusal::Final)?;
    session.unblocked().await;
    match answered(&session, answer_max, message).await {
        Ok(Answer::Safe) => Ok(()),
        Ok(Answer::NotNow) => {
            let why = "the broker cannot keep the message now".into();
            Err(Refusal::Passing(refused(why)))
        }
        Ok(Answer::NoRoute(returned)) => {
            // Somebody removed a queue or a binding: the next session declares it again.
            session.give_up();
            let why = format!("{} {}", returned.reply_code, returned.reply_text);
            Err(Refusal::Final(refused(why)))
        }
        Err(error) => {
            session.give_up();
            Err(Refusal::Passing(Error::failed(Backend::Queue, op, error)))
        }
    }
}

async fn answered(
    session: &Session,
    answer_max: Duration,
    message: &Message<'_>,
) -> lapin::Result<Answer> {
    let mut offered = Offered {
        session,
        at: Instant::now(),
        answer_max,
        answered: false,
    };
    let answer = confirmed(session, message).await;
    offered.answered = true;
    answer
}

async fn confirmed(session: &Session, message: &Message<'_>) -> lapin::Result<Answer> {
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let confirm = session
        .channel
        .basic_publish(
            message.exchange.clone(),
            message.routing_key.clone(),
            options,
            message.body,
            message.properties.clone(),
        )
        .await?;
    Ok(match confirm.await? {
        Confirmation::Ack(None) => Answer::Safe,
        Confirmation::Ack(Some(returned)) => Answer::NoRoute(Box::new(returned)),
        // Without confirms nothing is known: the same as a no.
        Confirmation::Nack(_) | Confirmation::NotRequested => Answer::NotNow,
    })
}
