//! The way to a target, with receivers on loopback that are as bad as they can be.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    sync::Mutex,
};

use http::HeaderValue;
use reqwest::dns::{Addrs, Name, Resolving};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

use super::{
    super::{config::Config, names::System, networks::Networks},
    *,
};

/// Bytes that a receiver gets rid of before anybody stops listening: what two sockets hold, and more.
const BYTES_MAX: usize = 64 * 1024 * 1024;

fn asked_by(text: &'static str) -> Option<u64> {
    let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
    // Sun, 06 Nov 1994 08:49:00 GMT
    asked(&headers, 784_111_740_000).map(|asked| asked.as_secs())
}

#[test]
fn a_wait_is_asked_for_in_seconds_or_by_a_date() {
    assert_eq!(asked_by("120"), Some(120));
    assert_eq!(asked_by("Sun, 06 Nov 1994 08:49:37 GMT"), Some(37));
    assert_eq!(asked_by("Sun, 06 Nov 1994 08:48:00 GMT"), Some(0));
    assert_eq!(asked_by("soon"), None);
    assert_eq!(asked_by("-1"), None);
    assert_eq!(asked(&HeaderMap::new(), 0), None);
}

/// Names whose addresses are others each time somebody asks.
#[derive(Default)]
struct Changing(Mutex<VecDeque<Vec<IpAddr>>>);

impl Changing {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(parse).collect())))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Resolve for Changing {
    fn resolve(&self, _: Name) -> Resolving {
        let answer = self.0.lock().unwrap().pop_front();
        let answer = answer.expect("nobody looks more often than the test says");
        Box::pin(async {
            let addresses = answer.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// A way into these networks, by such names.
fn policy(networks: &str, timeout_secs: u64) -> Policy {
    let config = Config {
        webhook_secrets: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
        webhook_private_networks: networks.to_owned(),
        webhook_timeout_secs: timeout_secs,
        ..Config::default()
    };
    config.policy().unwrap().unwrap()
}

async fn told(policy: &Policy, names: Arc<dyn Resolve>, url: &str) -> Answer {
    install_provider();
    let target = Target::parse(url, &policy.networks).unwrap();
    let dialler = Dialler::new(policy, &names).unwrap();
    answer(dialler.post(&target).body("{}").send().await)
}

/// As the binary does at its start.
fn install_provider() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

async fn listener(address: &str) -> TcpListener {
    TcpListener::bind(address).await.unwrap()
}

#[tokio::test]
async fn a_name_that_changes_after_it_was_checked_is_dialled_where_it_was_checked() {
    let allowed = listener("127.0.0.2:0").await;
    let port = allowed.local_addr().unwrap().port();
    let forbidden = listener(&format!("127.0.0.1:{port}")).await;
    let names = Changing::new(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let url = format!("http://hooks.example:{port}/");
    let policy = policy("127.0.0.2/32", 60);

    let said = answers(allowed, "HTTP/1.1 204 Said\r\n\r\n");
    let first = told(&policy, Arc::clone(&names) as _, &url).await;
    assert_eq!(first, Answer::Status(http::StatusCode::NO_CONTENT, None));
    assert_eq!(names.left(), 1, "one look is what is checked and dialled");
    said.await.unwrap();

    let second = told(&policy, Arc::clone(&names) as _, &url).await;
    assert!(matches!(second, Answer::Refused(_)), "{second:?}");
    assert_eq!(names.left(), 0);
    let heard = forbidden.accept();
    assert!(futures::FutureExt::now_or_never(heard).is_none());
}

#[tokio::test]
async fn of_many_addresses_only_those_are_dialled_that_may_be() {
    let names = Changing::new(&[&[
        "127.0.0.1",
        "1.1.1.1",
        "::1",
        "fe80::1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::ffff:10.0.0.1",
        "2606:4700:4700::1111",
    ]]);
    let checked = Checked::new(names, Arc::new(Networks::default()), Wire::Https);
    let found = checked.resolve("hooks.example".parse().unwrap()).await;
    let found: Vec<_> = found.unwrap().map(|address| address.ip()).collect();
    let public: [IpAddr; 2] = [
        "1.1.1.1".parse().unwrap(),
        "2606:4700:4700::1111".parse().unwrap(),
    ];
    assert_eq!(found, public);
}

#[tokio::test]
async fn a_name_is_refused_however_it_leads_here() {
    let here = || Changing::new(&[&["127.0.0.1", "::1"]]) as Arc<dyn Resolve>;
    for (name, names) in [
        ("localhost", Arc::new(System) as _),
        ("LOCALHOST", Arc::new(System) as _),
        ("localhost.", here()),
        ("127.0.0.1.example", here()),
    ] {
        let answer = told(&policy("", 60), names, &format!("https://{name}:1/")).await;
        assert!(matches!(answer, Answer::Refused(_)), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_not_read() {
    let (url, sent) = endless("HTTP/1.1 200 Said\r\n\r\n", "all work and no play ").await;
    let answer = told(&policy("127.0.0.0/8", 60), Arc::new(System), &url).await;
    assert!(matches!(answer, Answer::Status(..)), "{answer:?}");
    assert!(sent.await.unwrap() < BYTES_MAX);
}

#[tokio::test]
async fn a_head_without_an_end_is_not_read_to_it() {
    for line in ["x-more: and more\r\n", "all-work-and-no-play-"] {
        let (url, sent) = endless("HTTP/1.1 200 Said\r\n", line).await;
        let answer = told(&policy("127.0.0.0/8", 60), Arc::new(System), &url).await;
        assert!(matches!(answer, Answer::Failed(_)), "{answer:?}");
        assert!(sent.await.unwrap() < BYTES_MAX);
    }
}

#[tokio::test]
async fn a_receiver_that_says_nothing_or_never_comes_to_the_point_is_left_in_time() {
    let silent = listener("127.0.0.1:0").await;
    let silent_url = format!("http://{}/", silent.local_addr().unwrap());
    let (url, sent) = endless("", "HTTP/1.1 102 Wait\r\n\r\n").await;
    for url in [silent_url, url] {
        let answer = told(&policy("127.0.0.0/8", 1), Arc::new(System), &url).await;
        assert_eq!(answer, Answer::Failed("no answer in time".to_owned()));
    }
    sent.await.unwrap();
}

#[tokio::test]
async fn no_connection_is_kept_for_the_next_message() {
    let listener = listener("127.0.0.1:0").await;
    let url = format!("http://{}/", listener.local_addr().unwrap());
    install_provider();
    let policy = policy("127.0.0.0/8", 60);
    let names: Arc<dyn Resolve> = Arc::new(System);
    let dialler = Dialler::new(&policy, &names).unwrap();
    let left = tokio::spawn(async move {
        let mut stream = heard(&listener).await;
        let said = "HTTP/1.1 204 Said\r\nconnection: keep-alive\r\n\r\n";
        stream.write_all(said.as_bytes()).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
    });
    let target = Target::parse(&url, &policy.networks).unwrap();
    dialler.post(&target).body("{}").send().await.unwrap();
    let left = timeout(Duration::from_secs(20), left).await;
    left.expect("it is left at once").unwrap();
}

/// Says `head` to one client and then `more` until that hangs up, and how many bytes it got rid of.
async fn endless(head: &'static str, more: &'static str) -> (String, JoinHandle<usize>) {
    let listener = listener("127.0.0.1:0").await;
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let sent = tokio::spawn(async move {
        let mut stream = heard(&listener).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let more = more.repeat(1024);
        let mut sent = 0;
        while stream.write_all(more.as_bytes()).await.is_ok() {
            sent += more.len();
        }
        sent
    });
    (url, sent)
}

fn answers(listener: TcpListener, text: &'static str) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut stream = heard(&listener).await;
        stream.write_all(text.as_bytes()).await.unwrap();
    })
}

/// A connection that has said something.
async fn heard(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.read_u8().await.unwrap();
    stream
}
