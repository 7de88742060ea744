//! Connections below one request: HTTP/2, TLS, and the certificates for it.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures::FutureExt as _;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use publisher::{Transport, TransportConfig};
use rustls::{
    ClientConfig, DEFAULT_VERSIONS, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::support::{PATIENCE, client::NAME, form::Form};

/// A connection of HTTP/2.
pub(crate) struct Http2 {
    pub(crate) sender: http2::SendRequest<Full<Bytes>>,
    /// Ends with the connection.
    pub(crate) connection: JoinHandle<hyper::Result<()>>,
}

/// A connection of HTTP/2 with an upload whose body comes piece by piece.
pub(crate) struct Uploading {
    sender: h2::client::SendRequest<Bytes>,
    answer: h2::client::ResponseFuture,
    body: h2::SendStream<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
}

/// Two files, for a publisher to find.
pub(crate) struct Pair {
    folder: tempfile::TempDir,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::of(NAME)
    }

    /// For somebody else than the publisher.
    pub(crate) fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pair = Self { folder };
        pair.write(name);
        pair
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes another certificate and its key.
    pub(crate) fn renew(&self) {
        self.write(NAME);
    }

    fn write(&self, name: &str) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        fs::write(self.file("key"), made.signing_key.serialize_pem()).unwrap();
        fs::write(self.file("chain"), made.cert.pem()).unwrap();
    }

    /// A publisher's transport that shows it, looks every second whether it has changed, and is otherwise as `change`
    /// says.
    pub(crate) fn transport(&self, change: impl FnOnce(&mut TransportConfig)) -> Transport {
        let mut config = TransportConfig {
            tls_cert_file: self.file("chain").display().to_string(),
            tls_key_file: self.file("key").display().to_string(),
            tls_reload_secs: 1,
            ..TransportConfig::default()
        };
        change(&mut config);
        Transport::open(&config, self.folder.path()).unwrap()
    }

    /// Shakes hands with who shows this certificate.
    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        protocol: &str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut client = self.client(DEFAULT_VERSIONS);
        client.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        shake_hands(client, address).await
    }

    /// The same by one version of TLS.
    pub(crate) async fn connect_by(
        &self,
        version: &'static SupportedProtocolVersion,
        address: SocketAddr,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        shake_hands(self.client(&[version]), address).await
    }

    /// Trusts this certificate.
    fn client(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(self.file("chain")).unwrap();
        roots.add(certificate).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

async fn shake_hands(
    client: ClientConfig,
    address: SocketAddr,
) -> std::io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(address).await?;
    let connector = TlsConnector::from(Arc::new(client));
    let connected = connector.connect(ServerName::try_from(NAME).unwrap(), tcp);
    timeout(PATIENCE, connected).await.expect("a handshake")
}

/// One request over HTTP/1.
pub(crate) async fn over_http1(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    path: &str,
) -> Response<Incoming> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(path).header("host", NAME);
    let request = request.body(Full::<Bytes>::default()).unwrap();
    let answer = timeout(PATIENCE, sender.send_request(request)).await;
    answer.expect("an answer comes").unwrap()
}

impl Http2 {
    /// With prior knowledge.
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap()).await
    }

    pub(crate) async fn over(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let handshake = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(65_535)
            .initial_connection_window_size(65_535)
            .handshake(TokioIo::new(io));
        let (sender, connection) = handshake.await.unwrap();
        Self {
            sender,
            connection: tokio::spawn(connection),
        }
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        let mut sender = self.sender.clone();
        let answer = timeout(PATIENCE, sender.send_request(request)).await;
        let answer = answer.expect("an answer comes").unwrap();
        assert_eq!(answer.version(), Version::HTTP_2);
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Response<Incoming> {
        self.send(request("GET", path, &[], Bytes::new())).await
    }

    /// Waits until the server has ended the connection, which this side would keep.
    pub(crate) async fn ended(self) {
        let ended = timeout(PATIENCE, self.connection).await;
        let _: hyper::Result<()> = ended.expect("the server ends it").unwrap();
        drop(self.sender);
    }
}

impl Uploading {
    /// Begins an upload of `form`, of which nothing is sent yet.
    pub(crate) async fn to(address: SocketAddr, form: &Form) -> Self {
        let tcp = TcpStream::connect(address).await.unwrap();
        let (sender, connection) = h2::client::handshake(tcp).await.unwrap();
        let connection = tokio::spawn(connection);
        let head = Request::post(format!("http://{NAME}/upload"))
            .header("content-type", form.content_type())
            .body(())
            .unwrap();
        let mut ready = sender.clone().ready().await.unwrap();
        let (answer, body) = ready.send_request(head, false).unwrap();
        Self {
            sender,
            answer,
            body,
            connection,
        }
    }

    /// Sends so much of the body as fast as it is taken.
    pub(crate) async fn send(&mut self, mut bytes: Bytes, is_end: bool) -> Result<(), h2::Error> {
        while !bytes.is_empty() {
            self.body.reserve_capacity(bytes.len());
            let room = std::future::poll_fn(|cx| self.body.poll_capacity(cx));
            let room = timeout(PATIENCE, room).await.expect("it is taken");
            let Some(room) = room else { break };
            let piece = bytes.split_to(room?.min(bytes.len()));
            self.body.send_data(piece, is_end && bytes.is_empty())?;
        }
        Ok(())
    }

    /// Whether the rest of the body is not wanted.
    pub(crate) fn is_refused(&mut self) -> bool {
        let reset = std::future::poll_fn(|cx| self.body.poll_reset(cx));
        reset.now_or_never().is_some()
    }

    /// Asks for something else on the same connection.
    pub(crate) async fn get(&self, path: &str) -> Result<StatusCode, h2::Error> {
        let mut sender = self.sender.clone().ready().await?;
        let asked = Request::get(format!("http://{NAME}{path}")).body(());
        let (answer, _) = sender.send_request(asked.unwrap(), true)?;
        let answer = timeout(PATIENCE, answer).await;
        Ok(answer.expect("an answer comes")?.status())
    }

    pub(crate) async fn answer(&mut self) -> (StatusCode, Value) {
        let answer = timeout(PATIENCE, &mut self.answer).await;
        let (head, mut body) = answer.expect("an answer comes").unwrap().into_parts();
        let mut bytes = Vec::new();
        while let Some(piece) = body.data().await {
            bytes.extend(piece.unwrap());
        }
        (head.status, serde_json::from_slice(&bytes).unwrap())
    }

    /// Waits until the server has ended the connection, which this side would keep.
    pub(crate) async fn ended(self) {
        let ended = timeout(PATIENCE, self.connection).await;
        let _: Result<(), h2::Error> = ended.expect("the server ends it").unwrap();
        drop(self.sender);
    }
}

pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Request<Full<Bytes>> {
    let uri = format!("http://{NAME}{path}");
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body)).unwrap()
}

pub(crate) async fn whole(answer: Response<Incoming>) -> (u16, HeaderMap, Bytes) {
    let (head, body) = answer.into_parts();
    let body = timeout(PATIENCE, body.collect()).await.unwrap().unwrap();
    (head.status.as_u16(), head.headers, body.to_bytes())
}
