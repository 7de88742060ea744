//! A TCP proxy before a server that cuts, refuses, delays and damages.
//!
//! What damage means follows from what a protocol promises. To S3 a bit is flipped anywhere: pictures have digests, and
//! requests are signed. AMQP and Redis have no digest of their own, they rely on TCP's checksum (or on TLS), so a flipped
//! bit in a body would be a valid message with other content, which no receiver can know. There a byte is lost instead:
//! everything behind it is garbage that their framing has to notice.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::sleep,
};
use tokio_util::task::AbortOnDropHandle;

/// Bytes that are carried at once.
const PIECE_BYTES: usize = 16 * 1024;

/// How a piece is damaged.
#[derive(Clone, Copy, Debug)]
pub(super) enum Damage {
    /// One bit is another.
    FlippedBit,
    /// One byte is missing.
    LostByte,
}

/// A proxy before one server. Dropping it cuts the wire for good.
#[derive(Debug)]
pub(super) struct Wire {
    /// Where to connect instead of the server.
    pub(super) address: SocketAddr,
    state: Arc<State>,
    _accepting: AbortOnDropHandle<()>,
}

#[derive(Debug)]
struct State {
    server: String,
    damage: Damage,
    weather: watch::Sender<Weather>,
    /// Pieces to damage.
    to_damage: AtomicUsize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    /// Connections of before this cut have ended.
    cuts: u32,
    refuses: bool,
    delay: Duration,
}

impl Wire {
    /// A whole wire to `server`, for example `127.0.0.1:6379`.
    pub(super) async fn before(server: String, damage: Damage) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let state = Arc::new(State {
            server,
            damage,
            weather: watch::Sender::default(),
            to_damage: AtomicUsize::new(0),
        });
        Ok(Self {
            address: listener.local_addr()?,
            _accepting: AbortOnDropHandle::new(tokio::spawn(accept(listener, Arc::clone(&state)))),
            state,
        })
    }

    /// Breaks every connection.
    pub(super) fn cut(&self) {
        self.state.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Breaks every connection, new ones at once, for `lasting`.
    pub(super) async fn refuse(&self, lasting: Duration) {
        self.state
            .weather
            .send_modify(|weather| weather.refuses = true);
        self.cut();
        sleep(lasting).await;
        self.state
            .weather
            .send_modify(|weather| weather.refuses = false);
    }

    /// Adds `delay` to every piece, for `lasting`.
    pub(super) async fn slow(&self, delay: Duration, lasting: Duration) {
        self.state
            .weather
            .send_modify(|weather| weather.delay = delay);
        sleep(lasting).await;
        self.state
            .weather
            .send_modify(|weather| weather.delay = Duration::ZERO);
    }

    /// Damages the next `pieces`.
    pub(super) fn damage(&self, pieces: usize) {
        self.state.to_damage.fetch_add(pieces, Ordering::Relaxed);
    }

    /// Carries everything, from now on.
    pub(super) fn mend(&self) {
        self.state.to_damage.store(0, Ordering::Relaxed);
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        if !state.weather.borrow().refuses {
            tokio::spawn(connect(client, Arc::clone(&state)));
        }
    }
}

async fn connect(client: TcpStream, state: Arc<State>) -> std::io::Result<()> {
    let mut weather = state.weather.subscribe();
    let cuts = weather.borrow().cuts;
    let server = TcpStream::connect(&state.server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        _ = weather.wait_for(|weather| weather.cuts != cuts) => Ok(()),
        carried = async { tokio::try_join!(
            carry(from_client, to_server, &state),
            carry(from_server, to_client, &state),
        ) } => carried.map(drop),
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: &State,
) -> std::io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        let delay = state.weather.borrow().delay;
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let length = state.damaged(&mut piece, length);
        to.write_all(&piece[..length]).await?;
    }
}

impl State {
    /// The piece's length, after it was damaged if it is its turn.
    fn damaged(&self, piece: &mut [u8], length: usize) -> usize {
        let one_less = |left: usize| left.checked_sub(1);
        let turn = self
            .to_damage
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        if turn.is_err() {
            return length;
        }
        let place = rand::random_range(0..length);
        match self.damage {
            Damage::FlippedBit => {
                piece[place] ^= 1 << rand::random_range(0..8);
                length
            }
            Damage::LostByte => {
                piece.copy_within(place + 1..length, place);
                length - 1
            }
        }
    }
}
