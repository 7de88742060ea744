//! A client as a careful user writes one: it tries again, elsewhere, and never forgets a job that was accepted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::{RequestBuilder, Response, StatusCode, header};
use schemas::{JobId, State};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::sleep;

use super::{
    ledger::Ledger,
    orders::{Expected, Order},
};

const BOUNDARY: &str = "a-line-that-no-photo-holds";
/// Longer than anything but an event stream may take: an upload waits for the broker's confirm.
const ANSWER_MAX: Duration = Duration::from_secs(45);
/// Longer than two heartbeats of an event stream.
const SILENCE_MAX: Duration = Duration::from_secs(40);
/// After a connection that broke, and between two looks at a job.
pub(super) const PAUSE: Duration = Duration::from_millis(300);

/// Talks to whichever publisher answers.
#[derive(Clone, Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    urls: Arc<[String]>,
    turn: Arc<AtomicUsize>,
    pub(super) ledger: Arc<Ledger>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    job_id: JobId,
}

impl Client {
    pub(super) fn new(urls: Vec<String>, ledger: Arc<Ledger>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .read_timeout(SILENCE_MAX)
            .build()?;
        Ok(Self {
            http,
            urls: urls.into(),
            turn: Arc::default(),
            ledger,
        })
    }

    /// Uploads until somebody accepts; `None` where the photo was refused.
    pub(super) async fn upload(&self, order: &Order) -> anyhow::Result<Option<JobId>> {
        loop {
            let request = self.http.post(format!("{}/upload", self.next_url()));
            let request = request
                .timeout(ANSWER_MAX)
                .header(
                    header::CONTENT_TYPE,
                    format!("multipart/form-data; boundary={BOUNDARY}"),
                )
                .body(form(order));
            let Some(answer) = self.answered("upload", request).await else {
                continue;
            };
            if answer.status().is_success() {
                let Some(accepted) = self.read::<Accepted>(answer).await else {
                    continue;
                };
                self.ledger.accept(accepted.job_id, order.expected);
                return Ok(Some(accepted.job_id));
            }
            anyhow::ensure!(
                order.expected == Expected::Refused,
                "a sound upload was refused with {}: {}",
                answer.status(),
                answer.text().await.unwrap_or_default()
            );
            self.ledger.refuse();
            return Ok(None);
        }
    }

    /// Looks at a job until it has ended.
    pub(super) async fn poll(&self, id: &JobId) {
        while !self.state(id).await.status.is_final() {
            sleep(PAUSE).await;
        }
    }

    /// Where a job stands, as soon as anybody says so.
    pub(super) async fn state(&self, id: &JobId) -> State {
        loop {
            let request = self.get(&format!("/status/{id}")).timeout(ANSWER_MAX);
            let Some(answer) = self.answered("status", request).await else {
                continue;
            };
            if answer.status() == StatusCode::NOT_FOUND {
                self.ledger.miss(id);
                sleep(PAUSE).await;
            } else if let Some(state) = self.read::<State>(answer).await {
                self.ledger.hear(&state);
                return state;
            }
        }
    }

    /// A result's bytes, as soon as anybody gives them.
    pub(super) async fn image(&self, id: &JobId) -> anyhow::Result<Vec<u8>> {
        loop {
            let request = self.get(&format!("/image/{id}")).timeout(ANSWER_MAX);
            let Some(answer) = self.answered("image", request).await else {
                continue;
            };
            let status = answer.status();
            anyhow::ensure!(status.is_success(), "its image answers {status}");
            if let Ok(bytes) = answer.bytes().await {
                return Ok(bytes.into());
            }
        }
    }

    /// Takes a job back, as soon as anybody answers. It may have ended already.
    pub(super) async fn cancel(&self, id: &JobId) {
        self.ledger.take_back(id);
        loop {
            let url = format!("{}/status/{id}", self.next_url());
            let request = self.http.delete(url).timeout(ANSWER_MAX);
            let Some(answer) = self.answered("cancel", request).await else {
                continue;
            };
            match answer.status() {
                StatusCode::CONFLICT => return,
                StatusCode::NOT_FOUND => {
                    self.ledger.miss(id);
                    sleep(PAUSE).await;
                }
                _ => {
                    if let Some(state) = self.read::<State>(answer).await {
                        self.ledger.hear(&state);
                        return;
                    }
                }
            }
        }
    }

    /// A request to the publisher whose turn it is.
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.next_url()))
    }

    /// An answer that is neither 5xx nor a broken connection; who gets `None` tries again, the pause is over.
    pub(super) async fn answered(&self, what: &str, request: RequestBuilder) -> Option<Response> {
        match request.send().await {
            Ok(answer) if answer.status().is_server_error() => {
                let status = answer.status().as_u16();
                self.ledger.trouble(format!("{status} on {what}"));
                if status != 503 {
                    let text = answer.text().await.unwrap_or_default();
                    self.ledger
                        .find(format!("{what} answered {status}: {text}"));
                    sleep(PAUSE).await;
                    return None;
                }
                sleep(retry_after(&answer)).await;
                None
            }
            Ok(answer) => Some(answer),
            Err(_) => {
                self.ledger.trouble(format!("no answer on {what}"));
                sleep(PAUSE).await;
                None
            }
        }
    }

    async fn read<T: DeserializeOwned>(&self, answer: Response) -> Option<T> {
        let bytes = answer.bytes().await.ok()?;
        let read = serde_json::from_slice(&bytes);
        read.inspect_err(|error| {
            let text = String::from_utf8_lossy(&bytes);
            self.ledger
                .find(format!("an answer cannot be read: {error}: {text}"));
        })
        .ok()
    }

    fn next_url(&self) -> &str {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        &self.urls[turn % self.urls.len()]
    }
}

/// As the answer asks, or a pause where it does not.
fn retry_after(answer: &Response) -> Duration {
    let seconds = answer.headers().get(header::RETRY_AFTER);
    let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
    seconds.map_or(PAUSE, Duration::from_secs)
}

fn form(order: &Order) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"wm_text\"\r\n\r\n{}\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"photo\"\r\n\r\n",
        order.mark
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    [head.as_bytes(), &order.photo, tail.as_bytes()].concat()
}
