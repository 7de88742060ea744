//! What one client may take of the courier.

use crate::support::{
    client::Client,
    picture::jpeg,
    process::{Process, nws},
    receiver::Receiver,
    until,
};

use super::webhooks::with;

/// A new key and the line that lets it in.
async fn key(name: &str) -> (String, String) {
    let made = nws(&["key", "new", "--name", name, "--scope", "upload,read"]);
    let made = { made }.output().await.unwrap();
    let text = String::from_utf8(made.stdout).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.next().unwrap())
}

#[tokio::test]
async fn a_client_with_many_receivers_that_never_answer_does_not_hold_up_another_client() {
    let data = tempfile::tempdir().unwrap();
    let ((of_ann, ann), (of_bob, bob)) = (key("ann").await, key("bob").await);
    let keys = format!("auth_keys={ann} {bob}");
    let few = [
        &keys,
        "webhooks_in_flight_max=4",
        "webhooks_per_target_max=1",
        "webhook_timeout_secs=300",
    ];
    let process = Process::embedded(data.path(), &with(&few)).await;
    let (ann, bob) = (
        Client::with_key(&process, &of_ann),
        Client::with_key(&process, &of_bob),
    );
    let mut silent = Vec::new();
    for host in 1..=6_u8 {
        let address = ([127, 0, 0, host], 0).into();
        let receiver = Receiver::at(address, |_| None).await;
        let url = receiver.url("/");
        let photo = jpeg(64, 48, host);
        ann.upload(&photo, &[("webhook_url", &url)]).await;
        silent.push(receiver);
    }
    let mut heard = 0;
    until(async || {
        heard = silent.iter().filter(|it| !it.has_heard_nothing()).count();
        heard >= 2
    })
    .await;

    let mut well = Receiver::on_another_host().await;
    let url = well.url("/");
    bob.upload(&jpeg(64, 48, 9), &[("webhook_url", &url)]).await;
    assert_eq!(well.next().await.json()["type"], "job.done");
    let heard = silent.iter().filter(|it| !it.has_heard_nothing());
    assert_eq!(heard.count(), 2, "half of four");
}

#[tokio::test]
async fn a_host_with_many_ports_is_one_receiver() {
    let data = tempfile::tempdir().unwrap();
    let few = ["webhooks_per_target_max=1", "webhook_timeout_secs=300"];
    let process = Process::embedded(data.path(), &with(&few)).await;
    let client = Client::of(&process);
    let mut silent = Vec::new();
    for seed in 0..3 {
        let receiver = Receiver::that_answers(|_| None).await;
        let url = receiver.url("/");
        let photo = jpeg(64, 48, seed);
        let id = client.upload(&photo, &[("webhook_url", &url)]).await;
        client.ended(&id).await;
        silent.push(receiver);
    }
    let mut elsewhere = Receiver::on_another_host().await;
    let url = elsewhere.url("/");
    let last = [("webhook_url", url.as_str())];
    client.upload(&jpeg(64, 48, 3), &last).await;
    elsewhere.next().await;
    let heard = silent.iter().filter(|it| !it.has_heard_nothing());
    assert_eq!(heard.count(), 1);
}
