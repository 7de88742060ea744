//! One request, one connection, one answer; an answer that streams is read frame by frame.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use schemas::JobId;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};

use super::PATIENCE;

/// Under which name a publisher is asked unless a test says otherwise, and the name in every certificate.
pub(crate) const NAME: &str = "nws.test";

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An answer whose body is still arriving.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    body: Incoming,
    text: String,
}

pub(crate) async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Answer {
    open(address, method, path, headers, body)
        .await
        .whole()
        .await
}

pub(crate) async fn open(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Stream {
    let socket = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path);
    if headers.iter().all(|(name, _)| *name != "host") {
        request = request.header("host", NAME);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body)).unwrap();
    let answer = timeout(PATIENCE, sender.send_request(request)).await;
    let (head, body) = answer.expect("an answer comes").unwrap().into_parts();
    Stream {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
        text: String::new(),
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that the client is to come back within seconds.
    #[track_caller]
    pub(crate) fn asks_back_soon(&self) {
        let seconds: u64 = self.header("retry-after").parse().unwrap();
        assert!((4..=9).contains(&seconds), "{seconds}");
    }

    pub(crate) fn job_id(&self) -> JobId {
        self.json()["jobId"].as_str().unwrap().parse().unwrap()
    }

    /// Asserts that this is a problem, and gives it.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for member in ["type", "title", "detail"] {
            assert!(problem[member].is_string(), "{problem}");
        }
        problem
    }
}

impl Stream {
    pub(crate) async fn whole(self) -> Answer {
        let body = timeout(PATIENCE, self.body.collect()).await;
        Answer {
            status: self.status,
            headers: self.headers,
            body: body.expect("the body ends").unwrap().to_bytes(),
        }
    }

    /// How much of the body comes, and whether it ends as its head promised.
    pub(crate) async fn rest(mut self) -> (usize, bool) {
        let mut came = 0;
        loop {
            let read = timeout(PATIENCE, self.body.frame()).await;
            match read.expect("it goes on or ends") {
                Some(Ok(frame)) => came += frame.into_data().map_or(0, |bytes| bytes.len()),
                Some(Err(_)) => return (came, false),
                None => return (came, true),
            }
        }
    }

    /// The next frame, up to its empty line; `None` at the end.
    pub(crate) async fn frame(&mut self) -> Option<String> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let frame = frame.to_owned();
                self.text = rest.to_owned();
                return Some(frame);
            }
            let read = timeout(PATIENCE, self.body.frame()).await;
            let bytes = read.expect("a frame comes")?.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next event, heartbeats passed over: its id, empty where it has none, its name, its data.
    pub(crate) async fn event(&mut self) -> Option<(String, String, Value)> {
        loop {
            let frame = self.frame().await?;
            if let Some(data) = line(&frame, "data:") {
                let data = serde_json::from_str(&data).unwrap();
                let id = line(&frame, "id:").unwrap_or_default();
                return Some((id, line(&frame, "event:").unwrap(), data));
            }
        }
    }
}

/// What a frame says under `name`.
pub(crate) fn line(frame: &str, name: &str) -> Option<String> {
    let mut lines = frame.lines().filter_map(|line| line.strip_prefix(name));
    lines.next().map(|value| value.trim_start().to_owned())
}
