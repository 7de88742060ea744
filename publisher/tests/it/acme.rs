//! A certificate from ACME: pebble is the server, and looks for the domain on the loopback.

use std::{
    env, fs,
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use publisher::{Transport, TransportConfig};
use reqwest::{Certificate, Client, StatusCode, tls::TlsInfo};
use schemas::JobId;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
};

use crate::{
    support::{PATIENCE, Server, form::Form, photo, until},
    wire::Pair,
};

const DOMAIN: &str = "photos.nws.test";
const HERE: &str = "127.0.0.1";
/// Nobody listens there.
const ELSEWHERE: &str = "127.0.0.2";
/// How long a certificate holds: for ever, as far as a test goes, or so that it is renewed after four seconds.
const LONG_SECS: u64 = 90 * 24 * 60 * 60;
const SHORT_SECS: u64 = 6;

/// The server, and the one that it asks where domains are.
struct Pebble {
    folder: tempfile::TempDir,
    tls: Pair,
    acme: u16,
    management: u16,
    names: u16,
    /// Where names are asked for, and where a domain is looked for.
    dns: u16,
    looks_at: u16,
    certificate_secs: u64,
    processes: Vec<Child>,
}

impl Pebble {
    /// Looks for domains at the port `looks_at`.
    async fn start(looks_at: u16, certificate_secs: u64) -> Self {
        let [acme, management, dns, names] = free_ports();
        let mut this = Self {
            folder: tempfile::tempdir().unwrap(),
            tls: Pair::of("localhost"),
            acme,
            management,
            names,
            dns,
            looks_at,
            certificate_secs,
            processes: Vec::new(),
        };
        this.processes = vec![resolver(dns, names), this.server()];
        let ports = [acme, management, names];
        until("pebble is up", || {
            ports
                .iter()
                .all(|port| TcpStream::connect((HERE, *port)).is_ok())
        })
        .await;
        this
    }

    fn server(&self) -> Child {
        let config = self.folder.path().join("pebble.json");
        let settings = json!({"pebble": {
            "listenAddress": format!("{HERE}:{}", self.acme),
            "managementListenAddress": format!("{HERE}:{}", self.management),
            "certificate": self.tls.file("chain"),
            "privateKey": self.tls.file("key"),
            "httpPort": 9,
            "tlsPort": self.looks_at,
            "certificateValidityPeriod": self.certificate_secs,
        }});
        fs::write(&config, settings.to_string()).unwrap();
        program("pebble")
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_AUTHZREUSE", "0") // each order is proven anew
            .args([
                "-strict",
                "-dnsserver",
                &format!("{HERE}:{}", self.dns),
                "-config",
            ])
            .arg(config)
            .spawn()
            .unwrap()
    }

    /// Ends the server, and with it all that it knows, and starts it anew.
    async fn restart(&mut self) {
        let mut server = self.processes.pop().unwrap();
        server.kill().await.unwrap();
        self.processes.push(self.server());
    }

    fn settings(&self) -> TransportConfig {
        TransportConfig {
            acme_domains: DOMAIN.to_owned(),
            acme_directory_url: format!("https://localhost:{}/dir", self.acme),
            acme_root_file: self.tls.file("chain").display().to_string(),
            acme_contact: "someone@nws.test".to_owned(),
            acme_retry_secs: 1,
            ..TransportConfig::default()
        }
    }

    /// Has the domain lead to `address`.
    async fn lead_to(&self, address: &str) {
        let url = format!("http://{HERE}:{}/set-default-ipv4", self.names);
        let told = Client::new().post(url).json(&json!({ "ip": address }));
        let told = told.send().await.unwrap();
        assert!(told.status().is_success());
    }

    /// The root of the certificates that it makes.
    async fn root(&self) -> Certificate {
        let client = Client::builder().danger_accept_invalid_certs(true);
        let url = format!("https://{HERE}:{}/roots/0", self.management);
        let root = client.build().unwrap().get(url).send().await.unwrap();
        Certificate::from_pem(&root.bytes().await.unwrap()).unwrap()
    }
}

/// Events of a job, on a connection that was there before the renewal.
struct Events {
    job: JobId,
    stream: reqwest::Response,
}

impl Events {
    async fn of(server: &Server) -> Self {
        let client = Client::builder()
            .danger_accept_invalid_certs(true)
            .resolve(DOMAIN, server.address)
            .build()
            .unwrap();
        let site = format!("https://{DOMAIN}:{}", server.address.port());
        let form = Form::new().image("a.png", &photo(1));
        let upload = client.post(format!("{site}/upload"));
        let upload = upload.header("content-type", form.content_type());
        let job = upload.body(form.into_bytes()).send().await.unwrap();
        let job: Value = job.json().await.unwrap();
        let job: JobId = job["jobId"].as_str().unwrap().parse().unwrap();
        let asked = client.get(format!("{site}/status/{job}"));
        let asked = asked.header("accept", "text/event-stream").send();
        let mut stream = asked.await.unwrap();
        stream.chunk().await.unwrap().unwrap();
        Self { job, stream }
    }

    /// What happens now is told.
    async fn go_on(&mut self, server: &Server) {
        server.finish(&self.job, b"\xff\xd8\xff result").await;
        let mut text = String::new();
        while let Some(bytes) = self.stream.chunk().await.unwrap() {
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
        assert!(text.contains("event: done"), "{text}");
    }
}

fn resolver(dns: u16, management: u16) -> Child {
    program("pebble-challtestsrv")
        .args(["-dns01", &format!("{HERE}:{dns}")])
        .args(["-management", &format!("{HERE}:{management}")])
        .args(["-defaultIPv4", HERE, "-defaultIPv6", ""])
        .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
        .spawn()
        .unwrap()
}

fn program(name: &str) -> Command {
    let folder = env::var_os("NWS_TEST_PEBBLE").map(PathBuf::from);
    let folder = folder.expect("NWS_TEST_PEBBLE is not set: run this under `ops/services run`");
    let mut command = Command::new(folder.join(name));
    command.kill_on_drop(true);
    command
}

/// Ports that nobody has: these programs are told theirs.
fn free_ports<const N: usize>() -> [u16; N] {
    let taken = [(); N].map(|()| std::net::TcpListener::bind((HERE, 0)).unwrap());
    taken.map(|listener| listener.local_addr().unwrap().port())
}

/// Asks the publisher under its domain, and takes nothing but a certificate of `root`.
async fn asked(server: &Server, root: &Certificate) -> reqwest::Result<StatusCode> {
    let client = Client::builder()
        .tls_built_in_root_certs(false)
        .add_root_certificate(root.clone())
        .resolve(DOMAIN, server.address)
        .build()?;
    let url = format!("https://{DOMAIN}:{}/health", server.address.port());
    Ok(client.get(url).send().await?.status())
}

async fn served(server: &Server, root: &Certificate) {
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(50));
    let served = async {
        while asked(server, root).await.is_err() {
            looks.tick().await;
        }
    };
    let served = tokio::time::timeout(PATIENCE, served).await;
    served.expect("the certificate is shown");
}

/// The certificate that is shown, whatever it is worth; `None` where the handshake is refused.
async fn shown(server: &Server) -> Option<Vec<u8>> {
    let client = Client::builder()
        .danger_accept_invalid_certs(true)
        .tls_info(true)
        .resolve(DOMAIN, server.address)
        .build()
        .unwrap();
    let url = format!("https://{DOMAIN}:{}/health", server.address.port());
    let answer = client.get(url).send().await.ok()?;
    let tls = answer.extensions().get::<TlsInfo>().unwrap();
    tls.peer_certificate().map(<[u8]>::to_vec)
}

fn orders(server: &Server, outcome: &str) -> u64 {
    let counters = &server.metrics.certificates;
    counters.with_label_values(&["acme", outcome]).get()
}

fn ends(server: &Server) -> i64 {
    let gauge = &server.metrics.certificate_ends;
    gauge.with_label_values(&["acme"]).get()
}

fn is_secret(file: &Path) -> bool {
    fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600
}

#[tokio::test]
async fn a_certificate_is_ordered_proven_shown_and_kept() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let pebble = Pebble::start(listener.local_addr().unwrap().port(), LONG_SECS).await;
    let folder = tempfile::tempdir().unwrap();
    let transport = || Transport::open(&pebble.settings(), folder.path()).unwrap();

    let mut server = Server::at(listener, transport()).await;
    let root = pebble.root().await;
    served(&server, &root).await;
    server.drain().await;
    let kept = fs::read_dir(folder.path()).unwrap();
    let kept: Vec<_> = kept.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 2, "an account and a certificate: {kept:?}");
    assert!(kept.iter().all(|file| is_secret(file)));

    let again = transport();
    drop(pebble.processes);
    let server = Server::behind(again, |_| {}).await;
    served(&server, &root).await; // without the server
}

#[tokio::test]
async fn an_order_that_fails_is_counted_and_tried_again_until_there_is_a_certificate() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let pebble = Pebble::start(listener.local_addr().unwrap().port(), LONG_SECS).await;
    pebble.lead_to(ELSEWHERE).await;
    let folder = tempfile::tempdir().unwrap();
    let transport = Transport::open(&pebble.settings(), folder.path()).unwrap();

    let server = Server::at(listener, transport).await;
    until("two orders have failed", || orders(&server, "failed") >= 2).await;
    assert_eq!(shown(&server).await, None, "handshakes are refused");
    assert_eq!((orders(&server, "shown"), ends(&server)), (0, 0));
    pebble.lead_to(HERE).await;
    served(&server, &pebble.root().await).await;
    assert!(orders(&server, "shown") >= 1 && ends(&server) > 0);
}

#[tokio::test]
async fn a_renewal_that_fails_changes_nothing_and_one_that_succeeds_disconnects_nobody() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let pebble = Pebble::start(listener.local_addr().unwrap().port(), SHORT_SECS).await;
    let folder = tempfile::tempdir().unwrap();
    let transport = Transport::open(&pebble.settings(), folder.path()).unwrap();
    let server = Server::at(listener, transport).await;
    until("there is a certificate", || orders(&server, "shown") == 1).await;
    pebble.lead_to(ELSEWHERE).await;
    let (first, first_ends) = (shown(&server).await.unwrap(), ends(&server));
    let mut events = Events::of(&server).await;

    until("its renewal has failed", || orders(&server, "failed") >= 1).await;
    assert_eq!(shown(&server).await.unwrap(), first, "it is shown on");
    pebble.lead_to(HERE).await;
    until("it is renewed", || orders(&server, "shown") >= 2).await;
    assert_ne!(shown(&server).await.unwrap(), first);
    assert!(ends(&server) > first_ends);
    events.go_on(&server).await;
}

#[tokio::test]
async fn a_server_that_forgot_the_account_gets_a_new_one() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let mut pebble = Pebble::start(listener.local_addr().unwrap().port(), SHORT_SECS).await;
    let folder = tempfile::tempdir().unwrap();
    let transport = Transport::open(&pebble.settings(), folder.path()).unwrap();
    let server = Server::at(listener, transport).await;
    until("there is a certificate", || orders(&server, "shown") == 1).await;
    pebble.restart().await;
    until("there is another", || orders(&server, "shown") >= 2).await;
}
