//! Webhooks as their receivers meet them.

use reqwest::StatusCode;
use serde_json::Value;

use crate::auth::printed;
use crate::support::{
    client::Client,
    fleet::{namespace, role},
    picture::{broken_jpeg, jpeg},
    process::{Process, nws},
    receiver::{Receiver, status},
    until,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Webhooks that are quick to try again, and may reach this machine.
pub(crate) const SETTINGS: [&str; 6] = [
    "webhook_secrets=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "webhook_private_networks=127.0.0.0/8",
    "webhook_interval_ms=20",
    "webhook_backoff_ms=20",
    "webhook_backoff_secs_max=1",
    "webhook_timeout_secs=1",
];

/// Settings that come after others win.
pub(crate) fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&SETTINGS, more].concat()
}

#[tokio::test]
async fn the_end_of_a_job_is_told_signed_and_as_its_status_says() {
    let data = tempfile::tempdir().unwrap();
    let secrets = format!("webhook_secrets={SECRET},{NEXT_SECRET}");
    let process = Process::embedded(data.path(), &with(&[&secrets])).await;
    let (client, mut receiver) = (Client::of(&process), Receiver::start().await);
    let url = receiver.url("/hooks?of=me");

    for (photo, end) in [(jpeg(640, 480, 1), "done"), (broken_jpeg(), "failed")] {
        let id = client.upload(&photo, &[("webhook_url", &url)]).await;
        let message = receiver.next().await;
        assert_eq!(message.target, "/hooks?of=me");
        assert_eq!(message.headers["content-type"], "application/json");
        assert!(message.is_signed_with(SECRET) && message.is_signed_with(NEXT_SECRET));
        let told = message.json();
        assert_eq!(told["type"], format!("job.{end}"));
        let state = client.get(&format!("/status/{id}")).await;
        let state: Value = state.json().await.unwrap();
        assert_eq!(told["data"], state);
    }
    until(async || {
        client
            .metric(r#"nws_webhooks_total{outcome="delivered"}"#)
            .await
            == 2.0
    })
    .await;
    until(async || client.metric("nws_webhooks_waiting").await == 0.0).await;
}

/// A receiver has no key.
#[tokio::test]
async fn the_image_of_a_message_opens_without_a_key_and_its_link_stays_the_same() {
    let made = printed(&["key", "new", "--name", "shop", "--scope", "upload,read"]).await;
    let [key, line] = &made[..] else {
        panic!("a key and its line are expected: {made:?}");
    };
    let link_key = printed(&["key", "link", "--id", "a"]).await.concat();
    let (keys, links) = (format!("auth_keys={line}"), format!("link_keys={link_key}"));
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &with(&[&keys, &links])).await;
    let mut receiver =
        Receiver::that_answers(|number| status(if number == 0 { 500 } else { 204 })).await;
    let client = Client::with_key(&process, key);
    let fields = [("webhook_url", receiver.url("/"))];
    let fields = fields.each_ref().map(|(name, url)| (*name, url.as_str()));
    client.upload(&jpeg(640, 480, 1), &fields).await;

    let (first, again) = (receiver.next().await, receiver.next().await);
    assert_eq!(first.body, again.body);
    let told = first.json();
    let link = told["data"]["url"].as_str().unwrap();
    let stranger = Client::of(&process);
    assert_eq!(stranger.get(link).await.status(), StatusCode::OK);
    let unsigned = link.split('?').next().unwrap();
    let refused = stranger.get(unsigned).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_url_is_no_part_of_the_job() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &SETTINGS).await;
    let client = Client::of(&process);
    let (mut one, mut other) = (Receiver::start().await, Receiver::start().await);
    let photo = jpeg(2400, 1600, 1);
    let id = client
        .upload(&photo, &[("webhook_url", &one.url("/"))])
        .await;
    let answer = client
        .post(&photo, &[("webhook_url", &other.url("/"))])
        .await;
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["jobId"], id);

    let (one, other) = (one.next().await, other.next().await);
    assert_eq!(one.json()["data"]["jobId"], id);
    assert_eq!(one.json()["data"], other.json()["data"]);
    assert_ne!(one.id(), other.id());
}

#[tokio::test]
async fn a_job_that_was_done_before_is_told_at_once_and_under_the_same_id() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &SETTINGS).await;
    let (client, mut receiver) = (Client::of(&process), Receiver::start().await);
    let photo = jpeg(640, 480, 1);
    let id = client.upload(&photo, &[]).await;
    assert_eq!(client.ended(&id).await["status"], "done");

    let mut ids = Vec::new();
    for _ in 0..2 {
        let again = client
            .post(&photo, &[("webhook_url", &receiver.url("/"))])
            .await;
        assert_eq!(again.status(), StatusCode::OK);
        let message = receiver.next().await;
        assert_eq!(message.json()["type"], "job.done");
        ids.push(message.id().to_owned());
        until(async || client.metric("nws_webhooks_waiting").await == 0.0).await;
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_receiver_that_was_away_is_told_after_restarts_under_the_same_id() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &SETTINGS).await;
    // No connection begins at this address, so that nobody takes its port meanwhile.
    let apart = "127.0.0.9:0".parse().unwrap();
    let mut ill = Receiver::at(apart, |_| status(500)).await;
    let (url, address) = (ill.url("/"), ill.address);
    let fields = [("webhook_url", url.as_str())];
    let id = Client::of(&process)
        .upload(&jpeg(640, 480, 1), &fields)
        .await;
    let first = ill.next().await;
    process.kill().await;
    ill.leave().await;

    // With nobody there.
    let process = Process::embedded(data.path(), &SETTINGS).await;
    let client = Client::of(&process);
    until(async || {
        client
            .metric(r#"nws_webhooks_total{outcome="retried"}"#)
            .await
            > 0.0
    })
    .await;
    assert!(process.terminate().await.success());

    // Killed between the message and the note that it was delivered.
    let mut silent = Receiver::at(address, |_| None).await;
    let process = Process::embedded(data.path(), &SETTINGS).await;
    let second = silent.next().await;
    process.kill().await;
    silent.leave().await;

    let mut well = Receiver::at(address, |_| status(200)).await;
    let process = Process::embedded(data.path(), &SETTINGS).await;
    let last = well.next().await;
    assert_eq!([first.id(), second.id()], [last.id(); 2]);
    assert!(
        [&first, &second, &last]
            .iter()
            .all(|it| it.is_signed_with(SECRET))
    );
    assert_eq!([&first.body, &second.body], [&last.body; 2]);
    assert_eq!(last.json()["data"]["jobId"], id);
    let client = Client::of(&process);
    until(async || {
        client
            .metric(r#"nws_webhooks_total{outcome="delivered"}"#)
            .await
            == 1.0
    })
    .await;
    until(async || client.metric("nws_webhooks_waiting").await == 0.0).await;
    assert!(well.has_heard_nothing());
}

#[tokio::test]
async fn what_is_not_public_is_told_nothing_by_address_or_by_name() {
    let data = tempfile::tempdir().unwrap();
    let settings = with(&["webhook_private_networks="]);
    let process = Process::embedded(data.path(), &settings).await;
    let (client, receiver) = (Client::of(&process), Receiver::start().await);
    let port = receiver.address.port();
    let photo = jpeg(640, 480, 1);
    for url in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://2130706433:{port}/"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        format!("http://localhost:{port}/"),
        "ftp://example.com/".to_owned(),
        "https://me:hush@example.com/".to_owned(),
        format!("https://example.com/{}", "a".repeat(3000)),
        String::new(),
    ] {
        let answer = client.post(&photo, &[("webhook_url", &url)]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["field"], "webhook_url");
        assert_eq!(problem["type"], "urn:nws:problem:webhook_refused");
    }

    // What a name stands for is known when it is dialled.
    let url = format!("https://localhost:{port}/");
    client.upload(&photo, &[("webhook_url", &url)]).await;
    until(async || {
        client
            .metric(r#"nws_webhooks_total{outcome="refused"}"#)
            .await
            == 1.0
    })
    .await;
    until(async || client.metric("nws_webhooks_waiting").await == 0.0).await;
    assert!(receiver.has_heard_nothing());
}

#[tokio::test]
async fn a_name_is_dialled_at_an_address_that_is_allowed() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &SETTINGS).await;
    let (client, mut receiver) = (Client::of(&process), Receiver::start().await);
    let url = format!("http://localhost:{}/", receiver.address.port());
    let fields = [("webhook_url", url.as_str())];
    client.upload(&jpeg(640, 480, 1), &fields).await;
    assert_eq!(receiver.next().await.json()["type"], "job.done");
}

#[tokio::test]
async fn the_log_names_the_host_and_never_what_else_the_url_holds() {
    let data = tempfile::tempdir().unwrap();
    let settings = with(&["log=debug"]);
    let (process, mut log) = Process::overheard(data.path(), &settings).await;
    let client = Client::of(&process);
    let mut receiver = Receiver::that_answers(|number| match number {
        0 => status(500),
        _ => status(410),
    })
    .await;
    let url = receiver.url("/hush-path?token=hush-query");
    client
        .upload(&jpeg(64, 48, 1), &[("webhook_url", &url)])
        .await;
    for _ in 0..2 {
        receiver.next().await;
    }
    let gone = r#"nws_webhooks_total{outcome="gone"}"#;
    until(async || client.metric(gone).await == 1.0).await;
    drop(client);
    process.kill().await;

    let mut named = 0;
    while let Some(line) = log.recv().await {
        assert!(!line.contains("hush-"), "{line}");
        named += usize::from(line.contains("\"target.host\":\"127.0.0.1\""));
    }
    assert!(named >= 2, "{named} lines name the host");
}

#[tokio::test]
async fn a_proxy_of_the_machine_is_not_used() {
    let data = tempfile::tempdir().unwrap();
    let (proxy, mut receiver) = (Receiver::start().await, Receiver::start().await);
    let mut command = nws(&["run"]);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(name, proxy.url(""));
    }
    let process = Process::start(command, data.path(), &SETTINGS).await;
    let fields = [("webhook_url", &*receiver.url("/"))];
    let client = Client::of(&process);
    client.upload(&jpeg(640, 480, 1), &fields).await;
    assert_eq!(receiver.next().await.json()["type"], "job.done");
    assert!(proxy.has_heard_nothing());
}

#[tokio::test]
async fn without_a_secret_nobody_can_ask_and_the_setting_is_named() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let fields = [("webhook_url", "https://example.com/")];
    let answer = Client::of(&process).post(&jpeg(64, 48, 1), &fields).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = answer.json().await.unwrap();
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("webhook_secrets")
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_is_no_delivery() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &SETTINGS).await;
    let (client, elsewhere) = (Client::of(&process), Receiver::start().await);
    let there = elsewhere.url("/");
    let mut receiver = Receiver::that_answers(move |number| match number {
        0 => Some(format!(
            "HTTP/1.1 307 There\r\nlocation: {there}\r\ncontent-length: 0\r\n\r\n"
        )),
        _ => status(204),
    })
    .await;
    let url = receiver.url("/");
    client
        .upload(&jpeg(640, 480, 1), &[("webhook_url", &url)])
        .await;
    let (first, second) = (receiver.next().await, receiver.next().await);
    assert_eq!(first.id(), second.id());
    assert!(elsewhere.has_heard_nothing());
}

#[tokio::test]
async fn a_receiver_that_is_gone_or_fails_for_too_long_is_left_alone() {
    let data = tempfile::tempdir().unwrap();
    let settings = with(&["webhook_age_secs_max=1"]);
    let process = Process::embedded(data.path(), &settings).await;
    let client = Client::of(&process);
    let mut gone = Receiver::that_answers(|_| status(410)).await;
    let ill = Receiver::that_answers(|_| status(503)).await;
    for (seed, receiver) in [(1, &gone), (2, &ill)] {
        let url = receiver.url("/");
        client
            .upload(&jpeg(640, 480, seed), &[("webhook_url", &url)])
            .await;
    }
    for outcome in ["gone", "given_up"] {
        let line = format!(r#"nws_webhooks_total{{outcome="{outcome}"}}"#);
        until(async || client.metric(&line).await == 1.0).await;
    }
    until(async || client.metric("nws_webhooks_waiting").await == 0.0).await;
    gone.next().await;
    assert!(gone.has_heard_nothing());
}

#[tokio::test]
async fn a_receiver_that_never_answers_does_not_hold_up_another() {
    let data = tempfile::tempdir().unwrap();
    let few = [
        "webhooks_in_flight_max=4",
        "webhooks_per_target_max=1",
        "webhook_timeout_secs=300",
    ];
    let process = Process::embedded(data.path(), &with(&few)).await;
    let client = Client::of(&process);
    let mut silent = Receiver::that_answers(|_| None).await;
    let mut well = Receiver::on_another_host().await;
    let url = silent.url("/");
    for seed in 0..6 {
        let id = client
            .upload(&jpeg(64, 48, seed), &[("webhook_url", &url)])
            .await;
        client.ended(&id).await;
    }
    silent.next().await;
    let url = well.url("/");
    client
        .upload(&jpeg(64, 48, 6), &[("webhook_url", &url)])
        .await;
    assert_eq!(well.next().await.json()["type"], "job.done");
    assert!(silent.has_heard_nothing(), "one at a time");
}

#[tokio::test]
async fn the_configured_receiver_hears_of_every_job_whose_client_names_none() {
    let data = tempfile::tempdir().unwrap();
    let (mut ours, mut theirs) = (Receiver::start().await, Receiver::start().await);
    let default = format!("webhook_url={}", ours.url("/all"));
    let process = Process::embedded(data.path(), &with(&[&default])).await;
    let client = Client::of(&process);
    let named = [("webhook_url", &*theirs.url("/mine"))];
    let first = client.upload(&jpeg(64, 48, 1), &named).await;
    assert_eq!(theirs.next().await.json()["data"]["jobId"], first);
    let second = client.upload(&jpeg(64, 48, 2), &[]).await;
    let message = ours.next().await;
    assert_eq!(message.target, "/all");
    assert_eq!(message.json()["data"]["jobId"], second);

    // Its end was told; who uploads it again has it in the answer.
    let again = client.post(&jpeg(64, 48, 2), &[]).await;
    assert_eq!(again.status(), StatusCode::OK);
    until(async || client.metric("nws_webhooks_waiting").await == 0.0).await;
    assert!(ours.has_heard_nothing());
}

#[tokio::test]
async fn a_fleet_tells_a_cancelled_job_and_another_publisher_tells_for_one_that_died() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("hooks"));
    let mut receiver = Receiver::start().await;
    let fields = [("webhook_url", &*receiver.url("/"))];
    let accepts = with(&["webhook_interval_ms=600000"]);
    let publisher = role("publisher", &name, &data, &accepts).await;
    let client = Client::of(&publisher);
    let cancelled = client.upload(&jpeg(64, 48, 1), &fields).await;
    let done = client.upload(&jpeg(64, 48, 2), &fields).await;
    assert_eq!(client.cancel(&cancelled).await.status(), StatusCode::OK);
    publisher.kill().await;

    let _worker = role("worker", &name, &data, &[]).await;
    let delivers = SETTINGS;
    let _others = [
        role("publisher", &name, &data, &delivers).await,
        role("publisher", &name, &data, &delivers).await,
    ];
    let mut told = Vec::new();
    for _ in 0..2 {
        let message = receiver.next().await.json();
        let job = message["data"]["jobId"].as_str().unwrap().to_owned();
        told.push((message["type"].as_str().unwrap().to_owned(), job));
    }
    told.sort();
    assert_eq!(told[0], ("job.cancelled".to_owned(), cancelled));
    assert_eq!(told[1], ("job.done".to_owned(), done));
    assert!(receiver.has_heard_nothing());
}
