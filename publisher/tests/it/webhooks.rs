//! Wishes to be told that cannot be noted: the client's are refused, the operator's are no client's business.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use backends::{
    Error, Outbox,
    error::Backend,
    outbox::{Notice, NoticeId, Subscribed},
    results::Owner,
};
use publisher::webhooks::Config;
use schemas::JobId;

use crate::support::{Server, client::Answer, form::Form, photo, ports::Switch, until};

const DEFAULT: &str = "https://example.com/default";
const NAMED: &str = "https://example.com/named";

/// An outbox that holds nothing but who is to be told.
#[derive(Clone, Debug, Default)]
struct Wishes {
    asked: Arc<Mutex<Vec<(JobId, String)>>>,
    full: Switch,
    broken: Switch,
}

impl Wishes {
    fn asked(&self) -> Vec<(JobId, String)> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Outbox for Wishes {
    async fn subscribe(
        &self,
        id: &JobId,
        url: &str,
        _: Option<&Owner>,
        _: u64,
    ) -> Result<Subscribed, Error> {
        self.broken.check(Backend::Results, "subscribe")?;
        if self.full.is_set() {
            let (waiting, limit) = (7, 5);
            return Ok(Subscribed::TooManyWait { waiting, limit });
        }
        self.asked.lock().unwrap().push((*id, url.to_owned()));
        Ok(Subscribed::Waits)
    }

    async fn take_due(&self, _: usize, _: u64, _: Duration) -> Result<Vec<Notice>, Error> {
        Ok(Vec::new())
    }

    async fn settle(&self, _: &NoticeId) -> Result<(), Error> {
        unreachable!("nothing is due")
    }

    async fn forget(&self, _: &NoticeId) -> Result<(), Error> {
        unreachable!("nothing is due")
    }

    async fn postpone(&self, _: &NoticeId, _: u64, _: u32) -> Result<(), Error> {
        unreachable!("nothing is due")
    }

    async fn depth(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

/// A publisher that tells [`DEFAULT`] of each job whose upload names nobody.
async fn telling(wishes: &Wishes) -> Server {
    // As the binary does at its start.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Server::of(|parts| {
        parts.outbox = Arc::new(wishes.clone());
        parts.webhooks = Config {
            webhook_secrets: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
            webhook_url: DEFAULT.to_owned(),
            ..Config::default()
        };
    })
    .await
}

async fn upload(server: &Server, named: Option<&str>) -> Answer {
    let form = Form::new().image("a.png", &photo(1));
    let form = match named {
        Some(url) => form.field("webhook_url", url),
        None => form,
    };
    server.upload(form, &[]).await
}

fn missed(server: &Server) -> bool {
    let metrics = server.metrics.text();
    metrics.contains(r#"nws_webhooks_total{outcome="missed"} 1"#)
}

#[tokio::test]
async fn who_has_too_many_webhooks_waiting_is_told_how_many_and_may_come_back() {
    let wishes = Wishes::default();
    wishes.full.set(true);
    let server = telling(&wishes).await;
    let refused = upload(&server, Some(NAMED)).await;
    let problem = refused.problem(429);
    assert_eq!(problem["type"], "urn:nws:problem:too_many_webhooks");
    assert_eq!(problem["field"], "webhook_url");
    assert_eq!(
        (&problem["measured"], &problem["limit"]),
        (&7.into(), &5.into())
    );
    assert!(refused.header("retry-after").parse::<u64>().is_ok());
    assert_eq!(server.sender.sent().len(), 1, "the job is taken in");
    assert!(!missed(&server), "its client knows");
}

#[tokio::test]
async fn an_upload_is_not_refused_for_the_operators_webhook() {
    let faults: [fn(&Wishes); 2] = [|it| it.full.set(true), |it| it.broken.set(true)];
    for fault in faults {
        let wishes = Wishes::default();
        fault(&wishes);
        let server = telling(&wishes).await;
        assert_eq!(upload(&server, None).await.status, 202);
        assert!(missed(&server), "and the operator hears of it");
    }
}

#[tokio::test]
async fn who_names_two_webhooks_is_told_which_field_it_was() {
    let server = telling(&Wishes::default()).await;
    let form = Form::new().field("webhook_url", NAMED);
    let form = form.field("webhook_url", NAMED).image("a.png", &photo(1));
    let problem = server.upload(form, &[]).await.problem(400);
    assert_eq!(problem["field"], "webhook_url");
}

#[tokio::test]
async fn a_webhook_that_cannot_be_noted_is_refused_to_who_names_it() {
    let wishes = Wishes::default();
    wishes.broken.set(true);
    let server = telling(&wishes).await;
    upload(&server, Some(NAMED)).await.problem(503);
    assert!(!missed(&server));
}

#[tokio::test]
async fn without_records_nobody_is_told_whom_a_client_names_and_it_hears_so() {
    let wishes = Wishes::default();
    let server = telling(&wishes).await;
    server.results.broken.set(true);
    let problem = upload(&server, Some(NAMED)).await.problem(503);
    assert_eq!(problem["field"], "webhook_url");
    assert!(wishes.asked().is_empty());
}

#[tokio::test]
async fn the_operators_webhook_is_asked_for_once_the_records_are_back() {
    let wishes = Wishes::default();
    let server = telling(&wishes).await;
    server.results.broken.set(true);
    let answer = upload(&server, None).await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.json()["degraded"], true);
    assert!(wishes.asked().is_empty(), "its job is not on record");
    server.results.broken.set(false);
    until("the webhook is asked for", || !wishes.asked().is_empty()).await;
    assert_eq!(wishes.asked(), [(answer.job_id(), DEFAULT.to_owned())]);
    assert!(!missed(&server));
}
