//! Somebody who is told how jobs end: an HTTP server that says what a test wants it to say.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::{
    io::{
        AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
        BufReader,
    },
    net::TcpListener,
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

use super::WITHIN;

/// What a receiver does with the message of this number, counted from 0.
type Answers = Arc<dyn Fn(usize) -> Option<String> + Send + Sync>;

/// A receiver on loopback. It is gone when this is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    heard: mpsc::UnboundedReceiver<Message>,
    serving: AbortOnDropHandle<()>,
}

/// A message as it came.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) target: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Receiver {
    /// One that takes every message.
    pub(crate) async fn start() -> Self {
        Self::that_answers(|_| status(204)).await
    }

    /// The same at an address of loopback that is another host's.
    pub(crate) async fn on_another_host() -> Self {
        Self::at("127.0.0.9:0".parse().unwrap(), |_| status(204)).await
    }

    /// One that answers as it is told, or never where it is told nothing.
    pub(crate) async fn that_answers(
        answer: impl Fn(usize) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), answer).await
    }

    /// The same where another one was.
    pub(crate) async fn at(
        address: SocketAddr,
        answer: impl Fn(usize) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::on(address, Arc::new(answer), None).await
    }

    /// One that takes every message over TLS.
    pub(crate) async fn over_tls(acceptor: TlsAcceptor) -> Self {
        let address = "127.0.0.1:0".parse().unwrap();
        Self::on(address, Arc::new(|_| status(204)), Some(acceptor)).await
    }

    async fn on(address: SocketAddr, answers: Answers, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, heard) = mpsc::unbounded_channel();
        let serving = tokio::spawn(serve(listener, answers, tls, tell));
        Self {
            address,
            heard,
            serving: AbortOnDropHandle::new(serving),
        }
    }

    /// Ends it, and frees its address.
    pub(crate) async fn leave(self) {
        self.serving.abort();
        let _ = self.serving.await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Message {
        let next = timeout(WITHIN, self.heard.recv()).await;
        next.expect("a message comes in time").unwrap()
    }

    pub(crate) fn has_heard_nothing(&self) -> bool {
        self.heard.is_empty()
    }
}

impl Message {
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether it was signed with `secret`, as the standard has it.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap());
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.unwrap()).unwrap();
        let stamp = &self.headers["webhook-timestamp"];
        mac.update(format!("{}.{stamp}.", self.id()).as_bytes());
        mac.update(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let signatures = &self.headers["webhook-signature"];
        signatures.split(' ').any(|one| one == expected)
    }
}

/// An answer of this status.
pub(crate) fn status(code: u16) -> Option<String> {
    Some(format!("HTTP/1.1 {code} Said\r\ncontent-length: 0\r\n\r\n"))
}

async fn serve(
    listener: TcpListener,
    answers: Answers,
    tls: Option<TlsAcceptor>,
    tell: mpsc::UnboundedSender<Message>,
) {
    let mut number = 0;
    while let Ok((stream, _)) = listener.accept().await {
        let answer = answers(number);
        number += 1;
        let (tell, tls) = (tell.clone(), tls.clone());
        tokio::spawn(async move {
            // A client that goes away is none of ours, nor is one that does not trust us.
            let _ = match tls {
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => hear(stream, answer, &tell).await,
                    Err(error) => Err(error),
                },
                None => hear(stream, answer, &tell).await,
            };
        });
    }
}

/// Takes one message from a connection, and closes it.
async fn hear(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: Option<String>,
    tell: &mpsc::UnboundedSender<Message>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first).await?;
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        match line.trim().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length").and_then(|it| it.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body).await?;
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let _ = tell.send(Message {
        target,
        headers,
        body,
    });
    match answer {
        Some(answer) => {
            stream.write_all(answer.as_bytes()).await?;
            stream.shutdown().await
        }
        None => std::future::pending().await,
    }
}
