//! The certificate that clients are shown. It changes while they connect; who is connected already keeps what it saw.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use backends::Metrics;
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

use super::tls::{ACME_PROTOCOL, provider};

/// What there is to show.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    shown: RwLock<Option<Arc<CertifiedKey>>>,
    /// By domain, what ACME looks for there.
    challenges: RwLock<HashMap<String, Arc<CertifiedKey>>>,
}

/// From when until when a certificate holds, as Unix counts seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validity {
    pub(super) begins: i64,
    pub(super) ends: i64,
}

/// Why a certificate cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum PairError {
    #[error("the certificates cannot be read: {0}")]
    Certificates(pem::Error),
    #[error("there is no certificate in it")]
    NoCertificate,
    #[error("the private key cannot be read: {0}")]
    Key(pem::Error),
    #[error("certificate and key do not go together: {0}")]
    Pair(#[from] rustls::Error),
    #[error("the certificate does not say how long it holds: {0}")]
    Validity(String),
}

impl Validity {
    /// That of the server's own certificate.
    pub(super) fn of(pair: &CertifiedKey) -> Result<Self, PairError> {
        let own = pair.end_entity_cert()?;
        let (_, own) = X509Certificate::from_der(own)
            .map_err(|error| PairError::Validity(error.to_string()))?;
        let validity = own.validity();
        Ok(Self {
            begins: validity.not_before.timestamp(),
            ends: validity.not_after.timestamp(),
        })
    }
}

impl Certificates {
    /// Shows `pair` from the next handshake on.
    pub(super) fn show(&self, pair: Arc<CertifiedKey>) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(pair);
    }

    /// Tells operators when what is shown ends, if anything is.
    pub(super) fn tell(&self, source: &str, metrics: &Metrics) {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        let validity = shown.as_ref().map(|pair| Validity::of(pair));
        if let Some(Ok(Validity { ends, .. })) = validity {
            let gauge = metrics.certificate_ends.with_label_values(&[source]);
            gauge.set(ends);
        }
    }

    /// Answers who looks whether `domain` is ours.
    pub(super) fn prove(&self, domain: &str, pair: Arc<CertifiedKey>) {
        let mut challenges = self
            .challenges
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        challenges.insert(domain.to_owned(), pair);
    }

    /// Nobody looks any more.
    pub(super) fn proven(&self) {
        let mut challenges = self
            .challenges
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        challenges.clear();
    }

    fn challenge(&self, domain: &str) -> Option<Arc<CertifiedKey>> {
        let challenges = self.challenges.read();
        let challenges = challenges.unwrap_or_else(PoisonError::into_inner);
        challenges.get(domain).cloned()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut protocols = hello.alpn().into_iter().flatten();
        if protocols.any(|protocol| protocol == ACME_PROTOCOL) {
            return self.challenge(hello.server_name()?);
        }
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        shown.clone()
    }
}

/// What came of getting a certificate.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Shown,
    Failed,
}

/// Counts a certificate of `source`.
pub(super) fn note(source: &str, outcome: Outcome, metrics: &Metrics) {
    let outcome = match outcome {
        Outcome::Shown => "shown",
        Outcome::Failed => "failed",
    };
    let counter = metrics.certificates.with_label_values(&[source, outcome]);
    counter.inc();
}

/// A chain of certificates, the server's own first, and its key, both as PEM.
pub(super) fn pair(chain: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, PairError> {
    let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(PairError::Certificates)?;
    if chain.is_empty() {
        return Err(PairError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(PairError::Key)?;
    Ok(Arc::new(CertifiedKey::from_der(chain, key, &provider())?))
}

/// A certificate that nobody but an ACME server looks at. rustls takes it for broken: what it proves is in an extension that
/// must be understood, and it does not know that one.
pub(super) fn unchecked(
    chain: Vec<CertificateDer<'static>>,
    key: &[u8],
) -> Result<Arc<CertifiedKey>, PairError> {
    let key = PrivateKeyDer::from_pem_slice(key).map_err(PairError::Key)?;
    let key = provider().key_provider.load_private_key(key)?;
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}
