//! The handshake. TLS 1.2 and 1.3, as rustls has them; which certificate is shown is decided anew in each.

use std::{io, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, header::STRICT_TRANSPORT_SECURITY};
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::ServerSessionMemoryCache,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{TransportConfig, certificates::Certificates};

/// The name of the protocol in which ACME looks whether a domain is ours (RFC 8737).
pub(super) const ACME_PROTOCOL: &[u8] = b"acme-tls/1";
/// What we speak, what we like best first.
const PROTOCOLS: [&[u8]; 3] = [b"h2", b"http/1.1", ACME_PROTOCOL];
/// Clients that are known again, which saves them half of the handshake's way. 1024: more than may be connected, each
/// some hundred bytes.
const SESSIONS_MAX: usize = 1024;

/// A client behind its handshake.
pub(super) type Encrypted = TlsStream<TcpStream>;

/// How clients are met.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    handshake_max: Duration,
    /// What is said to browsers, if anything.
    strict: Option<HeaderValue>,
}

impl Tls {
    pub(super) fn new(
        certificates: Arc<Certificates>,
        config: &TransportConfig,
    ) -> Result<Self, rustls::Error> {
        let mut tls = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()? // 1.2 and 1.3
            .with_no_client_auth()
            .with_cert_resolver(certificates);
        tls.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        tls.session_storage = ServerSessionMemoryCache::new(SESSIONS_MAX);
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(tls)),
            handshake_max: config.handshake_timeout(),
            strict: config.strict_transport_security(),
        })
    }

    pub(super) async fn shake_hands(&self, tcp: TcpStream) -> io::Result<Box<Encrypted>> {
        let stream = timeout(self.handshake_max, self.acceptor.accept(tcp)).await??;
        if stream.get_ref().1.alpn_protocol() == Some(ACME_PROTOCOL) {
            return Err(io::Error::other("it was only looked whose domain this is"));
        }
        Ok(Box::new(stream))
    }

    /// Tells a browser to come with TLS from now on. Said without TLS, it would count for nothing (RFC 6797).
    pub(super) fn insist(&self, headers: &mut HeaderMap) {
        if let Some(strict) = &self.strict {
            headers.insert(STRICT_TRANSPORT_SECURITY, strict.clone());
        }
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// The one that the whole process uses, named here because rustls takes none by itself.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
