//! A client as strangers write one: a photo up, events down.

use anyhow::Context as _;
use bytes::Bytes;
use futures::stream;
use serde_json::Value;

const BOUNDARY: &str = "nws-load-7c1e";

/// Talks to one publisher. Clones share its connections.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
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
