//! A client as strangers write one: a photo up, events down.

use anyhow::Context as _;
use bytes::Bytes;
use futures::stream;
use reqwest::StatusCode;
use serde_json::Value;

const BOUNDARY: &str = "nws-load-7c1e";

/// Talks to one publisher. Clones share its connections.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

/// An answer to a `GET`.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<String>,
    pub(crate) bytes: Bytes,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: url.to_owned(),
        }
    }

    /// Posts a photo that is made of `parts`, and gives the answer's JSON.
    pub(crate) async fn upload(&self, parts: Vec<Bytes>) -> anyhow::Result<Value> {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"photo.jpg\"\r\n\
             Content-Type: image/jpeg\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let chunks = [Bytes::from(head)]
            .into_iter()
            .chain(parts)
            .chain([Bytes::from(tail)])
            .map(std::io::Result::Ok);
        let answer = self
            .http
            .post(format!("{}/upload", self.url))
            .header(
                "content-type",
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(reqwest::Body::wrap_stream(stream::iter(chunks)))
            .send()
            .await?;
        json(answer).await
    }

    /// Fetches `path` to its last byte, unless it is what `etag` names.
    pub(crate) async fn fetch(&self, path: &str, etag: Option<&str>) -> anyhow::Result<Fetched> {
        let mut request = self.http.get(format!("{}{path}", self.url));
        if let Some(etag) = etag {
            request = request.header("if-none-match", etag);
        }
        let answer = request.send().await?;
        let etag = answer.headers().get("etag").cloned();
        Ok(Fetched {
            status: answer.status(),
            etag: etag.and_then(|etag| Some(etag.to_str().ok()?.to_owned())),
            bytes: answer.bytes().await?,
        })
    }

    /// The sum of the metrics whose lines begin with `line`, 0 where there is none.
    pub(crate) async fn metric(&self, line: &str) -> anyhow::Result<f64> {
        let text = self.fetch("/metrics", None).await?.bytes;
        let text = String::from_utf8_lossy(&text);
        let values = text.lines().filter_map(|found| {
            let rest = found.strip_prefix(line)?;
            rest.rsplit(' ').next()?.parse::<f64>().ok()
        });
        Ok(values.fold(0.0, |sum, value| sum + value))
    }

    /// The answer to a `GET` of `path`, its body still to come.
    pub(crate) async fn open(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await?;
        Ok(answer.error_for_status()?)
    }

    /// Follows the events of the job that an upload was `accepted` as, and gives the state at its end.
    pub(crate) async fn follow(&self, accepted: &Value) -> anyhow::Result<Value> {
        let path = accepted["statusUrl"].as_str().context("no statusUrl")?;
        let events = self
            .http
            .get(format!("{}{path}", self.url))
            .header("accept", "text/event-stream")
            .send()
            .await?
            .error_for_status()?;
        let text = events.text().await?; // the stream ends with the job
        let last = text.lines().rfind(|line| line.starts_with("data:"));
        let state = last.context("a followed job tells at least its end")?;
        Ok(serde_json::from_str(state.trim_start_matches("data:"))?)
    }
}

async fn json(answer: reqwest::Response) -> anyhow::Result<Value> {
    let (status, body) = (answer.status(), answer.bytes().await?);
    anyhow::ensure!(
        status.is_success(),
        "{status}: {}",
        String::from_utf8_lossy(&body)
    );
    Ok(serde_json::from_slice(&body)?)
}
