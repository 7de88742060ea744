//! What lies in the queues, by the broker's management API.

use std::{fmt, time::Duration};

use anyhow::Context as _;
use reqwest::Method;
use schemas::{Job, JobId};
use serde_json::{Value, json};

use crate::process::exported;

/// Dead letters that are read; more than a run makes.
const LETTERS_MAX: u32 = 5000;
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// The broker's own view.
#[derive(Debug)]
pub(super) struct Broker {
    http: reqwest::Client,
    api: String,
    namespace: String,
}

/// A dead letter.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) body: Vec<u8>,
    /// What our worker or the broker gives as the reason.
    pub(super) reason: Option<String>,
    /// Whether no worker lived long enough to give one.
    pub(super) is_brokers: bool,
    /// Attempts in its history that name a code and a message.
    pub(super) attempts: usize,
    message_id: Option<String>,
}

impl Broker {
    pub(super) fn new(namespace: &str) -> anyhow::Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().timeout(ANSWER_MAX).build()?,
            api: exported("AMQP_API")?,
            namespace: namespace.to_owned(),
        })
    }

    /// Messages that wait or are in hand, in the queue of the jobs and on the ladder.
    pub(super) async fn waiting(&self) -> anyhow::Result<u64> {
        let queues = self.ask(Method::GET, "/api/queues/%2f", None).await?;
        let queues = queues.as_array().context("a list of queues")?;
        let (jobs, delay) = (
            format!("{}.jobs.", self.namespace),
            format!("{}.delay.", self.namespace),
        );
        let ours = queues.iter().filter(|queue| {
            let name = queue["name"].as_str().unwrap_or_default();
            name.starts_with(&jobs) || name.starts_with(&delay)
        });
        Ok(ours
            .map(|queue| queue["messages"].as_u64().unwrap_or(0))
            .sum())
    }

    /// The dead letters, which stay where they are.
    pub(super) async fn letters(&self) -> anyhow::Result<Vec<Letter>> {
        let look = json!({
            "count": LETTERS_MAX, "ackmode": "ack_requeue_true", "encoding": "auto",
        });
        let path = format!("/api/queues/%2f/{}.dlq.v1/get", self.namespace);
        let letters = self.ask(Method::POST, &path, Some(look)).await?;
        let letters = letters.as_array().context("a list of messages")?;
        letters.iter().map(letter).collect()
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.api));
        if let Some(body) = body {
            request = request.json(&body);
        }
        Ok(request.send().await?.error_for_status()?.json().await?)
    }
}

fn letter(message: &Value) -> anyhow::Result<Letter> {
    let (properties, headers) = (&message["properties"], &message["properties"]["headers"]);
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let history = headers["x-nws-history"].as_str().unwrap_or("[]");
    let history: Vec<Value> = serde_json::from_str(history)?;
    let readable = |attempt: &&Value| attempt["code"].is_string() && attempt["message"].is_string();
    let ours = word(&headers["x-nws-reason"]);
    Ok(Letter {
        is_brokers: ours.is_none(),
        body: word(&message["payload"]).unwrap_or_default().into_bytes(),
        reason: ours.or_else(|| word(&headers["x-first-death-reason"])),
        attempts: history.iter().filter(readable).count(),
        message_id: word(&properties["message_id"]),
    })
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.reason.as_deref().unwrap_or("no reason");
        write!(f, "{reason}: {}", String::from_utf8_lossy(&self.body))
    }
}

impl Letter {
    /// The job inside, if there is one.
    pub(super) fn job(&self) -> Option<JobId> {
        let job = Job::parse(&self.body, self.message_id.as_deref());
        job.ok().map(|job| job.id())
    }
}
