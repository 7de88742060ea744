//! What a client sees who uploads a file and follows its job.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Response, StatusCode, header};
use serde_json::Value;
use tokio::time::timeout;

use super::{Told, inputs::Input};

const BOUNDARY: &str = "a-line-that-no-photo-holds";

/// Talks to one publisher.
#[derive(Debug)]
pub(super) struct FrontDoor {
    http: reqwest::Client,
    url: String,
}

impl FrontDoor {
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().build()?,
            url: url.to_owned(),
        })
    }

    /// What is told of an input to its end.
    pub(super) async fn told(&self, input: &Input, within: Duration) -> Told {
        match timeout(within, self.asked(input)).await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) => Told::Wrong(format!("{error:#}")),
            Err(_) => Told::Wrong(format!("no end within {} s", within.as_secs())),
        }
    }

    /// Messages that wait in the queue.
    pub(super) async fn depth(&self) -> anyhow::Result<u64> {
        let stats = self.http.get(format!("{}/stats", self.url)).send().await?;
        let stats: Value = json(stats).await?;
        stats["queue"]["depth"]
            .as_u64()
            .context("no depth of the queue")
    }

    async fn asked(&self, input: &Input) -> anyhow::Result<Told> {
        let upload = self.http.post(format!("{}/upload", self.url));
        let form = format!("multipart/form-data; boundary={BOUNDARY}");
        let upload = upload.header(header::CONTENT_TYPE, form);
        let answer = upload.body(form_of(input)).send().await?;
        let status = answer.status();
        let answer = json(answer).await?;
        match status {
            StatusCode::ACCEPTED | StatusCode::OK => self.followed(&answer).await,
            status if status.is_client_error() => {
                Ok(Told::Refused(status.as_u16(), word_of(&answer)))
            }
            status => Ok(Told::Wrong(format!("{status}: {answer}"))),
        }
    }

    async fn followed(&self, accepted: &Value) -> anyhow::Result<Told> {
        let path = accepted["statusUrl"].as_str().context("no statusUrl")?;
        let events = self.http.get(format!("{}{path}", self.url));
        let events = events.header("accept", "text/event-stream").send().await?;
        let text = events.error_for_status()?.text().await?; // the stream ends with the job
        let last = text.lines().rfind(|line| line.starts_with("data:"));
        let last = last.context("a followed job tells at least its end")?;
        let state: Value = serde_json::from_str(last.trim_start_matches("data:"))?;
        let status = state["status"].as_str().unwrap_or_default();
        let word = state["error"]["code"].as_str().unwrap_or_default();
        Ok(match status {
            "done" | "failed" => Told::Ended(status.to_owned(), word.to_owned()),
            _ => Told::Wrong(format!("the job is {status}: {}", state["error"])),
        })
    }
}

fn form_of(input: &Input) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"photo.jpg\"\r\n\r\n"
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    [head.as_bytes(), &input.bytes, tail.as_bytes()].concat()
}

/// The last word of a problem's type.
fn word_of(problem: &Value) -> String {
    let name = problem["type"].as_str().unwrap_or_default();
    name.trim_start_matches("urn:nws:problem:").to_owned()
}

async fn json(answer: Response) -> anyhow::Result<Value> {
    let bytes = answer.bytes().await?;
    let text = || String::from_utf8_lossy(&bytes).into_owned();
    serde_json::from_slice(&bytes).with_context(text)
}
