//! A certificate from ACME: pebble is the server, and looks for the domain on the loopback.

use std::{
    env, fs,
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use publisher::{Transport, TransportConfig};
use reqwest::{Certificate, Client, StatusCode};
use serde_json::json;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
};

use crate::{
    support::{PATIENCE, Server, until},
    wire::Pair,
};

const DOMAIN: &str = "photos.nws.test";
const HERE: &str = "127.0.0.1";

/// The server, and the one that it asks where domains are.
struct Pebble {
    folder: tempfile::TempDir,
    tls: Pair,
    acme: u16,
    management: u16,
    processes: Vec<Child>,
}

impl Pebble {
    /// Looks for domains at the port `looks_at`.
    async fn start(looks_at: u16) -> Self {
        let [acme, management, names, names_management] = free_ports();
        let mut this = Self {
            folder: tempfile::tempdir().unwrap(),
            tls: Pair::of("localhost"),
            acme,
            management,
            processes: Vec::new(),
        };
        this.processes = vec![
            resolver(names, names_management),
            this.server(looks_at, names),
        ];
        let ports = [acme, management, names_management];
        until("pebble is up", || {
            ports
                .iter()
                .all(|port| TcpStream::connect((HERE, *port)).is_ok())
        })
        .await;
        this
    }

    fn server(&self, looks_at: u16, names: u16) -> Child {
        let config = self.folder.path().join("pebble.json");
        let settings = json!({"pebble": {
            "listenAddress": format!("{HERE}:{}", self.acme),
            "managementListenAddress": format!("{HERE}:{}", self.management),
            "certificate": self.tls.file("chain"),
            "privateKey": self.tls.file("key"),
            "httpPort": 9,
            "tlsPort": looks_at,
        }});
        fs::write(&config, settings.to_string()).unwrap();
        program("pebble")
            .env("PEBBLE_VA_NOSLEEP", "1")
            .args([
                "-strict",
                "-dnsserver",
                &format!("{HERE}:{names}"),
                "-config",
            ])
            .arg(config)
            .spawn()
            .unwrap()
    }

    fn settings(&self) -> TransportConfig {
        TransportConfig {
            acme_domains: DOMAIN.to_owned(),
            acme_directory_url: format!("https://localhost:{}/dir", self.acme),
            acme_root_file: self.tls.file("chain").display().to_string(),
            acme_contact: "someone@nws.test".to_owned(),
            ..TransportConfig::default()
        }
    }

    /// The root of the certificates that it makes.
    async fn root(&self) -> Certificate {
        let client = Client::builder().danger_accept_invalid_certs(true);
        let url = format!("https://{HERE}:{}/roots/0", self.management);
        let root = client.build().unwrap().get(url).send().await.unwrap();
        Certificate::from_pem(&root.bytes().await.unwrap()).unwrap()
    }
}

fn resolver(names: u16, management: u16) -> Child {
    program("pebble-challtestsrv")
        .args(["-dns01", &format!("{HERE}:{names}")])
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

fn is_secret(file: &Path) -> bool {
    fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600
}

#[tokio::test]
async fn a_certificate_is_ordered_proven_shown_and_kept() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let pebble = Pebble::start(listener.local_addr().unwrap().port()).await;
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
