//! HTTPS on the running binary, and the files that its certificate comes from.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use load::process::{self, signal};
use reqwest::Certificate;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

use crate::support::{WITHIN, client::install_tls, picture::jpeg, process::nws};

const DOMAIN: &str = "photos.nws.test";

/// A running `nws` whose log is read.
pub(crate) struct Site {
    pub(crate) process: process::Process,
    log: UnboundedReceiver<String>,
    pub(crate) address: SocketAddr,
}

impl Site {
    pub(crate) async fn start(data: &Path, settings: &[&str]) -> Self {
        let (hear, log) = unbounded_channel();
        let hear = move |line| drop(hear.send(line));
        let process = process::Process::start(nws(&["run"]), data, settings, hear).await;
        let process = process.unwrap();
        let address = process.url.trim_start_matches("http://").parse().unwrap();
        Self {
            process,
            log,
            address,
        }
    }

    /// Waits for a line that says so.
    pub(crate) async fn says(&mut self, words: &str) {
        let heard = async {
            while let Some(line) = self.log.recv().await {
                if line.contains(words) {
                    return;
                }
            }
            panic!("it ended before it said {words:?}");
        };
        timeout(WITHIN, heard).await.expect(words);
    }

    /// Asks it under its domain, and takes nothing but a certificate of `root`.
    async fn asked(&self, root: &[u8]) -> reqwest::Result<reqwest::StatusCode> {
        let url = format!("https://{DOMAIN}:{}/health", self.address.port());
        let client = reqwest::Client::builder()
            .tls_built_in_root_certs(false)
            .add_root_certificate(Certificate::from_pem(root)?)
            .resolve(DOMAIN, self.address)
            .build()?;
        Ok(client.get(url).send().await?.status())
    }
}

/// Two files.
struct Pair {
    chain: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn new(folder: &Path, name: &str) -> Self {
        let pair = Self {
            chain: folder.join("chain.pem"),
            key: folder.join("key.pem"),
        };
        pair.renew(name);
        pair
    }

    fn renew(&self, name: &str) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        fs::write(&self.key, made.signing_key.serialize_pem()).unwrap();
        fs::write(&self.chain, made.cert.pem()).unwrap();
    }

    fn settings(&self) -> [String; 2] {
        [
            format!("tls_cert_file={}", self.chain.display()),
            format!("tls_key_file={}", self.key.display()),
        ]
    }

    fn root(&self) -> Vec<u8> {
        fs::read(&self.chain).unwrap()
    }
}

#[tokio::test]
async fn a_hangup_shows_a_renewed_certificate_and_a_broken_one_changes_nothing() {
    install_tls();
    let data = tempfile::tempdir().unwrap();
    let pair = Pair::new(data.path(), DOMAIN);
    let [chain, key] = pair.settings();
    let settings = [chain.as_str(), key.as_str(), "tls_reload_secs=86400"];
    let mut site = Site::start(&data.path().join("data"), &settings).await;
    let first = pair.root();
    assert_eq!(site.asked(&first).await.unwrap(), 200);

    fs::write(&pair.chain, &first[..first.len() / 2]).unwrap();
    signal("HUP", site.process.id().unwrap()).await.unwrap();
    site.says("the certificate before this one is shown on")
        .await;
    assert_eq!(site.asked(&first).await.unwrap(), 200);

    pair.renew(DOMAIN);
    signal("HUP", site.process.id().unwrap()).await.unwrap();
    site.says("is shown from now on").await;
    assert_eq!(site.asked(&pair.root()).await.unwrap(), 200);
    assert!(site.asked(&first).await.is_err());
}

#[tokio::test]
async fn health_asks_a_process_with_tls_and_one_without() {
    let data = tempfile::tempdir().unwrap();
    let pair = Pair::new(data.path(), DOMAIN);
    let [chain, key] = pair.settings();
    let tls = ["--set", chain.as_str(), "--set", key.as_str()];
    for settings in [&[chain.as_str(), key.as_str()][..], &[]] {
        let site = Site::start(&data.path().join("data"), settings).await;
        let listen = site.address.to_string();
        let mut ask = nws(&["health", "--listen", &listen]);
        let asked = ask.args(tls).output().await.unwrap();
        assert!(asked.status.success(), "{asked:?}");
        assert!(site.process.terminate().await.unwrap().success());
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_shown_stops_the_start_by_name() {
    let data = tempfile::tempdir().unwrap();
    let (ours, theirs) = (data.path().join("ours"), data.path().join("theirs"));
    fs::create_dir(&ours).unwrap();
    fs::create_dir(&theirs).unwrap();
    let (ours, theirs) = (Pair::new(&ours, DOMAIN), Pair::new(&theirs, DOMAIN));
    let [chain, key] = &ours.settings();
    let [_, other] = &theirs.settings();
    for (settings, named) in [
        (
            ["tls_cert_file=/no/such.pem", key.as_str()],
            "tls_cert_file: /no/such.pem",
        ),
        (
            [chain.as_str(), "tls_key_file=/no/such.pem"],
            "tls_key_file: /no/such.pem",
        ),
        (
            [chain.as_str(), other.as_str()],
            "tls_key_file: certificate and key do not go together",
        ),
        ([chain.as_str(), "acme_domains=a.example"], "tls_key_file"),
        (
            ["acme_domains=*.a.example", "hsts_max_age_secs=0"],
            "acme_domains",
        ),
        (
            ["acme_domains=a.example", "acme_root_file=/no/such.pem"],
            "acme_root_file",
        ),
    ] {
        let mut command = nws(&["run", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(data.path().join("data"));
        for setting in settings {
            command.args(["--set", setting]);
        }
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert!(said.contains(named), "{said}");
    }
}

#[tokio::test]
async fn a_photo_is_submitted_to_a_private_authoritys_server_and_to_no_other() {
    let data = tempfile::tempdir().unwrap();
    let pair = Pair::new(data.path(), "localhost");
    let [chain, key] = pair.settings();
    let settings = [chain.as_str(), key.as_str()];
    let site = Site::start(&data.path().join("data"), &settings).await;
    let photo = data.path().join("photo.jpg");
    fs::write(&photo, jpeg(400, 300, 1)).unwrap();
    let out = data.path().join("marked.jpg");
    let server = format!("https://localhost:{}", site.address.port());
    let submit = async |more: &[&str]| {
        let mut command = nws(&["submit", "--server", &server]);
        command.arg(&photo).arg("-o").arg(&out).args(more);
        command.output().await.unwrap()
    };

    let refused = submit(&[]).await;
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("certificate is not trusted"), "{said}");
    assert!(said.contains("--ca-file"), "{said}");
    assert!(!out.exists());

    let chain = pair.chain.display().to_string();
    let made = submit(&["--ca-file", &chain]).await;
    assert!(made.status.success(), "{made:?}");
    assert!(fs::read(&out).unwrap().starts_with(b"\xff\xd8"));
}
