//! Webhooks over TLS, to receivers with certificates of an authority of our own.

use std::{fs, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::support::{client::Client, picture::jpeg, process::Process, receiver::Receiver, until};

use super::webhooks::{SETTINGS, with};

/// What every receiver here is reached by.
const NAME: &str = "localhost";

/// Somebody who signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// A receiver that shows a certificate for `name`.
    async fn receiver(&self, name: &str) -> Receiver {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        Receiver::over_tls(TlsAcceptor::from(Arc::new(config))).await
    }
}

/// Uploads a photo of its own and has this receiver told.
async fn tell(client: &Client, receiver: &Receiver, seed: u8) {
    let url = format!("https://{NAME}:{}/", receiver.address.port());
    let photo = jpeg(64, 48, seed);
    client.upload(&photo, &[("webhook_url", &url)]).await;
}

async fn has_retried(client: &Client, attempts: f64) {
    let line = r#"nws_webhooks_total{outcome="retried"}"#;
    until(async || client.metric(line).await >= attempts).await;
}

#[tokio::test]
async fn a_receiver_is_told_over_tls_if_its_certificate_is_of_an_authority_that_is_set() {
    let data = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::new(), Authority::new());
    let file = data.path().join("ca.pem");
    fs::write(&file, ours.0.pem()).unwrap();
    let setting = format!("webhook_ca_file={}", file.display());
    let slow = with(&[
        &setting,
        "webhook_backoff_secs_max=3600",
        "webhook_backoff_ms=3600000",
    ]);
    let process = Process::embedded(&data.path().join("data"), &slow).await;
    let client = Client::of(&process);

    let mut known = ours.receiver(NAME).await;
    tell(&client, &known, 1).await;
    let message = known.next().await;
    assert_eq!(message.json()["type"], "job.done");

    let other_name = ours.receiver("hooks.example").await;
    tell(&client, &other_name, 2).await;
    has_retried(&client, 1.0).await;
    let stranger = theirs.receiver(NAME).await;
    tell(&client, &stranger, 3).await;
    has_retried(&client, 2.0).await;
    assert!(other_name.has_heard_nothing() && stranger.has_heard_nothing());
}

#[tokio::test]
async fn a_receiver_with_a_certificate_of_nobody_known_is_told_nothing() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &SETTINGS).await;
    let client = Client::of(&process);
    let receiver = Authority::new().receiver(NAME).await;
    tell(&client, &receiver, 1).await;
    has_retried(&client, 1.0).await;
    assert!(receiver.has_heard_nothing());
}
