//! The transport as it was set, ready to serve.

use std::{io, net, path::Path, sync::Arc};

use backends::Metrics;
use tokio::net::TcpListener;
use tracing::{error, info};

use super::{
    Site, Tls, TransportConfig, TransportError, acme::Acme, certificates::Certificates,
    files::Files, redirect,
};

/// What clients are met with, and where that comes from. By default it is HTTP without TLS.
#[derive(Clone, Debug, Default)]
pub struct Transport {
    pub(crate) config: TransportConfig,
    pub(crate) tls: Option<Tls>,
    certificates: Arc<Certificates>,
    source: Source,
    redirect: Option<Arc<net::TcpListener>>,
}

/// Where certificates come from.
#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    Nowhere,
    Files(Files),
    Acme(Acme),
}

impl Transport {
    /// Reads the files that are named and takes the address from which clients are sent on. What ACME gives is kept in
    /// `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// The first setting that is not what it should be.
    pub fn open(config: &TransportConfig, folder: &Path) -> Result<Self, TransportError> {
        config.check()?;
        let certificates = Arc::new(Certificates::default());
        let source = Source::open(config, folder, &certificates)?;
        let tls = match source {
            Source::Nowhere => None,
            Source::Files(_) | Source::Acme(_) => {
                let tls = Tls::new(Arc::clone(&certificates), config);
                Some(tls.map_err(|error| TransportError::new("tls_cert_file", &error))?)
            }
        };
        Ok(Self {
            config: config.clone(),
            tls,
            certificates,
            source,
            redirect: listen(config)?,
        })
    }

    /// Keeps the certificate fresh, for as long as it is polled.
    pub(crate) async fn refresh(&self, metrics: &Metrics) {
        match &self.source {
            Source::Nowhere => {}
            Source::Files(files) => {
                if let Err(error) = files.follow(&self.certificates, metrics).await {
                    error!(%error, "changed certificates are not noticed: {error}");
                }
            }
            Source::Acme(acme) => acme.renew(&self.certificates, metrics).await,
        }
    }

    /// Sends clients from the address without TLS to `port`, or that which was set, until `site` closes. Both have the
    /// same places.
    ///
    /// # Errors
    /// When the address cannot be listened on any more.
    pub(crate) async fn redirect(&self, site: &Site, port: u16) -> io::Result<()> {
        let Some(listener) = &self.redirect else {
            return Ok(());
        };
        let listener = TcpListener::from_std(listener.try_clone()?)?;
        info!(redirect.address = %listener.local_addr()?, "HTTP without TLS is sent on");
        let port = match self.config.http_redirect_port {
            0 => port,
            port => port,
        };
        let domains = self.config.domains().map(str::to_owned).collect();
        let site = Site {
            router: redirect::router(port, domains),
            tls: None,
            ..site.clone()
        };
        super::serve(listener, site).await;
        Ok(())
    }
}

impl Source {
    fn open(
        config: &TransportConfig,
        folder: &Path,
        certificates: &Certificates,
    ) -> Result<Self, TransportError> {
        if !config.tls_cert_file.is_empty() {
            let files = Files::of(config);
            certificates.show(files.pair()?);
            return Ok(Self::Files(files));
        }
        if !config.acme_domains.is_empty() {
            return Ok(Self::Acme(Acme::open(config, folder)?));
        }
        Ok(Self::Nowhere)
    }
}

fn listen(config: &TransportConfig) -> Result<Option<Arc<net::TcpListener>>, TransportError> {
    let Some(address) = config.redirect()? else {
        return Ok(None);
    };
    let listener = net::TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    let listener = listener.map_err(|error| TransportError::new("http_redirect_listen", &error));
    Ok(Some(Arc::new(listener?)))
}
