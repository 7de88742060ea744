//! A TCP proxy that cuts the wire, or lets it go silent, when the test says so.

use std::{net::SocketAddr, pin::pin};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::task::AbortOnDropHandle;

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// It carries.
    Whole,
    /// Every connection breaks, new ones at once.
    Cut,
    /// Connections stay, and nothing comes through: a server that hangs, a cable that was pulled.
    Silent,
}

/// A proxy before one server. Dropping it cuts the wire for good.
pub(crate) struct FaultProxy {
    address: SocketAddr,
    wire: watch::Sender<Wire>,
    _accepting: AbortOnDropHandle<()>,
}

impl FaultProxy {
    /// A whole wire to `server`, for example `127.0.0.1:6379`.
    pub(crate) async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (wire, state) = watch::channel(Wire::Whole);
        Self {
            address: listener.local_addr().unwrap(),
            wire,
            _accepting: AbortOnDropHandle::new(tokio::spawn(accept(listener, server, state))),
        }
    }

    /// Where to connect instead of the server.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what the wire does, from now on.
    pub(crate) fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

async fn accept(listener: TcpListener, server: String, wire: watch::Receiver<Wire>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(connect(client, server.clone(), wire.clone()));
    }
}

async fn connect(client: TcpStream, server: String, wire: watch::Receiver<Wire>) {
    if *wire.borrow() != Wire::Cut
        && let Ok(server) = TcpStream::connect(server).await
    {
        carry(client, server, wire).await;
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, mut wire: watch::Receiver<Wire>) {
    let mut carried = pin!(copy_bidirectional(&mut client, &mut server));
    loop {
        let now = *wire.borrow_and_update();
        tokio::select! {
            biased;
            changed = wire.changed() => if changed.is_err() { return },
            () = std::future::ready(()), if now == Wire::Cut => return,
            _ = &mut carried, if now == Wire::Whole => return,
        }
    }
}
