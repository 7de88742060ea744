//! A certificate from two files that others renew. They are read again on SIGHUP and every so often; what cannot be shown
//! is told once and changes nothing.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use backends::Metrics;
use rustls::sign::CertifiedKey;
use schemas::Digest;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::sleep,
};
use tracing::{info, warn};

use super::{
    TransportConfig, TransportError,
    certificates::{Certificates, Outcome, PairError, note, pair},
};

/// The metrics' label.
const SOURCE: &str = "files";

/// The two files.
#[derive(Clone, Debug)]
pub(super) struct Files {
    chain: PathBuf,
    key: PathBuf,
    pause: Duration,
}

/// What was read of them.
struct Contents {
    chain: Vec<u8>,
    key: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", file.display())]
struct Unreadable {
    file: PathBuf,
    error: io::Error,
}

impl Files {
    pub(super) fn of(config: &TransportConfig) -> Self {
        Self {
            chain: config.tls_cert_file.clone().into(),
            key: config.tls_key_file.clone().into(),
            pause: config.reload_pause(),
        }
    }

    /// What is in them at the start, where a mistake still stops the process.
    pub(super) fn pair(&self) -> Result<Arc<CertifiedKey>, TransportError> {
        let contents = self.read().map_err(|unreadable| {
            let is_key = unreadable.file == self.key;
            let key = if is_key {
                "tls_key_file"
            } else {
                "tls_cert_file"
            };
            TransportError::new(key, &unreadable)
        })?;
        contents.pair().map_err(|error| {
            let is_key = matches!(error, PairError::Key(_) | PairError::Pair(_));
            let key = if is_key {
                "tls_key_file"
            } else {
                "tls_cert_file"
            };
            TransportError::new(key, &error)
        })
    }

    /// Shows what they become, for as long as it is polled.
    pub(super) async fn follow(
        &self,
        certificates: &Certificates,
        metrics: &Metrics,
    ) -> io::Result<()> {
        let mut hangups = signal(SignalKind::hangup())?;
        certificates.tell(SOURCE, metrics);
        let mut seen = self.read().as_ref().map_or_else(told, Contents::digest);
        loop {
            tokio::select! {
                () = sleep(self.pause) => {}
                _ = hangups.recv() => info!("told to read the certificate again"),
            }
            let read = self.read();
            let now = read.as_ref().map_or_else(told, Contents::digest);
            if now != seen {
                seen = now;
                let outcome = self.change(read, certificates);
                note(SOURCE, outcome, metrics);
                certificates.tell(SOURCE, metrics);
            }
        }
    }

    fn change(&self, read: Result<Contents, Unreadable>, certificates: &Certificates) -> Outcome {
        let pair = match read {
            Ok(contents) => contents.pair().map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let chain = self.chain.display();
        match pair {
            Ok(pair) => {
                certificates.show(pair);
                info!(file = %chain, "the certificate in {chain} is shown from now on");
                Outcome::Shown
            }
            Err(error) => {
                warn!(file = %chain, error, "the certificate before this one is shown on: {error}");
                Outcome::Failed
            }
        }
    }

    /// Some kilobytes from a local disk, seldom: not worth a thread.
    fn read(&self) -> Result<Contents, Unreadable> {
        Ok(Contents {
            chain: read(&self.chain)?,
            key: read(&self.key)?,
        })
    }
}

impl Contents {
    fn pair(&self) -> Result<Arc<CertifiedKey>, PairError> {
        pair(&self.chain, &self.key)
    }

    fn digest(&self) -> Digest {
        Digest::of(&[&self.chain[..], &self.key].concat())
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Unreadable> {
    std::fs::read(file).map_err(|error| Unreadable {
        file: file.to_owned(),
        error,
    })
}

/// A mistake is told once as well.
fn told(unreadable: &Unreadable) -> Digest {
    Digest::of(unreadable.to_string().as_bytes())
}
