//! HTTPS on the running binary: files that change, and certificates from ACME.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use load::process::{self, signal};
use reqwest::Certificate;
use serde_json::json;
use tokio::{
    process::{Child, Command},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

use crate::support::{
    WITHIN,
    client::install_tls,
    process::{nws, service},
    until,
};

const DOMAIN: &str = "photos.nws.test";

/// A running `nws` whose log is read.
struct Site {
    process: process::Process,
    log: UnboundedReceiver<String>,
    address: SocketAddr,
}

impl Site {
    async fn start(data: &Path, settings: &[&str]) -> Self {
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
    async fn says(&mut self, words: &str) {
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

/// An ACME server that looks for `DOMAIN` on the loopback, and what it is asked through.
struct Pebble {
    _folder: tempfile::TempDir,
    tls: Pair,
    ports: Vec<u16>,
    processes: [Child; 2],
}

impl Pebble {
    /// Looks for the domain at the port `looks_at`.
    async fn start(looks_at: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tls = Pair::new(folder.path(), "localhost");
        let ports = free_ports(4);
        let (acme, management) = (
            format!("127.0.0.1:{}", ports[0]),
            format!("127.0.0.1:{}", ports[1]),
        );
        let (names, names_management) = (
            format!("127.0.0.1:{}", ports[2]),
            format!("127.0.0.1:{}", ports[3]),
        );
        let config = json!({"pebble": {
            "listenAddress": acme,
            "managementListenAddress": management,
            "certificate": tls.chain,
            "privateKey": tls.key,
            "httpPort": 9,
            "tlsPort": looks_at,
        }});
        let file = folder.path().join("pebble.json");
        fs::write(&file, config.to_string()).unwrap();
        let resolver = program("pebble-challtestsrv")
            .args(["-dns01", &names, "-management", &names_management])
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .spawn();
        let pebble = program("pebble")
            .args(["-strict", "-dnsserver", &names, "-config"])
            .arg(&file)
            .env("PEBBLE_VA_NOSLEEP", "1")
            .spawn();
        let this = Self {
            _folder: folder,
            tls,
            ports,
            processes: [resolver.unwrap(), pebble.unwrap()],
        };
        until(async || this.is_up()).await;
        this
    }

    fn is_up(&self) -> bool {
        [0, 1, 3]
            .iter()
            .all(|port| TcpStream::connect(("127.0.0.1", self.ports[*port])).is_ok())
    }

    fn settings(&self) -> [String; 3] {
        [
            format!("acme_domains={DOMAIN}"),
            format!("acme_directory_url=https://localhost:{}/dir", self.ports[0]),
            format!("acme_root_file={}", self.tls.chain.display()),
        ]
    }

    /// The root of the certificates that it makes.
    async fn root(&self) -> Vec<u8> {
        let client = reqwest::Client::builder()
            .danger_accept_invalid_certs(true)
            .build()
            .unwrap();
        let url = format!("https://127.0.0.1:{}/roots/0", self.ports[1]);
        client
            .get(url)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
            .to_vec()
    }
}

fn program(name: &str) -> Command {
    let mut command = Command::new(Path::new(&service("PEBBLE")).join(name));
    command.kill_on_drop(true);
    command
}

/// Ports that nobody has; whoever needs one has to name it before it listens.
fn free_ports(count: usize) -> Vec<u16> {
    let taken: Vec<_> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    taken
        .iter()
        .map(|listener| listener.local_addr().unwrap().port())
        .collect()
}

#[tokio::test]
async fn a_certificate_comes_from_acme_and_is_kept() {
    install_tls();
    let data = tempfile::tempdir().unwrap();
    let port = free_ports(1)[0];
    let pebble = Pebble::start(port).await;
    let listen = format!("listen=127.0.0.1:{port}");
    let acme = pebble.settings();
    let mut settings: Vec<&str> = acme.iter().map(String::as_str).collect();
    settings.push(&listen);

    let mut site = Site::start(data.path(), &settings).await;
    site.says("it holds until").await;
    let root = pebble.root().await;
    assert_eq!(site.asked(&root).await.unwrap(), 200);
    let kept: Vec<_> = fs::read_dir(data.path().join("acme"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(kept.len(), 2, "an account and a certificate: {kept:?}");
    for file in &kept {
        assert_eq!(
            fs::metadata(file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    assert!(site.process.terminate().await.unwrap().success());

    drop(pebble.processes);
    let mut again = Site::start(data.path(), &settings).await;
    again.says("it holds until").await;
    assert_eq!(again.asked(&root).await.unwrap(), 200, "without the server");
}
