//! One connection to the broker that is built again whenever it breaks.
//!
//! lapin's own recovery stays off: with it, a channel that the broker closed leaves its consumer waiting for ever. A
//! supervisor of ours knows one cure for everything: whoever sees an error gives the session up, and it builds a new
//! one, topology included, with growing pauses and for as long as it takes.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures::StreamExt as _;
use lapin::{
    Channel, Connection, ConnectionProperties, Event, options::ConfirmSelectOptions, uri::AMQPUri,
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    config::{Config, address},
    topology::Topology,
};
use crate::{
    Error,
    clock::millis,
    error::{Backend, Cause},
};

/// The first pause before a broken session is built again.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest: how late a fleet notices that its broker is back.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Declaring 60 things, each a round trip, on a broker that has just started.
const DECLARE_MAX: Duration = Duration::from_secs(60);
/// Without a sign of life for twice as long, a connection counts as broken.
const HEARTBEAT_SECONDS: u16 = 10;

/// What a connection is for. An alarm of the broker's stops whoever publishes, acknowledgements on the same connection
/// included; so the two are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Publish,
    Consume,
}

/// A connection that is kept up.
pub(super) struct Link {
    role: Role,
    current: watch::Receiver<Option<Arc<Session>>>,
    closing: CancellationToken,
    supervisor: AbortOnDropHandle<()>,
}

/// A connection that worked when it was built.
pub(super) struct Session {
    pub(super) connection: Connection,
    /// For publishing with confirms, or for asking. A receiver opens a channel of its own.
    pub(super) channel: Channel,
    flow: watch::Sender<Flow>,
    /// When the first of the probes was sent that nobody confirmed.
    probed: Mutex<Option<Instant>>,
    broken: CancellationToken,
}

/// Whether the broker takes messages. It says so to a connection that has tried.
#[derive(Clone, Copy, Debug)]
enum Flow {
    Open {
        since: Instant,
    },
    /// Its memory or its disk is short.
    Blocked,
}

impl Link {
    /// Starts to keep a connection up.
    pub(super) fn start(config: Arc<Config>, role: Role) -> Self {
        let (sessions, current) = watch::channel(None);
        let closing = CancellationToken::new();
        let supervisor = tokio::spawn(supervise(config, role, sessions, closing.clone()));
        Self {
            role,
            current,
            closing,
            supervisor: AbortOnDropHandle::new(supervisor),
        }
    }

    /// The session, however long it takes until there is one.
    ///
    /// # Errors
    /// When the link was closed.
    pub(super) async fn session(&self) -> Result<Arc<Session>, Error> {
        let works = |session: &Option<Arc<Session>>| {
            session.as_ref().is_some_and(|session| session.works())
        };
        let mut current = self.current.clone();
        let session = current.wait_for(works).await.map_err(|_| closed())?;
        session.clone().ok_or_else(closed)
    }

    /// The session there is.
    pub(super) fn session_now(&self) -> Option<Arc<Session>> {
        self.current
            .borrow()
            .clone()
            .filter(|session| session.works())
    }

    /// Ends the connection; what its receivers had in hand goes back at once.
    pub(super) async fn close(&self) {
        self.closing.cancel();
        let mut current = self.current.clone();
        // The supervisor drops its side when it has said goodbye.
        while current.changed().await.is_ok() {}
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("role", &self.role)
            .field("up", &self.session_now().is_some())
            .field("supervised", &!self.supervisor.is_finished())
            .finish()
    }
}

impl Flow {
    fn open() -> Self {
        Self::Open {
            since: Instant::now(),
        }
    }
}

impl Session {
    /// Says that this session does not work any more; a new one is built.
    pub(super) fn give_up(&self) {
        self.broken.cancel();
    }

    /// Returns when the broker takes no messages.
    pub(super) async fn blocked(&self) {
        let mut flow = self.flow.subscribe();
        // The sending side is ours, so this does not fail.
        let _ = flow.wait_for(|flow| matches!(flow, Flow::Blocked)).await;
    }

    /// Whether the broker has owed an answer for `answer_max` to what it was `asked` then. Blocked, it owes none.
    pub(super) fn is_silent(&self, asked: Instant, answer_max: Duration) -> bool {
        match *self.flow.borrow() {
            Flow::Open { since } => asked.max(since).elapsed() >= answer_max,
            Flow::Blocked => false,
        }
    }

    /// Notes a probe, and says since when probes have gone without a confirm.
    pub(super) fn probed(&self) -> Instant {
        *self.first_probe().get_or_insert_with(Instant::now)
    }

    pub(super) fn probe_confirmed(&self) {
        *self.first_probe() = None;
    }

    /// No code of ours panics while it holds this.
    fn first_probe(&self) -> MutexGuard<'_, Option<Instant>> {
        self.probed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when the broker takes messages, or when there is no use in waiting for that.
    ///
    /// What is published to a broker that does not read stays in this process's memory; so nothing is.
    pub(super) async fn unblocked(&self) {
        let mut flow = self.flow.subscribe();
        tokio::select! {
            _ = flow.wait_for(|flow| matches!(flow, Flow::Open { .. })) => {}
            () = self.broken.cancelled() => {}
        }
    }

    /// Returns when this session was given up or closed.
    pub(super) async fn lost(&self) {
        self.broken.cancelled().await;
    }

    pub(super) fn works(&self) -> bool {
        !self.broken.is_cancelled() && self.connection.status().connected()
    }

    /// Returns when the connection is of no use any more.
    ///
    /// It listens from the call on, not from the first poll: whoever lends the session out calls it before.
    pub(super) fn ended(&self) -> impl Future<Output = ()> + '_ {
        let mut events = Box::pin(self.connection.events_listener());
        async move {
            // lapin changes the state before it tells: what nobody heard shows there.
            while self.works() {
                tokio::select! {
                    () = self.broken.cancelled() => return,
                    event = events.next() => match event {
                        Some(event) => self.hear(event),
                        None => return,
                    },
                }
            }
        }
    }

    pub(super) fn hear(&self, event: Event) {
        match event {
            Event::ConnectionBlocked(reason) => {
                tracing::warn!(reason, "broker takes no messages now");
                self.flow.send_replace(Flow::Blocked);
            }
            Event::ConnectionUnblocked => {
                self.flow.send_replace(Flow::open());
            }
            // The connection's end shows in its state; a channel's error is for who uses the channel.
            _ => {}
        }
    }

    async fn close(&self, answer_max: Duration) {
        self.broken.cancel();
        let goodbye = self.connection.close(200, "goodbye".into());
        // A broker that is gone does not answer; there is nothing left to save.
        let _ = timeout(answer_max, goodbye).await;
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("works", &self.works())
            .finish_non_exhaustive()
    }
}

/// A question to the broker, answered in time or not at all.
pub(super) async fn answered<T>(
    op: &'static str,
    answer_max: Duration,
    question: impl Future<Output = lapin::Result<T>>,
) -> Result<T, Error> {
    match timeout(answer_max, question).await {
        Ok(answer) => answer.map_err(|error| Error::failed(Backend::Queue, op, error)),
        Err(_) => Err(Error::new(Backend::Queue, op, Cause::Timeout(answer_max))),
    }
}

fn closed() -> Error {
    Error::failed(Backend::Queue, "connect", "the queue was closed")
}

async fn supervise(
    config: Arc<Config>,
    role: Role,
    sessions: watch::Sender<Option<Arc<Session>>>,
    closing: CancellationToken,
) {
    let topology = Topology::new(config.namespace.clone());
    let mut pauses = pauses().build();
    while !closing.is_cancelled() {
        let began = Instant::now();
        tokio::select! {
            () = closing.cancelled() => {}
            built = build(&config, &topology, role) => match built {
                Ok(session) => keep(Arc::new(session), &config, &sessions, &closing).await,
                Err(error) => tell(&error, role),
            },
        }
        if began.elapsed() > PAUSE_MAX {
            pauses = self::pauses().build();
        }
        tokio::select! {
            () = closing.cancelled() => {}
            () = sleep(pauses.next().unwrap_or(PAUSE_MAX)) => {}
        }
    }
}

/// Lends the session out for as long as it works.
async fn keep(
    session: Arc<Session>,
    config: &Config,
    sessions: &watch::Sender<Option<Arc<Session>>>,
    closing: &CancellationToken,
) {
    let ended = session.ended(); // before others can break it
    sessions.send_replace(Some(Arc::clone(&session)));
    tokio::select! {
        () = closing.cancelled() => {}
        () = ended => tracing::warn!("connection to the broker broke, building a new one"),
    }
    sessions.send_replace(None);
    session.close(config.answer_max).await;
}

/// A broker that is away comes back. One that refuses waits for a person: another version, or a hand, has declared a
/// queue of ours with other arguments, and what it promises is not what we promise.
fn tell(error: &Error, role: Role) {
    match error.cause {
        Cause::Refused(_) => {
            tracing::error!(%error, ?role, "broker refuses our exchanges and queues, trying again");
        }
        _ => tracing::warn!(%error, ?role, "broker cannot be reached, trying again"),
    }
}

/// Growing, and different in every process: a fleet does not knock in step.
pub(super) fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(PAUSE_MIN)
        .with_max_delay(PAUSE_MAX)
        .with_jitter()
        .without_max_times()
}

/// The first server that takes us. A fleet begins at different ones, and so spreads over a cluster.
pub(super) async fn build(
    config: &Config,
    topology: &Topology,
    role: Role,
) -> Result<Session, Error> {
    let mut last = Error::failed(Backend::Queue, "connect", "the list of servers is empty");
    let anywhere = usize::from(rand::random::<u16>());
    for uri in config.servers.beginning_at(anywhere) {
        match build_at(uri, config, topology, role).await {
            Ok(session) => {
                tracing::info!(server = address(uri), ?role, "connected to the broker");
                return Ok(session);
            }
            Err(error) => {
                tracing::debug!(%error, server = address(uri), "server does not take us");
                last = error;
            }
        }
    }
    Err(last)
}

async fn build_at(
    uri: &AMQPUri,
    config: &Config,
    topology: &Topology,
    role: Role,
) -> Result<Session, Error> {
    let max = config.answer_max;
    let connecting = Connection::connect_uri(patient(uri, config), properties(role));
    let connection = answered("connect", config.connect_max, connecting).await?;
    let channel = answered("open_channel", max, connection.create_channel()).await?;
    declare(topology, &channel).await?;
    if role == Role::Publish {
        let confirms = channel.confirm_select(ConfirmSelectOptions::default());
        answered("confirm_select", max, confirms).await?;
    }
    Ok(Session {
        connection,
        channel,
        flow: watch::Sender::new(Flow::open()),
        probed: Mutex::default(),
        broken: CancellationToken::new(),
    })
}

async fn declare(topology: &Topology, channel: &Channel) -> Result<(), Error> {
    let failed = |cause| Error::new(Backend::Queue, "declare", cause);
    match timeout(DECLARE_MAX, topology.declare(channel)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) if error.is_amqp_soft_error() => {
            Err(failed(Cause::Refused(error.to_string())))
        }
        Ok(Err(error)) => Err(failed(Cause::Failed(error.into()))),
        Err(_) => Err(failed(Cause::Timeout(DECLARE_MAX))),
    }
}

/// The same server, with limits of time where the URL has none.
fn patient(uri: &AMQPUri, config: &Config) -> AMQPUri {
    let mut uri = uri.clone();
    let connect_ms = millis(config.connect_max);
    uri.query.connection_timeout.get_or_insert(connect_ms);
    uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
    uri
}

/// The name that the broker's own page shows.
fn properties(role: Role) -> ConnectionProperties {
    let name = match role {
        Role::Publish => "nws publish",
        Role::Consume => "nws consume",
    };
    ConnectionProperties::default().with_connection_name(name.into())
}
