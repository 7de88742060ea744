//! A wire that can be cut, and one that falls silent.

use std::{net::SocketAddr, pin::pin};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::task::AbortOnDropHandle;

/// Passes bytes on to a server, as long as its wire does.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    wire: watch::Sender<Wire>,
    _accepting: AbortOnDropHandle<()>,
}

#[derive(Clone, Copy, PartialEq)]
enum Wire {
    Passes,
    /// Connections stay, and nothing comes through.
    Silent,
    Cut,
}

impl Proxy {
    pub(crate) async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (wire, seen) = watch::channel(Wire::Passes);
        let accepting = tokio::spawn(accept(listener, server, seen));
        Self {
            address,
            wire,
            _accepting: AbortOnDropHandle::new(accepting),
        }
    }

    /// Ends every connection and takes no new one.
    pub(crate) fn cut(&self) {
        self.wire.send_replace(Wire::Cut);
    }

    /// Keeps every connection and passes nothing on.
    pub(crate) fn silence(&self) {
        self.wire.send_replace(Wire::Silent);
    }

    pub(crate) fn mend(&self) {
        self.wire.send_replace(Wire::Passes);
    }
}

async fn accept(listener: TcpListener, server: String, wire: watch::Receiver<Wire>) {
    while let Ok((client, _)) = listener.accept().await {
        if *wire.borrow() != Wire::Cut {
            tokio::spawn(pass(client, server.clone(), wire.clone()));
        }
    }
}

async fn pass(mut client: TcpStream, server: String, mut wire: watch::Receiver<Wire>) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let mut passing = pin!(copy_bidirectional(&mut client, &mut server));
    loop {
        let now = *wire.borrow_and_update();
        tokio::select! {
            _ = &mut passing, if now == Wire::Passes => return,
            changed = wire.changed(), if now != Wire::Cut => if changed.is_err() { return },
            else => return,
        }
    }
}
