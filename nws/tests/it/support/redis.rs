//! A Redis of a test's own, which may be killed without harm to others.

use std::net::TcpListener;

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::{Child, Command},
};

use super::{process::service, until};

/// What a Redis has after it was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Every command that it answered.
    Kept,
    /// Nothing.
    Lost,
}

/// A Redis of a test's own. It ends with the test.
pub(crate) struct OwnRedis {
    memory: Memory,
    port: u16,
    folder: TempDir,
    server: Child,
}

impl OwnRedis {
    /// One that answers.
    pub(crate) async fn start(memory: Memory) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let own = Self {
            server: serve(memory, port, &folder),
            memory,
            port,
            folder,
        };
        own.until_it_answers().await;
        own
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Ends it at once, as a power cut would.
    pub(crate) async fn kill(&mut self) {
        self.server.kill().await.unwrap();
    }

    /// Starts it where it was, with what it has kept.
    pub(crate) async fn start_again(&mut self) {
        self.server = serve(self.memory, self.port, &self.folder);
        self.until_it_answers().await;
    }

    async fn until_it_answers(&self) {
        until(async || answers(self.port).await.unwrap_or_default()).await;
    }
}

fn serve(memory: Memory, port: u16, folder: &TempDir) -> Child {
    let mut server = Command::new(service("REDIS_SERVER"));
    server.args(["--bind", "127.0.0.1", "--save", "", "--port"]);
    server.arg(port.to_string()).arg("--dir").arg(folder.path());
    if memory == Memory::Kept {
        server.args(["--appendonly", "yes", "--appendfsync", "always"]);
    }
    server.kill_on_drop(true).spawn().unwrap()
}

/// Not while it still reads what it has kept.
async fn answers(port: u16) -> std::io::Result<bool> {
    let mut wire = TcpStream::connect(("127.0.0.1", port)).await?;
    wire.write_all(b"PING\r\n").await?;
    let mut answer = [0; 5];
    wire.read_exact(&mut answer).await?;
    Ok(&answer == b"+PONG")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
